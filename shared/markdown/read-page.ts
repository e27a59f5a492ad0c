import { PermanentError } from "#shared/errors.ts";
import { convertElement } from "./elements/convert-element.ts";
import { prepareBody } from "./elements/prepare-body.ts";
import { lostWords } from "./fidelity/lost-words.ts";
import { shownText } from "./fidelity/shown-text.ts";
import type { BodyFormat, ConvertedPage, ReferenceResolver } from "./page-content.ts";
import { collectReferences, type PageReferences } from "./page-references.ts";
import type { MarkupElement } from "./parse/markup-tree.ts";
import { parseMarkup } from "./parse/parse-markup.ts";
import { fillMacros } from "./rendering/fill-macros.ts";
import { takeMarks } from "./print/marks.ts";
import { collapseWhiteSpace } from "./print/collapse-white-space.ts";
import { escapeMarkdown } from "./print/escape-markdown.ts";
import { PlainTreeBuilder } from "./print/plain-tree-builder.ts";
import { PlainRoot } from "./print/plain-tree.ts";
import { markdownOfTree } from "./print/turndown-rules.ts";

/** A page's parsed body: its references and its Markdown. */
export type ReadPage = {
  /** Names of the macros whose content is not in the storage, each once, in order. */
  readonly macrosToRender: readonly string[];
  readonly references: PageReferences;
  /**
   * The page with the content of those macros from its rendered body (`export_view`); everything else stays as it is stored. The
   * original page must not be used afterwards.
   * @throws PermanentError as readPage
   */
  withRendered(rendered: string): ReadPage;
  /**
   * The body as Markdown (GFM). Pure and deterministic. Words that the page shows and the conversion lost are returned in
   * `textLost` and appended to the Markdown as plain text, so that a search finds them anyway.
   * @throws PermanentError only: `body_too_complex`, `conversion_failed`
   */
  toMarkdown(resolver: ReferenceResolver): ConvertedPage;
};

/**
 * Parses a page's body once for all its uses.
 * @throws PermanentError only: `body_too_large` (20 MB), `body_too_complex`, `conversion_failed`
 */
export function readPage(body: { format: BodyFormat; value: string }): ReadPage {
  return pageOf(permanent(() => parseBody(body.format, body.value)));
}

function pageOf(root: MarkupElement): ReadPage {
  let found: ReturnType<typeof collectReferences> | null = null;
  const collected = () => (found ??= permanent(() => collectReferences(root)));
  return {
    get macrosToRender() {
      return collected().macrosToRender;
    },
    get references() {
      return collected().references;
    },
    withRendered: (rendered) =>
      permanent(() => {
        fillMacros(root, parseBody("export_view", rendered));
        return pageOf(root);
      }),
    toMarkdown: (resolver) => permanent(() => convert(root, resolver)),
  };
}

/** No body may make a whole sync fail: any error of a body is an error of its page. */
function permanent<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw new PermanentError("conversion_failed", "The page's body could not be converted", { cause: error });
  }
}

/** The tree of a body as a reader sees it. */
function parseBody(format: BodyFormat, value: string): MarkupElement {
  const root = parseMarkup(format, value);
  prepareBody(root, format);
  return root;
}

function convert(body: MarkupElement, resolver: ReferenceResolver): ConvertedPage {
  const root = new PlainRoot();
  new PlainTreeBuilder({ resolver, convertElement }).append(body.children, root);
  collapseWhiteSpace(root);
  const { markdown: marked, outline } = takeMarks(markdownOfTree(root));
  const markdown = marked.toWellFormed();
  const lost = lostWords(shownText(body, resolver), markdown);
  if (lost.length === 0) return { markdown, outline, textLost: null };
  const textLost = lost.join(" ");
  const appended = escapeMarkdown(textLost, {
    startsLine: true,
    endsLine: true,
    inLink: false,
    inCell: false,
  });
  return { markdown: `${markdown}\n\n${appended}`.trimStart(), outline, textLost };
}
