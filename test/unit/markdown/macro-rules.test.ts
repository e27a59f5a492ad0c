import { describe, expect, it } from "vitest";
import * as names from "#shared/markdown/elements/macro-names.ts";
import { KNOWN_MACROS } from "#shared/markdown/elements/macro-rules.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";

/** One kind of macro: its names, a macro's inside, what becomes of it, whether its rendered body is needed as well. */
type Kind = { names: readonly string[]; inside: string; markdown: string; rendered?: boolean };

const parameter = (name: string, value: string): string =>
  `<ac:parameter ac:name="${name}">${value}</ac:parameter>`;
const rich = "<ac:rich-text-body><p>body</p></ac:rich-text-body>";
const plain = "<ac:plain-text-body><![CDATA[a -> b]]></ac:plain-text-body>";
const secret = parameter("secret", "Parameter");
const title = parameter("title", "T");

/** A new name in `macro-names.ts` is tried here by itself; a new kind needs an entry. */
const KINDS: Record<string, Kind> = {
  "code blocks": {
    names: names.CODE,
    inside: parameter("language", "java") + title + plain,
    markdown: "**T**\n\n```java\na -> b\n```",
  },
  "verbatim text": { names: ["noformat"], inside: secret + plain, markdown: "```\na -> b\n```" },
  notes: { names: ["info"], inside: title + rich, markdown: "> [!NOTE]\n> **T**\n>\n> body" },
  "important notes": { names: ["note"], inside: rich, markdown: "> [!IMPORTANT]\n> body" },
  tips: { names: ["tip"], inside: rich, markdown: "> [!TIP]\n> body" },
  warnings: { names: ["warning"], inside: rich, markdown: "> [!WARNING]\n> body" },
  panels: { names: ["panel"], inside: title + rich, markdown: "> **T**\n>\n> body" },
  alerts: { names: ["alert"], inside: parameter("type", "Error") + rich, markdown: "> [!CAUTION]\n> body" },
  "boxes with a title": {
    names: [...names.TITLED_BOXES, "expand", "card"],
    inside: secret + title + rich,
    markdown: "**T**\n\nbody",
  },
  containers: {
    names: [...names.BODY_ONLY, ...names.LANGUAGES, "ui-tabs", "ui-steps", "html"],
    inside: secret + rich,
    markdown: "body",
  },
  "navigation and ornament": {
    names: names.NO_CONTENT,
    inside: secret + parameter("", "here"),
    markdown: "",
  },
  "what other pages hold": { names: names.FROM_ELSEWHERE, inside: secret, markdown: "", rendered: true },
  "included pages": {
    names: ["include", "excerpt-include"],
    inside: parameter("", '<ac:link><ri:page ri:content-title="Other" ri:space-key="K" /></ac:link>'),
    markdown: "[Other](https://wiki.example/display/K/Other)",
    rendered: true,
  },
  issues: {
    names: ["jira", "jiraissues"],
    inside: parameter("server", "Jira") + parameter("key", "AB-1"),
    markdown: "AB-1",
    rendered: true,
  },
  files: {
    names: names.FILES,
    inside: secret + parameter("name", '<ri:attachment ri:filename="a b.pdf" />'),
    markdown: "[a b.pdf](https://wiki.example/download/a%20b.pdf)",
  },
  PlantUML: { names: names.PLANTUML, inside: plain, markdown: "```plantuml\na -> b\n```" },
  Mermaid: { names: names.MERMAID, inside: plain, markdown: "```mermaid\na -> b\n```" },
  Graphviz: { names: ["graphviz"], inside: plain, markdown: "```dot\na -> b\n```" },
  "style sheets": { names: ["style"], inside: plain, markdown: "```css\na -> b\n```" },
  Markdown: { names: ["markdown"], inside: plain, markdown: "a -> b" },
  "formulas in a line": {
    names: names.MATHS.filter((name) => name.includes("inline")),
    inside: parameter("body", "a_1"),
    markdown: "`a_1`",
  },
  formulas: {
    names: names.MATHS.filter((name) => !name.includes("inline")),
    inside: "<ac:plain-text-body><![CDATA[a_1]]></ac:plain-text-body>",
    markdown: "```latex\na_1\n```",
  },
  lozenges: {
    names: ["status"],
    inside: parameter("colour", "Green") + parameter("title", "DONE"),
    markdown: "DONE",
  },
  "statuses of a list": { names: ["status-handy"], inside: parameter("status", "DONE"), markdown: "DONE" },
  dates: { names: ["date"], inside: parameter("date", "2025-01-02"), markdown: "2025-01-02" },
  people: {
    names: names.PEOPLE,
    inside: secret + parameter("user", '<ri:user ri:account-id="5b" />'),
    markdown: "@Person 5b",
  },
  footnotes: { names: names.FOOTNOTES, inside: rich, markdown: "(body)" },
  "embedded addresses": {
    names: ["widget", "iframe"],
    inside: parameter("url", '<ri:url ri:value="https://v.example/1" />'),
    markdown: "<https://v.example/1>",
  },
  "included HTML": {
    names: ["html-include"],
    inside: parameter("url", '<ri:url ri:value="https://v.example/1" />'),
    markdown: "<https://v.example/1>",
    rendered: true,
  },
  redirections: {
    names: ["redirect"],
    inside: parameter("location", "https://v.example/1"),
    markdown: "<https://v.example/1>",
  },
  buttons: {
    names: names.BUTTONS,
    inside: parameter("title", "Go") + parameter("url", "https://v.example/1"),
    markdown: "[Go](https://v.example/1)",
  },
};

const NAMES = Object.entries(KINDS).flatMap(([kind, { names: ofKind, ...rest }]) =>
  ofKind.map((name) => ({ kind, name, ...rest })),
);

it("the tests cover every macro that has a rule", () => {
  expect(NAMES.map(({ name }) => name).sort()).toEqual([...KNOWN_MACROS].sort());
});

const markdownOf = (body: string): string =>
  readPage({ format: "storage", value: body }).toMarkdown(resolver).markdown;

describe.each(NAMES)("$name ($kind)", ({ name, inside, markdown, rendered = false }) => {
  const macro = `<ac:structured-macro ac:name="${name}" ac:schema-version="1" ac:macro-id="7">${inside}</ac:structured-macro>`;

  it("a macro is converted as its kind requires, and no text is lost", () => {
    expect(readPage({ format: "storage", value: macro }).toMarkdown(resolver)).toMatchObject({
      markdown,
      textLost: null,
    });
  });

  it("a macro's form of Confluence 3 and 4, and its name in capitals, are converted alike", () => {
    const old = inside.replace(
      /<ac:parameter ac:name="">([\s\S]*?)<\/ac:parameter>/,
      "<ac:default-parameter>$1</ac:default-parameter>",
    );
    expect(markdownOf(`<ac:macro ac:name="${name}">${old}</ac:macro>`)).toBe(markdown);
    expect(markdownOf(`<ac:macro ac:name="${name.toUpperCase()}">${old}</ac:macro>`)).toBe(markdown);
  });

  it("a macro needs the rendered body or not, as its kind requires", () => {
    expect(readPage({ format: "storage", value: macro }).macrosToRender).toEqual(rendered ? [name] : []);
  });
});

it.each(["somebodys-macro", "testsimplemacro", "macroName", "not-a-real-macro"])(
  "the unknown macro %s keeps its body and never its parameters",
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
