import { expect, it } from "vitest";
import type { ExtractedFile, FilePart } from "#shared/extraction/extracted-file.ts";
import { chunkFile } from "#shared/syncs/files/file-chunks.ts";

const text = (...parts: FilePart[]): ExtractedFile => ({
  result: "text",
  extractor: "test 1",
  parts,
  warnings: [],
});
const page = (number: number, markdown: string): FilePart => ({ place: { kind: "page", number }, markdown });
const chunksOf = (...parts: FilePart[]) => chunkFile("Plan.pdf", text(...parts), {}).chunks;
/** What is said of each chunk of these pages: its headings and its text. */
const said = (...pages: string[]) =>
  chunksOf(...pages.map((markdown, n) => page(n + 1, markdown))).map(
    ({ headingPath, content }) => `${headingPath.join(" › ")}: ${content}`,
  );

it("each chunk of a file knows its page, slide or sheet, and is embedded with the file's name", () => {
  const parts: FilePart[] = [
    page(2, "# Pumps\n\nRun daily."),
    { place: { kind: "slide", number: 7 }, markdown: "A slide" },
    { place: { kind: "sheet", name: "Berths" }, markdown: "A sheet" },
    { place: null, markdown: "A text" },
  ];
  expect(chunksOf(...parts)).toEqual([
    {
      content: "# Pumps\n\nRun daily.",
      headingPath: ["Pumps"],
      place: { page: 2 },
      input: "Plan.pdf › Pumps\n\n# Pumps\n\nRun daily.",
    },
    { content: "A slide", headingPath: [], place: { slide: 7 }, input: "Plan.pdf\n\nA slide" },
    { content: "A sheet", headingPath: [], place: { sheet: "Berths" }, input: "Plan.pdf\n\nA sheet" },
    { content: "A text", headingPath: [], place: null, input: "Plan.pdf\n\nA text" },
  ]);
});

it("headings of a page count for the pages after it, where they are not written again", () => {
  expect(said("# Pumps\n\n## Daily\n\nOne.", "Two.", "### At night\n\nThree.", "Four.")).toEqual([
    "Pumps: # Pumps\n\n## Daily\n\nOne.",
    "Pumps › Daily: Two.",
    "Pumps › Daily › At night: ### At night\n\nThree.",
    "Pumps › Daily › At night: Four.",
  ]);
});

it("a line that begins with a single tilde is no fence, and the heading below it counts", () => {
  expect(said("~ 40 bar\n\n# Pumps\n\nOne.", "Two.").at(-1)).toBe("Pumps: Two.");
});

it("a heading ends those of its level and below on the pages before", () => {
  expect(said("# Pumps\n\n## Daily\n\nOne.", "## Weekly\n\nTwo.", "# Valves\n\nThree.", "Four.")).toEqual([
    "Pumps: # Pumps\n\n## Daily\n\nOne.",
    "Pumps › Weekly: ## Weekly\n\nTwo.",
    "Valves: # Valves\n\nThree.",
    "Valves: Four.",
  ]);
});

it("a heading in the middle of a page ends those above it for the pages after", () => {
  expect(said("# Pumps\n\n## Daily\n\nOne.", "Two.\n\n# Valves\n\nThree.", "Four.")).toEqual([
    "Pumps: # Pumps\n\n## Daily\n\nOne.",
    "Pumps › Daily: Two.",
    "Valves: # Valves\n\nThree.",
    "Valves: Four.",
  ]);
});

it("a page whose text begins as its headings do keeps it", () => {
  expect(said("# Pumps\n\nOne.", "# Pumps\n\nTwo.")).toEqual([
    "Pumps: # Pumps\n\nOne.",
    "Pumps: # Pumps\n\nTwo.",
  ]);
});

it("a page without text has no chunk, and the headings go on after it", () => {
  expect(chunksOf(page(1, "# Pumps\n\nOne."), page(2, "\n"), page(3, "Three."))).toMatchObject([
    { place: { page: 1 } },
    { place: { page: 3 }, headingPath: ["Pumps"], content: "Three." },
  ]);
});

it.each([
  ["slides", { kind: "slide", number: 1 }, { kind: "slide", number: 2 }],
  ["sheets", { kind: "sheet", name: "A" }, { kind: "sheet", name: "B" }],
] as const)("headings of %s count for none of the others", (_, first, second) => {
  const [, other] = chunksOf(
    { place: first, markdown: "# Pumps\n\nOne." },
    { place: second, markdown: "Two." },
  );
  expect(other).toMatchObject({ content: "Two.", headingPath: [] });
});

it.each([
  "```\n# no heading\n```",
  "~~~\n# no heading\n~~~",
  "   ````\n# no heading\n```\n# no heading\n````",
  "```sh\n# no heading\n~~~\n# no heading\n```",
])("a line of code that looks like a heading is none on the pages after: %j", (code) => {
  expect(said(`# Pumps\n\n${code}\n\nOne.`, "Two.").at(-1)).toBe("Pumps: Two.");
});

it("a heading after code counts for the pages after it", () => {
  expect(said("# Pumps\n\n```\ncode\n```\n\n## Daily\n\nOne.", "Two.").at(-1)).toBe("Pumps › Daily: Two.");
});

it.each(["#none", "####### none", "#", "#  "])("%j is no heading on the pages after", (line) => {
  expect(said(`# Pumps\n\n${line}\n\nOne.`, "Two.").at(-1)).toBe("Pumps: Two.");
});

it.each(["no_text", "encrypted", "too_large"] as const)(
  "a file without text (%s) is found by its name",
  (result) => {
    const { chunks } = chunkFile("Berth plan.png", { result, extractor: "none", message: "" }, {});
    expect(chunks).toEqual([
      { content: "Berth plan.png", headingPath: [], place: null, input: "Berth plan.png\n\nBerth plan.png" },
    ]);
  },
);

it.each([
  "image2023-4-1_10-2-3.png",
  "Screenshot 2024-05-06 at 10.11.12.png",
  "Bildschirmfoto vom 2024-05-06.png",
  "screen recording.mov",
  "SCAN.pdf",
  "d41d8cd98f00b204e9800998ecf8427e.bin",
  "1234.5678.pdf",
  "x.pdf",
])("a file without text whose name says nothing has no chunk: %s", (name) => {
  const { chunks } = chunkFile(name, { result: "no_text", extractor: "none", message: "" }, {});
  expect(chunks).toEqual([]);
});

it.each(["Pumpe", "image of pumps.png", "scan für Anna.pdf", "übersicht.pdf", "attachments"])(
  "a file without text keeps a name with a word of its own: %s",
  (name) => {
    const { chunks } = chunkFile(name, { result: "no_text", extractor: "none", message: "" }, {});
    expect(chunks.map(({ content }) => content)).toEqual([name]);
  },
);

it("the hash of a file's chunks changes with their text, headings and place, and with nothing else", () => {
  const hashOf = (name: string, ...parts: FilePart[]) => chunkFile(name, text(...parts), {}).contentHash;
  const hash = hashOf("a.pdf", page(1, "# Pumps\n\nOne."));
  expect(hashOf("b.pdf", page(1, "# Pumps\n\nOne.\n"))).toBe(hash);
  expect(hashOf("a.pdf", page(2, "# Pumps\n\nOne."))).not.toBe(hash);
  expect(hashOf("a.pdf", page(1, "# Pumps\n\nTwo."))).not.toBe(hash);
  expect(hashOf("a.pdf", page(1, "## Pumps\n\nOne."))).not.toBe(hash);
  const below = (heading: string) => [page(1, `# ${heading}`), page(2, "One.")] as const;
  expect(hashOf("a.pdf", ...below("Pumps"))).not.toBe(hashOf("a.pdf", ...below("Valves")));
});

it("a model without headings in its input is given the name and the text alone", () => {
  const { chunks } = chunkFile("Plan.pdf", text(page(1, "# Pumps\n\nOne.")), { inputHeadings: false });
  expect(chunks[0]?.input).toBe("Plan.pdf\n\n# Pumps\n\nOne.");
});
