import {
  attribute,
  beginningOf,
  type MarkupElement,
  type MarkupNode,
} from "#shared/markdown/parse/markup-tree.ts";

const TABS = /(?:^|[\s_-])(?:tabs?|tabpanel|tablist|tabset|card|localtab)(?:[\s_-]|$)/i;
const MENU =
  /(?:^|\s)(?:tabs?[_-](?:menu|nav|navigation|list|links|headers?|titles)|nav-tabs|ui-tabs-nav|tablist)(?:\s|$)/i;
const PANE =
  /(?:^|\s)(?:(?:[\w-]+[_-])?tabs?[_-](?:pane|panel|content|body)|(?:[\w-]+[_-])?tabpanel|localtab|card|ui-tabs-panel|tab)(?:\s|$)/i;

/** Whether an element of these classes may belong to tabs. */
export function isTabs(classes: string): boolean {
  return TABS.test(classes);
}

/** The title of a tab in a menu. */
type Entry = { link: MarkupElement; item: MarkupElement };

/**
 * Rendered tabs are a list of links followed by their contents without titles. Moves the titles to the contents (`data-title`, see
 * rendered-elements.ts) and removes the list. Changes the tree.
 */
export function nameRenderedTabs(root: MarkupElement): void {
  const byId = new Map<string, MarkupElement>();
  const byLabel = new Map<string, MarkupElement>();
  const menus: { menu: MarkupElement; entries: Entry[]; isSure: boolean; panes: MarkupElement[] }[] = [];
  const visit = (element: MarkupElement): void => {
    add(byId, attribute(element, "id"), element);
    if (isPane(element)) add(byLabel, attribute(element, "aria-labelledby"), element);
    for (const [index, node] of element.children.entries()) {
      if (typeof node === "string") continue;
      const entries = MENU_NAMES.has(node.name) ? entriesOf(node) : [];
      const isSure = entries.length > 0 && isMenu(node);
      const panes = isSure ? panesBelow(element.children, index) : [];
      if (entries.length > 0) menus.push({ menu: node, entries, isSure, panes });
      visit(node);
    }
  };
  visit(root);
  for (const { menu, entries, isSure, panes } of menus) {
    const inOrder = isSure && panes.length === entries.length ? panes : [];
    const named = new Set<MarkupElement | string>();
    for (const [index, { link, item }] of entries.entries()) {
      const pane = byId.get(targetOf(link)) ?? byLabel.get(attribute(link, "id")) ?? inOrder[index];
      if (!pane || !(isSure ? holdsContent(pane) : isPane(pane))) continue;
      pane.attributes = new Map([...pane.attributes, ["data-title", beginningOf(link, MAX_TITLE).trim()]]);
      named.add(item);
    }
    menu.children = menu.children.filter((node) => !named.has(node));
  }
}

/** The longest title of a tab. */
const MAX_TITLE = 500;

const MENU_NAMES = new Set(["ul", "ol", "nav", "div", "menu"]);

function add(map: Map<string, MarkupElement>, key: string, element: MarkupElement): void {
  if (key !== "" && !map.has(key)) map.set(key, element);
}

function isMenu(element: MarkupElement): boolean {
  return MENU.test(attribute(element, "class")) || attribute(element, "role") === "tablist";
}

/** The items of a possible menu of tabs: each with its link to an anchor in the page, or its role. */
function entriesOf(menu: MarkupElement): Entry[] {
  if (menu.name === "div" && !isMenu(menu)) return [];
  return menu.children.flatMap((item) => {
    if (typeof item === "string") return [];
    const link = linkIn(item, DEEPEST_LINK);
    return link ? [{ link, item }] : [];
  });
}

/** A title is nested in at most this many elements; nested lists would otherwise be searched repeatedly. */
const DEEPEST_LINK = 4;

function linkIn(element: MarkupElement, depth: number): MarkupElement | null {
  if (isLink(element)) return element;
  if (depth === 0) return null;
  for (const node of element.children) {
    const found = typeof node === "string" ? null : linkIn(node, depth - 1);
    if (found) return found;
  }
  return null;
}

function isLink(element: MarkupElement): boolean {
  return (
    attribute(element, "role") === "tab" ||
    attribute(element, "href").includes("#") ||
    targetOf(element) !== ""
  );
}

/** The target of a link in a menu: the id of a pane. */
function targetOf(element: MarkupElement): string {
  const href = attribute(element, "href");
  const hash = href.indexOf("#");
  return (hash === -1 ? "" : href.slice(hash + 1)) || attribute(element, "aria-controls");
}

/** Panes below a menu, up to the next one, or in the element right below it. */
function panesBelow(siblings: readonly MarkupNode[], menu: number): MarkupElement[] {
  const below: MarkupElement[] = [];
  for (let index = menu + 1; index < siblings.length; index++) {
    const node = siblings[index];
    if (node === undefined || typeof node === "string") continue;
    if (isMenu(node)) break;
    below.push(node);
  }
  const panes = below.filter(isPane);
  if (panes.length > 0) return panes;
  const inside = below[0]?.children ?? [];
  return inside.filter((node): node is MarkupElement => typeof node !== "string" && isPane(node));
}

function isPane(element: MarkupElement): boolean {
  if (!holdsContent(element)) return false;
  return PANE.test(attribute(element, "class")) || attribute(element, "role") === "tabpanel";
}

/** Not a heading or an anchor in text, to which tables of contents link. */
function holdsContent(element: MarkupElement): boolean {
  return !/^(?:h[1-6]|a|span)$/.test(element.name);
}
