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

const { blocks } = fc.letrec<{ inline: string; phrase: string; block: string; blocks: string }>((tie) => ({
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
    ),
    tie("inline").map((inner) => `<ac:inline-comment-marker ac:ref="r">${inner}</ac:inline-comment-marker>`),
  ),
  inline: fc.array(tie("phrase"), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("")),
  block: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie("inline").map((inner) => `<p>${inner}</p>`),
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
      .map(
        ([status, inner]) =>
          `<ac:task-list><ac:task><ac:task-id>7</ac:task-id><ac:task-status>${status}</ac:task-status><ac:task-body>${inner}</ac:task-body></ac:task></ac:task-list>`,
      ),
    fc.constant("<hr/>"),
  ),
  blocks: fc.array(tie("block"), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("")),
}));

/** Bodies in the storage format, well-formed, with every kind of content nested in every other. */
export const storageBody: fc.Arbitrary<string> = fc
  .array(blocks, { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join("\n"));
