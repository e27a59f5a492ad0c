import { PermanentError } from "#shared/errors.ts";
import { convertElement } from "./elements/convert-element.ts";
import { lostWords } from "./fidelity/lost-words.ts";
import { shownText } from "./fidelity/shown-text.ts";
import type { BodyFormat, ConvertedPage, ReferenceResolver } from "./page-content.ts";
import { collectReferences, type PageReferences } from "./page-references.ts";
import type { MarkupElement } from "./parse/markup-tree.ts";
import { parseMarkup } from "./parse/parse-markup.ts";
import { collapseWhiteSpace } from "./print/collapse-white-space.ts";
import { escapeMarkdown } from "./print/escape-markdown.ts";
import { PlainTreeBuilder } from "./print/plain-tree-builder.ts";
import { PlainRoot } from "./print/plain-tree.ts";
import { markdownOfTree } from "./print/turndown-rules.ts";

/** A page's body, parsed: what it refers to, and its Markdown. */
export type ReadPage = {
  /** Names of the macros whose content is not in the storage, each once, in order. */
  readonly macrosToRender: readonly string[];
  readonly references: PageReferences;
  /**
   * The body as Markdown (GFM). Pure and deterministic. Words that the page shows and the conversion lost are returned in
   * `textLost` and appended to the Markdown as plain text, so that a search finds them all the same.
   * @throws PermanentError only: `body_too_complex`, `conversion_failed`
   */
  toMarkdown(resolver: ReferenceResolver): ConvertedPage;
};

/**
 * Parses a page's body, once for all that is asked of it.
 * @throws PermanentError only: `body_too_large` (20 MB), `body_too_complex`, `conversion_failed`
 */
export function readPage(body: { format: BodyFormat; value: string }): ReadPage {
  const root = permanent(() => parseMarkup(body.format, withoutControlCharacters(body.value)));
  let found: ReturnType<typeof collectReferences> | null = null;
  const collected = () => (found ??= permanent(() => collectReferences(root)));
  return {
    get macrosToRender() {
      return collected().macrosToRender;
    },
    get references() {
      return collected().references;
    },
    toMarkdown: (resolver) => permanent(() => convert(root, resolver)),
  };
}

/** No body makes a sync fail for good or for ever: whatever goes wrong with one is a fault of that page. */
function permanent<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw new PermanentError("conversion_failed", "The page's body could not be converted", { cause: error });
  }
}

function convert(body: MarkupElement, resolver: ReferenceResolver): ConvertedPage {
  const root = new PlainRoot();
  new PlainTreeBuilder({ resolver, convertElement }).append(body.children, root);
  collapseWhiteSpace(root);
  const markdown = withoutControlCharacters(markdownOfTree(root));
  const lost = lostWords(withoutControlCharacters(shownText(body, resolver)), markdown);
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
