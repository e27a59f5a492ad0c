import {
  attribute,
  beginningOf,
  descendant,
  descendants,
  hasClass,
  type MarkupElement,
} from "#shared/markdown/parse/markup-tree.ts";

/** Whether an element of these classes may belong to tabs. */
export function isTabs(classes: string): boolean {
  return /(?:^|\s)(?:tabs-menu|nav-tabs|tabs-pane|tab-pane)(?:\s|$)/.test(classes);
}

/**
 * Tabs as they are rendered: first a list of links to them, then their content, without titles. Each content gets its title
 * (`data-title`, see rendered-elements.ts), and the list goes. Changes the tree.
 */
export function nameRenderedTabs(root: MarkupElement): void {
  const byId = new Map<string, MarkupElement>();
  const links: { link: MarkupElement; item: MarkupElement; menu: MarkupElement }[] = [];
  for (const element of descendants(root)) {
    const id = attribute(element, "id");
    if (id !== "" && !byId.has(id)) byId.set(id, element);
    if (!isMenu(element)) continue;
    for (const item of element.children) {
      if (typeof item === "string") continue;
      const link = targetOf(item) === "" ? descendant(item, (inner) => targetOf(inner) !== "") : item;
      if (link) links.push({ link, item, menu: element });
    }
  }
  const named = new Map<MarkupElement, Set<MarkupElement>>();
  for (const { link, item, menu } of links) {
    const pane = byId.get(targetOf(link));
    if (!pane || !isPane(pane)) continue;
    pane.attributes = new Map([...pane.attributes, ["data-title", beginningOf(link, MAX_TITLE).trim()]]);
    const items = named.get(menu);
    if (items) items.add(item);
    else named.set(menu, new Set([item]));
  }
  for (const [menu, items] of named) {
    menu.children = menu.children.filter((node) => typeof node === "string" || !items.has(node));
  }
}

/** A tab has a shorter title. */
const MAX_TITLE = 500;

function isMenu(element: MarkupElement): boolean {
  return (
    hasClass(element, "tabs-menu") ||
    hasClass(element, "nav-tabs") ||
    attribute(element, "role") === "tablist"
  );
}

/** Where a link of a menu leads: the id of a pane. */
function targetOf(element: MarkupElement): string {
  const href = attribute(element, "href");
  return (href.startsWith("#") ? href.slice(1) : "") || attribute(element, "aria-controls");
}

function isPane(element: MarkupElement): boolean {
  return !/^(?:h[1-6]|a|span)$/.test(element.name);
}
