import { expect, it } from "vitest";
import type { Source } from "#infra/console/api/types.ts";
import { readAllSources } from "#infra/console/screens/all-sources.ts";

/** A service with so many lists of one source each. */
function service(lists: number) {
  const asked: (string | undefined)[] = [];
  const list = async ({ cursor }: { cursor?: string | undefined }) => {
    asked.push(cursor);
    const at = Number(cursor ?? 0);
    const source = { source_id: `s${at}` } as Source;
    return { sources: [source], next_cursor: at + 1 < lists ? String(at + 1) : null };
  };
  return { list, asked };
}

it("what needs attention is looked for among the sources of every list, and it is said when that is not all", async () => {
  const three = service(3);
  const all = await readAllSources(three.list);
  expect([all.sources.map((one) => one.source_id), all.isCut]).toEqual([["s0", "s1", "s2"], false]);
  expect(three.asked).toEqual([undefined, "1", "2"]);
  expect((await readAllSources(service(10).list)).isCut).toBe(false);
  const many = service(11);
  const some = await readAllSources(many.list);
  expect([some.sources.length, some.isCut, many.asked.length]).toEqual([10, true, 10]);
});
