import { expect, it } from "vitest";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { chunkPage } from "#shared/chunking/chunk-page.ts";
import { readPage } from "#shared/markdown/read-page.ts";
import type { ReferenceResolver } from "#shared/markdown/page-content.ts";
import { joinPieces } from "#shared/documents/read-in-order/join-pieces.ts";
import { piecesOf } from "#shared/documents/read-in-order/pieces.ts";
import { readPageBodies } from "#test/support/page-bodies.ts";

/** A page's Markdown, stored as chunks and read again. */
const readAgain = (markdown: string) => {
  const chunks = chunkMarkdown(markdown).map((chunk) => ({ ...chunk, place: null }));
  return { chunks: chunks.length, text: joinPieces(piecesOf(chunks)) };
};
const rows = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, n) => `| Service ${from + n} | Team ${from + n} owns it and answers the phone |`,
  );
const HEADER = ["| Service | Owner |", "| --- | --- |"];
const lines = (count: number, name = "value") =>
  Array.from({ length: count }, (_, n) => `${name}${n} = compute(${n}, "${name} number ${n}");`);

it("a table that was split into chunks is one table with one header again", () => {
  const markdown = ["## Owners", "", ...HEADER, ...rows(0, 120), "", "Ask them first."].join("\n");
  const { chunks, text } = readAgain(markdown);
  expect(chunks).toBeGreaterThan(3);
  expect(text).toBe(markdown);
});

it("code that was split into chunks is in one fence again", () => {
  const markdown = ["Run this:", "", "```python", ...lines(150), "```", "", "Then wait."].join("\n");
  const { chunks, text } = readAgain(markdown);
  expect(chunks).toBeGreaterThan(3);
  expect(text).toBe(markdown);
});

it("code in an item of a list keeps its indentation where it was split", () => {
  const code = ["  ```sh", ...lines(120).map((line) => `  ${line}`), "  ```"];
  const markdown = ["- First:", "", ...code].join("\n");
  const { chunks, text } = readAgain(markdown);
  expect(chunks).toBeGreaterThan(2);
  expect(text).toBe(markdown);
});

it("items of a list keep their depth where it was split, and so does what follows the list", () => {
  const items = (from: number, to: number) =>
    Array.from(
      { length: to - from },
      (_, n) => `  - Service ${from + n}, which team ${from + n} answers for`,
    );
  const nested = ["- Services", ...items(0, 60), "- Runbooks", ...items(60, 120), "- Contacts"];
  const { chunks, text } = readAgain(["## Contents", "", ...nested, "", "Ask."].join("\n"));
  expect(chunks).toBeGreaterThan(3);
  expect(text.split("\n").filter((line) => line.includes("- "))).toEqual(nested);
  expect(text.split("\n").at(-1)).toBe("Ask.");
});

it("a table in a quote keeps the quote's marks where it was split", () => {
  const markdown = [...HEADER, ...rows(0, 100)].map((line) => `> ${line}`).join("\n");
  const { chunks, text } = readAgain(markdown);
  expect(chunks).toBeGreaterThan(2);
  expect(text).toBe(markdown);
});

it("two tables with the same header stay two tables", () => {
  const markdown = [...HEADER, ...rows(0, 25), "", ...HEADER, ...rows(25, 50)].join("\n");
  const { chunks, text } = readAgain(markdown);
  expect(chunks).toBe(2);
  expect(text).toBe(markdown);
});

it("two blocks of code in the same language stay two blocks", () => {
  const block = (name: string) => ["```js", ...lines(22, name), "```"];
  const markdown = [...block("first"), "", ...block("second")].join("\n");
  const { chunks, text } = readAgain(markdown);
  expect(chunks).toBe(2);
  expect(text).toBe(markdown);
});

it("the parts of a row that was split stay below one header", () => {
  const cell = Array.from({ length: 300 }, (_, n) => `Step ${n} asks the on-call engineer to wait.`).join(
    " ",
  );
  const { chunks, text } = readAgain([...HEADER, `| Ledger | ${cell} |`, ...rows(0, 3)].join("\n"));
  expect(chunks).toBeGreaterThan(3);
  expect(text.split("\n").filter((line) => line === HEADER[1])).toHaveLength(1);
  expect(text.split("\n")).not.toContain("");
  for (let n = 0; n < 300; n++) expect(text).toContain(`Step ${n} asks`);
});

it("each sample page is read as it was converted, but for white space", async () => {
  const bodies = await readPageBodies("infra/local/confluence-site/sample");
  expect(bodies.length).toBeGreaterThan(50);
  for (const { file, body, format } of bodies) {
    const page = readPage({ format, value: body }).toMarkdown(AS_THEY_ARE);
    const chunks = chunkPage(page).map((chunk) => ({ ...chunk, place: null }));
    expect(withoutSpace(joinPieces(piecesOf(chunks))), file).toBe(withoutSpace(page.markdown));
  }
});

const withoutSpace = (text: string) => text.replaceAll(/\s+/g, " ").trim();

const AS_THEY_ARE: ReferenceResolver = {
  pageUrl: ({ title }) => encodeURIComponent(title),
  attachmentUrl: ({ fileName }) => encodeURIComponent(fileName),
  userName: () => null,
  absoluteUrl: (href) => href,
};
