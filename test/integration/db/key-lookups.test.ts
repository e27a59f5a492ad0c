import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ maxConnections: 1 });
});
afterAll(() => database.close());

/** Of rows that are few in any case. */
const FEW = ["confluence_pages_failed", "confluence_pages_unrendered", "sync_work_suspects"];

/* Before the first analyze such an index seems as good as the key, and a lookup reads all pages of a source, or of an operation. */
it("no index begins with the first column of a table's key and leaves out the second", async () => {
  const rows = await database.sql<{ name: string }[]>`
    select i.indexrelid::regclass::text as name
    from pg_index i join pg_class c on c.oid = i.indrelid
    join pg_index key on key.indrelid = i.indrelid and key.indisprimary and key.indnatts = 2
    where c.relnamespace = current_schema()::regnamespace
      and i.indkey[0] = key.indkey[0] and (i.indnatts = 1 or i.indkey[1] <> key.indkey[1])`;
  expect(rows.map((row) => row.name).sort()).toEqual(FEW);
});
