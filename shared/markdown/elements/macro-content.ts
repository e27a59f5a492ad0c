import { type Macro, parameter, standsInLine } from "./macro.ts";
import { attribute, child, type MarkupElement, textOf } from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { resolveReference } from "./storage-links.ts";

/** Adds the body of a macro, in the line of text around it when it has no blocks; never its parameters. */
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

/** The body as verbatim text; empty when there is none. */
export function bodyText(macro: Macro): string {
  const element = macro.plainBody ?? macro.richBody;
  return element ? textOf(element) : "";
}

/** A verbatim body as content of a panel. */
export function plainBodyText(macro: Macro): string[] {
  return macro.plainBody ? [textOf(macro.plainBody)] : [];
}

/** A link to what a parameter names: a page, an attachment, a URL, or the text itself when it is one. */
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

/** A link in the place of a box: apart from the words around it. */
function linkApart(href: string | null, text: string, target: PlainElement, build: PlainTreeBuilder): void {
  build.apart(target, () => build.link(href, [text], target));
}

const FILE_PARAMETERS = [
  "name",
  "diagramname",
  "diagramDisplayName",
  "filename",
  "file",
  "attachment",
  "attachmentName",
  "page",
  "",
];

/** A titled link to the file that a macro shows. */
export function attachmentLink(macro: Macro, target: PlainElement, build: PlainTreeBuilder): void {
  for (const name of FILE_PARAMETERS) {
    const element = [...macro.parameters].find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
    if (!element) continue;
    const reference = resolveReference(element, null, build);
    const fileName = reference?.text ?? textOf(element).trim();
    if (fileName === "") continue;
    const href =
      reference?.href ?? build.resolver.attachmentUrl({ fileName, pageTitle: null, spaceKey: null });
    linkApart(href, fileName, target, build);
    break;
  }
  appendBody(macro, target, build);
}

/** PlantUML for Cloud keeps its source URI-encoded in a parameter. */
export function decodedPlantUml(macro: Macro): string {
  const data = parameter(macro, "data");
  if (data === "" || parameter(macro, "compressed") === "true") return "";
  try {
    return decodeURIComponent(data);
  } catch {
    return data; // Not encoded after all: a "%" of its own.
  }
}
