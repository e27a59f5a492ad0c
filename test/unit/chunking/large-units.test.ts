import { expect, it } from "vitest";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { LARGEST_UNIT } from "#shared/chunking/unit.ts";

const TARGET = 60;
const contents = (markdown: string) =>
  chunkMarkdown(markdown, { targetTokens: TARGET }).map(({ content }) => content);
/** A line of this many targets. */
const lineOf = (targets: number, name: string) => {
  let line = name;
  while (estimateTokens(line) < targets * TARGET) line += ` ${name}(x);`;
  return line;
};

it("a line of code that is larger than a chunk stays whole while models accept it", () => {
  const long = lineOf(LARGEST_UNIT - 1, "long");
  const found = contents(["```js", "before();", long, "after();", "```"].join("\n"));
  expect(found.filter((content) => content.includes("long"))).toEqual([`\`\`\`js\n${long}\n\`\`\``]);
});

it.each([
  ["its first line", (long: string) => [long, "after();"]],
  ["its last line", (long: string) => ["before();", long]],
  ["its only line", (long: string) => [long]],
  ["a line between others", (long: string) => ["before();", long, "after();"]],
])("code of which %s is larger than models accept is fenced in each chunk, and complete", (_, linesOf) => {
  for (const [above, mark] of [
    ["", ""],
    ["> ", "> "],
  ] as const) {
    const lines = linesOf(lineOf(LARGEST_UNIT + 2, "long"));
    const found = contents(["```js", ...lines, "```"].map((line) => `${mark}${line}`).join("\n"));
    expect(found.length).toBeGreaterThan(LARGEST_UNIT);
    const code = found.map((content) => {
      const [opening, ...rest] = content.split("\n");
      expect([opening, rest.pop()]).toEqual([`${above}\`\`\`js`, `${above}\`\`\``]);
      return rest.map((line) => line.slice(mark.length)).join("");
    });
    expect(code.join("").replace(/\s/g, "")).toBe(lines.join("").replace(/\s/g, ""));
  }
});

it("code with an unclosed fence is closed in each chunk", () => {
  const lines = Array.from({ length: 40 }, (_, n) => `value${n} = compute(${n});`);
  const found = contents(["```js", ...lines].join("\n"));
  expect(found.length).toBeGreaterThan(2);
  for (const content of found) expect(content).toMatch(/^```js\nvalue[^]*;\n```$/);
  expect(found.flatMap((content) => content.split("\n").filter((line) => line.startsWith("value")))).toEqual(
    lines,
  );
});

it.each(["", "> "])(
  "after %j, a fence with nothing after it is closed, however long its first line",
  (mark) => {
    const opening = `${mark}\`\`\`js ${lineOf(2, "option")}`;
    const markdown = `# Code\n\n${opening}`;
    expect(chunkMarkdown(markdown, { targetTokens: TARGET })).toEqual([
      { content: `${markdown}\n${mark}\`\`\``, headingPath: ["Code"] },
    ]);
  },
);

it("an unclosed fence is not taken to end on its last line", () => {
  const lines = ["first", "last"].map((name) => lineOf(2 / 3, name));
  expect(contents(["```", ...lines].join("\n"))).toEqual([
    `\`\`\`\n${lines[0]}\n\`\`\``,
    `\`\`\`\n${lines[1]}\n\`\`\``,
  ]);
});

it("chunks of code are as large as their target allows, and no larger", () => {
  const lines = Array.from({ length: 78 }, (_, n) => `${n}`);
  const found = contents(["```", ...lines, "```"].join("\n"));
  expect(found.flatMap((content) => content.split("\n").slice(1, -1))).toEqual(lines);
  expect(found.length).toBeLessThan(LARGEST_UNIT);
  for (const content of found) expect(estimateTokens(content)).toBeLessThanOrEqual(TARGET);
  for (const content of found.slice(0, -1)) expect(estimateTokens(content)).toBeGreaterThan(0.9 * TARGET);
});

it("code of exactly a chunk's size is one chunk, and larger code begins one", () => {
  const code = ["```", ...Array.from({ length: 20 }, (_, n) => `value(${n});`), "```"].join("\n");
  const targetTokens = estimateTokens(code);
  expect(chunkMarkdown(code, { targetTokens })).toEqual([{ content: code, headingPath: [] }]);
  const [first] = chunkMarkdown(`before\n\n${code}`, { targetTokens: targetTokens - 1 });
  expect(first?.content).toBe("before");
});

it("a link that is larger than models accept is split", () => {
  const found = contents(`[${lineOf(LARGEST_UNIT + 1, "link")}](https://e.example/)`);
  expect(found.length).toBeGreaterThan(1);
  for (const content of found) expect(estimateTokens(content)).toBeLessThanOrEqual(LARGEST_UNIT * TARGET);
});

it("no character is split where a text has no spaces", () => {
  const text = "a😀".repeat(100);
  for (let targetTokens = 20; targetTokens < 60; targetTokens++) {
    const found = chunkMarkdown(text, { targetTokens }).map(({ content }) => content);
    expect(found.length).toBeGreaterThan(2);
    expect(found.join("")).toBe(text);
    for (const content of found) expect(content.isWellFormed()).toBe(true);
  }
});

it("a fence is repeated without the spaces around it", () => {
  const lines = Array.from({ length: 40 }, (_, n) => `value${n} = compute(${n});`);
  const [first, ...later] = contents(["  ```js  ", ...lines, "```"].join("\n"));
  expect(first).toMatch(/^ {2}```js {2}\nvalue0 /);
  expect(later.length).toBeGreaterThan(2);
  for (const content of later) expect(content).toMatch(/^```js\nvalue/);
});

it("code in an item is fenced in each chunk as far inside as its text", () => {
  const lines = Array.from({ length: 40 }, (_, n) => `  value${n} = compute(${n});`);
  const [first, ...later] = contents(["- ```js", ...lines, "  ```"].join("\n"));
  expect(first).toMatch(/^- ```js\n {2}value0 [^]*;\n {2}```$/);
  expect(later.length).toBeGreaterThan(2);
  for (const content of later) expect(content).toMatch(/^```js\nvalue[^]*;\n```$/);
});

it("a row of a table that is larger than a chunk stays whole while models accept it", () => {
  const row = `| host | ${lineOf(LARGEST_UNIT - 1, "word")} |`;
  const found = contents(["| Host | About |", "| --- | --- |", "| a | b |", row, "| c | d |"].join("\n"));
  expect(found.filter((content) => content.includes("word")).map((content) => content.split("\n"))).toEqual([
    ["| Host | About |", "| --- | --- |", row],
  ]);
});

it.each([
  ["a b", 2],
  ["a    b", 3],
  ["a\t\tb", 3],
  ["\n\n\n", 1],
  ["1234567", 3],
  ["aB", 2],
  ["\u007f".repeat(3), 3],
  ["\u024f".repeat(9), 9],
  ["\u0250".repeat(9), 7],
  ["\u2e7f".repeat(9), 7],
  ["\u2e80".repeat(9), 11],
  ["", 0],
])("%j counts as %i tokens", (text, tokens) => {
  expect(estimateTokens(text)).toBe(tokens);
});
