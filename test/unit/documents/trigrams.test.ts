import { expect, it } from "vitest";
import { trigramSimilarity } from "#shared/documents/trigrams.ts";

it.each([
  ["kuberntes", "kubernetes", 8 / 13],
  ["serch", "search", 4 / 9],
  ["Same", "same", 1],
  ["word", "other", 0],
])("words are similar by the trigrams that they share, as pg_trgm counts: %s, %s: %d", (a, b, similarity) => {
  expect(trigramSimilarity(a, b)).toBeCloseTo(similarity, 10);
  expect(trigramSimilarity(b, a)).toBeCloseTo(similarity, 10);
});
