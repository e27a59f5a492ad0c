import { attribute, descendants, type MarkupElement } from "#shared/markdown/parse/markup-tree.ts";
import type { StoredMacro } from "./stored-macros.ts";

const ID_ATTRIBUTES = ["data-macro-id", "data-local-id", "local-id", "data-jira-key"];

/** The rendered elements whose macro is known from the rendered body itself. */
export type KnownElements = {
  /** Macros (as elements of the stored body) with the element that shows each. */
  elements: Map<MarkupElement, MarkupElement>;
  /** Elements that only show content of the storage in another form: pictures of diagrams. */
  others: Set<MarkupElement>;
};

/** Finds the elements of macros by their ids, then by name and order if their numbers match. */
export function knownElements(
  macros: readonly StoredMacro[],
  otherIds: ReadonlySet<string>,
  rendered: MarkupElement,
): KnownElements {
  const byId = new Map<string, MarkupElement[]>();
  const byName = new Map<string, MarkupElement[]>();
  const others = new Set<MarkupElement>();
  for (const element of descendants(rendered)) {
    if (element.attributes.size === 0) continue;
    for (const name of ID_ATTRIBUTES) {
      const id = attribute(element, name);
      add(byId, id, element);
      if (id !== "" && otherIds.has(id)) others.add(element);
    }
    add(byName, attribute(element, "data-macro-name").toLowerCase(), element);
  }
  const elements = new Map<MarkupElement, MarkupElement>();
  const taken = new Set<MarkupElement>();
  const take = (macro: StoredMacro, element: MarkupElement): void => {
    elements.set(macro.element, element);
    taken.add(element);
    for (const inner of descendants(element)) taken.add(inner);
  };
  for (const macro of macros) {
    for (const id of macro.ids) {
      const waiting = byId.get(id) ?? [];
      while (waiting[0] && taken.has(waiting[0])) waiting.shift();
      if (waiting[0] && !elements.has(macro.element)) take(macro, waiting[0]);
    }
  }
  for (const [name, waiting] of byNameOf(macros.filter(({ element }) => !elements.has(element)))) {
    const free = (byName.get(name) ?? []).filter((element) => !taken.has(element));
    if (free.length !== waiting.length) continue;
    for (const [index, macro] of waiting.entries()) if (free[index]) take(macro, free[index]);
  }
  return { elements, others };
}

function byNameOf(macros: readonly StoredMacro[]): Map<string, StoredMacro[]> {
  const named = new Map<string, StoredMacro[]>();
  for (const macro of macros) add(named, macro.name, macro);
  return named;
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  if (key === "") return;
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}
