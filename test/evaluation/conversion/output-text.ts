import { textOf } from "./page-facts.ts";
import type { Tree } from "./page-tree.ts";

/** What only Confluence's interface says. */
const INTERFACE_TEXTS = [
  "Getting issue details",
  "Error rendering macro",
  "We don't have a way to export this macro",
  "Click here to expand",
  "Drag and drop to upload",
  "browse for files",
  "Authenticate to retrieve",
  "Authenticate to see",
  "Can't show details. Ask your admin",
  "Unable to locate Jira server",
  "Refresh Loading",
  "No comments No labels",
  "createpage.action",
  "Expand all Collapse all",
];

/** Texts of the interface that the Markdown has more often than the page says them itself. */
export function interfaceTexts(page: Tree, markdown: string): string[] {
  const shown = oneLine(textOf(page));
  const written = oneLine(markdown);
  return INTERFACE_TEXTS.filter((text) => count(written, text) > count(shown, text));
}

function oneLine(text: string): string {
  return text.replace(/[\s’]+/g, (found) => (found.includes("’") ? "'" : " "));
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** Links by host: of the page, or of its Markdown rendered. What has no host counts by what it is. */
export function hostsOf(links: readonly string[]): Map<string, number> {
  const hosts = new Map<string, number>();
  for (const link of links) {
    const address = link.slice(link.indexOf(" -> ") + 4);
    const url = URL.parse(address);
    const host = url?.host || url?.protocol || (address.startsWith("#") ? "(same page)" : "(same site)");
    hosts.set(host, (hosts.get(host) ?? 0) + 1);
  }
  return hosts;
}
