import { expect, it } from "vitest";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { outlineOf } from "#shared/documents/read-in-order/outline.ts";
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
