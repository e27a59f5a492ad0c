import { describe, expect, test } from "vitest";
import { readPage } from "#shared/markdown/read-page.ts";
import { KNOWN_MACROS } from "#shared/markdown/elements/macro-rules.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";

/** One kind of macro: its names, a macro's inside, what becomes of it, whether its rendered body is needed as well. */
type Kind = { names: string; inside: string; markdown: string; rendered?: boolean };

const parameter = (name: string, value: string): string =>
  `<ac:parameter ac:name="${name}">${value}</ac:parameter>`;
const rich = "<ac:rich-text-body><p>body</p></ac:rich-text-body>";
const plain = "<ac:plain-text-body><![CDATA[a -> b]]></ac:plain-text-body>";
const secret = parameter("secret", "Parameter");

/** The macros that occur on real pages (exports of Confluence 3.4 to 9 and of Cloud, what publishers write), by kind. */
const KINDS: Record<string, Kind> = {
  "code blocks": {
    names: "code paste-code-macro code-block",
    inside: parameter("language", "java") + parameter("title", "T") + plain,
    markdown: "**T**\n\n```java\na -> b\n```",
  },
  "verbatim text": { names: "noformat", inside: secret + plain, markdown: "```\na -> b\n```" },
  notes: { names: "info", inside: parameter("title", "T") + rich, markdown: "> [!NOTE]\n> **T**\n>\n> body" },
  "important notes": { names: "note", inside: rich, markdown: "> [!IMPORTANT]\n> body" },
  tips: { names: "tip", inside: rich, markdown: "> [!TIP]\n> body" },
  warnings: { names: "warning", inside: rich, markdown: "> [!WARNING]\n> body" },
  panels: { names: "panel", inside: parameter("title", "T") + rich, markdown: "> **T**\n>\n> body" },
  alerts: { names: "alert", inside: parameter("type", "Error") + rich, markdown: "> [!CAUTION]\n> body" },
  "boxes with a title": {
    names:
      "expand ui-expand ui-step ui-tab lozenge auitabspage horizontalnavpage tab-pane aui-expand card ui-text-box rounded-box",
    inside: secret + parameter("title", "T") + rich,
    markdown: "**T**\n\nbody",
  },
  containers: {
    names:
      "excerpt details section column toc-zone div span center ui-steps ui-tabs show-if hide-if sv-translation scroll-ignore " +
      "scroll-only scroll-title scroll-landscape scroll-portrait scroll-pdf-ignore scroll-pdf-only scroll-ignore-inline " +
      "scroll-only-inline scroll-pdf-ignore-inline convertedtoblock multiexcerpt multiexcerpt-macro footnote " +
      "numberedheadings deck auitabs tabs-group tabs-container horizontalnav bgcolor color highlight align cloak " +
      "table-filter table-joiner table-plus table-transformer pivot-table chart chart-from-table tasklist clickable " +
      "private-content shared-block",
    inside: secret + rich,
    markdown: "body",
  },
  "passages in a language": {
    names:
      "english english-us canadian-en french canadian-fr german spanish portuguese portuguese-br italian dutch danish " +
      "swedish norwegian norwegian-nb finnish icelandic irish welsh polish czech slovak slovenian croatian serbian bosnian " +
      "hungarian romanian bulgarian greek turkish russian ukrainian belarusian latvian lithuanian estonian catalan maltese " +
      "albanian macedonian hebrew arabic persian hindi thai vietnamese indonesian malay chinese chinese-tw japanese korean",
    inside: rich,
    markdown: "body",
  },
  "navigation and ornament": {
    names:
      "anchor toc livesearch pagetreesearch create-from-template create-space-button recently-updated recently-used-labels " +
      "recently-updated-dashboard contributors contributors-summary change-history popular-labels related-labels favpages " +
      "network profile profile-picture navmap global-reports spaces spacejump gadget im search floatmenu scroll-pagebreak " +
      "scroll-exportbutton scroll-bookmark scroll-indexterm scroll-pagetitle scroll-tablelayout display-footnotes " +
      "composition-setup toggle-cloak viewtracker voting-macro like-macro",
    inside: secret + parameter("", "here"),
    markdown: "",
  },
  "what other pages hold": {
    names:
      "children pagetree contentbylabel detailssummary tasks-report-macro content-by-user blog-posts listlabels index " +
      "attachments space-attachments gallery excerpt-list page-properties-report contentbyuser status-list roadmap " +
      "table-excerpt-include multiexcerpt-include multiexcerpt-include-macro include-shared-block scroll-content-block " +
      "space-details cite-summary ui-children page-info userlister team calendar confiform sql sql-query csv excel " +
      "markdown-from-url",
    inside: secret,
    markdown: "",
    rendered: true,
  },
  "included pages": {
    names: "include excerpt-include",
    inside: parameter("", '<ac:link><ri:page ri:content-title="Other" ri:space-key="K" /></ac:link>'),
    markdown: "[Other](https://wiki.example/display/K/Other)",
    rendered: true,
  },
  issues: {
    names: "jira jiraissues",
    inside: parameter("server", "Jira") + parameter("key", "AB-1"),
    markdown: "AB-1",
    rendered: true,
  },
  files: {
    names:
      "view-file viewfile viewxls viewdoc viewppt viewpdf multimedia gliffy balsamiq mockup lucidchart swagger-open-api " +
      "swagger-integration openapi pdf office-word office-excel office-powerpoint",
    inside: secret + parameter("name", '<ri:attachment ri:filename="a b.pdf" />'),
    markdown: "[a b.pdf](https://wiki.example/download/a%20b.pdf)",
  },
  diagrams: {
    names: "drawio drawio-sketch inc-drawio",
    inside: parameter("diagramName", "flow") + parameter("width", "700"),
    markdown: "[flow](https://wiki.example/download/flow)",
  },
  PlantUML: {
    names: "plantuml plantumlcloud plantumlrender",
    inside: plain,
    markdown: "```plantuml\na -> b\n```",
  },
  Mermaid: {
    names: "mermaid mermaid-cloud mermaid-macro",
    inside: plain,
    markdown: "```mermaid\na -> b\n```",
  },
  Graphviz: { names: "graphviz", inside: plain, markdown: "```dot\na -> b\n```" },
  HTML: { names: "html", inside: plain, markdown: "```html\na -> b\n```" },
  "style sheets": { names: "style", inside: plain, markdown: "```css\na -> b\n```" },
  Markdown: { names: "markdown", inside: plain, markdown: "```markdown\na -> b\n```" },
  "formulas in a line": {
    names: "mathinline latex-inline eazy-math-inline easy-math-inline",
    inside: parameter("body", "a_1"),
    markdown: "`a_1`",
  },
  formulas: {
    names: "mathblock mathdisplay latex easy-math-block eazy-math-block",
    inside: "<ac:plain-text-body><![CDATA[a_1]]></ac:plain-text-body>",
    markdown: "```latex\na_1\n```",
  },
  lozenges: {
    names: "status",
    inside: parameter("colour", "Green") + parameter("title", "DONE"),
    markdown: "DONE",
  },
  "statuses of a list": { names: "status-handy", inside: parameter("status", "DONE"), markdown: "DONE" },
  dates: { names: "date", inside: parameter("date", "2025-01-02"), markdown: "2025-01-02" },
  "embedded addresses": {
    names: "widget iframe html-include",
    inside: parameter("url", '<ri:url ri:value="https://v.example/1" />'),
    markdown: "<https://v.example/1>",
  },
  redirections: {
    names: "redirect",
    inside: parameter("location", "https://v.example/1"),
    markdown: "<https://v.example/1>",
  },
  buttons: {
    names: "button ui-button button-hyperlink aui-button",
    inside: parameter("title", "Go") + parameter("url", "https://v.example/1"),
    markdown: "[Go](https://v.example/1)",
  },
};
const RENDERED_TOO = new Set(["html-include"]);

const NAMES = Object.entries(KINDS).flatMap(([kind, { names, ...rest }]) =>
  names.split(" ").map((name) => ({ kind, name, ...rest })),
);
const markdownOf = (body: string): string =>
  readPage({ format: "storage", value: body }).toMarkdown(resolver).markdown;

describe.each(NAMES)("$name ($kind)", ({ name, inside, markdown, rendered = false }) => {
  const macro = `<ac:structured-macro ac:name="${name}" ac:schema-version="1" ac:macro-id="7">${inside}</ac:structured-macro>`;

  test("has a rule, which makes of it what its kind says, and no text is lost", () => {
    expect(KNOWN_MACROS).toContain(name);
    expect(readPage({ format: "storage", value: macro }).toMarkdown(resolver)).toEqual({
      markdown,
      textLost: null,
    });
  });

  test("its form of Confluence 3 and 4, and its name in capitals, say the same", () => {
    const old = inside.replace(
      /<ac:parameter ac:name="">([\s\S]*?)<\/ac:parameter>/,
      "<ac:default-parameter>$1</ac:default-parameter>",
    );
    expect(markdownOf(`<ac:macro ac:name="${name}">${old}</ac:macro>`)).toBe(markdown);
    expect(markdownOf(`<ac:macro ac:name="${name.toUpperCase()}">${old}</ac:macro>`)).toBe(markdown);
  });

  test("needs the rendered body or not", () => {
    const needs = rendered || RENDERED_TOO.has(name);
    expect(readPage({ format: "storage", value: macro }).macrosToRender).toEqual(needs ? [name] : []);
  });
});

test.each(["somebodys-macro", "testsimplemacro", "macroName", "not-a-real-macro"])(
  "%s, which nobody knows, keeps its body and never its parameters",
  (name) => {
    const macro = (inside: string): string =>
      `<ac:structured-macro ac:name="${name}">${inside}</ac:structured-macro>`;
    expect(markdownOf(macro(secret + rich))).toBe("body");
    expect(markdownOf(macro(secret + plain))).toBe("```\na -> b\n```");
    expect(markdownOf(macro(secret))).toBe("");
    expect(readPage({ format: "storage", value: macro(secret + rich) }).macrosToRender).toEqual([]);
    expect(readPage({ format: "storage", value: macro(secret) }).macrosToRender).toEqual([name]);
  },
);
