import { evaluationResolver } from "./resolver.ts";
import { type Tree, tree } from "./page-tree.ts";

/**
 * What a page shows, as HTML: an own reading of Confluence's macros, written from how Confluence displays them. Left out on
 * both sides: tables of contents (they repeat the headings), icons and emoticons (pictures).
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

function shown(node: Tree | string): (Tree | string)[] {
  if (typeof node === "string") return [node];
  const { name } = node;
  const classes = ` ${node.attributes["class"] ?? ""} `;
  if (HIDDEN.has(name)) return [];
  if (name === "span" && / katex /.test(classes))
    return [" ", formulaSource(node) ?? tree("span", inside(node)), " "];
  if (name === "img" && / emoticon /.test(classes)) return [];
  if (name === "ac:structured-macro" || name === "ac:macro") return shownMacro(node);
  if (name === "ac:emoticon") return [shownEmoticon(node)];
  if (name === "ac:link") return [shownLink(node)];
  if (name === "ac:image") return shownImage(node);
  if (name === "ac:task-list") return [tree("ul", inside(node))];
  if (name === "ac:task") return [tree("li", inside(node))];
  if (name === "ac:task-status") return [];
  if (name === "ac:adf-extension") {
    const kept = find(node, "ac:adf-node")
      ? node.children.filter((c) => !isNamed(c, "ac:adf-fallback"))
      : node.children;
    return [tree("div", kept.flatMap(shown))];
  }
  if (name === "ac:plain-text-body") return [tree("pre", [textOf(node)])];
  if (name.startsWith("ac:inline")) return inside(node);
  if (name.startsWith("ac:")) return [tree("div", inside(node))];
  if (name === "time" && textOf(node).trim() === "") return [node.attributes["datetime"] ?? ""];
  if (name === "pre") return [{ ...node, attributes: { ...node.attributes, language: preLanguage(node) } }];
  if (name === "table" && / sectionMacro /.test(classes)) return [tree("div", unwrapped(node))];
  return [{ ...node, children: inside(node) }];
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

function unwrapped(table: Tree): (Tree | string)[] {
  return table.children.flatMap((c) => {
    if (typeof c === "string") return [c];
    return /^(tbody|thead|tr)$/.test(c.name) ? unwrapped(c) : [tree("div", inside(c))];
  });
}

function preLanguage(pre: Tree): string {
  const brush = /brush:\s*([^;\s]+)/.exec(pre.attributes["data-syntaxhighlighter-params"] ?? "")?.[1];
  const code = find(pre, "code");
  const named = /language-(\S+)/.exec(
    `${pre.attributes["class"] ?? ""} ${code?.attributes["class"] ?? ""}`,
  )?.[1];
  return brush ?? named ?? "";
}

const TITLED = new Set(
  "code paste-code-macro noformat info note tip warning panel expand alert lozenge ui-step ui-expand".split(
    " ",
  ),
);
/** Boxes stand apart from the text around them even when they hold a line only; other macros stand in it. */
const BOXES = new Set([...TITLED, "ui-steps", "ui-tabs", "ui-tab"]);
const SHOWS_FILE = new Set(
  "view-file viewxls viewdoc viewpdf drawio plantuml mermaid-cloud plantumlcloud".split(" "),
);

function shownMacro(macro: Tree): (Tree | string)[] {
  const name = (macro.attributes["ac:name"] ?? "").toLowerCase();
  const parameters = new Map(
    macro.children.flatMap((c) =>
      isNamed(c, "ac:parameter") ? [[c.attributes["ac:name"] ?? "", c] as const] : [],
    ),
  );
  const value = (key: string): string => textOf(parameters.get(key) ?? tree("none")).trim();
  if (name === "toc") return [];
  if (name === "status") return [` ${value("title")} `];
  if (name.startsWith("jira")) return [` ${value("key")} `];
  if (/math/.test(name) && value("body")) {
    return /inline/.test(name) ? [` ${value("body")} `] : [tree("pre", [value("body")])];
  }
  const result: (Tree | string)[] = [];
  if (TITLED.has(name) && value("title")) result.push(tree("p", [value("title")]));
  const rich = find(macro, "ac:rich-text-body");
  const plain = find(macro, "ac:plain-text-body");
  if (SHOWS_FILE.has(name) && !rich && !plain) {
    const file = find(parameters.get("name") ?? tree("none"), "ri:attachment");
    const text =
      file?.attributes["ri:filename"] ?? (value("name") || value("diagramName") || value("filename"));
    return [
      " ",
      tree("a", [text], {
        href: evaluationResolver.attachmentUrl({ fileName: text, pageTitle: null, spaceKey: null }) ?? "",
      }),
      " ",
    ];
  }
  if (name === "include" || name === "excerpt-include") {
    const link = find(parameters.get("") ?? tree("none"), "ac:link");
    if (link) result.push(tree("p", [shownLink(link)]));
  }
  if (name === "widget" || name === "iframe" || name === "redirect") {
    const key = name === "redirect" ? "location" : "url";
    const url = find(parameters.get(key) ?? tree("none"), "ri:url")?.attributes["ri:value"] ?? value(key);
    result.push(" ", tree("a", [url], { href: url }), " ");
  }
  if (rich) {
    const isInline = name.includes("inline") || (!BOXES.has(name) && !hasBlocks(rich));
    result.push(tree(isInline ? "span" : "div", inside(rich)));
  }
  if (plain) {
    const language =
      value("language") || (name === "code" ? value("") : name.startsWith("mermaid") ? "mermaid" : "");
    result.push(tree("pre", [textOf(plain)], { language }));
  }
  return result;
}

function showsPicture(node: Tree): boolean {
  return node.children.some(
    (c) => typeof c !== "string" && (/^(img|ac:(image|emoticon))$/.test(c.name) || showsPicture(c)),
  );
}

function hasBlocks(node: Tree): boolean {
  return node.children.some((c) => typeof c !== "string" && (isBlock(c.name) || hasBlocks(c)));
}

function isBlock(name: string): boolean {
  return /^(p|div|h[1-6]|[uod]l|table|pre|blockquote|hr|center|section|ac:(plain-text-body|task-list|layout|caption|adf-extension))$/.test(
    name,
  );
}

function shownLink(link: Tree): Tree {
  const body = find(link, "ac:link-body") ?? find(link, "ac:plain-text-link-body");
  const anchor = link.attributes["ac:anchor"] ?? null;
  const resource = link.children.find((c): c is Tree => typeof c !== "string" && c.name.startsWith("ri:"));
  const { href, text } = target(resource, anchor);
  const own = body ? inside(body) : [];
  const isShown = body && (own.map(textOf).join("").trim() !== "" || showsPicture(body));
  const content = isShown ? own : [text];
  return href ? tree("a", content, { href }) : tree("span", content);
}

function target(resource: Tree | undefined, anchor: string | null): { href: string | null; text: string } {
  const a = resource?.attributes ?? {};
  const spaceKey = a["ri:space-key"] ?? null;
  switch (resource?.name) {
    case "ri:page":
    case "ri:blog-post": {
      const title = a["ri:content-title"] ?? "";
      return { href: evaluationResolver.pageUrl({ title, spaceKey, anchor }), text: title };
    }
    case "ri:attachment": {
      const fileName = a["ri:filename"] ?? "";
      return {
        href: evaluationResolver.attachmentUrl({ fileName, pageTitle: null, spaceKey }),
        text: fileName,
      };
    }
    case "ri:user": {
      const id = a["ri:account-id"] ?? a["ri:userkey"] ?? a["ri:username"] ?? "";
      return { href: null, text: `@${evaluationResolver.userName(id)}` };
    }
    case "ri:url":
      return { href: a["ri:value"] ?? "", text: a["ri:value"] ?? "" };
    case "ri:space":
      return { href: `/display/${spaceKey}`, text: spaceKey ?? "" };
    case undefined:
      return anchor ? { href: `#${anchor}`, text: anchor } : { href: null, text: "" };
    default:
      return { href: null, text: "" };
  }
}

/** A picture, but for an emoji that nobody knows: its short name. */
function shownEmoticon({ attributes }: Tree): string {
  const fallback = attributes["ac:emoji-fallback"] ?? ":";
  const id = attributes["ac:emoji-id"] ?? "";
  const name = attributes["ac:name"] ?? "unknown";
  const isKnown =
    !fallback.startsWith(":") || /^([0-9a-f-]+$|atlassian-(?!unknown))/.test(id) || name !== "unknown";
  return isKnown ? " " : (attributes["ac:emoji-shortname"] ?? "");
}

function shownImage(image: Tree): Tree[] {
  const caption = find(image, "ac:caption");
  return [tree("img"), ...(caption ? [tree("p", inside(caption))] : [])];
}

function isNamed(node: Tree | string, name: string): node is Tree {
  return typeof node !== "string" && node.name === name;
}

function find(node: Tree, name: string): Tree | undefined {
  for (const c of node.children) {
    if (typeof c === "string") continue;
    if (c.name === name) return c;
    if (c.name === "ac:structured-macro" || c.name === "ac:macro") continue;
    const found = find(c, name);
    if (found) return found;
  }
  return undefined;
}

function textOf(node: Tree | string): string {
  return typeof node === "string" ? node : node.name === "br" ? "\n" : node.children.map(textOf).join("");
}
