import fc from "fast-check";
import { expect, it } from "vitest";
import { readPage } from "#shared/markdown/read-page.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";

const filled = (stored: string, rendered: string): string => {
  const page = readPage({ format: "storage", value: stored }).withRendered(rendered).toMarkdown(resolver);
  expect(page.textLost).toBeNull();
  return page.markdown;
};
const macro = (name: string, inner = "", id = ""): string =>
  `<ac:structured-macro ac:name="${name}"${id === "" ? "" : ` ac:macro-id="${id}"`}>${inner}</ac:structured-macro>`;
const source = macro(
  "mermaid",
  "<ac:plain-text-body><![CDATA[graph TD; Tank-->Pump]]></ac:plain-text-body>",
  "m1",
);
const hidden = macro(
  "details",
  '<ac:parameter ac:name="hidden">true</ac:parameter><ac:rich-text-body><table><tr><th>Owner</th><td>Ops</td></tr></table></ac:rich-text-body>',
);
const diagram = "```mermaid\ngraph TD; Tank-->Pump\n```";
const properties = "|  |  |\n| --- | --- |\n| **Owner** | Ops |";
const children = '<ul class="childpages-macro"><li><a href="https://w.example/1">Valves</a></li></ul>';
const extension = (type: string, latex: string): string =>
  `<ac:adf-extension><ac:adf-node type="${type}"><ac:adf-attribute key="extension-key">a/e/static/formula</ac:adf-attribute><ac:adf-attribute key="parameters"><ac:adf-parameter key="guest-params"><ac:adf-parameter key="latex">${latex}</ac:adf-parameter></ac:adf-parameter></ac:adf-attribute></ac:adf-node></ac:adf-extension>`;

it.each([
  [
    "by its id, beside sources and hidden properties that the rendering lacks",
    source + hidden + macro("children", "", "c1"),
    `<div class="ap-container" data-macro-name="mermaid" data-macro-id="m1"><img src="x.png"/></div><div data-macro-id="c1">${children}</div>`,
    `${diagram}\n\n${properties}\n\n- [Valves](https://w.example/1)`,
  ],
  [
    "by its name and order",
    macro("contentbylabel") + "<p>and</p>" + macro("contentbylabel"),
    '<div data-macro-name="contentbylabel"><p>One</p></div><p>and</p><div data-macro-name="contentbylabel"><p>Two</p></div>',
    "One\n\nand\n\nTwo",
  ],
  [
    "by the words around it, where nothing else tells",
    `<h1>Yard</h1><p>Before it.</p>${macro("include")}<p>After it.</p>${source}`,
    '<h1 id="y">Yard</h1><p>Before it.</p><p>From another page.</p><ul><li>all of it</li></ul><p>After it.</p><img src="x.png"/>',
    `# Yard\n\nBefore it.\n\nFrom another page.\n\n- all of it\n\nAfter it.\n\n${diagram}`,
  ],
  [
    "alone on its page",
    source + hidden + macro("children"),
    children,
    `${diagram}\n\n${properties}\n\n- [Valves](https://w.example/1)`,
  ],
  [
    "in a line of text",
    `<p>Blocked by ${macro("jira", '<ac:parameter ac:name="key">X-9</ac:parameter>')} until Friday.</p>`,
    '<p>Blocked by <span class="jira-issue" data-jira-key="X-9"><a class="jira-issue-key" href="https://j.example/X-9">X-9</a> - <span class="summary">Leak</span></span> until Friday.</p>',
    "Blocked by [X-9](https://j.example/X-9) - Leak until Friday.",
  ],
  [
    "in a line of text by the words around it",
    `<p>Load is ${extension("inline-extension", "a_1")} at most.</p>`,
    "<p>Load is 12 kN at most.</p>",
    "Load is 12 kN at most.",
  ],
  [
    "in a cell",
    `<table><tr><th>A</th><th>B</th></tr><tr><td>x</td><td>${macro("somebodys-chart")}</td></tr></table>`,
    "<table><tr><th>A</th><th>B</th></tr><tr><td>x</td><td><p>up 5 percent</p></td></tr></table>",
    "| A | B |\n| --- | --- |\n| x | up 5 percent |",
  ],
])("a macro shows its rendered content: found %s", (_how, stored, rendered, expected) => {
  expect(filled(stored, rendered)).toBe(expected);
});

it("a macro that even the rendered body does not show keeps its text", () => {
  const noExport = "<div>We don't have a way to export this macro.</div>";
  expect(filled(`<p>At</p>${extension("extension", "p^2")}`, `<p>At</p>${noExport}`)).toBe(
    "At\n\n```latex\np^2\n```",
  );
});

it("dates and people beside a macro are not repeated", () => {
  const stored = `<p>By <ac:link><ri:user ri:account-id="5"/></ac:link> on <time datetime="2025-01-02"/></p>${macro("children")}<p>end</p>`;
  const rendered = `<p>By <a class="user-mention">@Ann Lee</a> on <time datetime="2025-01-02">02 Jan 2025</time></p>${children}<p>end</p>`;
  expect(filled(stored, rendered)).toBe(
    "By @Person 5 on 2025-01-02\n\n- [Valves](https://w.example/1)\n\nend",
  );
});

it("for any texts around macros, each is filled in at its position and the rest stays as stored", () => {
  const text = fc.stringMatching(/^[a-z]{1,6}( [a-z]{1,6}){0,5}$/);
  const parts = fc.array(fc.tuple(text, fc.boolean()), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(parts, (given) => {
      // A macro between two paragraphs that repeat each other could stand before or after either.
      const paragraphs = given.map(([words, isMacro], index) => ({
        words: `p${index} ${words}`,
        isMacro,
        index,
      }));
      const stored = paragraphs
        .map(({ words, isMacro }) => `<p>${words}</p>${isMacro ? macro("include") : ""}`)
        .join("");
      const rendered = paragraphs
        .map(({ words, isMacro, index }) => `<p>${words}</p>${isMacro ? `<p>shown ${index}</p>` : ""}`)
        .join("");
      const expected = paragraphs.flatMap(({ words, isMacro, index }) => [
        words,
        ...(isMacro ? [`shown ${index}`] : []),
      ]);
      expect(filled(stored, rendered)).toBe(expected.join("\n\n"));
    }),
    { numRuns: 300 },
  );
});

const times = (count: number, part: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => part(index)).join("");

it.each([
  [
    "between paragraphs that repeat",
    `<p>same words </p>${macro("include")}`.repeat(5000),
    "<p>same words </p><p>shown </p>".repeat(5000),
    "same words",
  ],
  [
    "between texts side by side",
    times(10_000, (index) => `w${index} ${macro("foo")} `),
    times(10_000, (index) => `w${index} <span>shown${index}</span> `),
    "w9999 shown9999",
  ],
  [
    "in one text",
    `<p>${times(10_000, (index) => `w${index} ${macro("foo")} `)}</p>`,
    `<p>${times(10_000, (index) => `w${index} shown${index} `)}</p>`,
    "w9999 shown9999",
  ],
  [
    "between the paragraphs of one element",
    `<div>${times(20_000, (index) => `<p>w${index}</p>${macro("foo")}`)}</div>`,
    `<div>${times(20_000, (index) => `<p>w${index}</p><p>shown${index}</p>`)}</div>`,
    "w19999\n\nshown19999",
  ],
])(
  "filling in rendered macros %s takes linear time",
  { timeout: 20_000 },
  (_where, stored, rendered, end) => {
    const page = readPage({ format: "storage", value: stored }).withRendered(rendered).toMarkdown(resolver);
    expect(page.textLost).toBeNull();
    expect(page.markdown.slice(-end.length - 100)).toContain(end);
  },
);
