import { decisionItems, shownExtension } from "./shown-extension.ts";
import { shownLink } from "./shown-links.ts";
import { shownMacro } from "./shown-macro.ts";
import { isInterface, shownRendered } from "./shown-rendered.ts";
import { find, isNamed, textOf, type Tree, tree } from "./page-tree.ts";

/**
 * What a page shows, as HTML: an own reading of Confluence's macros, written from how Confluence displays them. Left out on
 * both sides: what only the interface says (tables of contents, tool bars), icons and emoticons (pictures). Attributes carry
 * what words do not: `data-title` of a box's title, `data-number` of a list item, `data-status` of a colour.
 */
export function shownPage(page: Tree): Tree {
  return { ...page, children: page.children.flatMap(shown) };
}

const HIDDEN = new Set(
  (
    "script style head template colgroup col ac:parameter ac:default-parameter ac:task-id ac:task-uuid ac:placeholder " +
    "ac:adf-attribute ac:adf-mark annotation ri:page ri:user ri:attachment ri:url ri:space"
  ).split(" "),
);
const STRUCK = /text-decoration(?:-line)?\s*:[^;]*line-through/i;

function shown(node: Tree | string): (Tree | string)[] {
  if (typeof node === "string") return [node];
  if (HIDDEN.has(node.name) || isHiddenByStyle(node) || isInterface(node)) return [];
  if (/^(?:s|strike|del)$/.test(node.name)) return [tree("del", inside(node))];
  if (STRUCK.test(node.attributes["style"] ?? "")) return struck(node);
  return shownElement(node);
}

function shownElement(node: Tree): (Tree | string)[] {
  const { name } = node;
  const classes = ` ${node.attributes["class"] ?? ""} `;
  const rendered = shownRendered(node, shown);
  if (rendered) return rendered;
  if (name === "span" && / katex /.test(classes))
    return [" ", formulaSource(node) ?? tree("span", inside(node)), " "];
  if (name === "img" && / emoticon /.test(classes)) return [];
  if (name === "ac:structured-macro" || name === "ac:macro") return shownMacro(node, shown);
  if (name === "ac:emoticon") return [shownEmoticon(node)];
  if (name === "ac:link") return [shownLink(node, shown)];
  if (name === "ac:image") return shownImage(node);
  if (name === "ac:task-list") return [tree("ul", inside(node))];
  if (name === "ac:task") return [tree("li", inside(node))];
  if (name === "ac:task-status") return [];
  if (name === "ac:adf-extension") return shownExtension(node, shown);
  if (name === "ac:adf-node") return decisionItems(node, shown) ?? [tree("div", inside(node))];
  if (name === "ac:plain-text-body") return [tree("pre", [textOf(node)])];
  if (name.startsWith("ac:inline")) return inside(node);
  if (name.startsWith("ac:")) return [tree("div", inside(node))];
  if (name === "time" && textOf(node).trim() === "") return [node.attributes["datetime"] ?? ""];
  if (name === "pre") return [{ ...node, attributes: { ...node.attributes, language: preLanguage(node) } }];
  if (name === "table") return shownTable(node, / sectionMacro /.test(classes));
  if (name === "ol") return [{ ...node, children: numberedItems(node).flatMap(shown) }];
  if (name === "li" && node.attributes["data-label"] !== undefined)
    return [{ ...node, children: [`${node.attributes["data-label"]} `, ...inside(node)] }];
  return [{ ...node, children: inside(node) }];
}

/** Hidden by a style sheet, and not only until somebody clicks on a tab or an expand. */
function isHiddenByStyle({ attributes }: Tree): boolean {
  const isHidden =
    "hidden" in attributes ||
    /(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all)/i.test(
      attributes["style"] ?? "",
    );
  return isHidden && !/expand|tab|collaps|accordion|panel/i.test(attributes["class"] ?? "");
}

/** An element whose text is struck out: each part of its text stands in `<del>`. */
function struck(node: Tree): (Tree | string)[] {
  const plain = { ...node, attributes: { ...node.attributes, style: "" } };
  return strike(shownElement(plain));
}

function strike(nodes: readonly (Tree | string)[]): (Tree | string)[] {
  return nodes.map((node) => {
    if (typeof node === "string") return node.trim() === "" ? node : tree("del", [node]);
    return node.name === "del" ? node : { ...node, children: strike(node.children) };
  });
}

/**
 * What a formula says is its TeX, which KaTeX keeps beside two renderings of it (glyphs placed by CSS, MathML): of these, the
 * words run together in an order that only their places on the screen explain, and nobody searches for them.
 */
function formulaSource(katex: Tree): Tree | undefined {
  const annotation = find(katex, "annotation");
  return annotation?.attributes["encoding"] === "application/x-tex"
    ? tree("code", [textOf(annotation)])
    : undefined;
}

function inside(node: Tree): (Tree | string)[] {
  return node.children.flatMap(shown);
}

/** A table; one that only arranges the page is what its cells hold. Its foot is shown last, wherever it is written. */
function shownTable(table: Tree, isSection: boolean): (Tree | string)[] {
  if (isSection || isLayout(table)) return [tree("div", unwrapped(table))];
  const feet = table.children.filter((c) => isNamed(c, "tfoot"));
  const ordered = [...table.children.filter((c) => !isNamed(c, "tfoot")), ...feet];
  return [{ ...table, children: ordered.flatMap(shown) }];
}

/** One row or one column with headings in its cells. */
function isLayout(table: Tree): boolean {
  const rows = rowsOf(table);
  const cells = rows.map((row) =>
    row.children.filter((c): c is Tree => isNamed(c, "td") || isNamed(c, "th")),
  );
  const isLine = rows.length === 1 || cells.every((row) => row.length <= 1);
  const hasHeading = (node: Tree): boolean =>
    node.children.some((c) => typeof c !== "string" && (/^h[1-6]$/.test(c.name) || hasHeading(c)));
  return isLine && cells.flat().some((cell) => cell.name === "td" && hasHeading(cell));
}

function rowsOf(table: Tree): Tree[] {
  return table.children.flatMap((c) => {
    if (isNamed(c, "tr")) return [c];
    return isNamed(c, "thead") || isNamed(c, "tbody") || isNamed(c, "tfoot") ? rowsOf(c) : [];
  });
}

function unwrapped(table: Tree): (Tree | string)[] {
  return table.children.flatMap((c) => {
    if (typeof c === "string") return [c];
    return /^(tbody|thead|tfoot|tr)$/.test(c.name) ? unwrapped(c) : [tree("div", inside(c))];
  });
}

/** Items of a numbered list with the number that a browser shows. */
function numberedItems(list: Tree): (Tree | string)[] {
  const items = list.children.filter((c) => isNamed(c, "li")).length;
  const step = "reversed" in list.attributes ? -1 : 1;
  let next = Number.parseInt(list.attributes["start"] ?? (step === 1 ? "1" : String(items)), 10) || 0;
  return list.children.map((c) => {
    if (!isNamed(c, "li")) return c;
    const number = Number.parseInt(c.attributes["value"] ?? String(next), 10);
    next = number + step;
    const label = labelOf(number, styleOf(c) ?? styleOf(list) ?? "decimal");
    const isLetter = /[^\d]/.test(label) || label === "";
    const attributes = {
      ...c.attributes,
      "data-number": label,
      ...(isLetter ? { "data-label": label } : {}),
    };
    return { ...c, attributes };
  });
}

const TYPES: Record<string, string> = { a: "alpha", A: "ALPHA", i: "roman", I: "ROMAN" };

function styleOf({ attributes }: Tree): string | undefined {
  const style = /list-style(?:-type)?\s*:\s*(?:inside |outside )?([\w-]+)/i.exec(
    attributes["style"] ?? "",
  )?.[1];
  const named = /^(lower|upper)-(alpha|latin|roman)$/i.exec(style ?? "");
  if (named) {
    const kind = /roman/i.test(named[2] ?? "") ? "roman" : "alpha";
    return /upper/i.test(named[1] ?? "") ? kind.toUpperCase() : kind;
  }
  if (/^(?:disc|circle|square)$/i.test(style ?? "")) return "bullet";
  return TYPES[attributes["type"] ?? ""];
}

function labelOf(number: number, style: string): string {
  if (style === "bullet") return "";
  if (style.toLowerCase() === "alpha") {
    const letters = number > 26 ? labelOf(Math.floor((number - 1) / 26), "alpha") : "";
    const label = letters + String.fromCodePoint(97 + ((number - 1) % 26));
    return style === "ALPHA" ? label.toUpperCase() : label;
  }
  if (style.toLowerCase() === "roman") {
    const units = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"];
    const label = "x".repeat(Math.floor(number / 10)) + (units[number % 10] ?? "");
    return style === "ROMAN" ? label.toUpperCase() : label;
  }
  return String(number);
}

function preLanguage(pre: Tree): string {
  const brush = /brush:\s*([^;\s]+)/.exec(pre.attributes["data-syntaxhighlighter-params"] ?? "")?.[1];
  const code = find(pre, "code");
  const named = /language-(\S+)/.exec(
    `${pre.attributes["class"] ?? ""} ${code?.attributes["class"] ?? ""}`,
  )?.[1];
  return brush ?? named ?? "";
}

/** A picture, but for an emoji that nobody knows: its short name. */
function shownEmoticon({ attributes }: Tree): string {
  const shortName = attributes["ac:emoji-shortname"] ?? "";
  const fallback = attributes["ac:emoji-fallback"] ?? ":";
  const id = attributes["ac:emoji-id"] ?? "";
  const name = attributes["ac:name"] ?? "unknown";
  const isStandIn = name === "blue-star" && !/^$|blue.star/.test(shortName);
  const isKnown =
    !fallback.startsWith(":") ||
    /^([0-9a-f]{2,6}(?:-[0-9a-f]{2,6})*$|atlassian-(?!unknown|priority))/.test(id) ||
    (name !== "unknown" && !isStandIn);
  return isKnown ? " " : shortName;
}

function shownImage(image: Tree): Tree[] {
  const caption = find(image, "ac:caption");
  return [tree("img"), ...(caption ? [tree("p", inside(caption))] : [])];
}
