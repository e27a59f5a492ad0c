import type { PageKind } from "#shared/content-kinds.ts";
import { namesOneTarget } from "./certain-target.ts";
import { readMacro, parameter, type Macro } from "./elements/macro.ts";
import { labelsOfQuery, type LabelQuery } from "./label-query.ts";
import { attribute, descendant, descendants, type MarkupElement } from "./parse/markup-tree.ts";

/** A page and a blog post may have the same title. */
export type TitledTarget = { title: string; spaceKey: string | null; kind: PageKind };

/** Something outside of a page that its body shows, as the storage names it. */
export type PageDependency = {
  /** `page`: the text of one; `children`: what is below one; `label`: what carries one; `files`: what is attached to a page. */
  kind: "page" | "children" | "label" | "files" | "unknown";
  /** `page`: by title, in the page's own space where it names none; `self`; `label`. Null: nothing that is understood. */
  target: TitledTarget | { id: string } | "self" | { label: string; space: LabelQuery["space"] } | null;
  /** Of children: levels below the page; null: all. */
  depth: number | null;
  /** Whether it shows text of its targets, not only their titles. */
  showsText: boolean;
};

/** Lists of content whose conditions are not read. */
const NOT_UNDERSTOOD = new Set(
  (
    "content-by-user contentbyuser blog-posts listlabels index space-attachments excerpt-list tasks-report-macro decisionreport " +
    "status-list scroll-content-block"
  ).split(" "),
);

/** Macros that show a page, or a part of one, which they name. */
const INCLUDES = new Set([
  "include",
  "excerpt-include",
  "table-excerpt-include",
  "multiexcerpt-include",
  "multiexcerpt-include-macro",
  "include-shared-block",
]);

/** What a stored body shows of other pages; what several macros show is named once for each. */
export function pageDependencies(root: MarkupElement): PageDependency[] {
  return [...descendants(root)].flatMap(namedBy);
}

/** What a macro names of other pages; nothing for other elements, and for macros that show what is no page. */
function namedBy(element: MarkupElement): PageDependency[] {
  const isMacro = element.name === "ac:structured-macro" || element.name === "ac:macro";
  return isMacro ? dependenciesOf(readMacro(element)) : [];
}

/** What a macro certainly shows of other pages: as it names it, or unknown where Confluence may understand it in another way. */
export function shownBy(element: MarkupElement): PageDependency[] {
  const named = namedBy(element);
  const isDecided = named.every(({ kind }) => kind !== "page" && kind !== "files") || namesOneTarget(element);
  return isDecided ? named : [unknown];
}

const unknown: PageDependency = { kind: "unknown", target: null, depth: null, showsText: true };

function dependenciesOf(macro: Macro): PageDependency[] {
  const { name } = macro;
  if (INCLUDES.has(name)) {
    const target = namedPage(macro);
    return [target ? { kind: "page", target, depth: null, showsText: true } : unknown];
  }
  switch (name) {
    case "children":
    case "ui-children":
      return [{ ...childrenOf(macro), target: namedPage(macro) ?? "self" }];
    case "pagetree": {
      const top = treeTop(macro);
      return [top ? { kind: "children", target: top, depth: null, showsText: false } : unknown];
    }
    case "contentbylabel":
      return labelled(macro, parameter(macro, "showexcerpt", "excerpt") !== "");
    case "detailssummary":
    case "page-properties-report":
      return labelled(macro, true);
    case "attachments":
    case "gallery":
      return [{ kind: "files", target: namedPage(macro) ?? "self", depth: null, showsText: true }];
    default:
      return NOT_UNDERSTOOD.has(name) ? [unknown] : [];
  }
}

function childrenOf(macro: Macro): Omit<PageDependency, "target"> {
  const isAll = parameter(macro, "all", "allchildren") === "true";
  const depth = Number(parameter(macro, "depth") || 1);
  const excerpt = parameter(macro, "excerpttype", "excerpt");
  return {
    kind: "children",
    // Confluence shows all levels for a depth that is no number of levels.
    depth: isAll || !(depth >= 1) ? null : depth,
    showsText: excerpt !== "" && excerpt !== "none" && excerpt !== "false",
  };
}

/** The page or blog post that a parameter of the macro names. */
function namedPage(macro: Macro): TitledTarget | { id: string } | null {
  for (const element of macro.parameters.values()) {
    const named = descendant(
      element,
      ({ name }) => name === "ri:page" || name === "ri:blog-post" || name === "ri:content-entity",
    );
    if (!named) continue;
    const id = attribute(named, "ri:content-id");
    if (named.name === "ri:content-entity") {
      if (id !== "") return { id };
      continue;
    }
    const title = attribute(named, "ri:content-title");
    const kind = named.name === "ri:page" ? "page" : "blogpost";
    if (title !== "") return { title, spaceKey: attribute(named, "ri:space-key") || null, kind };
  }
  return null;
}

/** The page at the top of a tree; the home page and others that only Confluence knows are not understood. */
function treeTop(macro: Macro): PageDependency["target"] {
  const named = namedPage(macro);
  const title = named && "title" in named ? named.title : parameter(macro, "root");
  if (title === "@self") return "self";
  return named && !title.startsWith("@") ? named : null;
}

function labelled(macro: Macro, showsText: boolean): PageDependency[] {
  const query = parameter(macro, "cql");
  const read = query === "" ? labelParameter(macro) : labelsOfQuery(query);
  if (!read) return [unknown];
  const rows = read.labels.map((label): PageDependency => {
    return { kind: "label", target: { label, space: read.space }, depth: null, showsText };
  });
  return read.changesByTime ? [...rows, unknown] : rows;
}

/** Labels as the macros named them before they took a query: `a, b`, `+a`, `-b`. */
function labelParameter(macro: Macro): LabelQuery | null {
  const labels = parameter(macro, "labels", "label")
    .split(/[\s,]+/)
    .map((label) => label.replace(/^[+-]/, ""))
    .filter((label) => label !== "");
  const space = parameter(macro, "spaces", "spacekey") === "" ? "own" : "any";
  return labels.length === 0 ? null : { labels, space, changesByTime: false };
}
