import { emoticon } from "./emoticons.ts";
import { convertAdfExtension, convertAdfNode } from "./adf-extension.ts";
import { convertMacro } from "./convert-macro.ts";
import { child, type MarkupElement, textOf } from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { convertImage, convertLink } from "./storage-links.ts";

type Convert = (element: MarkupElement, target: PlainElement, build: PlainTreeBuilder) => void;

const asBlock: Convert = (element, target, build) => {
  build.element("DIV", element.children, target);
};
const asContent: Convert = (element, target, build) => build.append(element.children, target);
const dropped: Convert = () => {};

/** Elements of the storage format that are not HTML; ids and options are dropped, other elements replaced by their content. */
const CONVERT: Record<string, Convert> = {
  "ac:structured-macro": convertMacro,
  "ac:macro": convertMacro,
  "ac:link": convertLink,
  "ac:image": convertImage,
  "ac:emoticon": (element, target, build) => build.text(emoticon(element), target),
  "ac:task-list": (element, target, build) => {
    build.element("UL", element.children, target);
  },
  "ac:task": convertTask,
  "ac:layout": asBlock,
  "ac:layout-section": asBlock,
  "ac:layout-cell": asBlock,
  "ac:rich-text-body": asBlock,
  "ac:plain-text-body": (element, target, build) => build.codeBlock(textOf(element), "", target),
  "ac:inline-comment-marker": asContent,
  "ac:adf-extension": convertAdfExtension,
  "ac:adf-node": convertAdfNode,
  "ac:adf-extension-frame": asBlock,
  "ac:adf-content": asBlock,
  "ac:adf-attribute": dropped,
  "ac:adf-mark": dropped,
  "ac:adf-fallback": asBlock,
  "ac:parameter": dropped,
  "ac:default-parameter": dropped,
  "ac:task-id": dropped,
  "ac:task-uuid": dropped,
  "ac:task-status": dropped,
  "ac:placeholder": dropped,
  "ri:page": dropped,
};

/** Converts an element of the storage format; false if it is not one. */
export function convertStorageElement(
  element: MarkupElement,
  target: PlainElement,
  build: PlainTreeBuilder,
): boolean {
  if (!element.name.includes(":")) return false;
  const convert = CONVERT[element.name];
  if (convert) convert(element, target, build);
  else build.append(element.children, target);
  return true;
}

/** A task is a list item with a box; its body's mentions and dates are its assignee and due date. */
function convertTask(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const status = child(element, "ac:task-status");
  const done = status !== undefined && textOf(status).trim() === "complete";
  const body = child(element, "ac:task-body");
  const rest = element.children.filter((node) => node !== body);
  build.element("LI", [...(body?.children ?? []), ...rest], target, { task: done ? "x" : " " });
}
