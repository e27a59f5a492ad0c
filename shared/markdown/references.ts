import { attribute, descendants } from "./markup-tree.ts";
import type { BodyFormat } from "./page-content.ts";
import { parseMarkup } from "./parse-markup.ts";
import { userId } from "./storage-links.ts";

export type PageReferences = {
  /** Account ids (user keys, user names) of the people mentioned. */
  accountIds: string[];
  /** Titles of the pages linked to. */
  pageTitles: string[];
};

/**
 * What a body refers to and a resolver must know before it is converted, each once, in order.
 * @throws PermanentError as parseMarkup
 */
export function collectReferences(format: BodyFormat, body: string): PageReferences {
  if (!body.includes("<ri:")) return { accountIds: [], pageTitles: [] };
  const accountIds = new Set<string>();
  const pageTitles = new Set<string>();
  for (const element of descendants(parseMarkup(format, body))) {
    if (element.name === "ri:user") accountIds.add(userId(element));
    else if (element.name === "ri:page") pageTitles.add(attribute(element, "ri:content-title"));
  }
  accountIds.delete("");
  pageTitles.delete("");
  return { accountIds: [...accountIds], pageTitles: [...pageTitles] };
}
