import { child, type MarkupElement } from "./markup-tree.ts";

/** Elements whose text a reader of the page never sees. */
const HIDDEN = new Set(
  (
    "script style head template colgroup ac:parameter ac:default-parameter ac:task-id ac:task-uuid ac:task-status " +
    "ac:placeholder ac:adf-attribute annotation annotation-xml"
  ).split(" "),
);
/** Elements that stand in the line of text around them: no word ends at their edges. */
const INLINE = new Set(
  (
    "a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark q s samp small span strike strong sub sup " +
    "time tt u var ac:link ac:link-body ac:plain-text-link-body ac:inline-comment-marker"
  ).split(" "),
);

/**
 * The text that a page shows, in reading order, one space at least between blocks. Deliberately knows nothing of how each
 * element is converted: it is what the result is checked against.
 */
export function shownText(element: MarkupElement): string {
  const parts: string[] = [];
  collect(element, parts);
  return parts.join("");
}

function collect(element: MarkupElement, parts: string[]): void {
  for (const node of element.children) {
    if (typeof node === "string") {
      parts.push(node);
    } else if (!isHidden(node)) {
      const isInline = INLINE.has(node.name) || node.name.startsWith("ri:");
      if (!isInline) parts.push(" ");
      const before = parts.length;
      collect(node, parts);
      if (isBlank(parts, before)) {
        const text = textInPlaceOf(node);
        if (text !== "") parts.splice(before, parts.length, text);
      }
      if (!isInline) parts.push(" ");
    }
  }
}

function isHidden(element: MarkupElement): boolean {
  if (HIDDEN.has(element.name)) return true;
  if (element.name === "ac:adf-fallback") return true;
  const classes = element.attributes.get("class");
  // KaTeX writes each formula twice.
  return classes !== undefined && /(?:^|\s)(?:katex-html|katex-mathml)(?:\s|$)/.test(classes);
}

function isBlank(parts: readonly string[], from: number): boolean {
  for (let index = from; index < parts.length; index++) if (parts[index]?.trim() !== "") return false;
  return true;
}

/** What Confluence shows for an element that brings no text of its own. */
function textInPlaceOf(element: MarkupElement): string {
  if (element.name === "time") return element.attributes.get("datetime") ?? "";
  if (element.name !== "ac:link") return "";
  // A picture as the body of a link is shown instead of the title.
  const body = child(element, "ac:link-body");
  if (body?.children.some((node) => typeof node !== "string")) return "";
  for (const node of element.children) {
    if (typeof node === "string") continue;
    const text = node.attributes.get("ri:content-title") ?? node.attributes.get("ri:filename");
    if (text !== undefined) return text;
  }
  return "";
}
