import { isRawText } from "#shared/markdown/parse/content-model.ts";
import { attribute, child, type MarkupElement, textOf } from "#shared/markdown/parse/markup-tree.ts";
import { REPEATED } from "#shared/markdown/parse/read-attributes.ts";
import { isAppNode } from "./adf-extension.ts";
import { isHtmlName } from "./html-macros.ts";
import { knownRule, MACRO_KINDS, namesOf } from "./macro-rules.ts";

/** Kinds of macros whose rendering shows their body and parameters, and nothing from elsewhere. */
const OWN_KINDS = [
  "containers",
  "languages",
  "boxes with a title",
  "expandable boxes",
  "cards",
  "code blocks",
  "verbatim text",
  "formulas in a line",
  "formulas",
  "notes",
  "important notes",
  "tips",
  "warnings",
  "panels",
  "alerts",
  "lozenges",
  "statuses of a list",
  "dates",
  "footnotes",
  "buttons",
] as const satisfies readonly (keyof typeof MACRO_KINDS)[];

/** `toc` shows headings, of included pages too. */
const PLACE_MARKS = ["anchor", "scroll-bookmark", "scroll-indexterm", "scroll-pagebreak", "toc"];

const OWN = new Set([...OWN_KINDS.flatMap((kind) => namesOf(MACRO_KINDS[kind])), ...PLACE_MARKS]);
const NAVIGATION = new Set(namesOf(MACRO_KINDS["navigation and ornament"]));
const DIAGRAMS = new Set([
  ...namesOf(MACRO_KINDS.Mermaid),
  ...namesOf(MACRO_KINDS.PlantUML),
  ...namesOf(MACRO_KINDS.Graphviz),
]);
const FORMAT_PREFIX = /^(?:ac|ri|at):/;

/**
 * Whether what Confluence renders for an element of the storage may hold text from elsewhere: of macros all that are not known to show
 * their own text alone. A prefix of a body's own may stand for any of them.
 */
export function mayShowOthers(element: MarkupElement): boolean {
  const { name } = element;
  if (isAmbiguous(element)) return true;
  if (name === "ac:structured-macro" || name === "ac:macro") {
    const macro = attribute(element, "ac:name").toLowerCase();
    return !OWN.has(macro) || isHtmlName(macro);
  }
  if (name === "ac:adf-extension") return child(element, "ac:adf-node") === undefined;
  if (name === "ac:adf-node") return isAppNode(element);
  // Its content is a text here, and elements for Confluence.
  return isRawText(name) && textOf(element).includes("<");
}

/** Whether Confluence, which reads XML, may understand the names of an element or of its attributes in another way. */
export function isAmbiguous({ name, attributes }: MarkupElement): boolean {
  if (name.includes(":") && !FORMAT_PREFIX.test(name)) return true;
  return attributes.has(REPEATED) || [...attributes.keys()].some((key) => key.startsWith("xmlns"));
}

/** Whether the text of a macro may be markup in the rendering, so that it may close and open any element. */
export function mayHoldMarkup(macro: MarkupElement): boolean {
  const name = attribute(macro, "ac:name").toLowerCase();
  return isHtmlName(name) || (child(macro, "ac:plain-text-body") !== undefined && !DIAGRAMS.has(name));
}

/** Whether a rendered element shows a macro whose content is not that of the page that it is on. */
export function showsOthers(rendered: MarkupElement): boolean {
  const name = attribute(rendered, "data-macro-name").toLowerCase();
  if (name === "" || OWN.has(name)) return false;
  const rule = knownRule(name);
  if (!rule) return attribute(rendered, "data-hasbody") !== "true";
  return NAVIGATION.has(name) || rule.rendered !== undefined;
}
