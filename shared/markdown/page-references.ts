import { extensionName } from "./elements/adf-extension.ts";
import { kindOfResource, userId } from "./elements/storage-links.ts";
import { linkedPage } from "./old-links.ts";
import type { NamedPage } from "./page-content.ts";
import { attribute, descendants, type MarkupElement } from "./parse/markup-tree.ts";
import { needsRendering } from "./rendering/stored-macros.ts";

/** References of a body to look up before its conversion; each once, in the order of the page. */
export type PageReferences = {
  /** Account ids (user keys, user names) of the people mentioned. */
  accountIds: string[];
  /** The pages and blog posts linked to by title. */
  pages: NamedPage[];
  /** Ids of the pages that URLs of the old form lead to. */
  pageIds: string[];
};

/**
 * Collects, in one walk over a parsed body, its references and the names of the macros whose content is not in the storage
 * (include, jira, children, unknown ones without a body, …).
 */
export function collectReferences(root: MarkupElement): {
  references: PageReferences;
  macrosToRender: string[];
} {
  const accountIds = new Set<string>();
  const pages = new Map<string, NamedPage>();
  const addPage = (kind: NamedPage["kind"], title: string): void => {
    if (title !== "") pages.set(`${kind} ${title}`, { kind, title });
  };
  const pageIds = new Set<string>();
  const macrosToRender = new Set<string>();
  for (const element of descendants(root)) {
    if (needsRendering(element)) macrosToRender.add(attribute(element, "ac:name") || extensionName(element));
    switch (element.name) {
      case "ri:user":
        accountIds.add(userId(element));
        break;
      case "ri:page":
      case "ri:blog-post":
        addPage(kindOfResource(element), attribute(element, "ri:content-title"));
        break;
      case "ri:content-entity":
        pageIds.add(attribute(element, "ri:content-id"));
        break;
      case "a": {
        const linked = linkedPage(attribute(element, "href").trim());
        if (linked && "id" in linked) pageIds.add(linked.id);
        else if (linked) addPage("page", linked.title);
        break;
      }
      default:
    }
  }
  accountIds.delete("");
  pageIds.delete("");
  return {
    references: { accountIds: [...accountIds], pages: [...pages.values()], pageIds: [...pageIds] },
    macrosToRender: [...macrosToRender],
  };
}
