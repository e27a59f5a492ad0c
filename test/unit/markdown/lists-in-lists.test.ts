import { expect, it } from "vitest";
import { readPage } from "#shared/markdown/read-page.ts";
import { unresolvedReferences as resolver } from "#test/support/unresolved-references.ts";

const markdown = (value: string, format: "storage" | "export_view" = "storage"): string => {
  const page = readPage({ format, value }).toMarkdown(resolver);
  expect(page.textLost).toBeNull();
  return page.markdown;
};
const task = (text: string): string =>
  `<ac:task><ac:task-id>1</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>${text}</ac:task-body></ac:task>`;
const tasks = (inside: string): string => `<ac:task-list>\n${inside}\n</ac:task-list>`;
/** Lists in lists until the 40th, each below an item. */
const deep = `${"<ul><li>a</li>".repeat(40)}${"</ul>".repeat(40)}`;

/** Browsers show it below the item before it, as if it were inside. */
it.each([
  ["bullets", "<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>", "- a\n  - b\n- c"],
  [
    "bullets between white space",
    "<ul>\n<li>a</li>\n<ul>\n<li>b</li>\n</ul>\n<li>c</li>\n</ul>",
    "- a\n  - b\n- c",
  ],
  ["numbers", "<ol><li>a</li><ol><li>b</li></ol><li>c</li></ol>", "1. a\n   1. b\n2. c"],
  ["numbers below a bullet", "<ul><li>a</li><ol><li>b</li></ol></ul>", "- a\n  1. b"],
  [
    "letters",
    '<ol type="a"><li>a</li><ol type="i"><li>b</li></ol><li>c</li></ol>',
    "- a. a\n  - i. b\n- b. c",
  ],
  [
    "two lists below one item",
    "<ul><li>a</li><ul><li>b</li></ul> <ul><li>c</li></ul></ul>",
    "- a\n  - b\n  \n  - c",
  ],
  [
    "a list in such a list",
    "<ul><li>a</li><ul><li>b</li><ul><li>c</li></ul></ul></ul>",
    "- a\n  - b\n    - c",
  ],
  [
    "a paragraph above it",
    "<ul><li><p>a</p></li><ul><li><p>b</p></li></ul></ul>",
    markdown("<ul><li><p>a</p><ul><li><p>b</p></li></ul></li></ul>"),
  ],
  [
    "a list in a cell",
    "<table><tr><td><ul><li>a</li><ul><li>b</li></ul></ul></td></tr></table>",
    "|  |\n| --- |\n| <ul><li>a<ul><li>b</li></ul></li></ul> |",
  ],
  ["tasks", tasks(task("a") + tasks(task("b")) + task("c")), "- [ ] a\n  - [ ] b\n- [ ] c"],
  ["many lists", deep, Array.from({ length: 40 }, (_, level) => `${"  ".repeat(level)}- a`).join("\n")],
])("a list directly inside a list is below the item before it: %s", (_kind, stored, expected) => {
  expect(markdown(stored).replaceAll(/ +$/gm, "")).toBe(expected.replaceAll(/ +$/gm, ""));
});

it("so are rendered tasks", () => {
  const rendered =
    '<ul class="inline-task-list"><li data-inline-task-id="1" class="checked">a</li><ul class="inline-task-list"><li data-inline-task-id="2">b</li></ul></ul>';
  expect(markdown(rendered, "export_view")).toBe("- [x] a\n  - [ ] b");
});

it.each([
  ["<ul><ul><li>a</li></ul><li>b</li></ul>", "- a\n\n- b"],
  ["<ol><ol><li>a</li></ol></ol>", "1. a"],
  [tasks(tasks(task("a")) + task("b")), "- [ ] a\n\n- [ ] b"],
  ["<ul>a<ul><li>b</li></ul></ul>", "a\n\n- b"],
  ["<ul><li>a</li><p>b</p><ul><li>c</li></ul></ul>", "- a\n\nb\n\n- c"],
])("a list without an item before it loses nothing: %s", (stored, expected) => {
  expect(markdown(stored)).toBe(expected);
});
