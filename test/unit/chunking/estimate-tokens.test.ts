import { expect, it } from "vitest";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";

it.each([
  ["a word of up to eight letters", ["aaaazzzz", "AAAAZZZZ", "a", "Z"], 1],
  ["a word of up to fourteen letters", ["b".repeat(9), "b".repeat(14)], 2],
  ["a word of up to twenty letters", ["b".repeat(15), "b".repeat(20)], 3],
  ["up to three digits", ["0", "123", "999"], 1],
  ["nine digits", ["000000000", "999999999"], 3],
  ["ten digits", ["0123456789"], 4],
  ["ten marks of one kind or another", ["!", "~", "@", "[", "`", "{", "|"].map((one) => one.repeat(10)), 4],
  ["nine marks beside the digits", ["/////////", ":::::::::"], 4],
  ["words with single spaces", ["one two three", "one\ttwo\tthree"], 3],
  ["two words far apart", ["one  two", "one\t\ttwo", "one     two"], 3],
  ["two words on two lines", ["one\ntwo", "one\n\n\ntwo"], 3],
  ["two marks far apart", ["-  -"], 3],
  ["a name with four humps", ["aBcDeFgH"], 4],
  ["capitals, which are no humps", ["ZAZAZA", "Zab", "ABcd"], 1],
])("%s: %j are estimated at %i tokens", (_, texts, tokens) => {
  expect(texts.map(estimateTokens)).toEqual(texts.map(() => tokens));
});
