import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPage } from "#shared/markdown/read-page.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";

const markdown = (value: string): string => {
  const page = readPage({ format: "storage", value }).toMarkdown(resolver);
  expect(page.textLost).toBeNull();
  return page.markdown;
};
const parameter = (name: string, value: string): string =>
  `<ac:parameter ac:name="${name}">${value}</ac:parameter>`;
const macro = (name: string, inner = ""): string =>
  `<ac:structured-macro ac:name="${name}">${inner}</ac:structured-macro>`;
const rich = (inner: string): string => `<ac:rich-text-body>${inner}</ac:rich-text-body>`;
const plain = (inner: string): string => `<ac:plain-text-body><![CDATA[${inner}]]></ac:plain-text-body>`;
const attribute = (key: string, value: string): string =>
  `<ac:adf-attribute key="${key}">${value}</ac:adf-attribute>`;
const adfParameter = (key: string, value: string): string =>
  `<ac:adf-parameter key="${key}">${value}</ac:adf-parameter>`;
const extension = (type: string, name: string, guest: string): string =>
  `<ac:adf-extension><ac:adf-node type="${type}">${attribute("extension-key", `app/env/static/${name}`)}${attribute("parameters", adfParameter("guest-params", guest))}</ac:adf-node></ac:adf-extension>`;
const decision = (state: string, text: string): string =>
  `<ac:adf-node type="decision-item">${attribute("state", state)}<ac:adf-content>${text}</ac:adf-content></ac:adf-node>`;
const emoji = (name: string, shortName: string, id: string, fallback: string): string =>
  `<ac:emoticon ac:name="${name}" ac:emoji-shortname="${shortName}" ac:emoji-id="${id}" ac:emoji-fallback="${fallback}"/>`;

/** Storage in, Markdown out; one thing that words alone do not say each. */
const MEANINGS: Record<string, [string, string][]> = {
  "apps' macros without content": [
    [
      extension("extension", "sketch", adfParameter("source", "graph LR; Pump--&gt;Tank")),
      "```mermaid\ngraph LR; Pump-->Tank\n```",
    ],
    [
      `<p>At ${extension("inline-extension", "mathinline", adfParameter("latex", "p = 2\\,bar"))} it stops.</p>`,
      "At `p = 2\\,bar` it stops.",
    ],
    [
      extension(
        "extension",
        "macro-html",
        adfParameter("__body-content", "&lt;p&gt;Open &lt;b&gt;daily&lt;/b&gt;&lt;/p&gt;"),
      ),
      "Open **daily**",
    ],
    [
      extension("extension", "drawio", adfParameter("diagram-name", "hall.drawio")),
      "[hall.drawio](https://wiki.example/download/hall.drawio)",
    ],
    [extension("extension", "board", adfParameter("theme", "dark")), "(board: dark)"],
    [extension("extension", "board", ""), "(board)"],
  ],
  "titles of tabs and boxes": [
    [macro("localtab", parameter("title", "Night") + rich("<p>Two guards.</p>")), "**Night**\n\nTwo guards."],
    [macro("aura-tab", parameter("title", "Day") + rich("<p>One guard.</p>")), "**Day**\n\nOne guard."],
    [
      macro("auimessage", parameter("type", "warning") + parameter("title", "Hot") + rich("<p>Steam.</p>")),
      "> [!WARNING]\n> **Hot**\n>\n> Steam.",
    ],
    [macro("somebodys-tab", parameter("name", "West") + rich("<p>Gate 4.</p>")), "**West**\n\nGate 4."],
    [macro("somebodys-box", parameter("name", "id-7") + rich("<p>Gate 5.</p>")), "Gate 5."],
    [macro("pages", rich(macro("page", parameter("tabTitle", "East") + rich("<p>a</p>")))), "**East**\n\na"],
    [macro("somebodys-box", parameter("section-title", "East") + rich("<p>a</p>")), "**East**\n\na"],
    [macro("kasten", parameter("Titel", "Osten") + rich("<p>a</p>")), "**Osten**\n\na"],
    [macro("faq", parameter("question", "Who?") + rich("<p>Ann.</p>")), "**Who?**\n\nAnn."],
    [macro("grid", parameter("header", "true") + parameter("heading", "2") + rich("<p>a</p>")), "a"],
    [
      `<ac:adf-extension><ac:adf-node type="multi-bodied-extension"><ac:adf-content><ac:adf-extension><ac:adf-node type="extension-frame">${attribute("parameters", adfParameter("name", "East"))}<ac:adf-content><p>a</p></ac:adf-content></ac:adf-node></ac:adf-extension></ac:adf-content></ac:adf-node></ac:adf-extension>`,
      "**East**\n\na",
    ],
    ["<details><summary>Why <b>so</b>?</summary><p>a</p></details>", "**Why so?**\n\na"],
    ["<details><summary><h3>Why?</h3></summary><p>a</p></details>", "### Why?\n\na"],
    ["<dl><dt>Pump</dt><dd>moves water</dd><dt>Tank</dt></dl>", "Pump\n\nmoves water\n\nTank"],
    [
      `<ac:adf-extension><ac:adf-node type="multi-bodied-extension">${attribute("parameters", adfParameter("tabs", ["North", "South"].map((title) => `<ac:adf-parameter-value>${adfParameter("title", title)}</ac:adf-parameter-value>`).join("")))}<ac:adf-content><ac:adf-extension-frame><p>a</p></ac:adf-extension-frame><ac:adf-extension-frame><p>b</p></ac:adf-extension-frame></ac:adf-content></ac:adf-node><ac:adf-fallback><p>a</p></ac:adf-fallback></ac:adf-extension>`,
      "**North**\n\na\n\n**South**\n\nb",
    ],
  ],
  "text struck out or hidden by a style": [
    [
      '<p>Opens at <span style="color: red; text-decoration: line-through;">eight</span> nine.</p>',
      "Opens at ~~eight~~ nine.",
    ],
    ['<p style="TEXT-DECORATION-LINE:LINE-THROUGH">Gone</p>', "~~Gone~~"],
    ['<ul style="text-decoration: line-through"><li>a<ul><li>b</li></ul></li></ul>', "- ~~a~~\n  - ~~b~~"],
    ["<s><p>one</p><p>two</p></s>", "~~one~~\n\n~~two~~"],
    [
      '<table><tr><td style="text-decoration:line-through">2) old</td><td>new</td></tr></table>',
      "|  |  |\n| --- | --- |\n| <del>2) old</del> | new |",
    ],
    ['<p>a<span style="display: none">hidden</span> b<span hidden="hidden">c</span></p>', "a b"],
    ['<div class="expand-content" style="display:none"><p>opened by a click</p></div>', "opened by a click"],
    [
      `<p style="text-decoration: line-through">is ${macro("status", parameter("title", "OLD"))}</p>`,
      "~~is OLD~~",
    ],
  ],
  "the colour of a status without text": [
    [`<p>Lift: ${macro("status", parameter("colour", "Red"))}</p>`, "Lift: Red"],
    [
      `<p>Lift: ${macro("status", parameter("color", "yellow") + parameter("title", " "))}</p>`,
      "Lift: Yellow",
    ],
    [`<p>Lift: ${macro("status")}</p>`, "Lift: Grey"],
  ],
  "people of profile macros": [
    [macro("profile", parameter("user", '<ri:user ri:account-id="7a"/>')), "@Person 7a"],
    [
      `<p>Ask ${macro("profile-picture", parameter("User", '<ri:user ri:userkey="8b"/>'))}.</p>`,
      "Ask @Person 8b.",
    ],
  ],
  "people whom one parameter names": [
    [
      macro("crew", parameter("members", '<ri:user ri:account-id="1a"/><ri:user ri:account-id="2b"/>')),
      "@Person 1a @Person 2b",
    ],
    [
      macro("crew", ["1a", "2b"].map((id) => parameter("user", `<ri:user ri:account-id="${id}"/>`)).join("")),
      "@Person 1a @Person 2b",
    ],
  ],
  "code in a cell, to be copied": [
    [
      `<table><tr><th>X</th></tr><tr><td>${macro("code", plain("cp a_b *.c\n\nls [1]"))}</td></tr></table>`,
      "| X |\n| --- |\n| `cp a_b *.c`<br><br>`ls [1]` |",
    ],
  ],
  "Markdown taken over": [
    [
      macro("markdown", plain("# Setup\n\n- a_b\n\n| A |\n|---|\n| 1 |")),
      "# Setup\n\n- a_b\n\n| A |\n|---|\n| 1 |",
    ],
    [`${macro("markdown", plain("text\n```sh\nls"))}<p>after</p>`, "text\n```sh\nls\n```\n\nafter"],
    [`${macro("markdown", plain("- x\n  ```\n  ls"))}<p>after</p>`, "- x\n  ```\n  ls\n  ```\n\nafter"],
    [`${macro("markdown", plain("<!-- open"))}<p>after</p>`, "\\<!-- open\n\nafter"],
    [macro("markdown", plain("[guide](https://g.example/a-b)")), "[guide](https://g.example/a-b)"],
    [macro("code", parameter("language", "markdown") + plain("# no")), "```markdown\n# no\n```"],
  ],
  "decisions with their state": [
    [
      `<ac:adf-extension><ac:adf-node type="decision-list">${decision("DECIDED", "Steel pipes.")}${decision("UNDECIDED", "<p>Which <b>pump</b>?</p>")}</ac:adf-node><ac:adf-fallback><ul><li>Steel pipes.</li></ul></ac:adf-fallback></ac:adf-extension>`,
      "- **Decided:** Steel pipes.\n- **Open:** Which **pump**?",
    ],
  ],
  "decisions as ADF names them": [
    [
      '<ac:adf-extension><ac:adf-node type="decisionList"><ac:adf-node type="decisionItem"><ac:adf-attribute key="state">undecided</ac:adf-attribute>Steel?</ac:adf-node></ac:adf-node></ac:adf-extension>',
      "- **Open:** Steel?",
    ],
  ],
  "emoji without a character": [
    [`<p>${emoji("", ":seal:", "ab-cd", "")} ${emoji("", ":boat:", "26f5", "")}</p>`, ":seal: ⛵"],
    [
      `<p>${emoji("blue-star", ":on_hold:", "c0ffee00-1111-2222-3333-444455556666", ":on_hold:")}</p>`,
      ":on_hold:",
    ],
    [
      `<p>${emoji("blue-star", ":blue_star:", "atlassian-blue_star", ":blue_star:")} <ac:emoticon ac:name="blue-star"/></p>`,
      "⭐ ⭐",
    ],
  ],
  "numbers of lists": [
    ['<ol type="A"><li>Open</li><li>Shut</li></ol>', "- A. Open\n- B. Shut"],
    [
      '<ol style="list-style-type: lower-roman" start="3"><li><p>Open</p></li><li>Shut</li></ol>',
      "- iii. Open\n- iv. Shut",
    ],
    ['<ol><li value="4">a</li><li>b</li><li value="9">c</li></ol>', "4. a\n5. b\n9. c"],
    ['<ol style="list-style: none"><li>a</li><li>b</li></ol>', "- a\n- b"],
    ['<ol style="list-style: none upper-roman"><li>a</li></ol>', "- I. a"],
    ['<ol reversed="reversed"><li>a</li><li>b</li></ol>', "2. a\n1. b"],
    [
      '<table><tr><td><ol start="3"><li>a</li><li value="7">b</li></ol></td></tr></table>',
      '|  |\n| --- |\n| <ol start="3"><li>a</li><li value="7">b</li></ol> |',
    ],
  ],
  "footnotes apart from their word": [
    [`<p>The rate${macro("footnote", rich("net"))} holds.</p>`, "The rate (net) holds."],
    [`<p>The rate${macro("footnote", rich("<p>net</p>"))}holds.</p>`, "The rate (net) holds."],
    [`<p>The rate${macro("footnote", plain("net"))}.</p>`, "The rate (net)."],
    [`<p>The rate${macro("footnote", rich("<p>net</p><p>of tax</p>"))}.</p>`, "The rate (net of tax)."],
  ],
  "what only attributes hold, without characters that nobody sees": [
    [
      '<p><ac:link><ri:page ri:content-title="Kun&shy;den"/></ac:link></p>',
      "[Kunden](https://wiki.example/display/-/Kun%C2%ADden)",
    ],
  ],
  "people side by side": [
    [
      macro("profile", parameter("user", '<ri:user ri:account-id="1a"/>')) +
        macro("profile", parameter("user", '<ri:user ri:account-id="2b"/>')),
      "@Person 1a @Person 2b",
    ],
  ],
  "HTML macros as what they show": [
    [macro("html", plain("<h2>Fees</h2><p>5&nbsp;&euro;</p><style>p{}</style>")), "## Fees\n\n5 €"],
    [macro("htmlmacro", plain("<h2>Fees</h2>")), "## Fees"],
    [macro("code", parameter("language", "html") + plain("<h2>Fees</h2>")), "```html\n<h2>Fees</h2>\n```"],
  ],
  "the foot of a table": [
    [
      "<table><thead><tr><th>A</th></tr></thead><tfoot><tr><td>sum</td></tr></tfoot><tbody><tr><td>1</td></tr></tbody></table>",
      "| A |\n| --- |\n| 1 |\n| sum |",
    ],
  ],
  "characters that nobody sees": [
    [
      "<p>Rech&shy;nung a_&#8203;b \u2060x\ufeff \u0645\u06cc\u200c\u0634\u0648\u062f \u{1f469}\u200d\u{1f527}</p>",
      "Rechnung a_b x \u0645\u06cc\u200c\u0634\u0648\u062f \u{1f469}\u200d\u{1f527}",
    ],
  ],
};

for (const [kind, cases] of Object.entries(MEANINGS)) {
  it.each(cases)(`the Markdown keeps the meaning of ${kind}: %#`, (body, expected) => {
    expect(markdown(body)).toBe(expected);
  });
}

it("prose that quotes interface text stays unchanged", () => {
  const quote = "It says Getting issue details... and We don't have a way to export this macro.";
  expect(markdown(`<p>${quote}</p>`)).toBe(quote);
  const error = "The macro has an error in line 3.";
  expect(markdown(`<p class="error">${error}</p>`)).toBe(error);
  const sentence = "We don't have a way to export this macro.";
  expect(markdown(`<p>${sentence}</p>`)).toBe(sentence);
});

it("an app's macro with neither content nor fallback needs the rendered body", () => {
  const needed = (value: string) => readPage({ format: "storage", value }).macrosToRender;
  expect(needed(extension("extension", "board", ""))).toEqual(["board"]);
  const withFallback = extension("extension", "board", "").replace(
    "</ac:adf-extension>",
    "<ac:adf-fallback><p>said</p></ac:adf-fallback></ac:adf-extension>",
  );
  expect(needed(withFallback)).toEqual([]);
  expect(markdown(withFallback)).toBe("said");
});

describe("for any words", () => {
  const words = fc.stringMatching(/^[a-z]{2,8}( [a-z]{2,8}){0,3}$/);
  const inside = fc.constantFrom(
    (body: string) => body,
    (body: string) => `<ul><li>${body}</li></ul>`,
    (body: string) => `<table><tr><th>H</th></tr><tr><td>${body}</td></tr></table>`,
    (body: string) => macro("info", rich(body)),
    (body: string) => `<blockquote>${body}</blockquote>`,
  );

  it("for any words, struck-out text stays struck out, and the title of a box is bold above it, wherever either is", () => {
    fc.assert(
      fc.property(words, words, words, inside, (title, struck, text, around) => {
        const body = `<p><span style="text-decoration: line-through">${struck}</span> ${text}</p>`;
        const shown = markdown(around(macro("somebodys-box", parameter("title", title) + rich(body))));
        expect(shown).toContain(`~~${struck}~~ ${text}`);
        expect(shown.indexOf(`**${title}**`)).toBeGreaterThanOrEqual(0);
        expect(shown.indexOf(`**${title}**`)).toBeLessThan(shown.indexOf(struck, title.length));
      }),
      { numRuns: 200 },
    );
  });
});
