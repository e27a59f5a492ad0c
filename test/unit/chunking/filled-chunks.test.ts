import fc from "fast-check";
import { expect, it } from "vitest";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { propertyRuns } from "#test/support/depth.ts";

const TARGET = 160;
const sentence = fc
  .array(fc.stringMatching(/^[a-z]{2,9}$/), { minLength: 3, maxLength: 12 })
  .map((words) => `${words.join(" ")}.`);
const lines = fc.array(sentence, { minLength: 1, maxLength: 12 });
/** Blocks that say nothing of what comes after them. */
const block = fc.oneof(
  sentence,
  lines.map((items) => items.map((item) => `- ${item}`).join("\n")),
  lines.map((items) => items.map((item, n) => `${n + 1}. ${item}`).join("\n")),
  lines.map((items) => items.map((item) => `> ${item}`).join("\n>\n")),
);

it("neighbours of one section are one chunk where that holds them: paragraphs, lists and quotes alike", () => {
  fc.assert(
    fc.property(fc.array(block, { minLength: 2, maxLength: 15 }), (blocks) => {
      const chunks = chunkMarkdown(`# Title\n\n${blocks.join("\n\n")}`, { targetTokens: TARGET });
      for (const [index, { content }] of chunks.entries()) {
        const next = chunks[index + 1];
        if (next) expect(estimateTokens(content) + estimateTokens(next.content)).toBeGreaterThan(TARGET);
      }
    }),
    { numRuns: propertyRuns(300) },
  );
});

it("a section that a chunk holds is one, with its lists, quotes, tables and code", () => {
  const words = (name: string) => Array.from({ length: 12 }, (_, n) => `${name}${n}`).join(" ");
  const markdown = [
    "# Title",
    words("before"),
    `- ${words("item")}\n- ${words("other")}`,
    `> ${words("quoted")}`,
    "| a | b |\n| - | - |\n| c | d |",
    "```\ncode\n```",
    words("after"),
  ].join("\n\n");
  expect(estimateTokens(markdown)).toBeGreaterThan(TARGET / 4);
  expect(chunkMarkdown(markdown, { targetTokens: 400 })).toEqual([
    { content: markdown, headingPath: ["Title"] },
  ]);
});

it("paragraphs that fill a chunk exactly are one", () => {
  const half = "word ".repeat(TARGET / 2).trim();
  const markdown = `${half}\n\n${half}`;
  expect(estimateTokens(half)).toBe(TARGET / 2);
  expect(chunkMarkdown(markdown, { targetTokens: TARGET })).toEqual([{ content: markdown, headingPath: [] }]);
});

it("chunks of a table are no larger than their target, the header that they repeat included", () => {
  const columns = Array.from({ length: 12 }, (_, n) => `column of number ${n}`);
  const rows = Array.from(
    { length: 40 },
    (_, n) => `| ${columns.map((_, cell) => `${n}.${cell}`).join(" | ")} |`,
  );
  const header = [`| ${columns.join(" | ")} |`, `| ${columns.map(() => "---").join(" | ")} |`];
  const target = 3 * estimateTokens(header.join("\n"));
  const chunks = chunkMarkdown([...header, ...rows].join("\n"), { targetTokens: target });
  expect(chunks.length).toBeGreaterThan(3);
  for (const { content } of chunks) {
    expect(content.startsWith(header.join("\n"))).toBe(true);
    expect(estimateTokens(content)).toBeLessThanOrEqual(target);
  }
});
