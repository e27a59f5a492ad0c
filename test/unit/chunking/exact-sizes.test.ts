import { describe, expect, it } from "vitest";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { textParts } from "#shared/chunking/text-parts.ts";
import { LARGEST_UNIT } from "#shared/chunking/unit.ts";

const TARGET = 60;
const contents = (markdown: string) =>
  chunkMarkdown(markdown, { targetTokens: TARGET }).map(({ content }) => content);
const words = (count: number) => Array.from({ length: count }, () => "word").join(" ");

it("a sentence that has exactly the tokens of a part is not split", () => {
  const sentence = "汉".repeat(10);
  const partsOf = (tokens: number) =>
    [...textParts(sentence, { from: 0, to: sentence.length }, { tokens, atomTokens: tokens })].length;
  expect(estimateTokens(sentence)).toBe(12);
  expect([partsOf(12), partsOf(11)]).toEqual([1, 2]);
});

describe("a row that is too large for a chunk", () => {
  const HEADER = "| Name | Text | Rest |\n| --- | --- | --- |";

  it("a title that fills a chunk is not joined with more of itself", () => {
    const lengths = Array.from({ length: TARGET }, (_, n) => n + 1);
    const opening = (count: number) => ` <h3>${words(count)}.`;
    const exact = lengths.find((count) => 1 + estimateTokens(opening(count)) === TARGET) ?? 0;
    expect(exact).toBeGreaterThan(0);
    const row = `|${opening(exact)} The second sentence of the title.</h3>${`${words(20)}. `.repeat(20)}| b | c |`;
    const [first] = contents(`${HEADER}\n${row}`);
    expect(first).toContain(opening(exact));
    expect(first).not.toContain("second sentence");
  });

  it("its empty cells make no chunk of their own, whatever the size of the cell before them", () => {
    for (let last = 1; last <= TARGET; last++) {
      const row = `| name | ${`${words(20)}. `.repeat(20)}${words(last)}. | |`;
      for (const content of contents(`${HEADER}\n${row}`))
        expect(content.split("\n").at(-1)?.replace("name", ""), `${last} words`).toMatch(/word/);
    }
  });

  it("its empty cells are split nevertheless where they are very many", () => {
    const found = contents(`| name |${" |".repeat(2000)}`);
    expect(found.length).toBeGreaterThan(5);
    for (const content of found) expect(estimateTokens(content)).toBeLessThanOrEqual(LARGEST_UNIT * TARGET);
  });

  it("is split where models would refuse it together with the header above it", () => {
    const header = `| ${words(20)} | ${words(4)} |\n| --- | --- |`;
    for (let count = 20; count < LARGEST_UNIT * TARGET; count += 5)
      for (const content of contents(`${header}\n| a | b |\n| ${words(count)} | c |`))
        expect(estimateTokens(content), `${count} words`).toBeLessThanOrEqual(LARGEST_UNIT * TARGET);
  });
});
