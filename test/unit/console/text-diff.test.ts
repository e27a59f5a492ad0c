import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffTexts, type DiffLine } from "#infra/console/parts/text-diff.ts";

const shown = (lines: DiffLine[] | null) =>
  lines?.map((line) =>
    line.kind === "gap"
      ? `… ${line.count}`
      : `${{ same: " ", added: "+", removed: "-" }[line.kind]}${line.parts.map((part) => (part.changed ? `[${part.text}]` : part.text)).join("")}`,
  );

describe("the difference between two versions of a page", () => {
  it("a changed line shows which of its words changed", () => {
    expect(shown(diffTexts("one\nCall the team\nthree", "one\nCall the on-call person\nthree"))).toEqual([
      " one",
      "-Call the [team]",
      "+Call the [on-call person]",
      " three",
    ]);
  });

  it("of a line that was written anew no words are set apart", () => {
    expect(shown(diffTexts("Check the queue of service 10.", "Completely new instructions."))).toEqual([
      "-Check the queue of service 10.",
      "+Completely new instructions.",
    ]);
  });

  it("a line that came or went is shown as a whole", () => {
    expect(shown(diffTexts("a\nb", "a\nx\nb"))).toEqual([" a", "+x", " b"]);
    expect(shown(diffTexts("a\nx\nb", "a\nb"))).toEqual([" a", "-x", " b"]);
  });

  it("lines far from a change are counted, not shown", () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const after = before.with(10, "other");
    const lines = shown(diffTexts(before.join("\n"), after.join("\n")));
    expect(lines).toEqual([
      "… 8",
      " line 8",
      " line 9",
      expect.stringContaining("-"),
      expect.stringContaining("+"),
      " line 11",
      " line 12",
      "… 7",
    ]);
  });

  it("equal texts have no difference, empty ones neither", () => {
    expect(shown(diffTexts("a\nb", "a\nb"))).toEqual(["… 2"]);
    expect(shown(diffTexts("", ""))).toEqual([]);
    expect(shown(diffTexts("", "new"))).toEqual(["+new"]);
  });

  it("each side can be read off: what is not added is the text before, what is not removed the text after", () => {
    const text = fc.array(fc.constantFrom("a", "b c", "b d", "", "e f g"), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffTexts(before.join("\n"), after.join("\n")) ?? [];
        if (lines.some(({ kind }) => kind === "gap")) return;
        const side = (other: "added" | "removed") =>
          lines
            .flatMap((line) =>
              line.kind === "gap" || line.kind === other ? [] : [line.parts.map(({ text }) => text).join("")],
            )
            .join("\n");
        // How many empty lines end a text makes no difference.
        const trimmed = (side: string) => side.replace(/\n+$/, "");
        expect(trimmed(side("added"))).toBe(trimmed(before.join("\n")));
        expect(trimmed(side("removed"))).toBe(trimmed(after.join("\n")));
      }),
    );
  });

  it("texts with nothing in common but thousands of lines are not compared", () => {
    const lines = (prefix: string) =>
      Array.from({ length: 3000 }, (_, index) => `${prefix} ${index}`).join("\n");
    expect(diffTexts(lines("before"), lines("after"))).toBeNull();
  });
});
