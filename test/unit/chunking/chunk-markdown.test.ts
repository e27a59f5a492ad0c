import fc from "fast-check";
import { encode } from "gpt-tokenizer/encoding/cl100k_base";
import { describe, expect, test } from "vitest";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { cutMarkdown } from "#shared/chunking/cut-markdown.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { convertPage } from "#shared/markdown/convert-page.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";
import { storageBody } from "#test/unit/markdown/storage-arbitrary.ts";

const document = storageBody.map((body) => convertPage({ format: "storage", body, resolver }).markdown);
const target = fc.integer({ min: 8, max: 200 });
const sentence = fc
  .array(fc.stringMatching(/^[a-z]{2,9}$/), { minLength: 5, maxLength: 30 })
  .map((words) => `${words.join(" ")}.`);
const section = fc.array(sentence, { minLength: 1, maxLength: 8 }).map((sentences) => sentences.join(" "));
const sections = fc.array(section, { minLength: 2, maxLength: 6 });
const written = (bodies: readonly string[]): string =>
  bodies.map((body, index) => `## Section ${index}\n\n${body}`).join("\n\n");

/** Whether a fence is open at the end of a text, read line by line as CommonMark does. */
function leavesFenceOpen(content: string): boolean {
  let open = "";
  for (const line of content.split("\n")) {
    const run = /^(?:[\s>]|[-*] |\d+\. )*(`{3,})[^`]*$/.exec(line)?.[1] ?? "";
    if (open === "") open = run;
    else if (run.length >= open.length && /^[\s>]*`+\s*$/.test(line)) open = "";
  }
  return open !== "";
}

describe("for any document", () => {
  test("the chunks cover it, in order, nothing lost and nothing doubled", () => {
    fc.assert(
      fc.property(document, target, (markdown, targetTokens) => {
        let end = 0;
        for (const cut of cutMarkdown(markdown, targetTokens)) {
          expect(cut.from).toBeGreaterThanOrEqual(end);
          expect(markdown.slice(end, cut.from).trim()).toBe("");
          expect(cut.to).toBeGreaterThan(cut.from);
          end = cut.to;
        }
        expect(markdown.slice(end).trim()).toBe("");
      }),
      { numRuns: 2000 },
    );
  });

  test("no fence is left open", () => {
    fc.assert(
      fc.property(document, target, (markdown, targetTokens) => {
        for (const { content } of chunkMarkdown(markdown, { targetTokens }))
          expect(leavesFenceOpen(content)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  test("editing one section leaves the chunks of the others as they are", () => {
    fc.assert(
      fc.property(sections, fc.nat(), section, target, (bodies, place, edited, targetTokens) => {
        const index = place % bodies.length;
        const others = (bodies: readonly string[]): string[] =>
          chunkMarkdown(written(bodies), { targetTokens })
            .filter(({ headingPath }) => headingPath[0] !== `Section ${index}`)
            .map(({ content }) => content);
        expect(others(bodies.with(index, edited))).toEqual(others(bodies));
      }),
    );
  });

  test("a section inserted at the top changes no chunk below it", () => {
    fc.assert(
      fc.property(sections, section, target, (bodies, inserted, targetTokens) => {
        const before = chunkMarkdown(written(bodies), { targetTokens });
        const after = chunkMarkdown(`## New\n\n${inserted}\n\n${written(bodies)}`, { targetTokens });
        expect(after.slice(-before.length)).toEqual(before);
      }),
    );
  });
});

test("a table that is split repeats its header", () => {
  const rows = Array.from({ length: 60 }, (_, row) => `| host ${row} | ${row} |`);
  const chunks = chunkMarkdown(["| Host | Port |", "| --- | --- |", ...rows].join("\n"), {
    targetTokens: 100,
  });
  expect(chunks.length).toBeGreaterThan(2);
  for (const { content } of chunks)
    expect(content.startsWith("| Host | Port |\n| --- | --- |\n| host")).toBe(true);
});

test("code that is split is fenced again with its language", () => {
  const code = Array.from({ length: 80 }, (_, line) => `    int value${line} = compute(${line});`);
  const chunks = chunkMarkdown(["```java", ...code, "```"].join("\n"), { targetTokens: 120 });
  expect(chunks.length).toBeGreaterThan(2);
  for (const { content } of chunks) expect(content).toMatch(/^```java\n {4}int[^]*;\n```$/);
});

test("a link is never cut", () => {
  const links = Array.from(
    { length: 80 },
    (_, index) => `[the page of number ${index}](https://e.example/${index})`,
  ).join(" ");
  for (const { content } of chunkMarkdown(links, { targetTokens: 60 })) {
    expect(content.match(/\[/g)?.length).toBe(content.match(/\]\(https:[^)]*\)/g)?.length);
  }
});

test("each chunk knows the headings above it", () => {
  const chunks = chunkMarkdown(
    `# A\n\n${"word ".repeat(300)}\n\n## B\n\n${"word ".repeat(300)}\n\n# C\n\nend`,
    { targetTokens: 512 },
  );
  expect(chunks.map(({ headingPath }) => headingPath)).toEqual([["A"], ["A", "B"], ["C"]]);
});

test("tiny sections under one heading are one chunk", () => {
  expect(chunkMarkdown("# A\n\n## B\n\none\n\n## C\n\ntwo")).toEqual([
    { content: "# A\n\n## B\n\none\n\n## C\n\ntwo", headingPath: ["A"] },
  ]);
});

/** Share by which an estimate may be off, for texts of a chunk's size. */
const ERROR_BOUND = 0.3;

test.each([
  [
    "prose",
    "The deployment is started from the pipeline, which builds the image, runs every test and asks an operator for approval before production is touched. ".repeat(
      8,
    ),
  ],
  [
    "German",
    "Die Auslieferung wird aus der Pipeline gestartet; sie baut das Abbild, führt alle Tests aus und wartet auf die Freigabe durch den Betrieb. ".repeat(
      8,
    ),
  ],
  [
    "code",
    'for (int i = 0; i < items.size(); i++) {\n    logger.info("item {}", items.get(i).getName());\n}\n'.repeat(
      12,
    ),
  ],
  ["a table", "| host-17.example.com | 8443 | running | 2025-03-04 | on call: platform team |\n".repeat(14)],
  [
    "links",
    "- [Release checklist](https://wiki.example.com/display/OPS/Release+Checklist) for every team\n".repeat(
      12,
    ),
  ],
])("the estimate of tokens in %s is within its bound of a real tokenizer", (_kind, text) => {
  const real = encode(text).length;
  expect(Math.abs(estimateTokens(text) - real) / real).toBeLessThanOrEqual(ERROR_BOUND);
});
