import {
  attribute,
  child,
  descendant,
  descendants,
  type MarkupElement,
  type MarkupNode,
  textOf,
} from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import type { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { alertKind, appendPanel } from "./boxes.ts";
import {
  appendInlineParameters,
  appendTextParameters,
  isTitleName,
  textParameters,
} from "./unknown-macro-parameters.ts";

/**
 * Converts content of the new editor without a storage element: panels, decisions, tabs, expands, apps' macros. The fallback is a
 * reduced copy for old editors, used where the node itself is empty.
 */
export function convertAdfExtension(
  extension: MarkupElement,
  target: PlainElement,
  build: PlainTreeBuilder,
): void {
  const node = child(extension, "ac:adf-node");
  const fallback = node ? (child(extension, "ac:adf-fallback") ?? child(node, "ac:adf-fallback")) : undefined;
  if (!node) build.append(extension.children, target);
  else if (holdsContent(node) || typeOf(node) === DECISIONS) convertAdfNode(node, target, build);
  else if (fallback && showsText(fallback)) build.append(fallback.children, target);
  else if (isAppNode(node)) appendParameters(node, target, build);
  else build.append(node.children, target);
}

/** Converts a node as its title with its content below. */
export function convertAdfNode(node: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const type = typeOf(node);
  const content = child(node, "ac:adf-content");
  if (type === DECISIONS) appendDecisions(node, target, build);
  else if (type === "multibodiedextension" && content) appendFrames(node, content, target, build);
  else if (type === "panel" && content) {
    const kind = alertKind(adfAttribute(node, "panel-type", "panelType"));
    appendPanel({ kind, title: titleOf(node), content: content.children }, target, build);
  } else if (content) {
    build.titled(titleOf(node), target, (part) => build.element("DIV", content.children, part));
  } else
    build.append(
      node.children.filter((inner) => !isNamed(inner, "ac:adf-fallback")),
      target,
    );
}

/** Whether what an extension shows is missing from the storage: an app's macro without content and without fallback. */
export function extensionNeedsRendering(extension: MarkupElement): boolean {
  const node = child(extension, "ac:adf-node");
  if (!node || !isAppNode(node) || holdsContent(node)) return false;
  const fallback = child(extension, "ac:adf-fallback") ?? child(node, "ac:adf-fallback");
  return !fallback || !showsText(fallback);
}

/** The name of the app's macro, as in the last part of its key. */
export function extensionName(extension: MarkupElement): string {
  const node = child(extension, "ac:adf-node");
  const key = node ? adfAttribute(node, "extension-key", "extensionKey") : "";
  return key.slice(key.lastIndexOf("/") + 1) || "extension";
}

const DECISIONS = "decisionlist";

/** A node's type in lower case, without dashes, because the storage format and ADF write the same names differently. */
function typeOf(node: MarkupElement): string {
  return attribute(node, "type").replace(/-/g, "").toLowerCase();
}

/** Whether a node is an app's: what it shows is the app's matter. */
export function isAppNode(node: MarkupElement): boolean {
  return typeOf(node).endsWith("extension");
}

function holdsContent(node: MarkupElement): boolean {
  return node.children.some(
    (inner) =>
      typeof inner !== "string" &&
      (inner.name === "ac:adf-content" || (inner.name === "ac:adf-node" && holdsContent(inner))),
  );
}

/** Whether a fallback has its own content: that of an app's macro is often only the node again. */
function showsText(fallback: MarkupElement): boolean {
  const shows = (node: MarkupNode): boolean => {
    if (typeof node === "string") return node.trim() !== "";
    return (
      !/^ac:adf-(?:attribute|parameter)/.test(node.name) &&
      (/^(?:img|ac:image)$/.test(node.name) || node.children.some(shows))
    );
  };
  return fallback.children.some(shows);
}

function appendDecisions(list: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const output = build.element("UL", [], target);
  for (const item of list.children) {
    if (!isNamed(item, "ac:adf-node")) continue;
    const isOpen = adfAttribute(item, "state").toUpperCase() === "UNDECIDED";
    appendDecision(isOpen, child(item, "ac:adf-content")?.children ?? item.children, output, build);
  }
}

/** Adds a decision as a list item that shows whether it was taken. */
export function appendDecision(
  isOpen: boolean,
  content: readonly MarkupNode[],
  list: PlainElement,
  build: PlainTreeBuilder,
): void {
  const written = content.filter((node) => typeof node !== "string" || node.trim() !== "");
  if (written.length === 0) return;
  const item = build.element("LI", [], list);
  build.span("STRONG", [isOpen ? "Open:" : "Decided:"], item);
  build.text(" ", item);
  const [only] = written;
  const paragraph = written.length === 1 && (isNamed(only, "p") || isNamed(only, "div")) ? only : null;
  build.append(paragraph ? paragraph.children : content, item);
}

/** Tabs and similar nodes: each frame below its title, from its own parameter or from the list in the node's. */
function appendFrames(
  node: MarkupElement,
  content: MarkupElement,
  target: PlainElement,
  build: PlainTreeBuilder,
): void {
  const frames = content.children.filter(isFrame);
  const titles = titlesIn(node);
  const named = titles.length >= frames.length ? titles : [];
  let index = 0;
  for (const child of content.children) {
    if (typeof child === "string" || !isFrame(child)) {
      build.append([child], target);
      continue;
    }
    const title = frameTitle(child) || (named[index] ?? "");
    index++;
    build.titled(title, target, (part) => build.append(frameContent(child), part));
  }
}

function isFrame(node: MarkupNode): node is MarkupElement {
  return (
    isNamed(node, "ac:adf-extension-frame") ||
    (isNamed(node, "ac:adf-node") && typeOf(node) === "extensionframe") ||
    (isNamed(node, "ac:adf-extension") && node.children.some(isFrame))
  );
}

function frameNode(frame: MarkupElement): MarkupElement {
  return frame.name === "ac:adf-extension" ? (child(frame, "ac:adf-node") ?? frame) : frame;
}

function frameTitle(frame: MarkupElement): string {
  const node = frameNode(frame);
  return titleOf(node) || (titlesIn(node, (name) => name === "name")[0] ?? "");
}

function frameContent(frame: MarkupElement): readonly MarkupNode[] {
  const node = frameNode(frame);
  return child(node, "ac:adf-content")?.children ?? node.children;
}

/** Titles in the parameters of a node, in order; the name of the app (`extension-title`) is not one. */
function titlesIn(node: MarkupElement, isTitle: (name: string) => boolean = isTitleName): string[] {
  return node.children.flatMap((inner) => {
    if (!isNamed(inner, "ac:adf-attribute")) return [];
    return [inner, ...descendants(inner)]
      .filter((parameter) => isTitle(attribute(parameter, "key")))
      .map((parameter) => textOf(parameter).trim())
      .filter((title) => title !== "");
  });
}

function titleOf(node: MarkupElement): string {
  return titlesIn(node)[0] ?? "";
}

function adfAttribute(node: MarkupElement, ...keys: string[]): string {
  for (const inner of node.children) {
    if (isNamed(inner, "ac:adf-attribute") && keys.includes(attribute(inner, "key")))
      return textOf(inner).trim();
  }
  return "";
}

function isNamed(node: MarkupNode | undefined, name: string): node is MarkupElement {
  return node !== undefined && typeof node !== "string" && node.name === name;
}

/** Parameters that identify the macro instead of its content. */
const OWN_PARAMETERS =
  /^(?:local-id|extension-id|extension-title|layout|forge-environment|render|account-id|cloud-id|context-ids|macro-metadata|embedded-macro-context|extension-properties)$/;
/** Current values of an app's macro precede those of its older versions. */
const CURRENT = "guest-params";

/** The content of an app's macro in its parameters, or else its name: without it the page would be incomplete. */
function appendParameters(node: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const parameters = new Map<string, string>();
  const sections = node.children.filter(
    (inner): inner is MarkupElement =>
      isNamed(inner, "ac:adf-attribute") && attribute(inner, "key") === "parameters",
  );
  for (const section of sections) {
    const current = section.children.filter(
      (inner) => isNamed(inner, "ac:adf-parameter") && attribute(inner, "key") === CURRENT,
    );
    for (const inner of [...current, ...section.children]) collectParameters(inner, parameters);
  }
  const isInline = typeOf(node).startsWith("inline");
  const name = extensionName({ ...node, name: "ac:adf-extension", children: [node] });
  const text = textParameters(parameters);
  const isShown = isInline
    ? appendInlineParameters(text, target, build)
    : appendTextParameters(name, text, target, build);
  if (isShown) return;
  const title = descendant(node, (inner) => attribute(inner, "key") === "extension-title");
  const shown = [...parameters.values()].filter(
    (value) => /^[^\s:/]{1,40}$/.test(value) && /\p{L}/u.test(value),
  );
  const values = shown.length > 0 && shown.length <= MAX_VALUES ? `: ${shown.join(", ")}` : "";
  const placeholder = `(${(title && textOf(title).trim()) || name}${values})`;
  if (isInline) build.apart(target, () => build.text(placeholder, target));
  else build.element("P", [placeholder], target);
}

/** More short values than this are settings. */
const MAX_VALUES = 2;

function collectParameters(node: MarkupNode, parameters: Map<string, string>): void {
  if (!isNamed(node, "ac:adf-parameter")) return;
  const key = attribute(node, "key");
  if (OWN_PARAMETERS.test(key) || /^(?:integer|boolean|number)$/.test(attribute(node, "type"))) return;
  const inner = node.children.filter((other): other is MarkupElement => isNamed(other, "ac:adf-parameter"));
  const value = inner.find((parameter) => attribute(parameter, "key") === "value");
  if (inner.length > 0 && !value) for (const parameter of inner) collectParameters(parameter, parameters);
  else if (!parameters.has(key)) parameters.set(key, textOf(value ?? node).trim());
}
