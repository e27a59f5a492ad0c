import { expect, it } from "vitest";
import { readPage } from "#shared/markdown/read-page.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";

const include = (title: string, id = ""): string =>
  `<ac:structured-macro ac:name="include"${id === "" ? "" : ` ac:macro-id="${id}"`}><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="${title}"/></ac:link></ac:parameter></ac:structured-macro>`;
const list = (name: string, id = ""): string =>
  `<ac:structured-macro ac:name="${name}"${id === "" ? "" : ` ac:macro-id="${id}"`}></ac:structured-macro>`;
const shown = (text: string, id = "", name = "include"): string =>
  `<div data-macro-name="${name}"${id === "" ? "" : ` data-macro-id="${id}"`}><p>${text}</p></div>`;

/** The page as it is stored where only the page "Open" may be shown. */
const guarded = (stored: string, rendered: string): string =>
  readPage({ format: "storage", value: stored })
    .withRendered(
      rendered,
      (shows) =>
        shows.length > 0 &&
        shows.every(
          ({ target }) =>
            typeof target === "object" && target !== null && "title" in target && target.title === "Open",
        ),
    )
    .toMarkdown(resolver).markdown;

it("what may be shown is shown, and of the rest nothing but what the page itself says", () => {
  const markdown = guarded(
    `<p>Before</p>${include("Open", "a")}${include("Secret", "b")}${list("children", "c")}<p>After</p>`,
    `<p>Before</p>${shown("Open words", "a")}${shown("Hidden words", "b")}${shown("Titles below", "c", "children")}<p>After</p>`,
  );
  expect(markdown).toContain("Open words");
  expect(markdown).not.toMatch(/Hidden|Titles below/);
  expect(markdown).toMatch(/Before[^]*After/);
});

it.each([
  ["between the same words", include("Open") + include("Secret"), "<p>Open words</p><p>Hidden words</p>"],
  ["which may not be shown at all", include("Secret"), "<p>Hidden words</p>"],
  ["of an app", list("somebodys-chart"), "<p>Hidden words</p>"],
])("content whose macro is not certain is not shown: %s", (_, macros, rendered) => {
  const markdown = guarded(
    `<p>Before it.</p>${macros}<p>After it.</p>`,
    `<p>Before it.</p>${rendered}<p>After it.</p>`,
  );
  expect(markdown).not.toMatch(/Hidden/);
});

it("content that may be shown is still found by the words around it, if all others are found by their ids", () => {
  const markdown = guarded(
    `<p>One two.</p>${include("Open")}<p>Three four.</p>${include("Secret", "b")}`,
    `<p>One two.</p><p>Open words</p><p>Three four.</p>${shown("Hidden words", "b")}`,
  );
  expect(markdown).toContain("Open words");
  expect(markdown).not.toContain("Hidden");
});

it("an element inside of what may not be shown passes for no other macro by its name", () => {
  // Nothing tells where the first one's content begins; in it is a macro of the same name as the second.
  const markdown = guarded(
    `<p>Before it.</p>${list("somebodys-chart")}<p>Between.</p>${include("Open")}`,
    `<p>Before it.</p><section>Chart ${shown("Hidden words")}</section><p>Between.</p>`,
  );
  expect(markdown).not.toContain("Hidden");
});

it("each macro to be rendered says what it shows, nested ones too", () => {
  const page = readPage({
    format: "storage",
    value: `${include("Open")}<ac:structured-macro ac:name="expand"><ac:rich-text-body>${list("children")}${list("jira")}</ac:rich-text-body></ac:structured-macro>`,
  });
  expect(page.shownByMacros.map((shows) => shows.map(({ kind }) => kind))).toEqual([
    ["page"],
    ["children"],
    [],
  ]);
});
