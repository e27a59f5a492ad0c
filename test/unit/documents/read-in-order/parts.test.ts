import { describe, expect, it } from "vitest";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { partOf, type Position } from "#shared/documents/read-in-order/parts.ts";
import { type ChunkToRead, type Piece, piecesOf } from "#shared/documents/read-in-order/pieces.ts";

const piecesOfPage = (markdown: string) =>
  piecesOf(chunkMarkdown(markdown).map((chunk) => ({ ...chunk, place: null })));

const beginning = { piece: 0, cut: 0, cutBudget: 0 };
const limitsOf = (pieces: readonly Piece[], budget: number) => ({
  to: pieces.length,
  budget,
  tokensOf: estimateTokens,
});
const firstPart = (pieces: readonly Piece[]) => partOf(pieces, beginning, limitsOf(pieces, 500));

/** All parts in order. */
const partsOf = (pieces: readonly Piece[], budget: number) => {
  const parts: string[] = [];
  for (let from: Position | null = beginning; from !== null;) {
    const part = partOf(pieces, from, limitsOf(pieces, budget));
    parts.push(part.text);
    if (parts.length > 1000) throw new Error("The parts do not end");
    from = part.next;
  }
  return parts;
};
const sentences = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => `The ${name} team answers request ${n} within a day.`).join(" ");

describe.each([500, 1500, 4000])("in parts of %i tokens", (budget) => {
  const page = Array.from(
    { length: 30 },
    (_, n) => `## Section ${n}\n\n${sentences(`s${n}`, 3 + ((n * 7) % 40))}`,
  ).join("\n\n");

  it(`parts of ${budget} tokens hold their budget and together the whole page`, () => {
    const parts = partsOf(piecesOfPage(page), budget);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(estimateTokens(part)).toBeLessThanOrEqual(budget);
    expect(parts.join(" ").replaceAll(/\s+/g, " ")).toBe(page.replaceAll(/\s+/g, " "));
  });

  it(`a part of ${budget} tokens of a long table begins with its header and ends with a row`, () => {
    const header = "| Service | Owner |\n| --- | --- |";
    const rows = Array.from({ length: 600 }, (_, n) => `| Service ${n} | Team ${n} |`);
    const parts = partsOf(piecesOfPage(`${header}\n${rows.join("\n")}`), budget);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts)
      expect(part).toMatch(/^\| Service \| Owner \|\n\| --- \| --- \|\n(\| Service \d+ \| Team \d+ \|\n?)+$/);
    expect(parts.flatMap((part) => part.split("\n").slice(2))).toEqual(rows);
  });

  it(`a part of ${budget} tokens of long code is fenced by itself`, () => {
    const lines = Array.from({ length: 900 }, (_, n) => `step_${n}(wait=${n})`);
    const parts = partsOf(piecesOfPage(`\`\`\`py\n${lines.join("\n")}\n\`\`\``), budget);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(part).toMatch(/^```py\n(step_\d+\(wait=\d+\)\n)+```$/);
    expect(parts.flatMap((part) => part.split("\n").slice(1, -1))).toEqual(lines);
  });
});

it("a chunk larger than a whole part is cut below its own size", () => {
  const parts = partsOf(piecesOfPage(sentences("ledger", 30)), 120);
  expect(parts.length).toBeGreaterThan(2);
  for (const part of parts) expect(estimateTokens(part)).toBeLessThanOrEqual(120);
  expect(parts.join(" ").replaceAll(/\s+/g, " ")).toBe(sentences("ledger", 30));
});

it("what is larger than a part is cut as seldom as its parts allow", () => {
  const pieces = piecesOfPage(sentences("ledger", 30));
  expect(partOf(pieces, beginning, limitsOf(pieces, 200)).next).toMatchObject({ piece: 0, cut: 1 });
});

it("a table is cut so that its longest row fits as well, not the short rows alone", () => {
  const rows = ["short", "shorter", sentences("ledger", 20), "short again"];
  const table = `| Step | Text |\n| --- | --- |\n${rows.map((row, n) => `| ${n} | ${row} |`).join("\n")}`;
  const parts = partsOf(piecesOfPage(table), 200);
  for (const part of parts) expect(estimateTokens(part)).toBeLessThanOrEqual(200);
  expect(parts.join(" ")).toContain("short again");
});

it("a cut goes on where it was, whatever the next part holds", () => {
  const pieces = piecesOfPage(sentences("ledger", 40));
  const first = partOf(pieces, beginning, limitsOf(pieces, 150));
  expect(first.next).toMatchObject({ piece: 0 });
  const rest = partOf(pieces, first.next ?? beginning, limitsOf(pieces, 4000));
  expect(rest.next).toBeNull();
  expect(`${first.text} ${rest.text}`.replaceAll(/\s+/g, " ")).toBe(sentences("ledger", 40));
});

it("a heading begins the part of what is below it, and ends none", () => {
  const page = Array.from(
    { length: 12 },
    (_, n) => `# Part ${n}\n\n## Steps of ${n}\n\n${sentences("on-call", 25)}`,
  );
  for (let budget = 400; budget < 900; budget += 50) {
    for (const part of partsOf(piecesOfPage(page.join("\n\n")), budget)) {
      expect(part.split("\n").at(-1)).not.toMatch(/^#/);
    }
  }
});

it("a page without text is one empty part", () => {
  expect(firstPart(piecesOf([{ content: "", headingPath: [], place: null }]))).toEqual({
    text: "",
    next: null,
  });
});

it("pages, slides and sheets of a file are named where they begin", () => {
  const chunk = (content: string, place: ChunkToRead["place"]): ChunkToRead => ({
    content,
    headingPath: [],
    place,
  });
  const file = [chunk("One.", { page: 1 }), chunk("Still one.", { page: 1 }), chunk("Two.", { page: 2 })];
  const { text } = firstPart(piecesOf(file));
  expect(text).toBe("<!-- Page 1 -->\n\nOne.\n\nStill one.\n\n<!-- Page 2 -->\n\nTwo.");
});

it("threads of comments begin with what they are about", () => {
  const thread = (content: string, id: string, headingPath: string[]): ChunkToRead => ({
    content,
    headingPath,
    place: { comment_id: id },
  });
  const comments = [
    thread("Ann (2026-03-01): Is this still so?", "1", ["Comments"]),
    thread("Bob (2026-03-02): Which one?", "2", ["Comments", "“the old key”"]),
  ];
  expect(firstPart(piecesOf(comments)).text).toBe(
    "**Comments**\n\nAnn (2026-03-01): Is this still so?\n\n**Comments › “the old key”**\n\nBob (2026-03-02): Which one?",
  );
});

/** Counted by characters, as no real reader does: what a part holds can be told exactly. */
const byCharacters = (pieces: readonly Piece[], budget: number) => ({
  to: pieces.length,
  budget,
  tokensOf: (text: string) => text.length,
});
/** Between two pieces. */
const JOIN = 3;
const piecesOfTexts = (...texts: string[]) =>
  piecesOf(texts.map((content) => ({ content, headingPath: [], place: null })));

it("a part holds as many whole pieces as fill its budget exactly", () => {
  const pieces = piecesOfTexts("One.", "Two.", "Three.");
  const both = 8 + 2 * JOIN;
  expect(partOf(pieces, beginning, byCharacters(pieces, both))).toEqual({
    text: "One.\n\nTwo.",
    next: { piece: 2, cut: 0, cutBudget: 0 },
  });
  expect(partOf(pieces, beginning, byCharacters(pieces, both - 1))).toEqual({
    text: "One.",
    next: { piece: 1, cut: 0, cutBudget: 0 },
  });
});

it("a part ends with the piece that it is asked up to, as if the document did", () => {
  const pieces = piecesOfTexts("One.", "Two.", "Three.");
  const from = { piece: 1, cut: 0, cutBudget: 0 };
  expect(partOf(pieces, from, { ...byCharacters(pieces, 1000), to: 2 })).toEqual({
    text: "Two.",
    next: null,
  });
});

it("a piece that fills a part exactly is whole, a larger one is cut to four fifths of a part", () => {
  const text = "One word after another, and then some more. ".repeat(4).trim();
  const pieces = piecesOfTexts(text);
  const exact = text.length + JOIN;
  expect(partOf(pieces, beginning, byCharacters(pieces, exact))).toEqual({ text, next: null });
  const { next } = partOf(pieces, beginning, byCharacters(pieces, exact - 1));
  expect(next).toEqual({ piece: 0, cut: 1, cutBudget: Math.floor((exact - 1) * 0.8) });
});

it("a piece that nothing makes small enough is given nevertheless, one after the other", () => {
  const pieces = piecesOfTexts("One.", "Two.");
  expect(partOf(pieces, beginning, byCharacters(pieces, 1))).toMatchObject({ text: "One." });
  expect(partsOf(pieces, 0)).toEqual(["One.", "Two."]);
});

it("headings alone go with what is below them, but one that begins a part stays in it", () => {
  const pieces = piecesOfTexts("# One", "## Two", "Text that is below both.");
  const headings = byCharacters(pieces, 11 + 2 * JOIN);
  expect(partOf(pieces, beginning, headings)).toEqual({
    text: "# One",
    next: { piece: 1, cut: 0, cutBudget: 0 },
  });
  expect(partOf(pieces, beginning, byCharacters(pieces, 1000)).next).toBeNull();
});

it("a line of text, or a heading with text below it, ends a part as well as any", () => {
  for (const second of ["Just a line.", "# A\nline."]) {
    const pieces = piecesOfTexts("First.", second, "x".repeat(30));
    const { text, next } = partOf(pieces, beginning, byCharacters(pieces, 33));
    expect([text, next?.piece]).toEqual([`First.\n\n${second}`, 2]);
  }
});

it("a sheet's name is no end of the comment that it stands in", () => {
  const sheet = (name: string) =>
    firstPart(piecesOf([{ content: "Text.", headingPath: [], place: { sheet: name } }])).text;
  expect(sheet("a-b")).toBe("<!-- Sheet a-b -->\n\nText.");
  expect(sheet("a--b --> c---d")).toBe("<!-- Sheet a-b -> c-d -->\n\nText.");
});
