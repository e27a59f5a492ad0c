import { expect, it } from "vitest";
import { listToEnd, rememberCursor } from "#shared/syncs/listing/follow-cursor.ts";

/** What a listing ends with that gives these cursors one after the other. */
async function follow(cursors: readonly (string | null)[]): Promise<number | string> {
  let parts = 0;
  const asked: (string | null)[] = [];
  try {
    for await (const _ of listToEnd(async (cursor) => {
      asked.push(cursor);
      return { next: cursors[asked.length - 1] ?? null };
    }))
      parts += 1;
  } catch (error) {
    if (error instanceof Error && "code" in error) return String(error.code);
    throw error;
  }
  expect(asked).toEqual([null, ...cursors.slice(0, asked.length - 1)]);
  return parts;
}

const many = (count: number) => Array.from({ length: count }, (_, n) => `cursor ${n}`);

it.each<[string, (string | null)[], number | string]>([
  ["ends at once", [null], 1],
  ["ends after three parts", ["a", "b", null], 3],
  ["goes on for hundreds of parts", [...many(300), null], 301],
  ["gives the cursor that it was asked with", ["a", "a"], "repeated_cursor"],
  ["comes back to the one before", ["a", "b", "a"], "repeated_cursor"],
  ["comes back to one of the last hundred", [...many(100), "cursor 0"], "repeated_cursor"],
  ["comes back to the hundredth of many", [...many(300), "cursor 200"], "repeated_cursor"],
])("a listing that %s is followed to its end, or refused as one without", async (_, cursors, end) => {
  expect(await follow(cursors)).toBe(end);
});

it("only the last hundred cursors are remembered", () => {
  let place = { cursor: null as string | null, recent_cursors: [] as string[] };
  for (const cursor of many(150)) place = rememberCursor(place, cursor);
  expect(place).toEqual({ cursor: "cursor 149", recent_cursors: many(150).slice(-100) });
});
