import { expect, it } from "vitest";
import { joinPieces, type JoinedPiece } from "#shared/documents/read-in-order/join-pieces.ts";

const piece = (text: string, indent = 0): JoinedPiece => ({ text, continues: null, indent });
/** A text that goes on with a block from its line `first` up to its line `end`. */
function goingOn(kind: "table" | "code", text: string, first: number, end: number, indent = 0): JoinedPiece {
  const lines = text.split("\n");
  const from = lines.slice(0, first).join("\n").length + 1;
  const to = lines.slice(0, end).join("\n").length;
  return { text, indent, continues: { kind, from, to, isDedented: false } };
}

it("pieces stand apart by an empty line, and those without text leave nothing", () => {
  expect(joinPieces([piece("One."), piece(""), piece("Two.")])).toBe("One.\n\nTwo.");
  expect(joinPieces([piece(""), piece("One.")])).toBe("One.");
  expect(joinPieces([])).toBe("");
});

it("pieces in items are indented by what they are deeper than the first", () => {
  expect(joinPieces([piece("a"), piece("b\n\nc", 2), piece("d", 4), piece("e")])).toBe(
    "a\n\n  b\n\n  c\n\n    d\n\ne",
  );
  expect(joinPieces([piece("a", 4), piece("b", 6), piece("c", 2), piece("d", 4)])).toBe(
    "a\n\n  b\n\nc\n\n  d",
  );
});

it("a first piece stays as it is, whatever it goes on with", () => {
  const text = "| a |\n| - |\n| c |";
  expect(joinPieces([goingOn("table", text, 2, 3), piece("Below.")])).toBe(`${text}\n\nBelow.`);
});

it("rows go on below the last row, and what is below them stands apart", () => {
  const above = piece("| a |\n| - |\n| b |");
  expect(joinPieces([above, goingOn("table", "| a |\n| - |\n| c |\n\nBelow.", 2, 3), piece("More.")])).toBe(
    "| a |\n| - |\n| b |\n| c |\n\nBelow.\n\nMore.",
  );
});

it("lines of code go on in the fence above, which the piece that goes on closes", () => {
  const above = piece("```sh\nfirst\n```");
  const next = (line: string, indent = 0) => goingOn("code", `\`\`\`sh\n${line}\n\`\`\``, 1, 3, indent);
  expect(joinPieces([above, next("second"), next("third")])).toBe("```sh\nfirst\nsecond\nthird\n```");
  const inItem = piece("- Item:\n\n  ```sh\n  first\n  ```");
  expect(joinPieces([inItem, next("  second")])).toBe("- Item:\n\n  ```sh\n  first\n    second\n  ```");
});

it("what goes on gets the marks that the block has above, in the place of its own", () => {
  const above = piece("> | a |\n> | - |\n> | b |");
  expect(joinPieces([above, goingOn("table", "> | a |\n> | - |\n> | c |\n| d |", 2, 4)])).toBe(
    "> | a |\n> | - |\n> | b |\n> | c |\n> | d |",
  );
  expect(joinPieces([above, goingOn("table", "| a |\n| - |\n| c |", 2, 3)])).toBe(
    "> | a |\n> | - |\n> | b |\n> | c |",
  );
  const inItem = piece("  | a |\n  | - |\n  | b |");
  expect(joinPieces([inItem, goingOn("table", "    | a |\n    | - |\n  | c |\n\nIn it.", 2, 3, 2)])).toBe(
    "  | a |\n  | - |\n  | b |\n  | c |\n\n  In it.",
  );
});
