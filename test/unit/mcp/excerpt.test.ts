import { describe, expect, it } from "vitest";
import { excerpt } from "#functions/api/mcp/text/excerpt.ts";
import { budgetTokens } from "#functions/api/mcp/text/token-budget.ts";

const line = (n: number) => `Line ${n} says something about everyday work.`;
const text = Array.from({ length: 40 }, (_, n) => line(n)).join("\n");

describe("the part of a passage that is shown", () => {
  it("an excerpt of a text that fits is the text", () => {
    expect(excerpt(text, "", budgetTokens(text))).toBe(text);
  });

  it("an excerpt begins somewhat before what matched, at a line, and keeps its budget", () => {
    const shown = excerpt(text, "something … Line <mark>30</mark> says something", 60);
    expect(shown).toMatch(/^… Line 2\d says/);
    expect(shown).toContain(line(30));
    expect(shown.endsWith(" …")).toBe(true);
    expect(budgetTokens(shown)).toBeLessThanOrEqual(60);
  });

  it("an excerpt whose match is at the end shows what is before it, as far as there is room", () => {
    const shown = excerpt(text, "Line <mark>39</mark> says", 60);
    expect(shown.endsWith(line(39))).toBe(true);
    expect(budgetTokens(shown)).toBeGreaterThan(40);
  });

  it("an excerpt without a match by words is the beginning", () => {
    expect(excerpt(text, "Line 0 says something", 60).startsWith(line(0))).toBe(true);
    expect(excerpt(text, "<mark>not in it</mark>", 60).startsWith(line(0))).toBe(true);
  });

  it("an excerpt finds a match whose snippet is escaped as HTML", () => {
    const code = `${text}\nif (a < b && c) return "x";\n${text}`;
    expect(excerpt(code, "if (a &lt; b &amp;&amp; <mark>c</mark>) return &quot;x&quot;;", 60)).toContain(
      "a < b && c",
    );
  });

  it("an excerpt of one long line begins with it", () => {
    const long = "word ".repeat(500);
    expect(excerpt(long, "<mark>word</mark>", 30)).toMatch(/^word .* …$/);
  });
});
