import { mayHoldMarkup } from "#shared/markdown/elements/own-macros.ts";
import {
  attribute,
  descendant,
  descendants,
  type MarkupElement,
  textOf,
} from "#shared/markdown/parse/markup-tree.ts";

/** What an id consists of, so that one is found in any text of a body. */
const ID = /^[\w-]+$/;
const WORDS_LIKE_IDS = /[\w-]+/g;

/**
 * The rendered element of each macro whose id occurs once in either body, on an element that says to be that macro's. Null if these
 * elements are not in the order and nesting of their macros: then none is certain.
 */
export function certainElements(
  { stored, rendered }: { stored: MarkupElement; rendered: MarkupElement },
  macros: readonly MarkupElement[],
): Map<MarkupElement, MarkupElement> | null {
  const ids = idsOf(macros);
  const owners = ownersOf(stored, ids);
  const carriers = carriersOf(rendered, new Set(ids.values()));
  const found = new Map<MarkupElement, MarkupElement>();
  for (const [macro, id] of ids) {
    const [element, another] = carriers.get(id) ?? [];
    if (owners.get(id) !== macro || !element || another) continue;
    if (!mayHoldMarkup(macro) && saysToShow(element, macro, id)) found.set(macro, element);
  }
  const macroOf = new Map([...found].map(([macro, element]) => [element, macro]));
  const places = nestingOf(stored, new Set(found.keys()));
  const shownPlaces = nestingOf(rendered, new Set(macroOf.keys()));
  const isSame = places.every(([macro, around], index) => {
    const [element, outer] = shownPlaces[index] ?? [];
    return element && macroOf.get(element) === macro && (outer ? macroOf.get(outer) : null) === around;
  });
  return isSame && places.length === shownPlaces.length ? found : null;
}

/** The id that Confluence renders of each macro that has one. */
function idsOf(macros: readonly MarkupElement[]): Map<MarkupElement, string> {
  const ids = macros.map(
    (macro) => [macro, isAppNode(macro) ? localId(macro) : attribute(macro, "ac:macro-id")] as const,
  );
  return new Map(ids.filter(([, id]) => ID.test(id)));
}

function isAppNode({ name }: MarkupElement): boolean {
  return name === "ac:adf-node";
}

function localId(node: MarkupElement): string {
  const found = descendant(node, (inner) => attribute(inner, "key") === "local-id");
  return found ? textOf(found).trim() : "";
}

function saysToShow(element: MarkupElement, macro: MarkupElement, id: string): boolean {
  if (isAppNode(macro)) return true;
  const name = attribute(element, "data-macro-name").toLowerCase();
  return attribute(element, "data-macro-id") === id && name === attribute(macro, "ac:name").toLowerCase();
}

/** For each id the macro in which it is written, in whatever place of the storage; null if elsewhere too. */
function ownersOf(
  stored: MarkupElement,
  ids: ReadonlyMap<MarkupElement, string>,
): Map<string, MarkupElement | null> {
  const wanted = new Set(ids.values());
  const owners = new Map<string, MarkupElement | null>();
  const note = (text: string, owner: MarkupElement | null): void => {
    for (const [id] of text.matchAll(WORDS_LIKE_IDS)) {
      if (!wanted.has(id)) continue;
      owners.set(id, owners.has(id) && owners.get(id) !== owner ? null : owner);
    }
  };
  const visit = (element: MarkupElement, around: MarkupElement | null): void => {
    const owner = ids.has(element) ? element : around;
    for (const value of element.attributes.values()) note(value, owner);
    for (const node of element.children) {
      if (typeof node === "string") note(node, owner);
      else visit(node, owner);
    }
  };
  visit(stored, null);
  return owners;
}

/** The elements that have each id, in any attribute. */
function carriersOf(rendered: MarkupElement, ids: ReadonlySet<string>): Map<string, MarkupElement[]> {
  const carriers = new Map<string, MarkupElement[]>();
  for (const element of descendants(rendered)) {
    for (const id of new Set(element.attributes.values())) {
      if (!ids.has(id)) continue;
      const known = carriers.get(id);
      if (known) known.push(element);
      else carriers.set(id, [element]);
    }
  }
  return carriers;
}

/** Those elements in document order, each with the nearest of them around it. */
function nestingOf(
  root: MarkupElement,
  elements: ReadonlySet<MarkupElement>,
): [element: MarkupElement, around: MarkupElement | null][] {
  const found: [MarkupElement, MarkupElement | null][] = [];
  const visit = (element: MarkupElement, around: MarkupElement | null): void => {
    for (const node of element.children) {
      if (typeof node === "string") continue;
      if (elements.has(node)) found.push([node, around]);
      visit(node, elements.has(node) ? node : around);
    }
  };
  visit(root, null);
  return found;
}
