import {
  MAX_MESSAGE,
  saysExpand,
  saysLoading,
  saysMacroFailed,
  saysNoExport,
  unknownMacro,
} from "./interface-messages.ts";
import { OPENED_BY_CLICK } from "#shared/markdown/parse/apply-styles.ts";
import {
  attribute,
  beginningOf,
  descendant,
  hasClass,
  type MarkupElement,
} from "#shared/markdown/parse/markup-tree.ts";

/**
 * Classes of the user interface that Confluence and its apps render into pages: tables of contents, tool bars, drop areas for
 * files, loading indicators, login requests.
 */
const INTERFACE = new Set(
  (
    "toc-macro toc-indentation client-side-toc-macro refresh-issues-bottom refresh-issues-button refresh-issues-loading " +
    "refresh-issues-link refresh-wiki jira-oauth-message-marker static-oauth-init jim-error-message plugin-attachments-dnd " +
    "plugin_attachments_dnd plugin_attachments_upload_container plugin_attachments_upload attachment-dnd drop-zone " +
    "attachments-drop-zone attachment-buttons attachment-actions download-all-link more-link-container show-more-link " +
    "collapse-source collapse-spinner-wrapper issue-placeholder assistive text-placeholder aui-toolbar " +
    "aui-toolbar2 aui-dropdown aui-dropdown2 aui-spinner loading-indicator expandcollapse plugin_pagetree_expandcollapse " +
    "plugin_pagetree_status plugin_pagetree_childtoggle_container pagetree-search search-macro livesearch-macro like-button-container " +
    "like-section labels-section no-labels-message show-labels-editor create-from-template-button create-from-template-macro " +
    "comment-actions rate-macro copy-to-clipboard code-toolbar-item more-link task-blank-details attachment-summary"
  ).split(" "),
);
const INTERFACE_PREFIX =
  /(?:^|\s)(?:attachment-summary|refresh-issues|jim-error-message|plugin[_-]attachments?[_-](?:dnd|drop|upload))[\w-]*/;
const HALF_INTERFACE =
  /(?:^|\s)(?:createlink|jira-issue|summary|error|expand-control-text|aui-message|confluence-information-macro)(?:\s|$)/;
const HIDDEN = /(?:^|\s)(?:aui-)?hidden(?:\s|$)/;

/** Whether an element of these classes is or may be interface. */
export function isInterfaceClass(classes: string): boolean {
  return shareOf(classes) !== "none";
}

type Share = "all" | "half" | "none";
/** How much of an element of these classes is interface; cached, because pages repeat the same few classes thousands of times. */
const SHARES = new Map<string, Share>();
const MAX_SHARES = 10_000;

function shareOf(classes: string): Share {
  let share = SHARES.get(classes);
  if (share === undefined) {
    share = isOnlyInterface(classes) ? "all" : HALF_INTERFACE.test(classes) ? "half" : "none";
    if (SHARES.size >= MAX_SHARES) SHARES.clear();
    SHARES.set(classes, share);
  }
  return share;
}

function isOnlyInterface(classes: string): boolean {
  if (INTERFACE_PREFIX.test(classes) || classes.split(/\s+/).some((name) => INTERFACE.has(name))) return true;
  return HIDDEN.test(classes) && !OPENED_BY_CLICK.test(classes);
}

/**
 * Removes interface text from a body; from a rendered body more than from a stored one. Adds to `failed` what Confluence says of
 * macros that failed. Changes the tree.
 */
export function dropInterfaceText(element: MarkupElement, isRendered: boolean, failed: string[]): void {
  const kept = element.children.filter(
    (node) => typeof node === "string" || !isInterface(node, isRendered, failed),
  );
  if (kept.length < element.children.length) element.children = kept;
  for (const node of kept) {
    if (typeof node === "string") continue;
    if (shareOf(attribute(node, "class")) === "half") adapt(node);
    dropInterfaceText(node, isRendered, failed);
  }
}

function isInterface(element: MarkupElement, isRendered: boolean, failed: string[]): boolean {
  const { name, attributes } = element;
  if (name === "button") return true;
  if (saysNoExport(element, isRendered)) return true;
  if (attributes.size === 0 || name.startsWith("ac:")) return false;
  if (attributes.get("role") === "toolbar" || attributes.get("data-macro-name") === "toc") return true;
  const classes = attributes.get("class");
  const share = classes === undefined ? "none" : shareOf(classes);
  if (share !== "half") return share === "all";
  if (hasClass(element, "expand-control-text")) return saysExpand(element);
  if (hasClass(element, "summary")) return saysLoading(element);
  if (!saysMacroFailed(element)) return false;
  failed.push(beginningOf(element, MAX_MESSAGE).slice(0, MAX_MESSAGE).replaceAll(/\s+/g, " ").trim());
  return true;
}

/** The content of an element that is partly interface. */
function adapt(element: MarkupElement): void {
  // A link to the form that would create the page.
  if (element.name === "a" && hasClass(element, "createlink")) element.name = "span";
  else if (hasClass(element, "jira-issue")) keepKeyOfUnknownIssue(element);
  else if (hasClass(element, "error")) keepUnknownMacro(element);
}

/** Only the key is known of an issue whose details were missing when the page was rendered. */
function keepKeyOfUnknownIssue(issue: MarkupElement): void {
  const summary = descendant(issue, (inner) => hasClass(inner, "summary"));
  const isUnknown =
    (summary && saysLoading(summary)) ||
    descendant(
      issue,
      (inner) =>
        hasClass(inner, "static-oauth-init") ||
        (hasClass(inner, "issue-placeholder") && /\S/.test(beginningOf(inner, 1))),
    );
  if (!isUnknown) return;
  const key =
    descendant(issue, (inner) => hasClass(inner, "jira-issue-key")) ??
    descendant(issue, (inner) => inner.name === "a") ??
    null;
  issue.children = key ? [key] : [attribute(issue, "data-jira-key")];
}

/** Text in braces that was taken for a macro: `Unknown macro: {BUILD_ID}`. */
function keepUnknownMacro(element: MarkupElement): void {
  const name = unknownMacro(element);
  if (name !== null) element.children = [`{${name}}`];
}
