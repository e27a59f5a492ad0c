import { PermanentError } from "#shared/errors.ts";
import { convertElement } from "./elements/convert-element.ts";
import { mayShowOthers } from "./elements/own-macros.ts";
import { prepareBody } from "./elements/prepare-body.ts";
import { lostWords } from "./fidelity/lost-words.ts";
import { shownText } from "./fidelity/shown-text.ts";
import type { BodyFormat, ConvertedPage, ReferenceResolver } from "./page-content.ts";
import { pageDependencies, shownBy, type PageDependency } from "./page-dependencies.ts";
import { collectReferences, type PageReferences } from "./page-references.ts";
import { descendants, type MarkupElement } from "./parse/markup-tree.ts";
import { isRecovered, parseMarkup } from "./parse/parse-markup.ts";
import { fillGuarded } from "./rendering/fill-guarded.ts";
import { fillMacros } from "./rendering/fill-macros.ts";
import { needsRendering } from "./rendering/stored-macros.ts";
import { takeMarks } from "./print/marks.ts";
import { collapseWhiteSpace } from "./print/collapse-white-space.ts";
import { escapeMarkdown } from "./print/escape-markdown.ts";
import { PlainTreeBuilder } from "./print/plain-tree-builder.ts";
import { PlainRoot } from "./print/plain-tree.ts";
import { markdownOfTree } from "./print/turndown-rules.ts";

/** Whether a page may show what one of its macros shows of other pages: nothing that is known, for those that show what is no page. */
export type MayShow = (shows: readonly PageDependency[]) => boolean;

/** A page's parsed body: its references and its Markdown. */
export type ReadPage = {
  /** Names of the macros whose content is not in the storage, each once, in order. */
  readonly macrosToRender: readonly string[];
  /** What each of these macros certainly shows of other pages, in order, nested ones too. */
  readonly shownByMacros: readonly (readonly PageDependency[])[];
  readonly references: PageReferences;
  /** What a stored body shows of other pages. */
  readonly dependencies: readonly PageDependency[];
  /** What the rendered body says of macros that failed, in place of their content; it is not in the Markdown. */
  readonly failedMacros: readonly string[];
  /**
   * The page with the content of those macros from its rendered body (`export_view`), where `mayShow` lets it show that; everything
   * else stays as it is stored. The original page must not be used afterwards.
   * @throws PermanentError as readPage
   */
  withRendered(rendered: string, mayShow?: MayShow): ReadPage;
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
  const { root, isComplete } = permanent(() => parseBody(body.format, body.value));
  return pageOf(root, { isComplete }, null);
}

/** `isComplete`: as parseBody. `rendered`: of a page that was filled from its rendered body. */
function pageOf(
  root: MarkupElement,
  { isComplete }: { isComplete: boolean },
  rendered: Pick<ReadPage, "dependencies" | "shownByMacros" | "failedMacros"> | null,
): ReadPage {
  let found: ReturnType<typeof collectReferences> | null = null;
  let dependencies = rendered?.dependencies ?? null;
  let shownByMacros = rendered?.shownByMacros ?? null;
  const shown = () =>
    (shownByMacros ??= [
      ...[...descendants(root)].filter(needsRendering).map(shownBy),
      // Confluence may show what is not in the tree.
      ...(isComplete ? [] : [[]]),
    ]);
  const collected = () => (found ??= permanent(() => collectReferences(root)));
  return {
    get macrosToRender() {
      return collected().macrosToRender;
    },
    get shownByMacros() {
      return permanent(shown);
    },
    get references() {
      return collected().references;
    },
    get dependencies() {
      return (dependencies ??= permanent(() => pageDependencies(root)));
    },
    failedMacros: rendered?.failedMacros ?? [],
    withRendered: (value, mayShow) =>
      permanent(() => {
        dependencies ??= pageDependencies(root);
        const macros = shown();
        const { root: body, failedMacros } = parseBody("export_view", value);
        if (mayShow) fillGuarded(root, body, { mayShow: (macro) => mayShow(shownBy(macro)), isComplete });
        else fillMacros(root, body);
        return pageOf(root, { isComplete }, { dependencies, shownByMacros: macros, failedMacros });
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

/** The tree of a body as a reader sees it; `isComplete`: all macros are in it that Confluence may find in the body. */
function parseBody(
  format: BodyFormat,
  value: string,
): { root: MarkupElement; failedMacros: string[]; isComplete: boolean } {
  const root = parseMarkup(format, value);
  const isExact = format !== "storage" || !isRecovered(root);
  const written = format === "storage" ? [...descendants(root)].filter(mayShowOthers) : [];
  const failedMacros = prepareBody(root, format);
  if (written.length === 0) return { root, failedMacros, isComplete: isExact };
  const kept = new Set(descendants(root));
  return { root, failedMacros, isComplete: isExact && written.every((element) => kept.has(element)) };
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
