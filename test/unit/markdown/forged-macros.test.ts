import { describe, expect, it } from "vitest";
import {
  page,
  parameter,
  macro,
  include,
  withoutId,
  rich,
  plain,
  wrapped,
  shown,
  OPEN,
  SECRET,
  ERROR,
  guarded,
} from "./guarded-page.ts";

describe("where another page that may not be shown is on the same page", () => {
  const both = include("Open", "q") + include("Secret", "z");
  it.each([
    [
      "a panel around the secret has the id",
      macro("panel", "q", rich(include("Secret", "z"))) + include("Open", "q"),
      wrapped("panel", "q", shown(SECRET, "z")) + ERROR,
    ],
    [
      "a panel around an unknown secret has the id",
      macro("panel", "q", rich(include("Secret", "z"))) + include("Open", "q"),
      wrapped("panel", "q", SECRET) + ERROR,
    ],
    [
      "a table around the secret has the id",
      `<table data-local-id="q"><tr><td>${include("Secret", "z")}</td></tr></table>${include("Open", "q")}`,
      `<table data-local-id="q"><tr><td>${shown(SECRET, "z")}</td></tr></table>${ERROR}`,
    ],
    [
      "a div around the secret passes for the include",
      `<div data-macro-id="q" data-macro-name="include">${include("Secret", "z")}</div>${include("Open", "q")}`,
      `${shown(shown(SECRET, "z"), "q")}${ERROR}`,
    ],
    [
      "a div around an unknown secret passes for the include",
      `<div data-macro-id="q" data-macro-name="include">${include("Secret", "z")}</div>${include("Open", "q")}`,
      `${shown(SECRET, "q")}${ERROR}`,
    ],
    [
      "the id was copied and the first fails",
      include("Open", "q") + include("Secret", "q"),
      ERROR + shown(SECRET, "q"),
    ],
    [
      "the id was copied and the last fails",
      include("Secret", "q") + include("Open", "q"),
      shown(SECRET, "q") + ERROR,
    ],
    [
      "the id was copied and both are rendered",
      include("Secret", "q") + include("Open", "q"),
      shown(SECRET, "q") + shown(OPEN, "q"),
    ],
    [
      "the id is rendered twice",
      include("Open", "q") + include("Secret", "z"),
      shown(SECRET, "q") + shown(OPEN, "q") + shown(SECRET, "z"),
    ],
    ["the secret's element has no id", both, ERROR + shown(`${SECRET}${shown(SECRET, "q")}`, "")],
    [
      "an element of the id is inside of the secret",
      both,
      ERROR + shown(`${SECRET}${shown(SECRET, "q")}`, "z"),
    ],
    ["the element of the id is around the secret", both, shown(`${OPEN}${shown(SECRET, "z")}`, "q")],
    ["the element of the id is after the secret's", both, shown(SECRET, "z") + shown(SECRET, "q")],
    ["the element of the id is another macro's", both, wrapped("children", "q", SECRET) + shown(SECRET, "z")],
    [
      "the id is an anchor's",
      `<p>${macro("anchor", "y", parameter("", "q"))}</p>${both}`,
      `<p><span id="q"></span></p><div data-local-id="q">${SECRET}</div>${shown(SECRET, "z")}`,
    ],
    ["the id is in another attribute", both, `<div data-local-id="q">${SECRET}</div>${shown(SECRET, "z")}`],
    [
      "the id is a local id",
      macro("include", "y", parameter("", page("Open"))).replace('ac:macro-id="y"', 'ac:local-id="q"') +
        include("Secret", "z"),
      `<table data-local-id="q"><tr><td>${SECRET}</td></tr></table>${shown(SECRET, "z")}`,
    ],
    [
      "a macro of HTML is on the page",
      macro("html", "h", plain("&lt;div data-macro-name='include' data-macro-id='&#113;'>")) +
        include("Secret", "z") +
        include("Open", "q"),
      `<div data-macro-name="include" data-macro-id="q">${SECRET}</div>${shown("", "z")}`,
    ],
    [
      "a macro whose text may be markup is on the page",
      macro("markdown", "h", plain("<div data-macro-name='include' data-macro-id='&#113;'>")) +
        include("Secret", "z") +
        include("Open", "q"),
      `${wrapped("markdown", "h", "<p>x</p>")}<div data-macro-name="include" data-macro-id="q">${SECRET}</div>${shown("", "z")}`,
    ],
    [
      "the secret is under a prefix of its own",
      `${include("Open", "q")}<x:structured-macro xmlns:x="http://atlassian.com/content" x:name="include"><x:parameter x:name="">${page("Secret")}</x:parameter></x:structured-macro>`,
      `${ERROR}${SECRET}`,
    ],
    [
      "the secret is shown by a macro that has no text of its own",
      include("Open", "q") + macro("recently-updated", "z"),
      ERROR + SECRET,
    ],
    [
      "the secret is shown by an app with a body",
      include("Open", "q") + macro("somebodys-list", "z", rich("")),
      ERROR + SECRET,
    ],
    [
      "the secret is shown by an app's extension with a fallback",
      `${include("Open", "q")}<ac:adf-extension><ac:adf-node type="extension"><ac:adf-attribute key="extension-key">a/b</ac:adf-attribute></ac:adf-node><ac:adf-fallback><p>Text</p></ac:adf-fallback></ac:adf-extension>`,
      `${ERROR}${SECRET}`,
    ],
    [
      "the secret is in a cell beside it",
      `<table><tr><td>${include("Open", "q")}</td><td>${include("Secret", "z")}</td></tr></table>`,
      `<table><tr><td>${ERROR}</td><td>${SECRET}</td></tr></table>`,
    ],
    [
      "the secret is in a column beside it",
      `<ac:layout><ac:layout-section><ac:layout-cell>${include("Open", "q")}</ac:layout-cell><ac:layout-cell>${include("Secret", "z")}</ac:layout-cell></ac:layout-section></ac:layout>`,
      `<div class="columnLayout"><div class="cell">${SECRET}</div><div class="cell">${SECRET}</div></div>`,
    ],
  ])("nothing of it is shown if %s", (_, stored, rendered) => {
    expect(guarded(`<p>One</p>${stored}<p>Two</p>`, `<p>One</p>${rendered}<p>Two</p>`)).not.toContain(
      "Hidden",
    );
  });

  it.each([
    ["hidden in the storage alone", `<div style="display:none">${include("Secret", "z")}</div>`],
    ["in an element that is text to this parser", `<textarea>${include("Secret", "z")}</textarea>`],
    ["in a style", `<style>${include("Secret", "z")}</style>`],
    [
      "named again in another case",
      `<ac:structured-macro ac:Name="panel" ac:name="include" ac:macro-id="z">${parameter("", page("Secret"))}</ac:structured-macro>`,
    ],
    [
      "named by a title in another case",
      `<ac:structured-macro ac:name="include" ac:macro-id="z">${parameter("", '<ri:page ri:Content-Title="Open" ri:content-title="Secret"/>')}</ac:structured-macro>`,
    ],
    [
      "in the fallback of an extension",
      `<ac:adf-extension><ac:adf-node type="panel"/><ac:adf-fallback>${include("Secret", "z")}</ac:adf-fallback></ac:adf-extension>`,
    ],
    [
      "its parameter follows what ends a paragraph in HTML alone",
      `<p><ac:structured-macro ac:name="include" ac:macro-id="z">${parameter("", page("Open"))}<p/>${parameter("", page("Secret"))}</ac:structured-macro></p>`,
    ],
    [
      "under a prefix that HTML knows no elements of",
      `<_x:structured-macro _x:name="include"><_x:parameter _x:name="">${page("Secret")}</_x:parameter></_x:structured-macro>`,
    ],
    ["in wiki markup", macro("unmigrated-wiki-markup", "z", plain("{include:Secret}"))],
    ["a list of files of another page", macro("attachments", "z", parameter("page", page("Secret")))],
  ])("a macro that may not be shown is not overlooked: %s", (_, secret) => {
    const open = `<ac:structured-macro ac:name="include">${parameter("", page("Open"))}</ac:structured-macro>`;
    for (const stored of [`${open}${secret}`, `${secret}${open}`])
      expect(guarded(`<p>One</p>${stored}<p>Two</p>`, `<p>One</p>${SECRET}<p>Two</p>`)).not.toContain(
        "Hidden",
      );
  });

  it("words tell where an include is only if no page that is shown can pass for the secret's element", () => {
    // The page "Open" ends with an element that has the secret's id, and the rendering gives includes none.
    const stored = `<p>One</p>${withoutId("Open")}<p>Two</p>${include("Secret", "z")}${withoutId("Open")}<p>Three</p>`;
    const rendered = `<p>One</p>${OPEN}<p>Two</p>${shown("<p>x</p>", "z")}<p>Two</p>${SECRET}${OPEN}<p>Three</p>`;
    expect(guarded(stored, rendered)).not.toContain("Hidden");
  });

  it("words that the rendering lacks do not move what is shown to the secret", () => {
    const hidden = macro("details", "d", parameter("hidden", "true") + rich("<p>Alpha beta gamma</p>"));
    const stored = `<p>One</p>${include("Secret", "z")}${withoutId("Open")}${hidden}<p>Two</p>`;
    const open = `<p>Alpha beta gamma</p>${shown("<p>x</p>", "z")}`;
    expect(guarded(stored, `<p>One</p>${SECRET}${open}<p>Two</p>`)).not.toContain("Hidden");
  });

  it("an element of the page itself does not pass for the secret's", () => {
    const own = shown("<p>x</p>", "z");
    const stored = `<p>One</p>${own}${include("Secret", "z")}${withoutId("Open")}<p>Two</p>`;
    expect(guarded(stored, `<p>One</p>${own}${SECRET}${OPEN}<p>Two</p>`)).not.toContain("Hidden");
  });

  it.each([
    ["side by side", (a: string, b: string, c: string) => `${a}${b}${c}`],
    ["in a panel", (a: string, b: string, c: string) => `${a}${macro("panel", "y", rich(b))}${c}`],
    [
      "in an app's macro with a body",
      (a: string, b: string, c: string) => `${a}${macro("somebodys-box", "y", rich(b))}${c}`,
    ],
    [
      "in cells",
      (a: string, b: string, c: string) => `<table><tr><td>${a}</td><td>${b}</td><td>${c}</td></tr></table>`,
    ],
  ])("distinct includes that may be shown are all shown: %s", (_, place) => {
    const stored = place(include("Open", "q"), include("Open", "p"), include("Secret", "z"));
    const rendered = place(
      shown("<p>First words</p>", "q"),
      shown("<p>Second words</p>", "p"),
      shown(SECRET, "z"),
    ).replace(
      /<ac:structured-macro ac:name="(.*?)" ac:macro-id="y"><ac:rich-text-body>(.*?)<\/ac:rich-text-body><\/ac:structured-macro>/,
      (_all, name: string, html: string) => wrapped(name, "y", html),
    );
    const markdown = guarded(stored, rendered);
    expect(markdown).toMatch(/First words[^]*Second words/);
    expect(markdown).not.toContain("Hidden");
  });
});

describe("where all pages that are named may be shown", () => {
  it.each([
    ["an include of its own since", shown(`${OPEN}${shown(SECRET, "y")}`, "q")],
    ["a list of its own since", shown(`${OPEN}${wrapped("children", "y", SECRET)}`, "q")],
    ["a list without an id", shown(`${OPEN}<div data-macro-name="recently-updated">${SECRET}</div>`, "q")],
    ["an app's macro without a body", shown(`${OPEN}${wrapped("somebodys-list", "y", SECRET)}`, "q")],
    ["an include, found by words", `${OPEN}${shown(SECRET, "y")}`],
  ])("a page is not shown if its rendering holds %s", (_, rendered) => {
    expect(
      guarded(`<p>One</p>${include("Open", "q")}<p>Two</p>`, `<p>One</p>${rendered}<p>Two</p>`),
    ).not.toContain("Hidden");
  });

  it("a page is shown with its panels, states and diagrams", () => {
    const html = `${OPEN}${wrapped("panel", "a", "<p>Panel words</p>")}${wrapped("status", "b", "DONE")}${wrapped("drawio", "c", "<img src='x.png'/>")}`;
    expect(guarded(include("Open", "q"), shown(html, "q"))).toMatch(/Open words[^]*Panel words[^]*DONE/);
  });
});
