import { expect, it } from "vitest";
import { RowPlace } from "#shared/chunking/row-place.ts";

/** What is known of the position of `¦` in a row. Parts: by the texts that they begin with and end with. */
function placeIn(marked: string, parts: { from: string; titleEnd: string; to: string }[] = []) {
  const row = marked.replace("¦", "");
  const after = (text: string) => row.indexOf(text) + text.length;
  const found = parts.map(({ from, titleEnd, to }) => ({
    from: row.indexOf(from),
    titleEnd: after(titleEnd),
    to: after(to),
  }));
  const place = new RowPlace(row, found);
  place.moveTo(marked.indexOf("¦"));
  return place;
}

it.each([
  ["¦| a | b |", -1],
  ["| a¦ | b |", 0],
  ["| a | b¦ |", 1],
  ["| a \\| `|` | b¦ |", 1],
])("in %j, the cells before the position are counted", (row, cells) => {
  expect(placeIn(row).cells).toBe(cells);
});

it.each([
  ["| a¦", ""],
  ["|<ul>¦<li>a", "<ul>"],
  ["|<ul><li>a</li><li>b¦", "<ul><li>"],
  ["|<ol><li>a¦", "<ol><li>"],
  ["|<ol><li>a</li><li>b¦", '<ol start="2"><li>'],
  ["|<ol><li>a</li>¦<li>b", '<ol start="2">'],
  ['|<ol start="4"><li>a¦', '<ol start="4"><li>'],
  ['|<ol><li value="7">a</li><li>b¦', '<ol start="8"><li>'],
  ["|<ul><li>a<ol><li>b</li><li>c¦", '<ol start="2"><li>'],
  ["|<ul><li>a<ol><li>b</li></ol></li><li>c¦", "<ul><li>"],
  ["|<ol><li>a</li></ol>b¦", ""],
  ["|<ul><li>a | b¦", ""],
  ["|</ul>a¦", ""],
  ["| `<ul><li>` \\<ol> a¦", ""],
])("in %j, the list around the position is opened by %j", (row, opening) => {
  expect(placeIn(row).opening).toBe(opening);
});

it.each<[string, string[]]>([
  ["|<h2>A</h2>x¦", ["A"]],
  ["|<h2>A</h2><h3>B</h3>x¦", ["A", "B"]],
  ["|<h2>A</h2><h2>B</h2>x¦", ["B"]],
  ["|<h3>A</h3><h2>B</h2>x¦", ["B"]],
  ["|<h2></h2>x¦", []],
  ["|<h2>A</h2>x | y¦", []],
  ["|</h2>x¦", []],
  ["|<ul><li>A<ul><li>x¦", ["A"]],
  ["|<ul><li>A<ol><li>B<ul><li>x¦", ["A", "B"]],
  ["|<ul><li>A<ul><li>x</li></ul><ul><li>y¦", ["A"]],
  ["|<ul><li>A<ul><li>x</li></ul></li><li>y¦", []],
  ["|<h3>A</h3><ul><li><h2>B</h2>x¦", ["A", "B"]],
  ["|<h3>A</h3><ul><li><h2>B</h2>x</li></ul>y¦", ["A"]],
  ["|<ul><li>A<br><h4>B</h4><ol><li>x</li></ol>y¦", ["A B", "B"]],
])("in %j, the titles around the position are %j", (row, titles) => {
  expect(placeIn(row).titles).toEqual(titles);
});

it.each<[string, string[], string[]]>([
  ["|<h2>Z</h2>", ["Z", "Title"], ["Z"]],
  ["|", ["Title"], []],
])("after %j, a part has its title and its headings, which end with it", (before, inside, after) => {
  const part = [{ from: "Title", titleEnd: "Title", to: "end." }];
  expect(placeIn(`${before}Title<br>x¦ end. y`, part).titles).toEqual(inside);
  expect(placeIn(`${before}Title<br><h3>A</h3>x¦ end. y`, part).titles).toEqual([...inside, "A"]);
  expect(placeIn(`${before}Title<br><h3>A</h3>x end.¦ y`, part).titles).toEqual(after);
  expect(placeIn(`${before}Title<br><h3>A</h3>x end. <h3>B</h3>y¦`, part).titles).toEqual([...after, "B"]);
});

it("a heading that begins where a part ends is not the part's", () => {
  const part = [{ from: "Title", titleEnd: "Title", to: "<h3>" }];
  expect(placeIn("|Title<br>x<h3>A</h3>y¦", part).titles).toEqual(["A"]);
});

it.each<[string, boolean]>([
  ["|<h2>A¦</h2>x", true],
  ["|<h2>A</h2>¦x", false],
  ["|a¦<ul><li>b", true],
  ["|a¦<ol><li>b", true],
  ["|a¦<br><ol><li>b", true],
  ["|a¦<br>b<ul>", false],
  ["|a¦<u>b</u>", false],
  ["|a<ul>¦<li>b", false],
])("whether the position in %j is at a title: %s", (row, expected) => {
  expect(placeIn(row).isAtTitle).toBe(expected);
});

it.each<[string, boolean]>([
  ["|Tit¦le<br>x end.", true],
  ["|Title¦<br>x end.", true],
  ["|Title<br>¦x end.", true],
  ["|Title<br>x¦ end.", false],
])("whether the position in %j, with a part's title, is at it: %s", (row, expected) => {
  const part = [{ from: "Title", titleEnd: "Title", to: "end." }];
  expect(placeIn(row, part).isAtTitle).toBe(expected);
});
