import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { ALL_PLANTED_BUGS } from "./planted/all.ts";

it.each(ALL_PLANTED_BUGS.flatMap(({ name, changes }) => changes.map((change) => ({ name, ...change }))))(
  "planted bug $name: its text is in $file exactly once",
  async ({ file, find, put }) => {
    expect((await readFile(file, "utf8")).split(find)).toHaveLength(2);
    expect(put).not.toBe(find);
  },
);

it("each planted bug has its own name", () => {
  const names = ALL_PLANTED_BUGS.map((bug) => bug.name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
