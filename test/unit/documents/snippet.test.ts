import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markedSnippet } from "#shared/documents/snippet.ts";

describe("markedSnippet", () => {
  it("markedSnippet joins the pieces of a name into one mark", () => {
    expect(markedSnippet("the \uE000foo\uE001.\uE000bar\uE001 call", "")).toBe(
      "the <mark>foo.bar</mark> call",
    );
  });

  it("markedSnippet contains no markup but its own, whatever the page contains", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(markedSnippet(text, text).replaceAll(/<\/?mark>/g, "")).not.toMatch(/[<>"]/);
      }),
    );
  });
});
