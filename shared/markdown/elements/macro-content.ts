import {
  attribute,
  child,
  descendants,
  type MarkupElement,
  textOf,
} from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { type Macro, parameter, standsInLine } from "./macro.ts";
import { personName, resolveReference } from "./storage-links.ts";

/** Adds the body of a macro, inline if it has no blocks; never its parameters. */
export function appendBody(macro: Macro, target: PlainElement, build: PlainTreeBuilder, isBox = false): void {
  if (macro.richBody) {
    if (!isBox && standsInLine(macro.element)) build.append(macro.richBody.children, target);
    else build.element("DIV", macro.richBody.children, target);
  }
  if (macro.plainBody) build.codeBlock(textOf(macro.plainBody), "", target);
  const others = macro.element.children.filter(
    (node) => typeof node !== "string" && node !== macro.richBody && node !== macro.plainBody,
  );
  build.append(others, target);
}

/** Adds the body of a macro below a title. */
export function appendTitled(
  title: string,
  macro: Macro,
  target: PlainElement,
  build: PlainTreeBuilder,
): void {
  build.titled(title, target, (part) => appendBody(macro, part, build, true));
}

/** The body as verbatim text; empty if there is none. */
export function bodyText(macro: Macro): string {
  const element = macro.plainBody ?? macro.richBody;
  return element ? textOf(element) : "";
}

/** A body as content of a panel. */
export function panelContent(macro: Macro): MarkupElement["children"] {
  return macro.richBody?.children ?? (macro.plainBody ? [textOf(macro.plainBody)] : []);
}

/** Adds the people named in parameters of a macro: `@Name`. */
export function appendPeople(macro: Macro, target: PlainElement, build: PlainTreeBuilder): void {
  for (const element of macro.element.children) {
    if (typeof element === "string" || !/^ac:(?:default-)?parameter$/.test(element.name)) continue;
    const users = [...descendants(element)].filter((inner) => inner.name === "ri:user");
    const isUser = /^(?:users?|username|)$/i.test(attribute(element, "ac:name"));
    const written = isUser && users.length === 0 ? textOf(element).trim() : "";
    const people = users.map((user) => personName(user, build.resolver));
    if (written !== "") people.push(`@${written}`);
    for (const person of people) build.apart(target, () => build.text(person, target));
  }
}

/** A link to the target of a parameter: a page, an attachment, a URL, or the text itself if it is a URL. */
export function linkTo(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const inner = child(element, "ac:link");
  const reference = resolveReference(
    inner ?? element,
    inner ? attribute(inner, "ac:anchor") || null : null,
    build,
  );
  const text = textOf(element).trim();
  if (reference) linkApart(reference.href, reference.text, target, build);
  else if (/^(https?:|\/)/.test(text)) linkApart(build.resolver.absoluteUrl(text), text, target, build);
}

/** A link in place of a box, separated from the words around it. */
function linkApart(href: string | null, text: string, target: PlainElement, build: PlainTreeBuilder): void {
  build.apart(target, () => build.link(href, [text], target));
}

const FILE_PARAMETERS = [
  "name",
  "diagramname",
  "diagramdisplayname",
  "filename",
  "file",
  "attachment",
  "attachmentname",
  "page",
  "",
];

/** A link to the file that a macro shows. */
export function attachmentLink(macro: Macro, target: PlainElement, build: PlainTreeBuilder): void {
  for (const name of FILE_PARAMETERS) {
    const element = macro.parameters.get(name);
    if (!element) continue;
    const reference = resolveReference(element, null, build);
    const fileName = reference?.text ?? textOf(element).trim();
    if (fileName === "") continue;
    linkApart(reference?.href ?? attachmentUrl(fileName, build), fileName, target, build);
    break;
  }
  appendBody(macro, target, build);
}

/** Adds a link to an attachment of the page. */
export function appendFile(fileName: string, target: PlainElement, build: PlainTreeBuilder): void {
  linkApart(attachmentUrl(fileName, build), fileName, target, build);
}

function attachmentUrl(fileName: string, build: PlainTreeBuilder): string | null {
  return build.resolver.attachmentUrl({ fileName, pageTitle: null, spaceKey: null });
}

/** A footnote at its word: in brackets, or below if it is more than text. */
export function appendFootnote(macro: Macro, target: PlainElement, build: PlainTreeBuilder): void {
  const children = macro.richBody?.children ?? [
    bodyText(macro) || parameter(macro, "text", "note", "content", "body", ""),
  ];
  const content = children.filter((node) => typeof node !== "string" || node.trim() !== "");
  const [only] = content;
  if (only === undefined || (typeof only === "string" && only.trim() === "")) return;
  const areParagraphs = content.every((node) => typeof node !== "string" && node.name === "p");
  if (!areParagraphs && macro.richBody && !standsInLine(macro.element)) {
    build.element("DIV", children, target);
    return;
  }
  build.apart(target, () => {
    build.text(" (", target);
    for (const [index, node] of content.entries()) {
      if (areParagraphs && index > 0) build.text(" ", target);
      build.append(areParagraphs && typeof node !== "string" ? node.children : [node], target);
    }
    build.text(")", target);
  });
}
