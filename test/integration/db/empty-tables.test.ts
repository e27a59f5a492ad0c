import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { EMPTIED } from "#test/support/databases/empty-tables.ts";

describe("emptying a test database", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.close());

  it("reaches every table but the ledger of migrations and the registered models", async () => {
    const left = await database.sql<{ name: string }[]>`
      with recursive emptied as (
        select oid from pg_class where oid = any(${[...EMPTIED]}::regclass[])
        union
        select child.conrelid from pg_constraint child join emptied on child.confrelid = emptied.oid
        where child.contype = 'f' and child.confdeltype = 'c'
      )
      select relname as name from pg_class
      where relnamespace = current_schema()::regnamespace and relkind = 'r' and oid not in (select oid from emptied)
      order by relname`;
    expect(left.map(({ name }) => name)).toEqual([
      "embedding_models",
      "schema_functions",
      "schema_migrations",
    ]);
  });

  it("lets ids begin at 1 again", async () => {
    const nextId = async () => {
      const [row] = await database.sql<{ id: string }[]>`
        insert into event_outbox (event_type, detail, created_at) values ('test', '{}', now()) returning id`;
      return row?.id;
    };
    await nextId();
    await database.clear();
    expect(await nextId()).toBe("1");
  });
});
