import { encodePathPart } from "./responses.ts";
import { findPage, pageHref, type Rendering } from "./rendering.ts";
import {
  childOf,
  elementChildren,
  escapeAttribute,
  escapeText,
  parseStorage,
  textOf,
  type XmlElement,
  type XmlNode,
} from "./storage-xml.ts";

const VOID = new Set(["br", "hr", "img", "col"]);

/** Includes go no deeper than this. */
const MAX_DEPTH = 4;

/** The page of a rendering; nothing when it is included too deep. */
export function renderPage(rendering: Rendering): string {
  if (rendering.above.length > MAX_DEPTH) return "";
  const root = parseStorage(rendering.page.storage);
  return root ? renderAll(rendering, root.children) : rendering.page.storage;
}

/** Nodes of a page's storage as HTML. */
export function renderAll(rendering: Rendering, nodes: readonly XmlNode[]): string {
  return nodes
    .map((node) => (typeof node === "string" ? escapeText(node) : element(rendering, node)))
    .join("");
}

function element(rendering: Rendering, node: XmlElement): string {
  const inner = () => renderAll(rendering, node.children);
  switch (node.name) {
    case "ac:structured-macro":
    case "ac:macro":
      return rendering.macro(rendering, node);
    case "ac:link":
      return linkHtml(rendering, node);
    case "ac:image":
      return imageHtml(rendering, node);
    case "ac:task-list":
      return `<ul class="inline-task-list">${inner()}</ul>`;
    case "ac:task":
      return taskHtml(rendering, node);
    case "ac:layout":
      return `<div class="contentLayout2">${inner()}</div>`;
    case "ac:layout-section":
      return `<div class="columnLayout" data-layout="${escapeAttribute(node.attributes["ac:type"] ?? "single")}">${inner()}</div>`;
    case "ac:layout-cell":
      return `<div class="cell normal"><div class="innerCell">${inner()}</div></div>`;
    case "ac:emoticon":
      return escapeText(node.attributes["ac:emoji-fallback"] ?? "");
    case "time":
      return `<time datetime="${escapeAttribute(node.attributes["datetime"] ?? "")}" class="date-past">${escapeText(node.attributes["datetime"] ?? "")}</time>`;
    case "ac:placeholder":
    case "ac:parameter":
      return "";
    default:
      return node.name.includes(":") ? inner() : plainHtml(node, inner());
  }
}

function plainHtml(node: XmlElement, inner: string): string {
  const attributes = Object.entries(node.attributes)
    .map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`)
    .join("");
  if (node.name === "table") {
    return `<div class="table-wrap"><table class="confluenceTable"${attributes}>${inner}</table></div>`;
  }
  if (node.name === "td" || node.name === "th") {
    return `<${node.name} class="confluence${node.name === "td" ? "Td" : "Th"}"${attributes}>${inner}</${node.name}>`;
  }
  return VOID.has(node.name)
    ? `<${node.name}${attributes}/>`
    : `<${node.name}${attributes}>${inner}</${node.name}>`;
}

function linkHtml(rendering: Rendering, node: XmlElement): string {
  const { site } = rendering;
  const part = (name: string) => childOf(node, name);
  const body = part("ac:link-body");
  const plain = part("ac:plain-text-link-body");
  const label = body ? renderAll(rendering, body.children) : plain ? escapeText(textOf(plain)) : null;
  const user = part("ri:user")?.attributes["ri:account-id"];
  if (user !== undefined) {
    const name = site.people.get(user) ?? "Former user";
    return `<a class="confluence-userlink user-mention" data-account-id="${escapeAttribute(user)}" href="${site.url}/wiki/people/${escapeAttribute(user)}">@${escapeText(name)}</a>`;
  }
  const reference = part("ri:page") ?? part("ri:blog-post");
  const anchor = node.attributes["ac:anchor"];
  const target = reference ? findPage(rendering, reference) : rendering.page;
  const title = reference?.attributes["ri:content-title"] ?? anchor ?? "";
  const text = label ?? escapeText(title);
  if (!target || part("ri:attachment"))
    return label ?? escapeText(part("ri:attachment")?.attributes["ri:filename"] ?? title);
  const hash = anchor === undefined ? "" : `#${encodePathPart(anchor)}`;
  return `<a href="${pageHref(site, target)}${hash}">${text}</a>`;
}

function imageHtml(rendering: Rendering, node: XmlElement): string {
  const alt = escapeAttribute(node.attributes["ac:alt"] ?? "");
  const reference = elementChildren(node)[0]?.attributes ?? {};
  const file = reference["ri:filename"];
  const source =
    file === undefined
      ? (reference["ri:value"] ?? "")
      : `${rendering.site.url}/wiki/download/attachments/${rendering.page.id}/${encodePathPart(file)}`;
  return `<span class="confluence-embedded-file-wrapper"><img class="confluence-embedded-image" alt="${alt}" src="${escapeAttribute(source)}"/></span>`;
}

function taskHtml(rendering: Rendering, node: XmlElement): string {
  const items = elementChildren(node);
  const done = items.some((item) => item.name === "ac:task-status" && textOf(item) === "complete");
  const shown = items.filter((item) => item.name === "ac:task-body" || item.name === "ac:task-list");
  return `<li class="${done ? "checked" : ""}">${shown.map((item) => renderAll(rendering, item.name === "ac:task-body" ? item.children : [item])).join("")}</li>`;
}
