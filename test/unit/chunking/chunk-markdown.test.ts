import fc from "fast-check";
import { encode } from "gpt-tokenizer/encoding/cl100k_base";
import { describe, expect, it } from "vitest";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { cutMarkdown } from "#shared/chunking/cut-markdown.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { LARGEST_UNIT } from "#shared/chunking/unit.ts";
import type { ConvertedPage } from "#shared/markdown/page-content.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import { compareInOrder } from "#test/evaluation/conversion/compare-sequences.ts";
import { type PageFacts, pageFacts, wordsOf } from "#test/evaluation/conversion/page-facts.ts";
import { renderMarkdown } from "#test/evaluation/conversion/render-markdown.ts";
import { evaluationResolver as resolver } from "#test/evaluation/conversion/resolver.ts";
import { propertyRuns } from "#test/support/depth.ts";
import { storageBody } from "#test/unit/markdown/storage-arbitrary.ts";

const document: fc.Arbitrary<ConvertedPage> = storageBody.map((body) =>
  readPage({ format: "storage", value: body }).toMarkdown(resolver),
);
const target = fc.integer({ min: 8, max: 200 });
/** Large enough for nearly all links that the documents have. */
const wideTarget = fc.integer({ min: 60, max: 300 });
const sentence = fc
  .array(fc.stringMatching(/^[a-z]{2,9}$/), { minLength: 5, maxLength: 30 })
  .map((words) => `${words.join(" ")}.`);
const section = fc.array(sentence, { minLength: 1, maxLength: 8 }).map((sentences) => sentences.join(" "));
const sections = fc.array(section, { minLength: 2, maxLength: 6 });
const written = (bodies: readonly string[]): string =>
  bodies.map((body, index) => `## Section ${index}\n\n${body}`).join("\n\n");

/** What a Markdown text shows to a reader. */
const facts = (markdown: string): PageFacts => pageFacts(renderMarkdown(markdown));
/** A word that does not fit is cut, so letters are compared, not words. */
const letters = (words: readonly string[]): string[] => words.join("").split("");
/** Fenced code: that of cells comes again in each chunk that repeats their header. */
const code = (markdown: string): string =>
  facts(markdown.replace(/<pre>.*?<\/pre>/g, ""))
    .codeBlocks.flatMap((block) => wordsOf(block.slice(block.indexOf(":"))))
    .join("");
describe("for any document", () => {
  it("for any document, the chunks cover it, in order, nothing lost and nothing doubled", () => {
    fc.assert(
      fc.property(document, target, ({ markdown, outline }, targetTokens) => {
        // Marks of quotes stand on the empty lines between their blocks too.
        const between = (from: number, to?: number): string => markdown.slice(from, to).replace(/[\s>]/g, "");
        let end = 0;
        for (const cut of cutMarkdown(markdown, targetTokens, outline)) {
          expect(cut.from).toBeGreaterThanOrEqual(end);
          expect(between(end, cut.from)).toBe("");
          expect(cut.to).toBeGreaterThan(cut.from);
          end = cut.to;
        }
        expect(between(end)).toBe("");
      }),
      { numRuns: propertyRuns(2000) },
    );
  }, 600_000);

  it("for any document, each chunk by itself shows its part: words in order, code as code", () => {
    fc.assert(
      fc.property(document, wideTarget, ({ markdown, outline }, targetTokens) => {
        // Rows that no embedding model takes are cut wherever they must be (a first one is counted with its header).
        const longest = Math.max(...markdown.split("\n").map(estimateTokens));
        fc.pre(longest * 3 <= LARGEST_UNIT * targetTokens);
        const chunks = chunkMarkdown(markdown, { targetTokens, outline }).map(({ content }) => content);
        const shown = letters(chunks.flatMap((chunk) => facts(chunk).words));
        expect(compareInOrder(letters(facts(markdown).words), shown).lost).toEqual([]);
        expect(chunks.map(code).join("")).toEqual(code(markdown));
      }),
      { numRuns: propertyRuns(300) },
    );
  }, 600_000);

  it("a split table is a table under its headers in each chunk, inside any lists and quotes", () => {
    const around = fc.array(fc.constantFrom("- ", "12. ", "> "), { maxLength: 3 });
    const cell = fc.stringMatching(/^[a-z]{1,9}( [a-z]{1,9}){0,4}$/);
    const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(around, fc.boolean(), rows, wideTarget, (marks, withText, cells, targetTokens) => {
        const below = marks.map((mark) => (mark === "> " ? mark : " ".repeat(mark.length))).join("");
        const table = ["| A | B |", "| --- | --- |", ...cells.map((row) => `| ${row.join(" | ")} |`)];
        const above = marks.join("") + (withText ? `text\n${below}\n${below}` : "");
        const chunks = chunkMarkdown(above + table.join(`\n${below}`), { targetTokens });
        const read = chunks.flatMap(({ content }) => facts(content).cells);
        expect(read.filter((text) => text !== "A" && text !== "B")).toEqual(cells.flat());
      }),
      { numRuns: propertyRuns(300) },
    );
  });

  it("editing one section leaves the chunks of the others unchanged", () => {
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

  it("a section inserted at the top changes no chunk below it", () => {
    fc.assert(
      fc.property(sections, section, target, (bodies, inserted, targetTokens) => {
        const before = chunkMarkdown(written(bodies), { targetTokens });
        const after = chunkMarkdown(`## New\n\n${inserted}\n\n${written(bodies)}`, { targetTokens });
        expect(after.slice(-before.length)).toEqual(before);
      }),
    );
  });
});

it("a split row stays under its headers, in a list and in a quote", () => {
  for (const indent of ["", "  ", "> "]) {
    const row = `| b | ${"many words in a cell ".repeat(60)}|`;
    const table = ["| Host | About |", "| --- | --- |", row].join(`\n${indent}`);
    const chunks = chunkMarkdown(`${indent === "  " ? "- " : indent}${table}`, { targetTokens: 60 });
    expect(chunks.length).toBeGreaterThan(2);
    for (const { content } of chunks) expect(facts(content).tables).toHaveLength(1);
  }
});

it("a split table repeats its header", () => {
  const rows = Array.from({ length: 60 }, (_, row) => `| host ${row} | ${row} |`);
  const chunks = chunkMarkdown(["| Host | Port |", "| --- | --- |", ...rows].join("\n"), {
    targetTokens: 100,
  });
  expect(chunks.length).toBeGreaterThan(2);
  for (const { content } of chunks)
    expect(content.startsWith("| Host | Port |\n| --- | --- |\n| host")).toBe(true);
});

it.each([
  ["in one item of a list", "- Hosts\n\n", "  "],
  ["in a quote", "> Hosts\n>\n", "> "],
  ["one below the other", "Hosts\n\n", ""],
])("two tables %s each repeat their own header", (_, above, indent) => {
  const table = (name: string) =>
    [
      `| ${name} | Port |`,
      "| --- | --- |",
      ...Array.from({ length: 40 }, (_, n) => `| ${name} ${n} | ${n} |`),
    ]
      .map((line) => indent + line)
      .join("\n");
  const gap = `\n${indent.trimEnd()}\n`;
  for (const between of [gap, `${gap}${indent}In between.${gap}`]) {
    const markdown = `${above}${table("Host")}${between}${table("Disk")}${gap}${indent}Below.`;
    const contents = chunkMarkdown(markdown, { targetTokens: 100 }).map(({ content }) => content);
    for (const name of ["Host", "Disk"]) {
      const header = `| ${name} | Port |`;
      const withRows = contents.filter((content) => new RegExp(`\\| ${name} \\d`).test(content));
      expect(withRows.length).toBeGreaterThan(2);
      expect(contents.filter((content) => content.includes(header))).toEqual(withRows);
      for (const content of withRows) expect(content.split(header)).toHaveLength(2);
    }
    expect(contents.flatMap((content) => facts(content).tables).length).toBeGreaterThanOrEqual(6);
  }
});

it("split code is fenced again with its language", () => {
  const code = Array.from({ length: 80 }, (_, line) => `    int value${line} = compute(${line});`);
  const chunks = chunkMarkdown(["```java", ...code, "```"].join("\n"), { targetTokens: 120 });
  expect(chunks.length).toBeGreaterThan(2);
  for (const { content } of chunks) expect(content).toMatch(/^```java\n {4}int[^]*;\n```$/);
});

/** Documents that a run of the properties above found, each once cut so that code became text or text became code. */
it.each([
  ["a fence that ends inside a quote", "> ```java\n> a\n> ```\n\n```\n## b\n```", 8],
  [
    "an item cut in its text",
    `- a\n\n  - b\n    - ${"word ".repeat(70)}\n\n      text\n\n  \`\`\`java\n  c\n  \`\`\`\n2. d`,
    60,
  ],
  [
    "a paragraph of an item in a quote",
    `> - - ${"word ".repeat(50)}\n>\n>     ${"word ".repeat(50)}\n>\n>   a\n> - b`,
    60,
  ],
  ["items of a list in a quote", `> - - ${"word ".repeat(50)}\n>     - ${"word ".repeat(50)}`, 60],
])("chunks cover a document without loss: %s", (_name, markdown, targetTokens) => {
  const chunks = chunkMarkdown(markdown, { targetTokens }).map(({ content }) => content);
  expect(chunks.flatMap((chunk) => facts(chunk).words)).toEqual(facts(markdown).words);
  expect(chunks.map(code).join("")).toEqual(code(markdown));
});

it("a link is never split", () => {
  const links = Array.from(
    { length: 80 },
    (_, index) => `[the page of number ${index}](https://e.example/${index})`,
  ).join(" ");
  for (const { content } of chunkMarkdown(links, { targetTokens: 60 })) {
    expect(content.match(/\[/g)?.length).toBe(content.match(/\]\(https:[^)]*\)/g)?.length);
  }
});

it("a text split where it has no space does not begin like an item of a list", () => {
  const link = (text: string): string => `[${text}](https://e.example/(a)?b=c&d)`;
  const markdown = `- [x] ${link(`aaa aaaaaaa aaaaaa Größe ${"a".repeat(21)} aaaaaaa a`)}${link(
    "a a Größe Größea \\`aaa aaaaaa aaaaaa aaa aaaaaa",
  )} 1. vior\n\nGröße`;
  const chunks = chunkMarkdown(markdown, { targetTokens: 62 });
  const shown = letters(chunks.flatMap(({ content }) => facts(content).words));
  expect(compareInOrder(letters(facts(markdown).words), shown).lost).toEqual([]);
});

it.each([
  ["words", "word ".repeat(40_000)],
  ["one word", "word".repeat(40_000)],
  ["dashes", `a ${"- ".repeat(40_000)}`],
  ["numbers", `a ${"1. ".repeat(40_000)}`],
  ["Chinese without punctuation", "数据库".repeat(20_000)],
  ["a table row of megabytes", `| a | b |\n| --- | --- |\n| ${"cell ".repeat(40_000)} | x |`],
  ["one line of code", `\`\`\`\n${"f(x);".repeat(40_000)}\n\`\`\``],
  ["a link of megabytes", `[${"text ".repeat(40_000)}](https://e.example/)`],
  ["a heading of megabytes", `# ${"word ".repeat(40_000)}\n\ntext`],
])("no chunk is larger than what embedding models accept: %s", (_what, markdown) => {
  const target = 512;
  for (const { content } of chunkMarkdown(markdown, { targetTokens: target })) {
    expect(encode(content).length).toBeLessThanOrEqual(LARGEST_UNIT * target);
  }
});

it("each chunk has the headings above it", () => {
  const chunks = chunkMarkdown(
    `# A\n\n${"word ".repeat(300)}\n\n## B\n\n${"word ".repeat(300)}\n\n# C\n\nend`,
    { targetTokens: 512 },
  );
  expect(chunks.map(({ headingPath }) => headingPath)).toEqual([["A"], ["A", "B"], ["C"]]);
});

it("spaces at the end of a line are no chunk", () => {
  for (let targetTokens = 20; targetTokens < 60; targetTokens++) {
    const contents = chunkMarkdown(`${"Some words go. ".repeat(20)}  `, { targetTokens }).map(
      ({ content }) => content,
    );
    expect(contents.filter((content) => content.trim() === "")).toEqual([]);
  }
});

it("a title with nothing below it stays in the item that it ends", () => {
  const words = "word ".repeat(40).trim();
  const markdown = `- Item\n\n  ${words}\n\n  ${words}\n\n  Steps:\n\n  *\n\nafter`;
  expect(chunkMarkdown(markdown, { targetTokens: 60 })).toEqual([
    { content: `- Item\n\n  ${words}`, headingPath: ["Item"] },
    { content: `${words}\n\nSteps:`, headingPath: ["Item"] },
    { content: "after", headingPath: [] },
  ]);
});

it("a chunk that begins deep in a list keeps what is below later items below them", () => {
  const item = `- \`\`\`\n    x\n    \`\`\`\n\n    ${"word ".repeat(50).trim()}\n\n    ${"more ".repeat(30).trim()}`;
  const markdown = `- a\n\n  ${item}\n  - c\n\n    d`;
  const chunks = chunkMarkdown(markdown, { targetTokens: 60 }).map(({ content }) => content);
  expect(chunks.at(-1)).toBe(`${"more ".repeat(30).trim()}\n\n- c\n\n  d`);
});

it("an alert's mark is repeated above each chunk of it, without the spaces after it", () => {
  const words = "word ".repeat(40).trim();
  const chunks = chunkMarkdown(`> [!NOTE]  \n> ${words}\n>\n> ${words}`, { targetTokens: 60 });
  expect(chunks.map(({ content }) => content)).toEqual([`> [!NOTE]  \n> ${words}`, `> [!NOTE]\n> ${words}`]);
});

it("tiny sections under one heading are one chunk", () => {
  expect(chunkMarkdown("# A\n\n## B\n\none\n\n## C\n\ntwo")).toEqual([
    { content: "# A\n\n## B\n\none\n\n## C\n\ntwo", headingPath: ["A"] },
  ]);
});

/** Share by which an estimate may be off, for texts of a chunk's size. */
const ERROR_BOUND = 0.3;

it.each([
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
