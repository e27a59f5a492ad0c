import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headlineText, restoreHeadline, unusedWord } from "#shared/documents/headline-text.ts";
import { markedSnippet } from "#shared/documents/snippet.ts";

describe("markedSnippet", () => {
  it("markedSnippet joins the pieces of a name into one mark", () => {
    expect(markedSnippet("the \uE000foo\uE001.\uE000bar\uE001 call")).toBe("the <mark>foo.bar</mark> call");
  });

  it.each([".", "_", ":", "/", "-", "::", "", "./"])(
    "markedSnippet takes what %j joins for one name",
    (seam) => {
      expect(markedSnippet(`\uE000foo\uE001${seam}\uE000bar\uE001`)).toBe(`<mark>foo${seam}bar</mark>`);
    },
  );

  it.each([" ", ", ", "=", " - "])("markedSnippet takes what stands beside %j for words apart", (seam) => {
    expect(markedSnippet(`\uE000foo\uE001${seam}\uE000bar\uE001`)).toBe(
      `<mark>foo</mark>${seam}<mark>bar</mark>`,
    );
  });

  it("markedSnippet shows the page's own markup as text, each character once", () => {
    expect(markedSnippet('<b title="x">R&D</b> &amp; \uE000<a>\uE001')).toBe(
      "&lt;b title=&quot;x&quot;&gt;R&amp;D&lt;/b&gt; &amp;amp; <mark>&lt;a&gt;</mark>",
    );
  });

  it("markedSnippet contains no markup but its own, whatever the page contains", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(markedSnippet(text).replaceAll(/<\/?mark>/g, "")).not.toMatch(/[<>"]/);
      }),
    );
  });

  it("a snippet is the page's text, however its words were cut and wherever the marks are", () => {
    const letters = Array.from("aB1 .,é ß₂Zü\n数据库备份ひらカナ서버를 ภาษาไทย。가\u{20000}😀…#_- ");
    const text = fc.array(fc.constantFrom(...letters), { maxLength: 30 }).map((list) => list.join(""));
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 3 }), (page, query, nth) => {
        // Of two texts at random hardly any have the same name.
        const content = nth === 1 ? page + query : page;
        const placeholder = unusedWord([content, query]);
        const made = headlineText(content, query, placeholder);
        let words = 0;
        const headline = (made?.text ?? content).replaceAll(/[\p{L}\p{M}\p{N}]+/gu, (one) =>
          (words += 1) % nth === 0 ? `\uE000${one}\uE001` : one,
        );
        const restored = made ? restoreHeadline(headline, made, placeholder) : headline;
        expect(markedSnippet(restored).replaceAll(/<\/?mark>/g, "")).toBe(
          made ? content.normalize("NFC") : content,
        );
      }),
      { numRuns: 500 },
    );
  });
});
