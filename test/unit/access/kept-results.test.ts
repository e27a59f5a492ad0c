import { expect, it } from "vitest";
import { keptResults } from "#shared/access/readers/kept-results.ts";

/** Numbers that are counted up, each current until `limit` is above it. */
function counted() {
  const keep = keptResults<number>();
  let made = 0;
  return (key: string | null, limit = 0) =>
    keep(key, { make: async () => (made += 1), isCurrent: (result) => result >= limit });
}

it("a result is worked out once for each key, and each time without a key", async () => {
  const ask = counted();
  expect([await ask("a"), await ask("b"), await ask("a"), await ask(null), await ask(null)]).toEqual([
    1, 2, 1, 3, 4,
  ]);
});

it("a result that is not current any more is worked out again, and kept from then on", async () => {
  const ask = counted();
  expect([await ask("a"), await ask("a", 2), await ask("a", 2)]).toEqual([1, 2, 2]);
});

it("of many results those that were not asked for longest are dropped", async () => {
  const ask = counted();
  for (let n = 1; n <= 200; n += 1) await ask(`${n}`);
  expect(await ask("1")).toBe(1);
  expect(await ask("201")).toBe(201);
  expect([await ask("1"), await ask("2")]).toEqual([1, 202]);
});
