import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { FURTHER_PLANTED_BUGS } from "./further-planted-bugs.ts";
import { PLANTED_BUGS } from "./planted-bugs.ts";

test.each(
  [...PLANTED_BUGS, ...FURTHER_PLANTED_BUGS].flatMap(({ name, changes }) =>
    changes.map((change) => ({ name, ...change })),
  ),
)("$name can be planted: its place in $file is there, once", async ({ file, find, put }) => {
  expect((await readFile(file, "utf8")).split(find)).toHaveLength(2);
  expect(put).not.toBe(find);
});
