import { expect, it } from "vitest";
import { documentEmbedder, hashInput } from "#shared/documents/embed-pages.ts";
import { indexedWords, queriedWords } from "#shared/documents/index-words.ts";
import { batches, requireAll, vectorText, wordColumns } from "#shared/documents/write-chunks.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";

it("a vector is written with the nine digits that the database keeps, and no vector as none", () => {
  expect(vectorText([0.12345678949, -1, 1e-20, 1234567891])).toBe("[0.123456789,-1,1e-20,1234567890]");
  expect(vectorText([])).toBe("[]");
  expect(vectorText(null)).toBeNull();
});

it("rows are written in batches, in order, the last of which may be smaller", () => {
  expect(batches([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(batches([1, 2, 3, 4], 2)).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(batches([], 2)).toEqual([]);
  expect(batches(Array.from({ length: 501 }, (_, n) => n)).map((batch) => batch.length)).toEqual([500, 1]);
});

it("a statement that stored fewer or more rows than it was given fails", () => {
  requireAll(0, 0);
  requireAll(3, 3);
  for (const stored of [2, 4])
    expect(() => requireAll(stored, 3)).toThrow(expect.objectContaining({ code: "stored_count_mismatch" }));
});

it("the words of a chunk are those of its title, its headings and its content, with names and other spellings", () => {
  const content = String.raw`Café of foo\_bar and CO<sub>2</sub>`;
  const words = indexedWords("JENKINS-1 数据库", { headingPath: ["Über uns", "plain"], content });
  expect(words).toEqual({
    title: "JENKINS-1 数据\u001F据库",
    headings: ["Über uns", "plain"],
    content,
    identifiers: ["jenkins-1", "foo_bar", "co2"],
    parts: "JENKINS foo bar uber cafe 数 据 库",
  });
  expect(wordColumns(words, content)).toEqual({
    title_words: words.title,
    heading_words: words.headings,
    content_words: null,
    identifiers: words.identifiers,
    parts: words.parts,
  });
  const cut = indexedWords("", { headingPath: [], content: "数据库" });
  expect(wordColumns(cut, "数据库").content_words).toBe("数据\u001F据库");
});

it("the words of a query are its own, with its names, its phrases and other spellings", () => {
  expect(queriedWords('why "the pool" of CO<sub>2</sub> in foo.bar "is" für')).toEqual({
    question: 'why "the pool" of CO2 in foo.bar "is" für',
    identifiers: ["foo.bar"],
    parts: "foo bar fur",
    phrases: ["the pool", "is"],
  });
});

it("quotation marks around nothing quote nothing, and pair with none of another phrase", () => {
  expect(queriedWords('why "" "is it" " " so "').phrases).toEqual(["is it"]);
});

it("an input is hashed so that anyone can tell whether it changed", () => {
  expect(hashInput("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

it("a document is embedded with its source's model, or with the new one where nobody has that any more", () => {
  const old = fakeEmbedder({ model: "old" });
  const next = { ...fakeEmbedder({ model: "next" }), previous: old };
  expect(["next", "old", "older"].map((model) => documentEmbedder(next, model).model)).toEqual([
    "next",
    "old",
    "next",
  ]);
});
