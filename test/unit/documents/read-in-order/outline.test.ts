import { expect, it } from "vitest";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { outlineOf } from "#shared/documents/read-in-order/outline.ts";
import { type Piece, piecesOf } from "#shared/documents/read-in-order/pieces.ts";
import { sectionsOf } from "#shared/documents/read-in-order/sections.ts";

const piecesOfTexts = (...texts: string[]): Piece[] =>
  piecesOf(texts.map((content) => ({ content, headingPath: [], place: null })));
const outline = (pieces: Piece[], budget: number) => outlineOf(pieces, sectionsOf(pieces), budget);

it("the size of a section is that of its own text and of its subsections", () => {
  const [one, two, three] = ["# One\n\nShort.", "## Two\n\nSomewhat longer text.", "# Three\n\nText."];
  const { entries } = outline(piecesOfTexts(one, two, three), 1000);
  expect(entries).toEqual([
    { heading: "One", level: 1, tokens: estimateTokens(one) + estimateTokens(two) },
    { heading: "Two", level: 2, tokens: estimateTokens(two) },
    { heading: "Three", level: 1, tokens: estimateTokens(three) },
  ]);
});

it("a heading of up to 120 characters is shown whole, a longer one shortened", () => {
  const headings = outline(piecesOfTexts(`# ${"a".repeat(120)}`, `# ${"b".repeat(121)}`), 1000).entries.map(
    ({ heading }) => heading,
  );
  expect(headings).toEqual(["a".repeat(120), `${"b".repeat(120)}…`]);
});

it("an outline that fills its budget exactly is whole", () => {
  const pieces = piecesOfTexts("# One", "## Two");
  expect(outline(pieces, 42)).toMatchObject({
    entries: [{ heading: "One" }, { heading: "Two" }],
    omitted: 0,
  });
  expect(outline(pieces, 41)).toMatchObject({ entries: [{ heading: "One" }], omitted: 1 });
});

it("an outline leaves out no more levels than its budget needs", () => {
  const pieces = piecesOfTexts("# a", "## b", "### c", "#### d", "##### e", "###### f");
  for (let levels = 1; levels <= 6; levels += 1) {
    const { entries, omitted } = outline(pieces, levels * 21);
    expect(entries.map(({ level }) => level)).toEqual(Array.from({ length: levels }, (_, n) => n + 1));
    expect(omitted).toBe(6 - levels);
  }
});

it("an outline of one level alone keeps the first of its headings, whatever the level", () => {
  for (const mark of ["#", "###"]) {
    const pieces = piecesOfTexts(...Array.from({ length: 10 }, (_, n) => `${mark} h${n}`));
    const { entries, omitted } = outline(pieces, 66);
    expect(entries.map(({ heading }) => heading)).toEqual(["h0", "h1", "h2"]);
    expect(omitted).toBe(7);
  }
});

it("an outline without any room is empty, and so is that of a page without headings", () => {
  expect(outline(piecesOfTexts("# One", "# Two"), 0)).toEqual({ entries: [], omitted: 2 });
  expect(outline(piecesOfTexts("Text."), 100)).toEqual({ entries: [], omitted: 0 });
});
