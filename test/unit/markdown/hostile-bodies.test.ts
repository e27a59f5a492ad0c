import { describe, expect, it } from "vitest";
import { PermanentError } from "#shared/errors.ts";
import { chunkPage } from "#shared/chunking/chunk-page.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { HOSTILE_KILOBYTES } from "#test/support/depth.ts";
import { unresolvedReferences as resolver } from "#test/support/unresolved-references.ts";

const MEGABYTE = 1024 * 1024;
/** What grows faster than its input shows here as a timeout. */
const SIZE = HOSTILE_KILOBYTES * 1024;
const filled = (part: string, times = 1): string => part.repeat((times * SIZE) / part.length);
const entities = Array.from(
  { length: 9 },
  (_, level) => `<!ENTITY l${level + 1} "${`&l${level};`.repeat(10)}">`,
).join("");

const BODIES: [string, string][] = [
  ["one attribute", `<p title="${filled("a")}">x</p>`],
  ["an attribute that never ends", `<p title="${filled("a")}`],
  ["10,000 levels", `${"<div>".repeat(10_000)}x${"</div>".repeat(10_000)}`],
  ["macros in macros", `${'<ac:structured-macro ac:name="info"><ac:rich-text-body>'.repeat(10_000)}x`],
  [
    "cells that span everything",
    `<table>${'<tr><td colspan="1000" rowspan="65534">abc</td></tr>'.repeat(1000)}</table>`,
  ],
  ["entities of entities", `<!DOCTYPE l [<!ENTITY l0 "lol">${entities}]><p>x &l9;</p>`],
  ["links in code", `<pre>${filled('<a href="h">x</a>')}</pre>`],
  ["strikes in strikes", filled("<s><p>x</p>")],
  ["errors in errors", filled('<div class="error">x')],
  ["menus of tabs in each other", filled('<ul class="tabs-menu"><li><a href="#a">x')],
  [
    "menus of tabs side by side",
    `<div class="tabs">${filled('<ul class="tabs-menu"><li><a href="#a">x</a></li></ul>')}</div>`,
  ],
  ["items in one cell", `<table><tr><td>${filled("<ul><li>x")}</td></tr></table>`],
  [
    "expands in one cell",
    `<table><tr><td>${filled('<ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">T</ac:parameter><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>')}</td></tr></table>`,
  ],
  ...["- ", "> ", "<!--\n", "```\n", "|", "a\n---\n"].map((part): [string, string] => [
    `Markdown of only ${JSON.stringify(part)}`,
    `<ac:structured-macro ac:name="markdown"><ac:plain-text-body><![CDATA[${filled(part)}]]></ac:plain-text-body></ac:structured-macro>`,
  ]),
  ["white space in code", `<pre>a${filled(" ")}b</pre>`],
  [
    "white space in the name of an unknown macro",
    `<span class="error">Unknown macro: a${filled(" ")}{</span>`,
  ],
  ["white space in the title of an expand", `<p class="expand-control-text">Expand${filled(" ")}</p>`],
  [
    "white space after the default title of an expand",
    `<p class="expand-control-text">Click here to expand${filled(" ")}x</p>`,
  ],
  ["a style that strikes out again and again", `<p style="${filled("text-decoration:", 4)}">x</p>`],
  ["a style that is hidden again and again", `<p style="${filled("display : ", 4)}">x</p>`],
  [
    "line breaks of Markdown in a cell",
    `<table><tr><td><ac:structured-macro ac:name="markdown"><ac:plain-text-body><![CDATA[${filled("<br>", 2)}x]]></ac:plain-text-body></ac:structured-macro></td></tr></table>`,
  ],
  ["code that begins with a space", filled(`<p>x<code> ${"a".repeat(90_000)}</code></p>`, 4)],
  ["the address of an emoticon", `<p><img class="emoticon" src="${filled("a")}"/>x</p>`],
  [
    "the language of code",
    `<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">a${filled("-")}b</ac:parameter><ac:plain-text-body>x</ac:plain-text-body></ac:structured-macro>`,
  ],
  [
    "the site of an issue",
    `<ac:structured-macro ac:name="jira"><ac:parameter ac:name="key">X-1</ac:parameter><ac:parameter ac:name="url">https:${filled("/")}x</ac:parameter></ac:structured-macro>`,
  ],
  ...["![", "[", "\\[", "![](", "[](", "<a", "<http:", "`", "\\`", " #"].map((part): [string, string] => [
    `headings of only ${JSON.stringify(part)}`,
    `<ac:structured-macro ac:name="markdown"><ac:plain-text-body><![CDATA[${`\n\n# a${part.repeat(20_000 / part.length)}\n\nx`.repeat((4 * SIZE) / 20_000)}]]></ac:plain-text-body></ac:structured-macro>`,
  ]),
  ...[
    "<",
    "<!--",
    "<![CDATA[",
    "</p>",
    "&a",
    "[",
    "](",
    "`a ",
    "*a",
    "_",
    "~a",
    "=",
    "-",
    "<a href='",
    "<b>x",
    "<td>",
  ].map((part): [string, string] => [`only ${part}`, filled(part)]),
];

describe.each(["storage", "export_view"] as const)("in %s", (format) => {
  it.each(BODIES)("the conversion of %s ends", { timeout: 20_000 }, (_name, body) => {
    try {
      const page = readPage({ format, value: body }).toMarkdown(resolver);
      expect(page.markdown.length).toBeLessThan(5 * SIZE);
      expect(chunkPage(page).length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toMatchObject({ name: "PermanentError", code: "body_too_complex" });
    }
  });

  it("a body of a million cells is refused with the reason", () => {
    const body = `<table><tr>${"<td>a</td>".repeat(1_000_000)}</tr></table>`;
    expect(() => readPage({ format, value: body }).toMarkdown(resolver)).toThrow(
      expect.objectContaining({ code: "body_too_complex" }),
    );
  });

  it("a body larger than 20 MB is refused with the reason", () => {
    const body = "ä".repeat(11 * MEGABYTE);
    expect(() => readPage({ format, value: body }).toMarkdown(resolver)).toThrow(PermanentError);
    expect(() => readPage({ format, value: body }).toMarkdown(resolver)).toThrow(
      expect.objectContaining({ code: "body_too_large" }),
    );
  });

  it("U+0000 and lone surrogates of a body are removed", () => {
    const { markdown } = readPage({ format, value: "<p>a\u0000b \ud800c</p>" }).toMarkdown(resolver);
    expect(markdown).toBe("ab \ufffdc");
  });
});
