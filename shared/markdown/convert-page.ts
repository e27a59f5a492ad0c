import { PermanentError } from "#shared/errors.ts";
import { collapseWhiteSpace } from "./collapse-white-space.ts";
import { escapeMarkdown } from "./escape-markdown.ts";
import type { BodyFormat, ConvertedPage, ReferenceResolver } from "./page-content.ts";
import { parseMarkup } from "./parse-markup.ts";
import { PlainTreeBuilder } from "./plain-tree-builder.ts";
import { PlainRoot } from "./plain-tree.ts";
import { shownText } from "./shown-text.ts";
import { lostWords } from "./text-fidelity.ts";
import { markdownOfTree } from "./turndown-rules.ts";

/**
 * Converts a page's body to Markdown (GFM). Pure and deterministic. Words that the page shows and the conversion lost are
 * returned in `textLost` and appended to the Markdown as plain text, so that a search finds them all the same.
 * @throws PermanentError only: `body_too_large` (20 MB), `body_too_complex`, `conversion_failed`
 */
export function convertPage(page: {
  format: BodyFormat;
  body: string;
  resolver: ReferenceResolver;
}): ConvertedPage {
  try {
    return convert(page.format, page.body, page.resolver);
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw new PermanentError("conversion_failed", "The page's body could not be converted", { cause: error });
  }
}

function convert(format: BodyFormat, body: string, resolver: ReferenceResolver): ConvertedPage {
  const source = parseMarkup(format, withoutControlCharacters(body));
  const root = new PlainRoot();
  new PlainTreeBuilder(format, resolver).append(source.children, root);
  collapseWhiteSpace(root);
  const markdown = withoutControlCharacters(markdownOfTree(root));
  const lost = lostWords(withoutControlCharacters(shownText(source, resolver)), markdown);
  if (lost.length === 0) return { markdown, textLost: null };
  const textLost = lost.join(" ");
  const appended = escapeMarkdown(textLost, {
    startsLine: true,
    endsLine: true,
    inLink: false,
    inCell: false,
  });
  return { markdown: `${markdown}\n\n${appended}`.trimStart(), textLost };
}

/** Postgres refuses U+0000 in text, UTF-8 has no lone surrogates, and no other control character means anything in Markdown. */
function withoutControlCharacters(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is removed
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, "").toWellFormed();
}
