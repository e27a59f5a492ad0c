const names = (list: string): readonly string[] => list.split(/\s+/).filter((name) => name !== "");

/** Macros that show the content of other pages: from the rendered body or not at all. */
export const FROM_ELSEWHERE: readonly string[] = names(`
  children pagetree contentbylabel detailssummary tasks-report-macro content-by-user blog-posts listlabels index attachments
  space-attachments gallery excerpt-list page-properties-report contentbyuser status-list roadmap table-excerpt-include
  decisionreport multiexcerpt-include multiexcerpt-include-macro include-shared-block scroll-content-block space-details cite-summary
  ui-children page-info userlister team calendar confiform sql sql-query csv excel markdown-from-url
`);

/** Navigation and decoration without content of the page. Their bodies, if any, are kept. */
export const NO_CONTENT: readonly string[] = names(`
  anchor toc livesearch pagetreesearch create-from-template create-space-button recently-updated recently-used-labels
  recently-updated-dashboard contributors contributors-summary change-history popular-labels related-labels favpages network
  html-comment htmlcomment navmap global-reports spaces spacejump gadget im search floatmenu scroll-pagebreak
  scroll-exportbutton scroll-bookmark scroll-indexterm scroll-pagetitle scroll-tablelayout display-footnotes
  composition-setup toggle-cloak viewtracker voting-macro like-macro
`);

/** Containers and passages: their body is content of the page, however it is displayed. */
export const BODY_ONLY: readonly string[] = names(`
  excerpt details section column toc-zone div span center show-if hide-if sv-translation scroll-ignore scroll-only scroll-title
  scroll-landscape scroll-portrait scroll-pdf-ignore scroll-pdf-only scroll-ignore-inline scroll-only-inline
  scroll-pdf-ignore-inline convertedtoblock multiexcerpt multiexcerpt-macro numberedheadings deck auitabs
  tabs-group tabs-container horizontalnav bgcolor color highlight align cloak table-filter table-joiner table-plus
  table-transformer pivot-table clickable private-content shared-block localtabgroup
`);

/** Passages in one of a page's languages (Language Manager and the like name their macros after them). */
export const LANGUAGES: readonly string[] = names(`
  english english-us canadian-en french canadian-fr german spanish portuguese portuguese-br italian dutch danish swedish
  norwegian norwegian-nb finnish icelandic irish welsh polish czech slovak slovenian croatian serbian bosnian hungarian
  romanian bulgarian greek turkish russian ukrainian belarusian latvian lithuanian estonian catalan maltese albanian
  macedonian hebrew arabic persian hindi thai vietnamese indonesian malay chinese chinese-tw japanese korean
`);

/** Boxes with a title in the parameter `title` or `label`. */
export const TITLED_BOXES: readonly string[] = names(`
  ui-expand ui-step ui-tab lozenge auitabspage horizontalnavpage tab-pane aui-expand ui-text-box rounded-box localtab
  chart chart-from-table tasklist
`);

/** Files shown in the page: a link to the attachment. */
export const FILES: readonly string[] = names(`
  view-file viewfile viewxls viewdoc viewppt viewpdf multimedia drawio drawio-sketch inc-drawio gliffy balsamiq mockup
  lucidchart swagger-open-api swagger-integration openapi pdf office-word office-excel office-powerpoint
`);

/** Blocks of code, in the language that a parameter names. */
export const CODE: readonly string[] = names("code paste-code-macro code-block");

/** Formulas; those with `inline` in their name are inline. */
export const MATHS: readonly string[] = names(`
  mathinline mathblock mathdisplay latex-inline latex eazy-math-inline eazy-math-block easy-math-inline easy-math-block
`);

export const MERMAID: readonly string[] = names("mermaid mermaid-cloud mermaid-macro");
export const PLANTUML: readonly string[] = names("plantuml plantumlcloud plantumlrender");
export const BUTTONS: readonly string[] = names("button ui-button button-hyperlink aui-button");

/** Pictures and cards of people: their names. */
export const PEOPLE: readonly string[] = names("profile profile-picture user-profile userprofile");

/** Footnotes at a word in the text. */
export const FOOTNOTES: readonly string[] = names("footnote");
