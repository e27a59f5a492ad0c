import { errorCode } from "#shared/errors.ts";
import type { ReferenceResolver } from "#shared/markdown/page-content.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { ExtractionFailure } from "./extraction-failure.ts";

/** A file stands alone: links stay as written, pages, files and people are unknown. */
const UNRESOLVED: ReferenceResolver = {
  pageUrl: () => null,
  attachmentUrl: () => null,
  userName: () => null,
  absoluteUrl: (href) => href,
};

const TOO_LARGE = new Set(["body_too_large", "body_too_complex"]);

/**
 * HTML as Markdown by the converter of pages.
 * @throws ExtractionFailure `too_large` (20 MB, 500,000 nodes); PermanentError `conversion_failed`
 */
export function markdownOfHtml(html: string): string {
  try {
    return readPage({ format: "export_view", value: html }).toMarkdown(UNRESOLVED).markdown;
  } catch (error) {
    if (!TOO_LARGE.has(errorCode(error))) throw error;
    throw new ExtractionFailure("too_large", "The file has more content than can be converted", {
      cause: error,
    });
  }
}
