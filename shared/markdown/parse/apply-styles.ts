import { attribute, type MarkupElement, type MarkupNode, markupElement } from "./markup-tree.ts";

const DECORATION = /text-decoration(?:-line)?\s*:/i;
const HIDDEN = /(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all)\b/i;
/** Whether a style has a meaning that `applyStyles` turns into elements. */
export function showsByStyle(style: string): boolean {
  return strikesThrough(style) || HIDDEN.test(style);
}

/** Each declaration is read once: one expression for the whole would look for the end again at each of its beginnings. */
function strikesThrough(style: string): boolean {
  if (style === "") return false;
  return style.split(";").some((declaration) => {
    const property = DECORATION.exec(declaration);
    return property !== null && /\bline-through\b/i.test(declaration.slice(property.index));
  });
}

/** Classes of content that is hidden until a click: tabs, expands, accordions. It belongs to the page. */
export const OPENED_BY_CLICK =
  /expand|collaps|accordion|toggle|cloak|tabpanel|(?:^|[\s_-])(?:tabs?|panel|card|slide)(?:[\s_-]|$)/i;

const STRIKES = new Set(["s", "strike", "del"]);
const BLOCKS = new Set(
  (
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 " +
    "header hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul caption " +
    "ac:layout ac:layout-section ac:layout-cell ac:task-list ac:task"
  ).split(" "),
);
/** Of these elements only the content parts are text; parameters, ids and states are not. */
const CONTENT_OF = new Map<string, RegExp>(
  Object.entries({
    "ac:structured-macro": /^ac:rich-text-body$/,
    "ac:macro": /^ac:rich-text-body$/,
    "ac:task": /^ac:task-body$/,
    "ac:adf-extension": /^ac:adf-(?:node|fallback)$/,
    "ac:adf-node": /^ac:adf-(?:node|content)$/,
  }),
);

/**
 * Turns meaning in styles into elements: struck-through text is put in `<del>`, block by block, and hidden content is removed.
 * Changes the tree.
 */
export function applyStyles(root: MarkupElement): void {
  apply(root, new Set(), false);
}

/** `blocks` gets the elements that are or contain blocks. Everything inside a struck-out element is struck out. */
function apply(element: MarkupElement, blocks: Set<MarkupElement>, isStruck: boolean): void {
  element.children = element.children.filter((node) => typeof node === "string" || !isHidden(node));
  for (const node of element.children) {
    if (typeof node === "string") continue;
    const strikes = STRIKES.has(node.name) || strikesThrough(attribute(node, "style"));
    apply(node, blocks, isStruck || strikes);
    const holdsBlocks = node.children.some((inner) => isBlock(inner, blocks));
    if (BLOCKS.has(node.name) || holdsBlocks) blocks.add(node);
    if (strikes && !isStruck && (holdsBlocks || !STRIKES.has(node.name))) strike(node, blocks);
  }
}

function isHidden(element: MarkupElement): boolean {
  const { attributes } = element;
  if (attributes.size === 0) return false;
  if (!attributes.has("hidden") && !HIDDEN.test(attribute(element, "style"))) return false;
  return !OPENED_BY_CLICK.test(`${attribute(element, "class")} ${attribute(element, "role")}`);
}

/** Puts the text of each block inside into its own `<del>`, because emphasis in Markdown cannot span paragraphs. */
function strike(element: MarkupElement, blocks: ReadonlySet<MarkupElement>): void {
  const content = CONTENT_OF.get(element.name);
  if (content) {
    for (const node of element.children)
      if (typeof node !== "string" && content.test(node.name)) strike(node, blocks);
    return;
  }
  const children: MarkupNode[] = [];
  let struck: MarkupElement | null = null;
  for (const node of element.children) {
    if (isBlock(node, blocks)) {
      strike(node, blocks);
      children.push(node);
      struck = null;
    } else if (struck) struck.children.push(node);
    else if (typeof node === "string" && node.trim() === "") children.push(node);
    else {
      struck = markupElement("del", null);
      struck.children.push(node);
      children.push(struck);
    }
  }
  element.children = children;
  if (STRIKES.has(element.name)) element.name = "div";
}

function isBlock(node: MarkupNode, blocks: ReadonlySet<MarkupElement>): node is MarkupElement {
  return typeof node !== "string" && blocks.has(node);
}
