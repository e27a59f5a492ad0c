import { renderAll, renderPage } from "./rendered-body.ts";
import { findPage, pageHref, type Rendering } from "./rendering.ts";
import { childrenOf, isPage, spaceByKey, type SitePage } from "./site.ts";
import {
  childOf,
  elementChildren,
  elementsOf,
  escapeAttribute,
  escapeText,
  parseStorage,
  textOf,
  type XmlElement,
} from "./storage-xml.ts";
import { canSeePage } from "./visibility.ts";

const PANELS: Record<string, string> = {
  info: "information",
  note: "note",
  tip: "tip",
  warning: "warning",
  success: "tip",
  error: "warning",
};

/** A macro as it looks on the page. What it does not know shows its body. */
export function macroHtml(rendering: Rendering, macro: XmlElement): string {
  const name = macro.attributes["ac:name"] ?? "";
  const rich = childOf(macro, "ac:rich-text-body");
  const plain = childOf(macro, "ac:plain-text-body");
  const body = rich
    ? renderAll(rendering, rich.children)
    : plain
      ? `<pre>${escapeText(textOf(plain))}</pre>`
      : "";
  const title = parameter(macro, "title");
  const panel = PANELS[name];
  if (panel !== undefined) {
    const heading = title === null ? "" : `<p class="title">${escapeText(title)}</p>`;
    return `<div class="confluence-information-macro confluence-information-macro-${panel}">${heading}<div class="confluence-information-macro-body">${body}</div></div>`;
  }
  switch (name) {
    case "code":
      return codeHtml(macro, textOf(plain ?? ""), title);
    case "noformat":
      return `<div class="preformatted panel"><div class="preformattedContent panelContent"><pre>${escapeText(textOf(plain ?? ""))}</pre></div></div>`;
    case "panel":
      return `<div class="panel">${title === null ? "" : `<div class="panelHeader"><b>${escapeText(title)}</b></div>`}<div class="panelContent">${body}</div></div>`;
    case "expand":
      return `<div class="expand-container conf-macro"><div class="expand-control"><span class="expand-control-text">${escapeText(title ?? "Click here to expand...")}</span></div><div class="expand-content">${body}</div></div>`;
    case "status":
      return `<span class="status-macro aui-lozenge aui-lozenge-visual-refresh">${escapeText(title ?? "")}</span>`;
    case "jira":
      return jiraHtml(parameter(macro, "key") ?? "", parameter(macro, "jqlQuery"));
    case "anchor":
    case "toc":
      return "";
    case "include":
      return withPage(rendering, macro, (inside) => renderPage(inside));
    case "excerpt-include":
      return withPage(rendering, macro, (inside) => excerptOf(inside, macro));
    case "children":
    case "pagetree":
      return childList(rendering, macro);
    case "attachments":
      return fileList(rendering);
    case "contentbylabel":
      return linkList(rendering, labelled(rendering, macro));
    case "detailssummary":
      return detailsTable(rendering, labelled(rendering, macro));
    default:
      return body;
  }
}

/** One issue, or a table of what a query finds: here one issue, whose summary is the query. */
function jiraHtml(key: string, query: string | null): string {
  if (query !== null)
    return `<table class="aui jira-table"><tbody><tr><td>${escapeText(query)}</td></tr></tbody></table>`;
  return `<span class="jira-issue" data-jira-key="${escapeAttribute(key)}">${escapeText(key)}</span>`;
}

function codeHtml(macro: XmlElement, code: string, title: string | null): string {
  const language = parameter(macro, "language") ?? "text";
  const header =
    title === null ? "" : `<div class="codeHeader panelHeader pdl"><b>${escapeText(title)}</b></div>`;
  return `<div class="code panel pdl">${header}<div class="codeContent panelContent pdl"><pre class="syntaxhighlighter-pre" data-syntaxhighlighter-params="brush: ${escapeAttribute(language)}; gutter: false">${escapeText(code)}</pre></div></div>`;
}

/** What a macro shows of the page that it names, or the error that a reader sees instead. */
function withPage(
  rendering: Rendering,
  macro: XmlElement,
  show: (inside: Rendering) => string | null,
): string {
  const { site, viewer } = rendering;
  const page = namedPage(rendering, macro);
  const above = [...rendering.above, rendering.page];
  if (!page || !canSeePage(site, viewer, page)) {
    return errorBox(macro, "The included page could not be found.");
  }
  if (above.some(({ id }) => id === page.id)) return errorBox(macro, "The page includes itself.");
  return show({ ...rendering, page, above }) ?? errorBox(macro, "The page has no such excerpt.");
}

function errorBox(macro: XmlElement, reason: string): string {
  const name = escapeText(macro.attributes["ac:name"] ?? "");
  return `<div class="error"><span class="error">Unable to render {${name}}</span> ${reason}</div>`;
}

/** The excerpt that the macro names, else the first; null when the page has none. */
function excerptOf(inside: Rendering, macro: XmlElement): string | null {
  const name = parameter(macro, "name");
  const excerpt = macrosOf(inside.page, "excerpt").find(
    (item) => name === null || parameter(item, "name") === name,
  );
  const body = excerpt ? childOf(excerpt, "ac:rich-text-body") : undefined;
  return body ? renderAll(inside, body.children) : null;
}

/** A row for each page that carries the label: its properties by name. */
function detailsTable(rendering: Rendering, pages: SitePage[]): string {
  const rows = pages.map((page) => ({ page, properties: propertiesOf(page) }));
  const names = [...new Set(rows.flatMap(({ properties }) => [...properties.keys()]))];
  const cell = (tag: "td" | "th", content: string) =>
    `<${tag} class="confluence${tag === "td" ? "Td" : "Th"}">${content}</${tag}>`;
  const head = ["Title", ...names].map((name) => cell("th", escapeText(name))).join("");
  const body = rows.map(({ page, properties }) => {
    const values = names.map((name) => cell("td", escapeText(properties.get(name) ?? "")));
    return `<tr>${cell("td", pageLink(rendering, page))}${values.join("")}</tr>`;
  });
  return `<div class="table-wrap"><table class="confluenceTable"><tbody><tr>${head}</tr>${body.join("")}</tbody></table></div>`;
}

function propertiesOf(page: SitePage): Map<string, string> {
  const properties = new Map<string, string>();
  for (const details of macrosOf(page, "details")) {
    for (const row of elementsOf(details)) {
      const [name, value] = row.name === "tr" ? elementChildren(row) : [];
      if (name && value) properties.set(textOf(name).trim(), textOf(value).trim());
    }
  }
  return properties;
}

function macrosOf(page: SitePage, name: string): XmlElement[] {
  const root = parseStorage(page.storage);
  return root
    ? [...elementsOf(root)].filter(
        (item) => item.name === "ac:structured-macro" && item.attributes["ac:name"] === name,
      )
    : [];
}

/** Links to the pages below this page, or below the one that the macro names, as many levels as it says. */
function childList(rendering: Rendering, macro: XmlElement): string {
  const depth = parameter(macro, "all") === "true" ? Infinity : Number(parameter(macro, "depth") ?? 1);
  const namesPage = [...elementsOf(macro)].some(({ name }) => name === "ri:page");
  const top = namesPage ? namedPage(rendering, macro) : rendering.page;
  if (!top || !canSeePage(rendering.site, rendering.viewer, top)) {
    return errorBox(macro, "The page could not be found.");
  }
  return levelsBelow(rendering, top, depth);
}

function levelsBelow(rendering: Rendering, page: SitePage, depth: number): string {
  const { site, viewer } = rendering;
  const pages = childrenOf(site, page.spaceId, page.id).filter(
    (child): child is SitePage => isPage(child) && canSeePage(site, viewer, child),
  );
  if (pages.length === 0) return "";
  const items = pages.map((child) => {
    const below = depth > 1 ? levelsBelow(rendering, child, depth - 1) : "";
    return `<li>${pageLink(rendering, child)}${below}</li>`;
  });
  return `<ul class="childpages-macro">${items.join("")}</ul>`;
}

/** The page or blog post that a macro names. */
function namedPage(rendering: Rendering, macro: XmlElement): SitePage | undefined {
  const isReference = ({ name }: XmlElement) => name === "ri:page" || name === "ri:blog-post";
  const reference = [...elementsOf(macro)].find(isReference);
  return reference && findPage(rendering, reference);
}

/** What has one of the macro's labels, named by parameter or in its CQL, in the space that the CQL names or in this one. */
function labelled({ site, viewer, page }: Rendering, macro: XmlElement): SitePage[] {
  const query = parameter(macro, "cql") ?? "";
  const inQuery = [...query.matchAll(/label\s*(?:=|in)\s*(\([^)]*\)|"[^"]+")/gi)].flatMap(([, values = ""]) =>
    [...values.matchAll(/"([^"]+)"/g)].map(([, label = ""]) => label),
  );
  const labels = new Set([...(parameter(macro, "label") ?? "").split(/[\s,]+/), ...inQuery]);
  const key = /space\s*=\s*"([^"]+)"/i.exec(query)?.[1];
  const spaceId = key === undefined ? page.spaceId : spaceByKey(site, key)?.id;
  const kind = /type\s*=\s*"?(page|blogpost)\b/i.exec(query)?.[1];
  return [...site.pages.values()].filter(
    (other) =>
      other.spaceId === spaceId &&
      other.status === "current" &&
      (kind === undefined || other.kind === kind) &&
      other.labels.some((label) => labels.has(label)) &&
      canSeePage(site, viewer, other),
  );
}

function linkList(rendering: Rendering, pages: SitePage[]): string {
  if (pages.length === 0) return "";
  return `<ul class="childpages-macro">${pages.map((page) => `<li>${pageLink(rendering, page)}</li>`).join("")}</ul>`;
}

/** The names of the files on the page. */
function fileList({ site, page }: Rendering): string {
  const files = [...site.attachments.values()].filter(
    ({ containerId, status }) => containerId === page.id && status === "current",
  );
  const rows = files.map(({ title }) => `<tr><td class="confluenceTd">${escapeText(title)}</td></tr>`);
  return `<table class="confluenceTable attachments"><tbody>${rows.join("")}</tbody></table>`;
}

function pageLink({ site }: Rendering, page: SitePage): string {
  return `<a href="${pageHref(site, page)}">${escapeText(page.title)}</a>`;
}

function parameter(macro: XmlElement, name: string): string | null {
  for (const child of macro.children) {
    if (typeof child !== "string" && child.name === "ac:parameter" && child.attributes["ac:name"] === name) {
      return textOf(child);
    }
  }
  return null;
}
