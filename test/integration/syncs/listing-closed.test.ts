import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { transaction } from "#shared/db/connect.ts";
import { closeListing } from "#shared/syncs/listing/close-listing.ts";
import { listCheckpoint, type ListCheckpoint } from "#shared/syncs/listing/list-checkpoint.ts";
import { makeSteppedOperation, type SteppedOperation } from "#test/support/stepped-operation.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
let stepped: SteppedOperation;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  stepped = await makeSteppedOperation(database.sql);
});
afterAll(() => database.close());

type Listed = { expected: number; listed: number; at?: Partial<ListCheckpoint> };

/** What the operation's log says at the end of such a listing, of one that Confluence counted so; null: nothing is missing. */
async function missingOf({ expected, listed, at = {} }: Listed): Promise<string | null> {
  await stepped.run(
    async (context) => {
      context.operation = { ...context.operation, counters: { pages_listed: listed } };
      const checkpoint = { ...listCheckpoint.parse({}), ...at };
      await transaction(database.sql, (tx) => closeListing(tx, context, checkpoint, expected));
      return "more";
    },
    {},
    oneStep(),
  );
  const [row] = await database.sql`
    select listing_incomplete as incomplete, log -> -1 ->> 'message' as message, checkpoint ->> 'phase' as phase
    from archon_progress where operation_id = ${stepped.id}`;
  expect(row?.phase).toBe("listed");
  expect(row?.incomplete).toBe(row?.message !== null);
  return row?.message ?? null;
}
const oneStep = () => {
  let looks = 0;
  return () => (looks++ === 0 ? 60_000 : 0);
};
const SAME = ": the next sync starts from the same watermark";

it.each<[string, Listed]>([
  ["as many items as Confluence counted", { expected: 5, listed: 5 }],
  ["more items than Confluence counted", { expected: 5, listed: 6 }],
  [
    "a kind that is whole, and the rest as well",
    { expected: 5, listed: 5, at: { of_kinds: { page: { expected: 3, listed: 3 } } } },
  ],
])("a listing of %s is complete", async (_, listing) => {
  expect(await missingOf(listing)).toBeNull();
});

it.each<[string, Listed, string]>([
  ["fewer items than Confluence counted", { expected: 5, listed: 4 }, "4 of 5 pages were listed"],
  ["items that came twice", { expected: 5, listed: 6, at: { repeated: 2 } }, "4 of 5 pages were listed"],
  [
    "fewer of one kind, although more of another",
    {
      expected: 5,
      listed: 6,
      at: { of_kinds: { page: { expected: 2, listed: 4 }, comments: { expected: 3, listed: 2 } } },
    },
    "2 of 3 comments were listed",
  ],
  [
    "a kind that is more than whole, and a rest that is short",
    { expected: 5, listed: 5, at: { of_kinds: { attachment: { expected: 2, listed: 3 } } } },
    "2 of 3 pages were listed",
  ],
  [
    "comments whose text or page did not come",
    { expected: 5, listed: 7, at: { comments_missing: 2 } },
    "The text or the page of 2 listed comments was not returned",
  ],
])("a listing of %s is not complete, which the log says", async (_, listing, message) => {
  expect(await missingOf(listing)).toBe(`${message}${SAME}`);
});
