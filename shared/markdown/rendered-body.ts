import { needsRenderedBody } from "./macros.ts";
import { attribute, descendants } from "./markup-tree.ts";
import { parseMarkup } from "./parse-markup.ts";

/**
 * Names of the macros on a page whose content is not in its storage (include, jira, children, unknown macros without a
 * body, …), each once, in order; when there are any, the page's rendered body has to be fetched.
 * @throws PermanentError as parseMarkup
 */
export function macrosNeedingRenderedBody(storage: string): string[] {
  if (!storage.includes("<ac:structured-macro") && !storage.includes("<ac:macro")) return [];
  const names = new Set<string>();
  for (const element of descendants(parseMarkup("storage", storage))) {
    if (element.name !== "ac:structured-macro" && element.name !== "ac:macro") continue;
    if (needsRenderedBody(element)) names.add(attribute(element, "ac:name"));
  }
  return [...names];
}
