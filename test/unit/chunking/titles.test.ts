import { expect, it } from "vitest";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";

const TARGET = 60;
const words = (count: number) => "word ".repeat(count).trim();
const prose = words(TARGET - 1);
const code = `\`\`\`\n${words(TARGET - 4)}\n\`\`\``;
const bold = (length: number) => `**${"x".repeat(length)}**`;

/** The chunks of a paragraph and a block that nearly fills one. */
const contents = (...[markdown, outline]: [string, Parameters<typeof chunkMarkdown>[1]?]) =>
  chunkMarkdown(markdown, { targetTokens: TARGET, ...outline }).map(({ content }) => content);

it.each([
  ["Run this:", code],
  ["Run this：", code],
  ["**Run this:**", code],
  ["**Run this**", prose],
  [bold(200), prose],
  [`${bold(200)}:`, prose],
])("%j is in one chunk with what is below it", (text, block) => {
  expect(contents(`${text}\n\n${block}`)).toEqual([`${text}\n\n${block}`]);
});

it.each([
  ["Run this", code],
  ["Run this:", prose],
  ["It is 1: 2", code],
  ["Some **words**", prose],
  ["**Some** words", prose],
  [bold(201), prose],
  ["| a:", code],
])("%j is no title of what is below it", (text, block) => {
  expect(contents(`${text}\n\n${block}`)).toEqual([text, block]);
});

it("an alert's mark is in one chunk with its text", () => {
  expect(contents(`> [!NOTE]\n> ${prose}`)).toEqual([`> [!NOTE]\n> ${prose}`]);
});

it("a bold paragraph at the end of a section stays in it", () => {
  const chunks = chunkMarkdown(`${prose}\n\n**Signed**\n\n# Next\n\n${words(20)}`, { targetTokens: TARGET });
  expect(chunks.map(({ content, headingPath }) => [content.slice(0, 10), headingPath])).toEqual([
    ["word word ", []],
    ["**Signed**", []],
    ["# Next\n\nwo", ["Next"]],
  ]);
});

const title = "![](title.png)";
it.each([
  ["its title is the paragraph", { titleEnd: title.length, to: 800 }, true],
  ["it has no title", { titleEnd: 0, to: 800 }, false],
  ["nothing is below its title", { titleEnd: title.length, to: title.length }, false],
  ["its title goes on below the paragraph", { titleEnd: title.length + 3, to: 800 }, false],
])("a paragraph that begins a part stays with what is below it as its title: %s", (_, part, together) => {
  const outline = { parts: [{ from: 0, ...part }], headerRows: [], sectionRows: [] };
  const markdown = `${title}\n\n${prose}\n\n${prose}`;
  expect(contents(markdown, { outline })).toEqual(
    together ? [`${title}\n\n${prose}`, prose] : [title, prose, prose],
  );
});

it("a long item is not its own title, and neither is its code", () => {
  for (const item of [words(100), `\`\`\`\n  a()\n  \`\`\`\n\n  ${words(100)}`]) {
    const chunks = chunkMarkdown(`- ${item}`, { targetTokens: TARGET });
    expect(chunks.length).toBeGreaterThan(1);
    for (const { headingPath } of chunks) expect(headingPath).toEqual([]);
  }
});

it("a part within the header of a table is no title of the rows below", () => {
  const header = "| Step | Text |";
  const rows = Array.from({ length: 20 }, (_, n) => `| ${n} | ${words(20)} |`);
  const from = header.indexOf("Step");
  const chunks = chunkMarkdown([header, "| --- | --- |", ...rows].join("\n"), {
    targetTokens: TARGET,
    outline: {
      parts: [{ from, titleEnd: from + 4, to: header.length - 2 }],
      headerRows: [],
      sectionRows: [],
    },
  });
  expect(chunks.length).toBeGreaterThan(3);
  expect(chunks.flatMap(({ headingPath }) => headingPath)).toEqual([]);
});

it("a part that is one long paragraph is named by its title in each of its chunks, beside one that ends on the same line", () => {
  const [before, name] = ["Why. ", "How to do it"];
  const text = `${before}${name}. ${words(200)}`;
  const from = before.length;
  const inside = { from: 0, titleEnd: 3, to: 3 };
  const whole = { from, titleEnd: from + name.length, to: text.length };
  for (const parts of [[whole], [inside, whole]]) {
    const chunks = chunkMarkdown(text, {
      targetTokens: TARGET,
      outline: { parts, headerRows: [], sectionRows: [] },
    });
    expect(chunks.length).toBeGreaterThan(2);
    for (const { headingPath } of chunks) expect(headingPath).toEqual([name]);
  }
});
