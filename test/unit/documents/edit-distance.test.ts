import { expect, it } from "vitest";
import { editDistance } from "#shared/documents/edit-distance.ts";

it.each([
  ["search", "search", 0],
  ["serch", "search", 1],
  ["searcch", "search", 1],
  ["saerch", "search", 1],
  ["zearch", "search", 1],
  ["restroe", "restore", 1],
  ["restroe", "rest", 3],
  ["", "abc", 3],
  ["abc", "", 3],
  ["гластера", "кластера", 1],
])("%j is %j with %i errors", (typed, word, errors) => {
  expect(editDistance(typed, word)).toBe(errors);
  expect(editDistance(word, typed)).toBe(errors);
});
