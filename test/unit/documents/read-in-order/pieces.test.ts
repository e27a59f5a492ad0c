import { expect, it } from "vitest";
import { chunkMarkdown } from "#shared/chunking/chunk-markdown.ts";
import { type ChunkToRead, piecesOf } from "#shared/documents/read-in-order/pieces.ts";

const chunk = (content: string, headingPath: string[] = []): ChunkToRead => ({
  content,
  headingPath,
  place: null,
});
const inPlace = (content: string, place: ChunkToRead["place"]): ChunkToRead => ({
  ...chunk(content),
  place,
});

it("a chunk is cut before each of its headings, with what is above the first as a piece of its own", () => {
  const content = "Intro.\n\n# One\n\nText.\n\n## Two\n\nMore.";
  expect(piecesOf([chunk(content, ["Top"])])).toEqual([
    piece("Intro.", null),
    piece("# One\n\nText.", { title: "One", level: 1 }),
    piece("## Two\n\nMore.", { title: "Two", level: 2 }),
  ]);
  function piece(text: string, heading: { title: string; level: number } | null) {
    return {
      text,
      heading,
      headingPath: ["Top"],
      place: null,
      continues: null,
      indent: 0,
      opensPlace: false,
    };
  }
});

it("a heading in a quote or in an item of a list begins no piece, unless its chunk begins with it", () => {
  const textsOf = (content: string) => piecesOf([chunk(content)]).map(({ text, heading }) => [text, heading]);
  for (const content of ["Text.\n\n> # Quoted\n> More.", "# One\n\n- # In an item\n- Other"])
    expect(textsOf(content).map(([text]) => text)).toEqual([content]);
  expect(textsOf("> ## Quoted\n> More.\n\n# One")).toEqual([
    ["> ## Quoted\n> More.", { title: "Quoted", level: 2 }],
    ["# One", { title: "One", level: 1 }],
  ]);
});

it.each([
  ["# Title", "Title", 1],
  ["   ###### Title", "Title", 6],
  ["##\tTitle\t##  ", "Title", 2],
  ["## Title #2", "Title #2", 2],
  ["## C#", "C#", 2],
  ["Title\n=====", "Title", 1],
  ["Two lines\nof it\n---", "Two lines of it", 2],
  ["## **Title** of [this](https://example.com)", "Title of this", 2],
])("the heading %j is named %j, of level %i", (content, title, level) => {
  expect(piecesOf([chunk(`${content}\n\nText.`)]).map(({ heading }) => heading)).toEqual([{ title, level }]);
});

it("the first piece of each page, slide, sheet or thread opens it", () => {
  const chunks = [
    inPlace("# One\n\n# Two", { page: 1 }),
    inPlace("Three", { page: 1 }),
    inPlace("Four", { page: 2 }),
    inPlace("Five", { slide: 2 }),
    inPlace("Six", null),
  ];
  expect(piecesOf(chunks).map(({ opensPlace }) => opensPlace)).toEqual([
    true,
    false,
    false,
    true,
    true,
    false,
  ]);
});

it("a table goes on in the next chunk, but not on the next page, and only in its first piece", () => {
  const rows = (name: string) => `| a |\n| - |\n| ${name} |`;
  const continued = (...chunks: ChunkToRead[]) =>
    piecesOf(chunks, 1).map(({ continues }) => continues !== null);
  expect(continued(chunk(rows("x")), chunk(`${rows("y")}\n\n# Next`))).toEqual([false, true, false]);
  expect(continued(inPlace(rows("x"), { page: 1 }), inPlace(rows("y"), { page: 1 }))).toEqual([false, true]);
  expect(continued(inPlace(rows("x"), { page: 1 }), inPlace(rows("y"), { page: 2 }))).toEqual([false, false]);
});

it("a piece below the text of an item has the indentation that the item had", () => {
  const indents = (...chunks: ChunkToRead[]) => piecesOf(chunks).map(({ indent }) => indent);
  const first = chunk("- [x] **First** step\n  1. Second\n\n     Below it.");
  expect(indents(first, chunk("More.", ["First step"]))).toEqual([0, 2]);
  expect(indents(first, chunk("More.", ["Top", "First step"]))).toEqual([0, 2]);
  expect(indents(first, chunk("More.", ["First step", "Second"]))).toEqual([0, 5]);
  expect(indents(first, chunk("More.", ["First step", "Other"]))).toEqual([0, 0]);
  expect(indents(first, chunk("More."))).toEqual([0, 0]);
});

it("a piece in an item of an item that went on in the chunk before has the indentation of both", () => {
  const chunks = [
    chunk("- First\n\n  Text."),
    chunk("- Second\n\n  Text.", ["First"]),
    chunk("Below the second.", ["First", "Second"]),
    chunk("Below the first again.", ["First"]),
    chunk("Below none.", []),
    chunk("Not below it any more.", ["First"]),
  ];
  expect(piecesOf(chunks).map(({ indent }) => indent)).toEqual([0, 2, 4, 2, 0, 0]);
});

it("of two items of the same title it is the inner one that goes on", () => {
  const chunks = [chunk("- Step\n  - Step\n\n    Text."), chunk("More.", ["Step", "Step"])];
  expect(piecesOf(chunks).map(({ indent }) => indent)).toEqual([0, 4]);
});

it("an item in a quote, without text or of another page goes on in no chunk after it", () => {
  const indents = (...chunks: ChunkToRead[]) => piecesOf(chunks).map(({ indent }) => indent);
  expect(indents(chunk("> - First\n>\n>   Text."), chunk("More.", ["First"]))).toEqual([0, 0]);
  expect(indents(chunk("- ```\n  code\n  ```"), chunk("More.", [""]))).toEqual([0, 0]);
  expect(indents(chunk("- First\n- Second"), chunk("More.", ["First"]))).toEqual([0, 0]);
  const onPage = (content: string, page: number, headingPath: string[]) => ({
    content,
    headingPath,
    place: { page },
  });
  expect(indents(onPage("- First", 1, []), onPage("More.", 1, ["First"]))).toEqual([0, 2]);
  expect(indents(onPage("- First", 1, []), onPage("More.", 2, ["First"]))).toEqual([0, 0]);
});

it("an item of a long text goes on where the chunker has shortened its title", () => {
  const sentence = `${"word ".repeat(40).trim()}.`;
  const markdown = `- ${sentence}\n\n${Array.from({ length: 8 }, (_, n) => `  ${sentence} ${n}`).join("\n\n")}`;
  const chunks = chunkMarkdown(markdown, { targetTokens: 150 }).map((one) => ({ ...one, place: null }));
  expect(chunks.length).toBeGreaterThan(2);
  const [first, ...others] = piecesOf(chunks, 150).map(({ indent }) => indent);
  expect(first).toBe(0);
  for (const indent of others) expect(indent).toBe(2);
});
