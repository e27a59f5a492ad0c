import type { ReferenceResolver } from "#shared/markdown/page-content.ts";
import { readPage } from "#shared/markdown/read-page.ts";

/** A file stands alone: links stay as written, pages, files and people are unknown. */
const UNRESOLVED: ReferenceResolver = {
  pageUrl: () => null,
  attachmentUrl: () => null,
  userName: () => null,
  absoluteUrl: (href) => href,
};

/**
 * HTML as Markdown by the converter of pages.
 * @throws PermanentError `body_too_large`, `body_too_complex`, `conversion_failed`
 */
export function markdownOfHtml(html: string): string {
  return readPage({ format: "export_view", value: html }).toMarkdown(UNRESOLVED).markdown;
}
