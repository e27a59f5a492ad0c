import { find, isNamed, textOf, type Tree, tree } from "./page-tree.ts";
import { shownTitle } from "./shown-macro.ts";

type Shown = (node: Tree | string) => (Tree | string)[];

/** Parts of a rendered page that a reader works with and does not read. */
const INTERFACE =
  /(?:^|\s)(?:toc-macro|client-side-toc-macro|refresh-issues-[a-z]+|jira-oauth-message-marker|static-oauth-init|jim-error-message|plugin-attachments-dnd|drop-zone|download-all-link|more-link-container|attachment-summary-\S+|hidden|assistive|collapse-source|text-placeholder|aui-toolbar2?|create-from-template-\S+|search-macro|like-button-container|labels-section)(?=\s|$)/;

/** Whether an element is interface: tool bars, tables of contents, requests to log in, errors of macros. */
export function isInterface(node: Tree): boolean {
  const { name, attributes } = node;
  if (name.startsWith("ac:")) return false;
  if (name === "button" || attributes["role"] === "toolbar") return true;
  if (attributes["data-macro-name"] === "toc" || INTERFACE.test(attributes["class"] ?? "")) return true;
  if (name === "div" && /^\s*We don['’]t have a way to export this macro\.\s*$/.test(textOf(node)))
    return true;
  return hasClass(node, "error") && /^\s*Error rendering macro/.test(textOf(node));
}

/** What Confluence rendered from its macros, where the page shows other than the elements say; null for all else. */
export function shownRendered(node: Tree, shown: Shown): (Tree | string)[] | null {
  if (hasClass(node, "createlink")) return node.children.flatMap(shown);
  if (hasClass(node, "error")) {
    const unknown = /^\s*Unknown macro:\s*\{([^}]*)\}\s*$/.exec(textOf(node))?.[1];
    return unknown === undefined ? null : [tree("div", [unknown])];
  }
  if (hasClass(node, "jira-issue") && /Getting issue details|to see issue details/.test(textOf(node))) {
    const key = findClass(node, "jira-issue-key") ?? find(node, "a");
    return key ? [" ", ...shown(key), " "] : [];
  }
  if (hasClass(node, "aui-tabs") || hasClass(node, "tabs")) return shownTabs(node, shown);
  if (hasClass(node, "expand-container")) return shownExpand(node, shown);
  const title = /(?:confluence-information-macro|panel|code)(?=\s|$)/.test(node.attributes["class"] ?? "")
    ? node.children.find(
        (c): c is Tree =>
          typeof c !== "string" && ["title", "panelHeader", "codeHeader"].some((name) => hasClass(c, name)),
      )
    : undefined;
  if (!title || node.name === "span") return null;
  const children = node.children.flatMap((c) => (c === title ? shownTitle(textOf(c).trim()) : shown(c)));
  return [{ ...node, children }];
}

function shownExpand(expand: Tree, shown: Shown): Tree[] {
  const control = findClass(expand, "expand-control-text");
  const title = control ? textOf(control).trim() : "";
  const content = expand.children.filter((c) => typeof c === "string" || !hasClass(c, "expand-control"));
  return [
    tree("div", [
      ...shownTitle(title.startsWith("Click here to expand") ? "" : title),
      ...content.flatMap(shown),
    ]),
  ];
}

/** Each pane below the text of the menu's link to it. */
function shownTabs(tabs: Tree, shown: Shown): Tree[] {
  const menu = findClass(tabs, "tabs-menu");
  const titles = new Map<string, string>();
  const read = (node: Tree): void => {
    const href = node.attributes["href"] ?? "";
    if (href.startsWith("#")) titles.set(href.slice(1), textOf(node).trim());
    for (const c of node.children) if (typeof c !== "string") read(c);
  };
  if (menu) read(menu);
  const children = tabs.children.flatMap((c): (Tree | string)[] => {
    if (typeof c === "string") return [c];
    if (c === menu) return [];
    return [...shownTitle(titles.get(c.attributes["id"] ?? "") ?? ""), ...shown(c)];
  });
  return [tree("div", children)];
}

function hasClass(node: Tree, name: string): boolean {
  return (node.attributes["class"] ?? "").split(/\s+/).includes(name);
}

function findClass(node: Tree, name: string): Tree | undefined {
  for (const c of node.children) {
    if (typeof c === "string" || isNamed(c, "ac:structured-macro")) continue;
    const found = hasClass(c, name) ? c : findClass(c, name);
    if (found) return found;
  }
  return undefined;
}
