import type { MACRO_KINDS } from "#shared/markdown/elements/macro-rules.ts";

/** A macro's inside, what becomes of it, whether its rendered body is needed as well. */
type Example = { inside: string; markdown: string; rendered?: boolean };

const parameter = (name: string, value: string): string =>
  `<ac:parameter ac:name="${name}">${value}</ac:parameter>`;
export const rich = "<ac:rich-text-body><p>body</p></ac:rich-text-body>";
export const plain = "<ac:plain-text-body><![CDATA[a -> b]]></ac:plain-text-body>";
export const secret = parameter("secret", "Parameter");
const title = parameter("title", "T");

/**
 * One example of each kind of macro. It is tried with every name of the kind, and what becomes of it counts in the representation
 * revision.
 */
export const MACRO_EXAMPLES: Record<keyof typeof MACRO_KINDS, Example> = {
  "code blocks": {
    inside: parameter("language", "java") + title + plain,
    markdown: "**T**\n\n```java\na -> b\n```",
  },
  "verbatim text": { inside: secret + plain, markdown: "```\na -> b\n```" },
  notes: { inside: title + rich, markdown: "> [!NOTE]\n> **T**\n>\n> body" },
  "important notes": { inside: rich, markdown: "> [!IMPORTANT]\n> body" },
  tips: { inside: rich, markdown: "> [!TIP]\n> body" },
  warnings: { inside: rich, markdown: "> [!WARNING]\n> body" },
  panels: { inside: title + rich, markdown: "> **T**\n>\n> body" },
  alerts: { inside: parameter("type", "Error") + rich, markdown: "> [!CAUTION]\n> body" },
  "boxes with a title": {
    inside: secret + title + rich,
    markdown: "**T**\n\nbody",
  },
  languages: { inside: secret + rich, markdown: "body" },
  "expandable boxes": { inside: secret + title + rich, markdown: "**T**\n\nbody" },
  cards: { inside: secret + title + rich, markdown: "**T**\n\nbody" },
  containers: {
    inside: secret + rich,
    markdown: "body",
  },
  "navigation and ornament": {
    inside: secret + parameter("", "here"),
    markdown: "",
  },
  "content from elsewhere": { inside: secret, markdown: "", rendered: true },
  "included pages": {
    inside: parameter("", '<ac:link><ri:page ri:content-title="Other" ri:space-key="K" /></ac:link>'),
    markdown: "[Other](https://wiki.example/display/K/Other)",
    rendered: true,
  },
  issues: {
    inside: parameter("server", "Jira") + parameter("key", "AB-1"),
    markdown: "AB-1",
    rendered: true,
  },
  files: {
    inside: secret + parameter("name", '<ri:attachment ri:filename="a b.pdf" />'),
    markdown: "[a b.pdf](https://wiki.example/download/a%20b.pdf)",
  },
  PlantUML: { inside: plain, markdown: "```plantuml\na -> b\n```" },
  Mermaid: { inside: plain, markdown: "```mermaid\na -> b\n```" },
  Graphviz: { inside: plain, markdown: "```dot\na -> b\n```" },
  "style sheets": { inside: plain, markdown: "```css\na -> b\n```" },
  Markdown: { inside: plain, markdown: "a -> b" },
  "formulas in a line": {
    inside: parameter("body", "a_1"),
    markdown: "`a_1`",
  },
  formulas: {
    inside: "<ac:plain-text-body><![CDATA[a_1]]></ac:plain-text-body>",
    markdown: "```latex\na_1\n```",
  },
  lozenges: {
    inside: parameter("colour", "Green") + parameter("title", "DONE"),
    markdown: "DONE",
  },
  "statuses of a list": { inside: parameter("status", "DONE"), markdown: "DONE" },
  dates: { inside: parameter("date", "2025-01-02"), markdown: "2025-01-02" },
  people: {
    inside: secret + parameter("user", '<ri:user ri:account-id="5b" />'),
    markdown: "@Person 5b",
  },
  footnotes: { inside: rich, markdown: "(body)" },
  "embedded widgets": {
    inside: parameter("url", '<ri:url ri:value="https://v.example/1" />'),
    markdown: "<https://v.example/1>",
  },
  "embedded addresses": {
    inside: parameter("url", '<ri:url ri:value="https://v.example/1" />'),
    markdown: "<https://v.example/1>",
  },
  "included HTML": {
    inside: parameter("url", '<ri:url ri:value="https://v.example/1" />'),
    markdown: "<https://v.example/1>",
    rendered: true,
  },
  redirections: {
    inside: parameter("location", "https://v.example/1"),
    markdown: "<https://v.example/1>",
  },
  buttons: {
    inside: parameter("title", "Go") + parameter("url", "https://v.example/1"),
    markdown: "[Go](https://v.example/1)",
  },
};
