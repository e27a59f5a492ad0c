import { appendFootnote, appendPeople, attachmentLink } from "./macro-content.ts";
import { code, diagram, formula, inlineFormula, markdown, noFormat } from "./code-macros.ts";
import {
  alert,
  body,
  box,
  button,
  includePage,
  jira,
  link,
  lozenge,
  type MacroRule,
  panel,
  statusText,
} from "./macro-rule.ts";
import { parameter } from "./macro.ts";

/**
 * What each macro becomes: kinds of macros, with their names in lower case and their rule. A name is in one kind only. A rule is
 * `convert: (macro, target, build) => …`, which writes what the storage body holds, or a helper of macro-rule.ts; `packedSource`
 * decodes the source of a diagram. `rendered: true`: what the macro shows comes from elsewhere, so Confluence's rendering is fetched
 * and replaces it. Macros that are not named here are converted by `UNKNOWN` in convert-macro.ts. A kind needs its Markdown in
 * test/unit/markdown/macro-examples.ts, of which a test tries every name; a change needs the two values in
 * representation-revision.ts that its test prints. How to write a rule: infra/extending.md#a-macro.
 */
export const MACRO_KINDS = {
  /** Macros that show content of other pages, or of no page at all: from the rendered body or not at all. */
  "content from elsewhere": {
    names: `
      children pagetree contentbylabel detailssummary tasks-report-macro content-by-user blog-posts listlabels index attachments
      space-attachments gallery excerpt-list page-properties-report contentbyuser status-list roadmap table-excerpt-include
      decisionreport multiexcerpt-include multiexcerpt-include-macro include-shared-block scroll-content-block space-details cite-summary
      ui-children page-info userlister team calendar confiform sql sql-query csv excel markdown-from-url`,
    ...body,
    rendered: true,
  },
  /** Without content of the page. Their bodies, if any, are kept. */
  "navigation and ornament": {
    names: `
      anchor toc livesearch pagetreesearch create-from-template create-space-button recently-updated recently-used-labels
      recently-updated-dashboard contributors contributors-summary change-history popular-labels related-labels favpages network
      html-comment htmlcomment navmap global-reports spaces spacejump gadget im search floatmenu scroll-pagebreak
      scroll-exportbutton scroll-bookmark scroll-indexterm scroll-pagetitle scroll-tablelayout display-footnotes
      composition-setup toggle-cloak viewtracker voting-macro like-macro`,
    ...body,
  },
  /** Their body is content of the page, however it is displayed. */
  containers: {
    names: `
      excerpt details section column toc-zone div span center show-if hide-if sv-translation scroll-ignore scroll-only scroll-title
      scroll-landscape scroll-portrait scroll-pdf-ignore scroll-pdf-only scroll-ignore-inline scroll-only-inline
      scroll-pdf-ignore-inline convertedtoblock multiexcerpt multiexcerpt-macro numberedheadings deck auitabs
      tabs-group tabs-container horizontalnav bgcolor color highlight align cloak table-filter table-joiner table-plus
      table-transformer pivot-table clickable private-content shared-block localtabgroup
      ui-tabs ui-steps html`,
    ...body,
  },
  /** Passages in one of a page's languages (Language Manager and the like name their macros after them). */
  languages: {
    names: `
      english english-us canadian-en french canadian-fr german spanish portuguese portuguese-br italian dutch danish swedish
      norwegian norwegian-nb finnish icelandic irish welsh polish czech slovak slovenian croatian serbian bosnian hungarian
      romanian bulgarian greek turkish russian ukrainian belarusian latvian lithuanian estonian catalan maltese albanian
      macedonian hebrew arabic persian hindi thai vietnamese indonesian malay chinese chinese-tw japanese korean`,
    ...body,
  },
  "boxes with a title": {
    names: `
      ui-expand ui-step ui-tab lozenge auitabspage horizontalnavpage tab-pane aui-expand ui-text-box rounded-box localtab
      chart chart-from-table tasklist`,
    ...box("title", "label"),
  },
  "expandable boxes": {
    names: "expand",
    ...box("title", ""),
  },
  cards: {
    names: "card",
    ...box("label", "title"),
  },
  /** Files shown in the page: a link to the attachment. */
  files: {
    names: `
      view-file viewfile viewxls viewdoc viewppt viewpdf multimedia drawio drawio-sketch inc-drawio gliffy balsamiq mockup
      lucidchart swagger-open-api swagger-integration openapi pdf office-word office-excel office-powerpoint`,
    convert: attachmentLink,
  },
  "code blocks": {
    names: "code paste-code-macro code-block",
    convert: code,
  },
  "verbatim text": {
    names: "noformat",
    convert: noFormat,
  },
  "formulas in a line": {
    names: "mathinline latex-inline eazy-math-inline easy-math-inline",
    convert: inlineFormula,
  },
  formulas: {
    names: "mathblock mathdisplay latex eazy-math-block easy-math-block",
    convert: formula,
  },
  Mermaid: {
    names: "mermaid mermaid-cloud mermaid-macro",
    convert: diagram("mermaid"),
  },
  PlantUML: {
    names: "plantuml plantumlcloud plantumlrender",
    convert: diagram("plantuml"),
  },
  Graphviz: {
    names: "graphviz",
    convert: diagram("dot"),
  },
  "style sheets": {
    names: "style",
    convert: diagram("css"),
  },
  Markdown: {
    names: "markdown",
    convert: markdown,
  },
  notes: {
    names: "info",
    ...panel("NOTE"),
  },
  "important notes": {
    names: "note",
    ...panel("IMPORTANT"),
  },
  tips: {
    names: "tip",
    ...panel("TIP"),
  },
  warnings: {
    names: "warning",
    ...panel("WARNING"),
  },
  panels: {
    names: "panel",
    ...panel(null),
  },
  /** Of the kind that the parameter `type` names. */
  alerts: {
    names: "alert",
    ...alert,
  },
  lozenges: {
    names: "status",
    ...lozenge(statusText),
  },
  "statuses of a list": {
    names: "status-handy",
    ...lozenge(statusText),
  },
  dates: {
    names: "date",
    ...lozenge((macro) => parameter(macro, "date")),
  },
  /** Pictures and cards of people: their names. */
  people: {
    names: "profile profile-picture user-profile userprofile",
    convert: appendPeople,
  },
  footnotes: {
    names: "footnote",
    convert: appendFootnote,
  },
  issues: {
    names: "jira jiraissues",
    ...jira,
  },
  "included pages": {
    names: "include excerpt-include",
    ...includePage,
  },
  "embedded widgets": {
    names: "widget",
    ...link("url"),
  },
  "embedded addresses": {
    names: "iframe",
    ...link("src", "url"),
  },
  "included HTML": {
    names: "html-include",
    ...link("url"),
    rendered: true,
  },
  redirections: {
    names: "redirect",
    ...link("location", "url", ""),
  },
  buttons: {
    names: "button ui-button button-hyperlink aui-button",
    ...button,
  },
} as const satisfies Record<string, MacroRule & { names: string }>;

const RULES = new Map<string, MacroRule>(
  Object.values(MACRO_KINDS).flatMap((kind) => namesOf(kind).map((name) => [name, kind] as const)),
);

/** Names, in lower case, of the macros of a kind. */
export function namesOf(kind: { names: string }): string[] {
  return kind.names.split(/\s+/).filter((name) => name !== "");
}

/** Names, in lower case, of the macros with their own rule. */
export const KNOWN_MACROS: readonly string[] = [...RULES.keys()];

/** The rule of the macro with this name. */
export function knownRule(name: string): MacroRule | undefined {
  return RULES.get(name);
}
