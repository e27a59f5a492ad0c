import { readMacro } from "./elements/macro.ts";
import { isAmbiguous } from "./elements/own-macros.ts";
import { attribute, descendants, type MarkupElement, textOf } from "./parse/markup-tree.ts";

/** How a macro names the one page that it shows, and its parameters that name none; in lower case. */
type Form = { target: string | null; others: readonly string[] };

/** Of every macro, for its place in the text. */
const OF_ALL = ["atlassian-macro-output-type"];
const EXCERPT = ["name", "nopanel"];
const FILES = "upload old patterns sortby sortorder labels preview columns include exclude".split(" ");

const FORMS = new Map<string, Form>([
  ["include", { target: "", others: [] }],
  ["excerpt-include", { target: "", others: EXCERPT }],
  ["table-excerpt-include", { target: "page", others: EXCERPT }],
  ["multiexcerpt-include", { target: "pagewithexcerpt", others: ["multiexcerptname", "addpanel"] }],
  ["multiexcerpt-include-macro", { target: "page", others: ["name", "templatedata", "addpanel"] }],
  ["include-shared-block", { target: "page", others: ["shared-block-key"] }],
  ["attachments", { target: null, others: FILES }],
  [
    "gallery",
    { target: null, others: [...FILES, "includelabel", "excludelabel", "sort", "reverse", "title"] },
  ],
]);

const TARGET_ATTRIBUTES = new Map([
  ["ri:page", ["ri:content-title", "ri:space-key", "ri:version-at-save"]],
  ["ri:blog-post", ["ri:content-title", "ri:space-key", "ri:posting-day", "ri:version-at-save"]],
  ["ri:content-entity", ["ri:content-id", "ri:version-at-save"]],
]);

/**
 * Whether a macro has exactly the form in which Confluence stores it, so that it can show no other page than the one that it names (its
 * own, for lists of files): one reference, alone in the parameter for it, and besides it only parameters that name no page.
 */
export function namesOneTarget(element: MarkupElement): boolean {
  const form = FORMS.get(readMacro(element).name);
  if (!form || isAmbiguous(element) || [...descendants(element)].some(isAmbiguous)) return false;
  const targets: MarkupElement[] = [];
  for (const node of element.children) {
    if (typeof node === "string") {
      if (node.trim() !== "") return false;
      continue;
    }
    const name = parameterName(node);
    if (name === null) return false;
    if (name === form.target) targets.push(node);
    else if (!isPlainText(node) || !(form.others.includes(name) || OF_ALL.includes(name))) return false;
  }
  const [target] = targets;
  return form.target === null || (target !== undefined && targets.length === 1 && holdsOneReference(target));
}

/** Null: the element is no parameter. */
function parameterName(element: MarkupElement): string | null {
  if (element.name === "ac:default-parameter") return "";
  return element.name === "ac:parameter" ? attribute(element, "ac:name").toLowerCase() : null;
}

function isPlainText(element: MarkupElement): boolean {
  return element.children.every((node) => typeof node === "string");
}

function holdsOneReference(target: MarkupElement): boolean {
  if (textOf(target).trim() !== "") return false;
  const held = only(target);
  const reference = held?.name === "ac:link" ? only(held) : held;
  if (!reference || reference.children.some((node) => typeof node !== "string")) return false;
  const known = TARGET_ATTRIBUTES.get(reference.name);
  return known !== undefined && [...reference.attributes.keys()].every((name) => known.includes(name));
}

function only(element: MarkupElement): MarkupElement | undefined {
  const inside = element.children.filter((node) => typeof node !== "string");
  return inside.length === 1 ? inside[0] : undefined;
}
