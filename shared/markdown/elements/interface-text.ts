import { OPENED_BY_CLICK } from "#shared/markdown/parse/apply-styles.ts";
import {
  attribute,
  beginningOf,
  child,
  descendant,
  hasClass,
  type MarkupElement,
} from "#shared/markdown/parse/markup-tree.ts";

/**
 * Classes of what Confluence and its apps render for the reader to work with and not to read: tables of contents, tool bars,
 * areas to drop files on, what is shown while something loads, requests to log in.
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
    "comment-actions rate-macro copy-to-clipboard code-toolbar-item"
  ).split(" "),
);
/** Messages are recognized by as much of their text. */
const MAX_MESSAGE = 200;

const INTERFACE_PREFIX = /(?:^|\s)(?:attachment-summary|refresh-issues|plugin-attachments-dnd)[\w-]*/;
const HALF_INTERFACE = /(?:^|\s)(?:createlink|jira-issue|error|expand-control-text)(?:\s|$)/;
const HIDDEN = /(?:^|\s)(?:aui-)?hidden(?:\s|$)/;

/** Whether an element of these classes is interface, or may be. */
export function isInterfaceClass(classes: string): boolean {
  return isOnlyInterface(classes) || HALF_INTERFACE.test(classes);
}

function isOnlyInterface(classes: string): boolean {
  if (INTERFACE_PREFIX.test(classes) || classes.split(/\s+/).some((name) => INTERFACE.has(name))) return true;
  return HIDDEN.test(classes) && !OPENED_BY_CLICK.test(classes);
}

/** Takes out of a body what only the interface says. Changes the tree. */
export function dropInterfaceText(element: MarkupElement): void {
  let changed = false;
  for (const node of element.children) {
    if (typeof node === "string") continue;
    if (isInterface(node)) {
      changed = true;
      continue;
    }
    adapt(node);
    dropInterfaceText(node);
  }
  if (changed)
    element.children = element.children.filter((node) => typeof node === "string" || !isInterface(node));
}

function isInterface(element: MarkupElement): boolean {
  if (element.name.startsWith("ac:")) return false;
  if (element.name === "button" || attribute(element, "role") === "toolbar") return true;
  if (attribute(element, "data-macro-name") === "toc") return true;
  const classes = element.attributes.get("class");
  if (classes === undefined) return element.name === "div" && isNoExport(element);
  if (isOnlyInterface(classes)) return true;
  // What Confluence writes where nobody gave an expand a title.
  if (hasClass(element, "expand-control-text"))
    return /^\s*Click here to expand(?:\.\.\.|…)?\s*$/.test(beginningOf(element, MAX_MESSAGE));
  return hasClass(element, "error") && isErrorMessage(element);
}

/** What Confluence puts in the place of an app's macro that cannot be exported. */
function isNoExport(element: MarkupElement): boolean {
  const [text] = element.children;
  return (
    element.children.length === 1 &&
    typeof text === "string" &&
    /^\s*We (?:don['’]t|do not) have a way to export this macro\.?\s*$/.test(text)
  );
}

/** A macro that failed: `<div class="error"><span class="error">…</span> …</div>`. */
function isErrorMessage(element: MarkupElement): boolean {
  const text = beginningOf(element, MAX_MESSAGE);
  if (/^\s*Unknown macro:/.test(text)) return false;
  if (
    element.name === "div" &&
    child(element, "span") &&
    hasClass(child(element, "span") ?? element, "error")
  )
    return true;
  return /^\s*(?:Error (?:rendering|formatting) macro|Unable to (?:render|locate)|Could not (?:render|execute) macro)/i.test(
    text,
  );
}

/** What stays of what is half interface. */
function adapt(element: MarkupElement): void {
  // A link to the form that would make the page.
  if (element.name === "a" && hasClass(element, "createlink")) element.name = "span";
  else if (hasClass(element, "jira-issue")) keepKeyOfUnknownIssue(element);
  else if (hasClass(element, "error")) keepUnknownMacro(element);
}

/** Of an issue whose details were not there when the page was rendered, only the key is known. */
function keepKeyOfUnknownIssue(issue: MarkupElement): void {
  const summary = descendant(issue, (inner) => hasClass(inner, "summary"));
  const isUnknown =
    (summary && /^\s*Getting issue details/.test(beginningOf(summary, MAX_MESSAGE))) ||
    descendant(
      issue,
      (inner) =>
        hasClass(inner, "static-oauth-init") ||
        (hasClass(inner, "issue-placeholder") && /\S/.test(beginningOf(inner, MAX_MESSAGE))),
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
  const name = /^\s*Unknown macro:\s*['{]?\s*([^'{}\s][^'{}]*?)\s*['}]?\s*$/.exec(
    beginningOf(element, MAX_MESSAGE),
  )?.[1];
  if (name !== undefined) element.children = [`{${name}}`];
}
