import { find, isNamed, readHtml, textOf, type Tree, tree } from "./page-tree.ts";
import { renderMarkdown } from "./render-markdown.ts";
import { evaluationResolver } from "./resolver.ts";
import { shownLink } from "./shown-links.ts";

type Shown = (node: Tree | string) => (Tree | string)[];

const TITLED = new Set(
  (
    "code paste-code-macro noformat info note tip warning panel expand alert lozenge ui-step ui-expand ui-tab localtab " +
    "auitabspage horizontalnavpage tab-pane ui-text-box rounded-box chart tasklist"
  ).split(" "),
);
/** Boxes stand apart from the text around them even when they hold a line only; other macros stand in it. */
const BOXES = new Set([...TITLED, "ui-steps", "ui-tabs"]);
/** Macros whose own display has no title, whatever parameter they have. */
const UNTITLED = new Set(
  (
    "excerpt details section column toc-zone div span center show-if hide-if sv-translation multiexcerpt multiexcerpt-macro " +
    "deck ui-tabs ui-steps localtabgroup auitabs horizontalnav tabs-group status anchor include excerpt-include children"
  ).split(" "),
);
const SHOWS_FILE = new Set(
  "view-file viewxls viewdoc viewpdf drawio plantuml mermaid-cloud plantumlcloud".split(" "),
);
const PEOPLE = /^(?:profile|profile-picture|user-?profile)$/;

/** The title of a box, as its own paragraph. */
export function shownTitle(title: string): Tree[] {
  return title === "" ? [] : [tree("p", [title], { "data-title": "1" })];
}

/** What a macro shows. */
export function shownMacro(macro: Tree, shown: Shown): (Tree | string)[] {
  const name = (macro.attributes["ac:name"] ?? "").toLowerCase();
  const parameters = new Map(
    macro.children.flatMap((c) =>
      isNamed(c, "ac:parameter") ? [[(c.attributes["ac:name"] ?? "").toLowerCase(), c] as const] : [],
    ),
  );
  const value = (key: string): string => textOf(parameters.get(key) ?? tree("none")).trim();
  const rich = find(macro, "ac:rich-text-body");
  const plain = find(macro, "ac:plain-text-body");
  if (name === "toc") return [];
  if (name === "status") return shownStatus(value("title"), value("colour") || value("color"));
  if (name.startsWith("jira")) return [` ${value("key")} `];
  if (PEOPLE.test(name)) return [...parameters.values()].flatMap(shownPerson);
  if (/foot-?note/.test(name) && rich) return [" ", ...rich.children.flatMap(shown), " "];
  if (name === "markdown" && plain) return renderMarkdown(textOf(plain)).children;
  if (name === "html" && plain) return readHtml(textOf(plain)).children.flatMap(shown);
  if (/math/.test(name) && value("body")) {
    return /inline/.test(name) ? [` ${value("body")} `] : [tree("pre", [value("body")])];
  }
  const title = titleOf(name, value, rich ?? plain);
  const result: (Tree | string)[] = [...shownTitle(title)];
  if (SHOWS_FILE.has(name) && !rich && !plain) {
    const file = find(parameters.get("name") ?? tree("none"), "ri:attachment");
    const text =
      file?.attributes["ri:filename"] ?? (value("name") || value("diagramname") || value("filename"));
    const href = evaluationResolver.attachmentUrl({ fileName: text, pageTitle: null, spaceKey: null }) ?? "";
    return [" ", tree("a", [text], { href }), " "];
  }
  if (name === "include" || name === "excerpt-include") {
    const link = find(parameters.get("") ?? tree("none"), "ac:link");
    if (link) result.push(tree("p", [shownLink(link, shown)]));
  }
  if (name === "widget" || name === "iframe" || name === "redirect") {
    const key = name === "redirect" ? "location" : "url";
    const url = find(parameters.get(key) ?? tree("none"), "ri:url")?.attributes["ri:value"] ?? value(key);
    result.push(" ", tree("a", [url], { href: url }), " ");
  }
  if (rich) {
    const isBox = BOXES.has(name) || title !== "";
    const isInline = name.includes("inline") || (!isBox && !hasBlocks(rich));
    result.push(tree(isInline ? "span" : "div", rich.children.flatMap(shown)));
  }
  if (plain) {
    const language =
      value("language") || (name === "code" ? value("") : name.startsWith("mermaid") ? "mermaid" : "");
    result.push(tree("pre", [textOf(plain)], { language }));
  }
  return result;
}

/** Boxes show their title above what they hold; a box that nobody knows is one if it has a title and a body. */
function titleOf(name: string, value: (key: string) => string, body: Tree | undefined): string {
  if (TITLED.has(name)) return value("title") || (name === "expand" ? value("") : "");
  if (name === "card") return value("label") || value("title");
  return body && !UNTITLED.has(name) && !/^(?:plantuml|mermaid|graphviz|html|style)/.test(name)
    ? value("title") || value("label")
    : "";
}

function shownStatus(title: string, colour: string): (Tree | string)[] {
  if (title !== "") return [` ${title} `];
  const shown = colour === "" ? "Grey" : colour.charAt(0).toUpperCase() + colour.slice(1).toLowerCase();
  return [" ", tree("span", [shown], { "data-status": shown }), " "];
}

function shownPerson(parameter: Tree): string[] {
  const user = find(parameter, "ri:user")?.attributes ?? {};
  const id = user["ri:account-id"] ?? user["ri:userkey"] ?? user["ri:username"];
  if (id !== undefined) return [` @${evaluationResolver.userName(id)} `];
  const isName = /^(?:user|)$/i.test(parameter.attributes["ac:name"] ?? "");
  return isName ? [` ${textOf(parameter).trim()} `] : [];
}

function hasBlocks(node: Tree): boolean {
  return node.children.some((c) => typeof c !== "string" && (isBlock(c.name) || hasBlocks(c)));
}

function isBlock(name: string): boolean {
  return /^(p|div|h[1-6]|[uod]l|table|pre|blockquote|hr|center|section|ac:(plain-text-body|task-list|layout|caption|adf-extension))$/.test(
    name,
  );
}
