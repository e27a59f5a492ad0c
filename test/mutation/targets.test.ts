import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { TARGETS, TOO_SLOW } from "./targets.ts";

it.each(TARGETS)(
  "the folder $folder that is mutated, and its tests, exist",
  ({ folder, tests, without = [] }) => {
    expect([folder, ...tests, ...without].filter((path) => !existsSync(path))).toEqual([]);
  },
);

it("the tests that mutants do without exist", () => {
  expect(TOO_SLOW.filter((path) => !existsSync(path))).toEqual([]);
});
