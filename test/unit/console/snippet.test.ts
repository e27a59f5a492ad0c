import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSnippet } from "#infra/console/parts/snippet.ts";
import { markedSnippet } from "#shared/documents/snippet.ts";

describe("snippets in the console", () => {
  it("marks become parts, and escaped characters themselves", () => {
    expect(parseSnippet("a &lt;b&gt; <mark>c &amp; d</mark> e")).toEqual([
      { text: "a <b> ", isMatch: false },
      { text: "c & d", isMatch: true },
      { text: " e", isMatch: false },
    ]);
  });

  it("an entity is read once: what was escaped twice stays escaped once", () => {
    expect(parseSnippet("&amp;lt;script&amp;gt;")).toEqual([{ text: "&lt;script&gt;", isMatch: false }]);
  });

  it("any other markup stays text, also one that never ends", () => {
    const texts = (html: string) =>
      parseSnippet(html)
        .map(({ text }) => text)
        .join("");
    for (const html of [
      "<img src=x onerror=alert(1)>",
      "<mark class=x>a",
      "<MARK>b</MARK>",
      "&#60;i&#62;",
      "<mark",
    ])
      expect(texts(html)).toBe(html);
    expect(parseSnippet("a<mark>b")).toEqual([
      { text: "a", isMatch: false },
      { text: "b", isMatch: true },
    ]);
  });

  it("the text of any page arrives unchanged from what the service makes of it", () => {
    const text = fc.string({
      unit: fc.constantFrom("<", ">", "&", '"', "'", ";", "/", " ", "amp", "&lt;", "<mark>", "</mark>"),
    });
    fc.assert(
      fc.property(text, (content) => {
        const parts = parseSnippet(markedSnippet(content));
        expect(parts.map((part) => part.text).join("")).toBe(content);
        expect(parts.every((part) => !part.isMatch)).toBe(true);
      }),
    );
  });
});
