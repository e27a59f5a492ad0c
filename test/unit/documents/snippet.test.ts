import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headlineText, markedSnippet } from "#shared/documents/snippet.ts";

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

  it("a snippet is the page's text, however its words were cut and wherever the marks are", () => {
    const letters = Array.from("aB1 .,é ß₂Zü\n数据库备份ひらカナ서버를 ภาษาไทย。가\u{20000}😀… ");
    const text = fc.array(fc.constantFrom(...letters), { maxLength: 30 }).map((list) => list.join(""));
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 3 }), (content, query, nth) => {
        let words = 0;
        const headline = (headlineText(content, query) ?? content).replaceAll(/[\p{L}\p{M}\p{N}]+/gu, (one) =>
          (words += 1) % nth === 0 ? `\uE000${one}\uE001` : one,
        );
        expect(markedSnippet(headline, content).replaceAll(/<\/?mark>/g, "")).toBe(content.normalize("NFC"));
      }),
      { numRuns: 500 },
    );
  });
});
