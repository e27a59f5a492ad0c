import type { Tree } from "./page-tree.ts";

/** What can be compared between a page and its Markdown rendered; each entry is a text that both sides must have. */
export type PageFacts = {
  words: string[];
  /** Letters that are struck out: two strikes side by side may be one. */
  struck: string[];
  /** Titles of boxes, tabs, expands and blocks of code. */
  titles: string[];
  /** Colours of statuses without a text. */
  statuses: string[];
  /** Whether each decision was taken, with its first words. */
  decisions: string[];
  /** Numbers and letters of the items of numbered lists, with their first words. */
  numbers: string[];
  headings: string[];
  tables: string[];
  cells: string[];
  codeBlocks: string[];
  links: string[];
  listItems: string[];
};

const BLOCK =
  /^(address|article|aside|blockquote|body|br|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul|svg|text|g|button|option|select|img|iframe|input|#root)$/;

/**
 * Collects the facts of a tree of HTML: of a page (`shownPage` says which titles, numbers and decisions it shows), or of
 * Markdown rendered, where what may be one counts.
 */
export function pageFacts(page: Tree, side: "page" | "markdown" = "markdown"): PageFacts {
  const facts: PageFacts = {
    words: wordsOf(textOf(page)),
    struck: [],
    titles: [],
    statuses: [],
    decisions: [],
    numbers: [],
    headings: [],
    tables: [],
    cells: [],
    codeBlocks: [],
    links: [],
    listItems: [],
  };
  visit(page, facts, {
    inCode: false,
    inLink: false,
    inCell: false,
    isPage: side === "page",
    inStruck: false,
  });
  return facts;
}

export function wordsOf(text: string): string[] {
  return (
    text
      .normalize("NFC")
      // No reader sees a soft hyphen or a space without width.
      .replace(/[\u00ad\u200b\u2060\ufeff]/g, "")
      // Pictures, those of keys among them: a digit in a box.
      .replace(/\p{Extended_Pictographic}|[\d#*]\ufe0f?\u20e3/gu, " ")
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** In code, a link whose text is its address needs no other; and no link stands in another: browsers end the outer one there. */
type Place = { inCode: boolean; inLink: boolean; inCell: boolean; isPage: boolean; inStruck: boolean };

/** The children of a list as browsers show them: a list directly inside it belongs to the item before it. */
function nested(list: Tree): Tree["children"] {
  const children: Tree["children"] = [];
  for (const child of list.children) {
    const isList = typeof child !== "string" && /^[ou]l$/.test(child.name);
    const before = children.findLastIndex((one) => typeof one !== "string" || one.trim() !== "");
    const item = children[before];
    if (isList && item !== undefined && typeof item !== "string" && item.name === "li")
      children[before] = { ...item, children: [...item.children, child] };
    else children.push(child);
  }
  return children;
}

function visit(given: Tree, facts: PageFacts, place: Place): void {
  const node = /^[ou]l$/.test(given.name) ? { ...given, children: nested(given) } : given;
  const text = (): string => wordsOf(textOf(node)).join(" ");
  const level = /^h([1-6])$/.exec(node.name)?.[1];
  if (level && text() !== "") facts.headings.push(`${level} ${text()}`);
  if (node.name === "li" && text() !== "") facts.listItems.push(text());
  const isLink = node.name === "a" && Boolean(node.attributes["href"]);
  const href = node.attributes["href"] ?? "";
  if (
    isLink &&
    !place.inLink &&
    !(place.inCode && textOf(node).includes(href)) &&
    (text() !== "" || hasImage(node))
  ) {
    facts.links.push(`${text()} -> ${address(href)}`);
  }
  if (node.name === "pre" && text() !== "")
    facts.codeBlocks.push(...(place.inCell ? codeInCell(node) : [codeBlock(node)]));
  if (node.name === "code" && place.inCell && !place.inCode && !place.isPage)
    facts.codeBlocks.push(...codeInCell(node));
  addMeaning(node, facts, place, text);
  if (node.name === "table") {
    const rows = tableRows(node).map((row) => row.map((cell) => wordsOf(textOf(cell)).join(" ")));
    const cells = rows.flat().filter((cell) => cell !== "");
    facts.cells.push(...cells);
    if (cells.length > 0)
      facts.tables.push(
        rows
          .filter((row) => row.some((cell) => cell !== ""))
          .map((row) => row.filter((cell) => cell !== "").length)
          .join(","),
      );
  }
  const inside = {
    ...place,
    inCode: place.inCode || node.name === "pre",
    inLink: place.inLink || isLink,
    inCell: place.inCell || /^t[dh]$/.test(node.name),
    inStruck: place.inStruck || /^(?:s|del)$/.test(node.name),
  };
  for (const child of node.children) {
    if (typeof child !== "string") visit(child, facts, inside);
  }
}

const LANGUAGES: Record<string, string> = {
  "c#": "csharp",
  "c++": "cpp",
  js: "javascript",
  py: "python",
  plain: "",
  none: "",
  text: "",
  "html/xml": "xml",
  actionscript3: "actionscript",
};

/** As many words of an item as tell it from others. */
const FIRST_WORDS = 4;

/** What a reader takes from a page beside its words. */
function addMeaning(
  node: Tree,
  facts: PageFacts,
  { isPage, inCell, inStruck }: Place,
  text: () => string,
): void {
  const first = (count: number): string => text().split(" ").slice(0, count).join(" ");
  const { attributes, name } = node;
  if (/^(?:s|del)$/.test(name) && !inStruck)
    facts.struck.push(...wordsOf(textOf(node)).flatMap((word) => word.split("")));
  if (isPage ? "data-title" in attributes : name === "strong") facts.titles.push(text());
  if (attributes["data-status"] !== undefined) facts.statuses.push(attributes["data-status"]);
  if (name !== "li" || text() === "") return;
  if (isPage ? "data-decision" in attributes : /^(?:Decided|Open)\b/.test(text()))
    facts.decisions.push(first(FIRST_WORDS + 1));
  const number = attributes["data-number"];
  if (inCell || number === "" || (isPage && number === undefined)) return;
  const isText = number === undefined || "data-label" in attributes;
  facts.numbers.push(isText ? first(FIRST_WORDS + 1) : `${number} ${first(FIRST_WORDS)}`);
}

/** Code in a cell, line by line: Markdown has no blocks there, and no place for a language. */
function codeInCell(code: Tree): string[] {
  const lines = textOf(code)
    .split("\n")
    .map((line) => line.replace(/\s+/g, " ").trim());
  return lines.filter((line) => line !== "").map((line) => `: ${line}`);
}

function codeBlock(pre: Tree): string {
  const code = pre.children.find((c): c is Tree => typeof c !== "string" && c.name === "code");
  const named =
    pre.attributes["language"] ?? /language-(\S+)/.exec(code?.attributes["class"] ?? "")?.[1] ?? "";
  const language = LANGUAGES[named.toLowerCase()] ?? named.toLowerCase();
  return `${language}: ${textOf(pre).replace(/\s+/g, " ").trim()}`;
}

function hasImage(node: Tree): boolean {
  return node.children.some((c) => typeof c !== "string" && (c.name === "img" || hasImage(c)));
}

function address(href: string): string {
  try {
    return decodeURIComponent(href.trim());
  } catch {
    return href.trim(); // A "%" that encodes nothing.
  }
}

/**
 * Rows of cells, cells that span several repeated in each up to the end of their section, so that both sides are compared cell by
 * cell; an empty cell where one is missing before such a cell.
 */
export function tableRows(table: Tree): Tree[][] {
  const rows: { row: Tree; section: Tree }[] = [];
  const collect = (section: Tree): void => {
    for (const c of section.children) {
      if (typeof c === "string") continue;
      if (c.name === "tr") rows.push({ row: c, section });
      else if (/^(thead|tbody|tfoot)$/.test(c.name)) collect(c);
    }
  };
  collect(table);
  const grid: (Tree | undefined)[][] = rows.map(() => []);
  for (const [index, { row, section }] of rows.entries()) {
    const line = grid[index] ?? [];
    let column = 0;
    for (const c of row.children) {
      if (typeof c === "string" || !/^t[dh]$/.test(c.name)) continue;
      while (line[column]) column++;
      const columns = Math.min(Math.max(Number.parseInt(c.attributes["colspan"] ?? "1", 10) || 1, 1), 1000);
      const spanned = Math.max(Number.parseInt(c.attributes["rowspan"] ?? "1", 10) || 1, 1);
      for (const end = column + columns; column < end; column++) {
        for (let below = index; below < index + spanned && rows[below]?.section === section; below++)
          (grid[below] ?? [])[column] = c;
      }
    }
  }
  return grid.map((line) => Array.from(line, (cell) => cell ?? { name: "td", attributes: {}, children: [] }));
}

/** The text that is shown, blocks apart from each other, tables row by row with spans repeated. */
export function textOf(node: Tree | string): string {
  if (typeof node === "string") return node;
  if (node.name === "table") {
    const outside = node.children
      .filter((c) => typeof c !== "string" && c.name === "caption")
      .map(textOf)
      .join(" ");
    return ` ${outside} ${tableRows(node)
      .map((row) => row.map(textOf).join(" "))
      .join("\n")} `;
  }
  const inner = node.children.map(textOf).join("");
  return BLOCK.test(node.name) ? ` ${inner} ` : inner;
}
