import { expect, it } from "vitest";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { leafLines, linePrefix, quotePrefix, type Container } from "#shared/chunking/lines.ts";

const TARGET = 40;
const contents = (markdown: string) =>
  chunkMarkdown(markdown, { targetTokens: TARGET }).map(({ content }) => content);
const sentences = (count: number, name: string) =>
  Array.from({ length: count }, (_, n) => `The ${name} number ${n} is read by whoever is on duty.`).join(" ");
const rows = Array.from({ length: 20 }, (_, n) => `| Service ${n} | Team ${n} answers for it |`);
const HEADER = ["| Name | Owner |", "| --- | --- |"];

/** A block after another one, its first line behind a mark and the others behind as many spaces, or the mark. */
const inside = (first: string, others: string, lines: readonly string[]) =>
  ["Before.", "", ...lines.map((line, index) => (index === 0 ? first : others) + line)].join("\n");

it.each([
  ["an item", "- ", "  ", ""],
  ["a numbered item", "10. ", "    ", ""],
  ["a quote", "> ", "> ", "> "],
  ["an item of a quote", "> - ", ">   ", "> "],
  ["a quote in an item", "- > ", "  > ", "> "],
])("a table in %s repeats its header in each chunk", (_, first, others, kept) => {
  const [before, opening, ...chunks] = contents(inside(first, others, [...HEADER, ...rows]));
  expect(before).toBe("Before.");
  expect(opening?.split("\n")[0]).toBe(first + HEADER[0]);
  expect(chunks.length).toBeGreaterThan(5);
  for (const content of chunks)
    expect(content.split("\n").slice(0, 2)).toEqual(HEADER.map((line) => kept + line));
  const text = [opening, ...chunks].join("\n");
  for (const row of rows) expect(text).toContain(row);
});

it.each([
  ["an item", "- ", "", ""],
  ["a quote", "> ", "> ", "> "],
  ["an item of a quote", "> - ", "> ", "> "],
])("a long line in %s is split after its sentences, and nothing of it is lost", (_, mark, kept, later) => {
  const line = sentences(8, "page");
  const [, first, ...others] = contents(`Before.\n\n${mark}${line}`);
  expect(others.length).toBeGreaterThan(1);
  expect(first?.startsWith(mark)).toBe(true);
  for (const content of others) expect(content).toMatch(new RegExp(`^${later}The page number .*\\.$`));
  expect([first?.slice(mark.length), ...others.map((content) => content.slice(kept.length))].join(" ")).toBe(
    line,
  );
});

it("the lines of a block are read without the marks of what they are in", () => {
  const quote: Container = { around: null, indent: 0 };
  const item: Container = { around: quote, indent: 2 };
  const markdown = "Before.\n\n> - one\n>   two\n>    deeper\n>  three\nfour";
  const from = markdown.indexOf(">");
  const lines = [...leafLines(markdown, { from, to: markdown.length, textFrom: from + 4, container: item })];
  expect(lines.map(({ text }) => text)).toEqual(["one", "two", " deeper", "three", "four"]);
  for (const line of lines) expect(markdown.slice(line.textFrom, line.to)).toBe(line.text);
  expect(lines.map((line) => line.from)).toEqual(
    ["> - one", ">   two", ">    deeper", ">  three", "four"].map((text) => markdown.indexOf(text)),
  );
  expect([linePrefix(item), quotePrefix(item), linePrefix(null), quotePrefix(null)]).toEqual([
    ">   ",
    "> ",
    "",
    "",
  ]);
});

it("a chunk that begins inside an alert has the alert's mark above it", () => {
  const chunks = contents(`> [!WARNING]\n> ${sentences(3, "first")}\n>\n> ${sentences(3, "second")}`);
  expect(chunks.length).toBeGreaterThan(1);
  for (const content of chunks) expect(content.split("\n")[0]).toBe("> [!WARNING]");
});

it("below an alert's mark, a table, a list and code are blocks of their own", () => {
  const below = (lines: readonly string[]) =>
    contents(["> [!NOTE]", `> ${sentences(2, "page")}`, ">", ...lines.map((line) => `> ${line}`)].join("\n"));
  const tables = below([...HEADER, ...rows.slice(0, 3)]);
  expect(tables.at(-1)?.split("\n").slice(0, 4)).toEqual([
    "> [!NOTE]",
    ">",
    ...HEADER.map((line) => `> ${line}`),
  ]);
  const code = below(["```", ...Array.from({ length: 10 }, (_, n) => `run_step(${n})`), "```"]);
  expect(code.at(-1)?.split("\n").slice(0, 3)).toEqual(["> [!NOTE]", ">", "> ```"]);
  const prose = below([sentences(2, "other")]);
  expect(prose.at(-1)?.split("\n")).toHaveLength(2);
});

it("a chunk that begins deep in a list has one empty line before the items that follow, as the list has", () => {
  const words = (count: number, word: string) => `${word} `.repeat(count).trim();
  const code = "```\n    x\n    ```";
  const markdown = `- a\n\n  - ${code}\n\n    ${words(50, "word")}\n\n    ${words(30, "more")}\n\n  - c\n\n    d`;
  const chunks = chunkMarkdown(markdown, { targetTokens: 60 });
  expect(chunks.at(-1)?.content).toBe(`${words(30, "more")}\n\n- c\n\n  d`);
});
