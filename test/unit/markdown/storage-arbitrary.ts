import fc from "fast-check";

/** Text as people type it: words between characters that mean something in Markdown, HTML or XML. */
const text = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.stringMatching(/^[a-z]{1,7}$/) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          "Größe",
          "日本",
          "x_y_z",
          "C:\\dir",
          "a*b",
          "1.",
          "2)",
          "#",
          "##",
          "-",
          "+",
          "*",
          "**",
          "_",
          "__",
          "`",
          "``",
          "```",
          "~~",
          "~",
          "|",
          "||",
          "[",
          "]",
          "](",
          "[x]",
          "[^1]:",
          "!",
          "![",
          "<",
          "<b>",
          "</p>",
          "<!--",
          "&",
          "&amp;",
          "&#42;",
          ">",
          "\\",
          "\\\\",
          "===",
          "---",
          "$",
          "http://a.example/x_y",
          "\u00a0",
          ":",
          "a:",
          "end.",
        ),
      },
    ),
    { minLength: 1, maxLength: 6 },
  )
  .chain((parts) => fc.constantFrom(" ", " ", "").map((separator) => parts.join(separator)));

const escapeXml = (value: string): string =>
  value.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const xmlText = text.map(escapeXml);
const code = fc.oneof(
  text,
  fc.array(text, { maxLength: 5 }).map((lines) => lines.join("\n  ")),
);
const cdata = code.map((value) => `<![CDATA[${value.replace(/\]\]>/g, "]]]]><![CDATA[>")}]]>`);
const title = fc.stringMatching(/^[A-Z][a-z]{2,8}( [a-z_*]{1,8}){0,2}$/);
const macro = (name: string, inner: string): string =>
  `<ac:structured-macro ac:name="${name}" ac:schema-version="1">${inner}</ac:structured-macro>`;
const parameter = (name: string, value: string): string =>
  `<ac:parameter ac:name="${name}">${value}</ac:parameter>`;
const rich = (inner: string): string => `<ac:rich-text-body>${inner}</ac:rich-text-body>`;

const task = (status: string, inner: string): string =>
  `<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>${status}</ac:task-status><ac:task-body>${inner}</ac:task-body></ac:task></ac:task-list>`;
const span = fc.constantFrom(1, 1, 2, 3);
const inRows = (cells: readonly string[]): string =>
  cells.map((cell, index) => (index % 3 === 0 ? `${index > 0 ? "</tr>" : ""}<tr>${cell}` : cell)).join("") +
  "</tr>";
/** Macros that show their body and nothing else of their own. */
const BODY_MACROS = [
  "excerpt",
  "details",
  "section",
  "column",
  "toc-zone",
  "show-if",
  "sv-translation",
  "scroll-ignore",
  "ui-steps",
  "div",
  "include-shared-block",
];

const { blocks } = fc.letrec<{
  inline: string;
  phrase: string;
  block: string;
  blocks: string;
  cell: string;
}>((tie) => ({
  phrase: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    xmlText,
    fc
      .tuple(fc.constantFrom("strong", "em", "u", "s", "code", "span", "sup"), tie("inline"))
      .map(([name, inner]) => `<${name}>${inner}</${name}>`),
    tie("inline").map((inner) => `<a href="https://e.example/(a)?b=c&amp;d">${inner}</a>`),
    title.map((value) => `<ac:link><ri:page ri:content-title="${value}" /></ac:link>`),
    cdata.map(
      (value) =>
        `<ac:link><ri:page ri:content-title="T" /><ac:plain-text-link-body>${value}</ac:plain-text-link-body></ac:link>`,
    ),
    title.map((value) => macro("status", parameter("colour", "Green") + parameter("title", value))),
    fc.constantFrom(
      "<br/>",
      "<br/><br/>",
      "&nbsp;",
      '<time datetime="2025-01-02" />',
      '<ac:emoticon ac:name="tick" />',
      '<ac:emoticon ac:name="blue-star" ac:emoji-shortname=":x:" ac:emoji-id="1f642" ac:emoji-fallback="🙂" />',
      macro("anchor", parameter("", "here")),
      macro("jira", parameter("key", "AB-12") + parameter("server", "Jira")),
      '<ac:link><ri:user ri:account-id="5b1" /></ac:link>',
      '<ac:link ac:anchor="below" />',
      '<ac:image ac:width="12"><ri:url ri:value="https://e.example/p.png" /></ac:image>',
    ),
    fc
      .tuple(title, cdata)
      .map(
        ([value, body]) =>
          `<ac:link ac:anchor="a b"><ri:attachment ri:filename="${value}.txt"><ri:page ri:content-title="P" ri:space-key="K" /></ri:attachment><ac:plain-text-link-body>${body}</ac:plain-text-link-body></ac:link>`,
      ),
    tie("inline").map(
      (inner) =>
        `<ac:link><ri:page ri:content-title="T" ri:space-key="K" /><ac:link-body>${inner}</ac:link-body></ac:link>`,
    ),
    fc
      .tuple(fc.constantFrom("excerpt", "highlight-inline"), tie("inline"))
      .map(([name, inner]) => macro(name, rich(inner))),
    tie("inline").map((inner) => `<ac:inline-comment-marker ac:ref="r">${inner}</ac:inline-comment-marker>`),
  ),
  inline: fc.array(tie("phrase"), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("")),
  block: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie("inline").map((inner) => `<p>${inner}</p>`),
    tie("inline"),
    fc
      .tuple(fc.integer({ min: 1, max: 6 }), tie("inline"))
      .map(([level, inner]) => `<h${level}>${inner}</h${level}>`),
    fc
      .tuple(
        fc.constantFrom("ul", "ol"),
        fc.array(fc.oneof(tie("inline"), tie("blocks")), { minLength: 1, maxLength: 3 }),
      )
      .map(([name, items]) => `<${name}>${items.map((item) => `<li>${item}</li>`).join("")}</${name}>`),
    fc
      .array(
        fc.array(fc.oneof(tie("inline"), tie("blocks"), fc.constant("")), { minLength: 1, maxLength: 3 }),
        { minLength: 1, maxLength: 3 },
      )
      .map(
        (rows) =>
          `<table><tbody>${rows.map((row, index) => `<tr>${row.map((cell) => (index === 0 ? `<th>${cell}</th>` : `<td>${cell}</td>`)).join("")}</tr>`).join("")}</tbody></table>`,
      ),
    fc
      .tuple(fc.constantFrom("java", "c#", "none", ""), cdata)
      .map(([language, value]) =>
        macro("code", parameter("language", language) + `<ac:plain-text-body>${value}</ac:plain-text-body>`),
      ),
    fc
      .tuple(fc.constantFrom("info", "panel", "expand"), title, tie("blocks"))
      .map(([name, value, inner]) => macro(name, parameter("title", value) + rich(inner))),
    tie("blocks").map((inner) => macro("somebodys-macro", parameter("secret", "Parameter") + rich(inner))),
    tie("blocks").map((inner) => `<blockquote>${inner}</blockquote>`),
    tie("blocks").map(
      (inner) =>
        `<ac:layout><ac:layout-section ac:type="single"><ac:layout-cell>${inner}</ac:layout-cell></ac:layout-section></ac:layout>`,
    ),
    fc
      .tuple(fc.constantFrom("complete", "incomplete"), tie("inline"))
      .map(([status, inner]) => task(status, inner)),
    fc.constant("<hr/>"),
    fc
      .array(fc.tuple(span, span, tie("cell")), { minLength: 2, maxLength: 7 })
      .map(
        (cells) =>
          `<table>${inRows(cells.map(([columns, rows, inner]) => `<td colspan="${columns}" rowspan="${rows}">${inner}</td>`))}</table>`,
      ),
    fc
      .tuple(tie("inline"), tie("blocks"))
      .map(([inner, nested]) => `<ul><li><p>${inner}</p>${nested}</li></ul>`),
    fc
      .tuple(tie("inline"), tie("blocks"))
      .map(([term, inner]) => `<dl><dt>${term}</dt><dd>${inner}</dd></dl>`),
    fc
      .tuple(fc.integer({ min: 0, max: 12 }), tie("inline"))
      .map(([start, inner]) => `<ol start="${start}"><li>${inner}</li><li>${inner}</li></ol>`),
    fc
      .tuple(fc.constantFrom("info", "note", "success", "warning", "error", "custom"), tie("blocks"))
      .map(
        ([kind, inner]) =>
          `<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">${kind}</ac:adf-attribute><ac:adf-content>${inner}</ac:adf-content></ac:adf-node><ac:adf-fallback>${macro("info", rich(inner))}</ac:adf-fallback></ac:adf-extension>`,
      ),
    fc
      .tuple(fc.constantFrom(...BODY_MACROS), tie("blocks"))
      .map(([name, inner]) => macro(name, parameter("class", "Parameter") + rich(inner))),
    fc
      .tuple(tie("inline"), tie("inline"))
      .map(([outer, inner]) => task("incomplete", `<span>${outer}</span>${task("complete", inner)}`)),
    cdata.map(
      (value) => `<ac:macro ac:name="noformat"><ac:plain-text-body>${value}</ac:plain-text-body></ac:macro>`,
    ),
    code.map((value) => `<pre>${escapeXml(value)}</pre>`),
    tie("inline").map(
      (inner) =>
        `<ac:image ac:alt="a [b]"><ri:attachment ri:filename="p.png" /><ac:caption><p>${inner}</p></ac:caption></ac:image>`,
    ),
    fc
      .tuple(fc.constantFrom("div", "section", "center"), tie("blocks"))
      .map(([name, inner]) => `<${name}>${inner}</${name}>`),
  ),
  cell: fc.oneof(tie("inline"), tie("blocks"), fc.constant("")),
  blocks: fc.array(tie("block"), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("")),
}));

/** Bodies in the storage format, well-formed, with every kind of content nested in every other. */
export const storageBody: fc.Arbitrary<string> = fc
  .array(blocks, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join("\n"));
