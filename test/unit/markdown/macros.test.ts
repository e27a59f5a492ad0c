import { describe, expect, it } from "vitest";
import { readPage } from "#shared/markdown/read-page.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";

const parameter = (name: string, value: string): string =>
  `<ac:parameter ac:name="${name}">${value}</ac:parameter>`;
const macro = (name: string, inner = ""): string =>
  `<ac:structured-macro ac:name="${name}" ac:schema-version="1" ac:macro-id="id">${inner}</ac:structured-macro>`;
const rich = (inner: string): string => `<ac:rich-text-body>${inner}</ac:rich-text-body>`;
const plain = (inner: string): string => `<ac:plain-text-body><![CDATA[${inner}]]></ac:plain-text-body>`;
const markdown = (body: string): string =>
  readPage({ format: "storage", value: body }).toMarkdown(resolver).markdown;
const file = (name: string): string => parameter("name", `<ri:attachment ri:filename="${name}" />`);

/** Storage in, Markdown out, one kind of macro each. */
const CONVERSIONS: [string, string, string][] = [
  [
    "code keeps language, title and lines",
    macro(
      "code",
      parameter("language", "c#") +
        parameter("title", "Main") +
        parameter("linenumbers", "true") +
        plain("a < b\n\tc[1] * 2"),
    ),
    "**Main**\n\n```csharp\na < b\n\tc[1] * 2\n```",
  ],
  [
    "code may hold the end of a CDATA section and fences",
    macro("code", `<ac:plain-text-body><![CDATA[x]]]]><![CDATA[>y\n\`\`\`\nz]]></ac:plain-text-body>`),
    "````\nx]]>y\n```\nz\n````",
  ],
  [
    "code of Confluence 4",
    '<ac:macro ac:name="code"><ac:default-parameter>SQL</ac:default-parameter><ac:plain-text-body><![CDATA[select 1]]></ac:plain-text-body></ac:macro>',
    "```sql\nselect 1\n```",
  ],
  ["noformat", macro("noformat", plain("a  b")), "```\na  b\n```"],
  [
    "info",
    macro("info", parameter("title", "Heads up") + rich("<p>read</p>")),
    "> [!NOTE]\n> **Heads up**\n>\n> read",
  ],
  ["note", macro("note", rich("<p>read</p>")), "> [!IMPORTANT]\n> read"],
  ["tip", macro("tip", rich("<p>read</p>")), "> [!TIP]\n> read"],
  [
    "warning, nested in a panel",
    macro("panel", parameter("title", "Box") + rich(macro("warning", rich("<p>hot</p>")))),
    "> **Box**\n>\n> > [!WARNING]\n> > hot",
  ],
  [
    "panel of the new editor",
    '<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">error</ac:adf-attribute><ac:adf-content><p>no</p></ac:adf-content></ac:adf-node><ac:adf-fallback><p>no</p></ac:adf-fallback></ac:adf-extension>',
    "> [!CAUTION]\n> no",
  ],
  [
    "expand keeps its title",
    macro("expand", parameter("title", "More") + rich("<p>inside</p>")),
    "**More**\n\ninside",
  ],
  ["excerpt", macro("excerpt", parameter("hidden", "true") + rich("<p>short</p>")), "short"],
  ["details", macro("details", rich("<p>owner</p>")), "owner"],
  [
    "status",
    `<p>is ${macro("status", parameter("colour", "Green") + parameter("title", "DONE"))} now</p>`,
    "is DONE now",
  ],
  ["jira", `<p>${macro("jira", parameter("server", "S") + parameter("key", "AB-1"))}</p>`, "AB-1"],
  [
    "anchor and toc say nothing",
    `<h1>${macro("anchor", parameter("", "top"))}A</h1>${macro("toc", parameter("maxLevel", "2"))}<p>b</p>`,
    "# A\n\nb",
  ],
  [
    "include links to the page",
    `<p>${macro("include", parameter("", '<ac:link><ri:page ri:content-title="Other" ri:space-key="K" /></ac:link>'))}</p>`,
    "[Other](https://wiki.example/display/K/Other)",
  ],
  [
    "sections and columns in reading order",
    macro(
      "section",
      rich(
        macro("column", parameter("width", "50%") + rich("<p>left</p>")) +
          macro("column", rich("<p>right</p>")),
      ),
    ),
    "left\n\nright",
  ],
  [
    "view-file links to the file",
    `<p>${macro("view-file", file("a b.pdf") + parameter("height", "250"))}</p>`,
    "[a b.pdf](https://wiki.example/download/a%20b.pdf)",
  ],
  [
    "drawio links to the diagram",
    macro("drawio", parameter("diagramName", "flow") + parameter("revision", "7")),
    "[flow](https://wiki.example/download/flow)",
  ],
  ["plantuml keeps its source", macro("plantuml", plain("A -> B")), "```plantuml\nA -> B\n```"],
  ["mermaid keeps its source", macro("mermaid-macro", plain("graph TD")), "```mermaid\ngraph TD\n```"],
  [
    "maths in a line and as a block",
    `<p>${macro("eazy-math-inline", parameter("body", "a_1"))}</p>${macro("easy-math-block", parameter("body", "b^2"))}`,
    "`a_1`\n\n```latex\nb^2\n```",
  ],
  [
    "html is what it shows",
    macro("html", plain("<h2>Hours</h2><p>9&ndash;5 <b>x</b></p><script>var a;</script>")),
    "## Hours\n\n9–5 **x**",
  ],
  [
    "widget is a link",
    macro("widget", parameter("url", '<ri:url ri:value="https://v.example/1" />')),
    "<https://v.example/1>",
  ],
  [
    "unknown macros keep their body, never their parameters",
    macro("acme-box", parameter("secret", "hunter2") + rich("<p>kept</p>")),
    "kept",
  ],
  [
    "tasks with assignee and date",
    '<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>ask <ac:link><ri:user ri:account-id="5b" /></ac:link> by <time datetime="2025-01-02" /></ac:task-body></ac:task><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body>rest</ac:task-body></ac:task></ac:task-list>',
    "- [x] ask @Person 5b by 2025-01-02\n- [ ] rest",
  ],
  [
    "emoticons as Unicode",
    '<p><ac:emoticon ac:name="tick" /> <ac:emoticon ac:name="x" ac:emoji-fallback="🙂" /></p>',
    "✅ 🙂",
  ],
  [
    "inline comments leave the text",
    '<p>a <ac:inline-comment-marker ac:ref="r">b</ac:inline-comment-marker></p>',
    "a b",
  ],
  [
    "images with caption",
    '<ac:image ac:alt="Alt"><ri:attachment ri:filename="p.png" /><ac:caption><p>Look</p></ac:caption></ac:image>',
    "![Alt](https://wiki.example/download/p.png)\n\n*Look*",
  ],
  [
    "links to pages, anchors, files",
    '<p><ac:link ac:anchor="x"><ri:page ri:content-title="P" /><ac:plain-text-link-body><![CDATA[a & b]]></ac:plain-text-link-body></ac:link> <ac:link><ri:attachment ri:filename="f.txt" /></ac:link> <ac:link ac:anchor="h" /></p>',
    "[a & b](https://wiki.example/display/-/P#x) [f.txt](https://wiki.example/download/f.txt) [h](#h)",
  ],
  [
    "links in preformatted text keep their targets, below it",
    '<pre>see <a href="https://a.example/x">the guide</a>\n  or <a href="https://b.example/">https://b.example/</a></pre>',
    "```\nsee the guide\n  or https://b.example/\n```\n\n[the guide](https://a.example/x)",
  ],
  [
    "layouts in reading order",
    "<ac:layout><ac:layout-section><ac:layout-cell><p>1</p></ac:layout-cell><ac:layout-cell><p>2</p></ac:layout-cell></ac:layout-section></ac:layout>",
    "1\n\n2",
  ],
];

describe("storage", () => {
  it.each(CONVERSIONS)("storage conversion: %s", (_name, body, expected) => {
    expect(markdown(body)).toBe(expected);
  });

  it("spans of cells are repeated, lists and code in cells keep their structure", () => {
    const body = `<table><tbody><tr><th>A</th><th colspan="2">B</th></tr><tr><td rowspan="2">x|y</td><td><ul><li>1</li></ul></td><td>${macro("code", parameter("language", "java") + plain("a;\nb_c;"))}</td></tr><tr><td><p>p</p><p>q</p></td><td></td></tr></tbody></table>`;
    expect(markdown(body)).toBe(
      "| A | B | B |\n| --- | --- | --- |\n| x\\|y | <ul><li>1</li></ul> | `a;`<br>`b_c;` |\n| x\\|y | p<br>q |  |",
    );
  });

  it.each(["include", "excerpt-include", "jira", "children", "contentbylabel", "detailssummary", "acme-box"])(
    "%s needs the rendered body",
    (name) =>
      expect(
        readPage({ format: "storage", value: `<p>${macro(name)}${macro(name)}</p>` }).macrosToRender,
      ).toEqual([name]),
  );

  it("macros whose content is in the storage need no rendered body, nor do names inside code", () => {
    const inCode = macro("code", plain('<ac:structured-macro ac:name="children" />'));
    expect(
      readPage({ format: "storage", value: inCode + macro("toc") + macro("acme-box", rich("<p/>")) })
        .macrosToRender,
    ).toEqual([]);
  });
});
