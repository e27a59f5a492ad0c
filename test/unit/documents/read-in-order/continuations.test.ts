import { describe, expect, it } from "vitest";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { readChunk, type ReadChunk } from "#shared/documents/read-in-order/continuations.ts";

/** Of chunks that any block fills. */
const FULL = 1;
/** Of chunks that have room for everything here. */
const EMPTY = 1000;

/** Chunks that follow each other, each with the headings above it; the last of them. */
function lastOf(
  chunks: readonly (string | { content: string; headingPath: string[] })[],
  targetTokens: number,
): ReadChunk | null {
  let before: ReadChunk | null = null;
  for (const chunk of chunks) {
    before = readChunk(
      typeof chunk === "string" ? { content: chunk, headingPath: [] } : chunk,
      before,
      targetTokens,
    );
  }
  return before;
}

/** What a chunk has of its own of the block that it continues; null if it continues none. */
function continuedText(chunks: Parameters<typeof lastOf>[0], targetTokens = FULL): string | null {
  const last = lastOf(chunks, targetTokens);
  return last?.continues ? last.content.slice(last.continues.from, last.continues.to) : null;
}

/** The tokens of a chunk and the line below it, as the chunker counts them. */
const tokensWith = (content: string, next: string, indentation = "") =>
  `${content}\n${next}`.split("\n").reduce((sum, line) => sum + estimateTokens(`${indentation}${line}\n`), 0);

const table = (...rows: string[]) => ["| Name | Owner |", "| --- | --- |", ...rows].join("\n");

describe("a table", () => {
  it("a table goes on in the next chunk behind the header that it repeats, up to what is below it", () => {
    expect(continuedText([table("| a | b |"), `${table("| c | d |", "| e | f |")}\n\nBelow.`])).toBe(
      "| c | d |\n| e | f |",
    );
  });

  it.each([
    ["with each alignment", "| :-- | --: |"],
    ["with short marks", "|-|:-:|"],
    ["with space around its marks", "|  ---  |  ---  |  "],
  ])("a table goes on below a delimiter row %s", (_, delimiters) => {
    const chunkOf = (row: string) => ["| Name | Owner |", delimiters, row].join("\n");
    expect(continuedText([chunkOf("| a | b |"), chunkOf("| c | d |")])).toBe("| c | d |");
  });

  it("a table goes on with all its rows where its header was too large to be repeated", () => {
    expect(continuedText([table("| a | b |"), "| c | d |\n| e | f |"], EMPTY)).toBe("| c | d |\n| e | f |");
    expect(continuedText([table("| a | b |"), "| c | d |"], EMPTY)).toBe("| c | d |");
    // Words beside marks are no delimiters.
    expect(continuedText([table("| a | b |"), "| c | d |\n| --- | x |"])).toBe("| c | d |\n| --- | x |");
    expect(continuedText([table("| a | b |"), "| c | d |\n| --- | --- | x"])).toBe(
      "| c | d |\n| --- | --- | x",
    );
  });

  it.each([
    ["has another header", ["| Other | Owner |", "| --- | --- |", "| c | d |"]],
    ["has other alignments", ["| Name | Owner |", "| --- | :-- |", "| c | d |"]],
    ["has a header without rows", ["| Name | Owner |", "| --- | --- |"]],
  ])("does not go on in one that %s", (_, rows) => {
    expect(continuedText([table("| a | b |"), rows.join("\n")])).toBeNull();
  });

  it("does not go on where its next row had had room above: that is a table of its own", () => {
    const [first, second] = [table("| a | b |", "| c | d |"), table("| e | f |")];
    const tokens = tokensWith(first, "| e | f |");
    expect(continuedText([first, second], tokens)).toBeNull();
    expect(continuedText([first, second], tokens - 1)).toBe("| e | f |");
  });

  it.each([
    ["by the cell that names the row", "| Ledger | one |", "| Ledger | two |", true],
    ["whatever the space around the name", "|Ledger | one |", "| Ledger | two |", true],
    [
      "by the whole name, escaped bars included",
      String.raw`| a \| b | x |`,
      String.raw`| a \| c | x |`,
      false,
    ],
    ["not by an empty name", "|  | one |", "|  | two |", false],
    ["not by another name", "| Ledger | one |", "| Billing | one |", false],
  ])("a table goes on with a part of the row that was split: %s", (_, above, row, goesOn) => {
    expect(continuedText([table("| a | b |", above), table(row)], EMPTY)).toBe(goesOn ? row : null);
  });

  it("a table goes on below fewer titles: a row ended its chunk where it was split below one", () => {
    const chunks = (path: string[], next: string[]) => [
      { content: table("| a | b |"), headingPath: path },
      { content: table("| c | d |"), headingPath: next },
    ];
    expect(continuedText(chunks(["Setup", "Step"], ["Setup"]), EMPTY)).toBe("| c | d |");
    expect(continuedText(chunks(["Setup", "Step"], []), EMPTY)).toBe("| c | d |");
    expect(continuedText(chunks(["Setup"], ["Setup"]), EMPTY)).toBeNull();
    expect(continuedText(chunks(["Setup"], ["Setup", "Step"]), EMPTY)).toBeNull();
    expect(continuedText(chunks(["Setup", "Step"], ["Usage"]), EMPTY)).toBeNull();
    expect(continuedText(chunks(["Setup", "Step", "First"], ["Usage", "Step"]), EMPTY)).toBeNull();
  });

  it("a table goes on in the quote that it is in, but in no item of its own", () => {
    const quoted = (text: string, mark = "> ") => text.replaceAll(/^/gm, mark);
    expect(continuedText([quoted(table("| a | b |")), quoted(table("| c | d |"))])).toBe("> | c | d |");
    expect(continuedText([quoted(table("| a | b |"), "> > "), quoted(table("| c | d |"), "> > ")])).toBe(
      "> > | c | d |",
    );
    const item = table("| c | d |").replaceAll(/^/gm, "  ").replace("  ", "- ");
    expect(continuedText([table("| a | b |"), item])).toBeNull();
    expect(continuedText([table("| a | b |"), quoted(item)])).toBeNull();
  });
});

describe("code", () => {
  const code = (...lines: string[]) => ["```sh", ...lines, "```"].join("\n");

  it("code goes on in the next chunk behind the opening of its fence", () => {
    expect(continuedText([code("first"), `${code("second")}\n\nBelow.`])).toBe("second\n```");
  });

  it("does not go on where its next line had had room above: that is code of its own", () => {
    const [first, second] = [code("first", "second"), code("third", "a longer fourth line")];
    const tokens = tokensWith(first, "third");
    expect(continuedText([first, second], tokens)).toBeNull();
    expect(continuedText([first, second], tokens - 1)).toBe("third\na longer fourth line\n```");
  });

  it("does not go on in another language, nor in a fence with nothing in it", () => {
    expect(continuedText([code("first"), "```js\nsecond\n```"])).toBeNull();
    expect(continuedText([code("first"), "```sh"])).toBeNull();
    expect(continuedText(["> ```sh\n> first\n> ```", "> ```sh\n\nBelow."])).toBeNull();
  });

  it("code is dedented with the item that it is in, and so is what goes on after that", () => {
    const inItem = ["- First:", "", "  ```sh", "  first", "  ```"].join("\n");
    const isDedented = (...chunks: string[]) => lastOf(chunks, FULL)?.continues?.isDedented;
    expect(isDedented(inItem, code("second"))).toBe(true);
    expect(isDedented(inItem, code("second"), code("third"))).toBe(true);
    expect(isDedented(code("first"), code("second"))).toBe(false);
    expect(isDedented(code("first"), code("  second"))).toBe(false);
    expect(isDedented(`${inItem}\n\nBelow.`, code("second"))).toBeUndefined();
  });

  it("of code in a dedented chunk the tokens count with the indentation that it had", () => {
    const inItem = ["- First:", "", "  ```sh", "  first", "  ```"].join("\n");
    const [second, third] = [code("second", "and more"), code("third")];
    const tokens = tokensWith(second, "third", "  ");
    expect(tokens).toBeGreaterThan(tokensWith(second, "third"));
    const ownOf = (targetTokens: number) => {
      const first = readChunk({ content: inItem, headingPath: [] }, null, FULL);
      const middle = readChunk({ content: second, headingPath: [] }, first, FULL);
      return readChunk({ content: third, headingPath: [] }, middle, targetTokens).continues;
    };
    expect(ownOf(tokens)).toBeNull();
    expect(ownOf(tokens - 1)).not.toBeNull();
  });
});

describe("a block that was split begins its chunk, with titles at most above it", () => {
  it.each([
    ["a heading", "## Owners\n\n", true],
    ["a line of text", "The owners:\n\n", true],
    ["the mark of an alert", "> [!NOTE]\n> The owners:\n\n", true],
    ["code", "```\nx\n```\n\n", false],
    ["text, code and text", "One\n\n```\nx\n```\n\nTwo\n\n", false],
    ["another table", "| x |\n| - |\n| y |\n\n", false],
  ])("a block that was split begins its chunk, with titles at most above it below %s", (_, above, goesOn) => {
    expect(continuedText([above + table("| a | b |"), table("| c | d |")])).toBe(goesOn ? "| c | d |" : null);
  });

  it.each([
    ["text after a table", table("| a | b |"), "Below."],
    ["text after text", "One.", "Two."],
    ["a heading after a heading", "# One", "# One"],
    ["code after a table", table("| a | b |"), "```\nx\n```"],
    ["a table that text is below", `${table("| a | b |")}\n\nText.`, table("| c | d |")],
    ["a table that text is above", table("| a | b |"), `Text.\n\n${table("| c | d |")}`],
    ["a table after nothing", "", table("| c | d |")],
    ["nothing after a table", table("| a | b |"), ""],
  ])("%s continues nothing", (_, first, second) => {
    expect(continuedText([first, second])).toBeNull();
  });
});
