import { expect, it } from "vitest";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { outlineOf } from "#shared/documents/read-in-order/outline.ts";
import type { ChunkPlace } from "#shared/documents/page-to-store.ts";
import { joinPieces } from "#shared/documents/read-in-order/join-pieces.ts";
import { piecesOf } from "#shared/documents/read-in-order/pieces.ts";
import { findSections, sectionsOf } from "#shared/documents/read-in-order/sections.ts";

const LONG = Array.from({ length: 60 }, (_, n) => `Sentence ${n} says what to do.`).join(" ");
const PAGE = `Before all headings.

# Deploying

## Steps

${LONG}

# Rolling back

Short.

## Steps

1. Stop.

### Before you start

Ask.

## Afterwards

\`\`\`md
# Not a heading
\`\`\`

# **Contacts** & [people](https://example.com/people)

Ann.`;
const pieces = piecesOf(chunkMarkdown(PAGE).map((chunk) => ({ ...chunk, place: null })));
const textOf = (heading: string) =>
  findSections(pieces, heading).map(({ from, to }) => joinPieces(pieces.slice(from, to)));

it("the outline has all headings in order, with their levels and the sizes of their sections", () => {
  const { entries, omitted } = outlineOf(pieces, sectionsOf(pieces), 4000);
  expect(entries.map(({ heading, level }) => `${level} ${heading}`)).toEqual([
    "1 Deploying",
    "2 Steps",
    "1 Rolling back",
    "2 Steps",
    "3 Before you start",
    "2 Afterwards",
    "1 Contacts & people",
  ]);
  expect(omitted).toBe(0);
  const [deploying, steps] = entries;
  expect(deploying?.tokens).toBeGreaterThan(steps?.tokens ?? Infinity);
  expect(steps?.tokens).toBeGreaterThan(400);
});

it("an outline too large for its budget leaves out the deepest levels first and counts them", () => {
  const { entries, omitted } = outlineOf(pieces, sectionsOf(pieces), 80);
  expect(entries.map(({ heading }) => heading)).toEqual(["Deploying", "Rolling back", "Contacts & people"]);
  expect(omitted).toBe(4);
});

it("a section ends where the next of its level or above begins", () => {
  expect(textOf("Rolling back")).toEqual([
    "# Rolling back\n\nShort.\n\n## Steps\n\n1. Stop.\n\n### Before you start\n\nAsk.\n\n## Afterwards\n\n```md\n# Not a heading\n```",
  ]);
  expect(textOf("before  YOU start")).toEqual(["### Before you start\n\nAsk."]);
});

it("a heading that several sections have finds them all, in order, and its path the one", () => {
  expect(textOf("Steps")).toEqual([
    `## Steps\n\n${LONG}`,
    "## Steps\n\n1. Stop.\n\n### Before you start\n\nAsk.",
  ]);
  expect(textOf("Rolling back › Steps")).toHaveLength(1);
  expect(textOf("Rolling back > Steps")).toHaveLength(1);
});

it.each(["contacts & people", "# Contacts & people"])("%j finds the formatted heading", (heading) => {
  expect(textOf(heading)).toEqual(["# **Contacts** & [people](https://example.com/people)\n\nAnn."]);
});

it("a title that search shows above a chunk is found, though it is no heading", () => {
  const chunks = [
    { content: "# Setup", headingPath: ["Setup"], place: null },
    { content: "<b>Linux</b> first.", headingPath: ["Setup", "Linux"], place: null },
    { content: "Then that.", headingPath: ["Setup", "Linux", "Debian"], place: null },
    { content: "Other.", headingPath: ["Setup", "Windows"], place: null },
  ];
  expect(findSections(piecesOf(chunks), "Setup › Linux")).toMatchObject([
    { heading: "Linux", from: 1, to: 3 },
  ]);
});

it("sheets, slides and pages are sections of a file, by their names", () => {
  const chunk = (content: string, sheet: string) => ({ content, headingPath: [], place: { sheet } });
  const file = piecesOf([chunk("a", "Budget"), chunk("b", "Budget"), chunk("c", "Plan")]);
  expect(sectionsOf(file).map(({ heading }) => heading)).toEqual(["Sheet Budget", "Sheet Plan"]);
  expect(findSections(file, "budget")).toMatchObject([{ from: 0, to: 2 }]);
  expect(findSections(file, "Sheet Plan")).toMatchObject([{ from: 2, to: 3 }]);
});

it.each(["No such heading", "", "  ", "#", "Not a heading"])("%j finds no section", (heading) => {
  expect(findSections(pieces, heading)).toEqual([]);
});

it.each([
  ["Rolling back>Steps", 1],
  ["ROLLING  BACK  ›  steps", 1],
  ["Steps › Before you start", 1],
  ["Rolling back › Steps › Before you start", 1],
  ["  Ｓｔｅｐｓ ", 2],
  [" ##  Steps", 2],
  ["back › Steps", 0],
  ["Rolling back › Before you start", 0],
  ["teps", 0],
  ["##Steps", 0],
])("%j, by the end of a path, finds %i sections", (heading, count) => {
  expect(findSections(pieces, heading)).toHaveLength(count);
});

it("a heading is found by its own text before another's path ends with it", () => {
  const page = piecesOf(
    ["# A", "## B", "# A › B"].map((content) => ({ content, headingPath: [], place: null })),
  );
  expect(findSections(page, "A › B")).toMatchObject([{ from: 2, path: ["A › B"] }]);
  expect(findSections(page, "B")).toMatchObject([{ from: 1, to: 2, level: 2, path: ["A", "B"] }]);
});

it("the titles above chunks name a run of them, from where the path ends with what is asked for", () => {
  const paths = [["Top"], ["Top", "A"], ["Top", "A", "x"], ["Top", "A"], ["Top", "B"], ["Top", "A"]];
  const page = piecesOf(paths.map((headingPath) => ({ content: "Text.", headingPath, place: null })));
  expect(findSections(page, "Top › A")).toEqual([
    { heading: "A", path: ["Top", "A"], level: 2, from: 1, to: 4 },
  ]);
  expect(findSections(page, "x")).toEqual([
    { heading: "x", path: ["Top", "A", "x"], level: 3, from: 2, to: 3 },
  ]);
  expect(findSections(page, "Top")).toMatchObject([{ from: 0, to: 6 }]);
  const deep = ["1", "2", "3", "4", "5", "6", "7"];
  const [last] = findSections(piecesOf([{ content: "Text.", headingPath: deep, place: null }]), "7");
  expect(last).toMatchObject({ level: 6, from: 0, to: 1 });
});

it("a slide ends the sections of the slide before it, a page does not", () => {
  const deck = (place: (number: number) => ChunkPlace) =>
    sectionsOf(
      piecesOf([
        { content: "# Goals", headingPath: [], place: place(1) },
        { content: "Still of the goals.", headingPath: [], place: place(1) },
        { content: "Of the second.", headingPath: [], place: place(2) },
      ]),
    );
  expect(deck((slide) => ({ slide }))).toMatchObject([{ heading: "Goals", from: 0, to: 2 }]);
  expect(deck((page) => ({ page }))).toMatchObject([{ heading: "Goals", from: 0, to: 3 }]);
});

it("pages and slides of a file are found by their numbers, threads of comments by their titles", () => {
  const file = (places: (ChunkPlace | null)[], headingPath: string[] = []) =>
    piecesOf(places.map((place) => ({ content: "Text.", headingPath, place })));
  expect(sectionsOf(file([{ page: 1 }, { page: 1 }, { page: 2 }]))).toEqual([
    { heading: "Page 1", path: ["Page 1"], level: 1, from: 0, to: 2 },
    { heading: "Page 2", path: ["Page 2"], level: 1, from: 2, to: 3 },
  ]);
  expect(findSections(file([{ slide: 1 }, { slide: 2 }]), "slide 2")).toMatchObject([{ from: 1, to: 2 }]);
  expect(findSections(file([{ slide: 1 }, { slide: 2 }]), "2")).toEqual([]);
  const threads = sectionsOf(file([{ comment_id: "1" }, { comment_id: "2" }], ["Comments", "“a key”"]));
  expect(threads.map(({ heading }) => heading)).toEqual(["“a key”", "“a key”"]);
  expect(sectionsOf(file([{ comment_id: "1" }])).map(({ heading }) => heading)).toEqual([""]);
  expect(sectionsOf(file([null]))).toEqual([]);
});
