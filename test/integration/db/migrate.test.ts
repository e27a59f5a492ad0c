import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "#shared/db/connect.ts";
import { migrate } from "#shared/db/migrate.ts";
import { readMigrations, type Migrations } from "#shared/db/read-migrations.ts";
import { createTestDatabase, TEST_SCHEMA, type TestDatabase } from "#test/support/test-database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
});
afterAll(() => database.close());

const file = (name: string, text: string) => ({ name, text });
const TABLE = file("000001_table.sql", "create table kept (a int);");
const functions = (value: number) => [
  file("one.sql", `create or replace function one() returns integer language sql return ${value};`),
];
const results = async (schema: string) => {
  const [row] = await database.sql.unsafe<{ one: number }[]>(`select ${schema}.one() as one`);
  return row?.one;
};

describe("migrate", () => {
  it("migrate applies each file once when twenty run at the same time", async () => {
    const migrations = await readMigrations();
    const schema = "twenty_at_once";
    const clients = database.concurrent
      ? Array.from({ length: 20 }, () => connect({ ...database.address, schema, maxConnections: 1 }))
      : Array.from({ length: 20 }, () => database.sql);
    const runs = await Promise.all(clients.map((client) => migrate(client, schema, migrations)));
    if (database.concurrent) await Promise.all(clients.map((client) => client.end()));
    expect(runs.flatMap((run) => run.applied).sort()).toEqual(migrations.numbered.map(({ name }) => name));
    expect(runs.flatMap((run) => run.functions).sort()).toEqual(migrations.functions.map(({ name }) => name));
  });

  it("migrate refuses tables that it did not create and says what to set", async () => {
    await database.sql`create schema archon_like`;
    await database.sql`create table archon_like.archon_sources (source_id text)`;
    await expect(migrate(database.sql, "archon_like", await readMigrations())).rejects.toThrow(
      /Set DB_SCHEMA/,
    );
  });

  it("migrate leaves no half-applied migration behind when one fails", async () => {
    const migrations = {
      numbered: [file("000001_a.sql", "create table half (a int); select 1/0;")],
      functions: [],
    };
    await expect(migrate(database.sql, "half_applied", migrations)).rejects.toThrow(/division by zero/);
    const [row] =
      await database.sql`select to_regclass('half_applied.half') as half, (select count(*)::int from half_applied.schema_migrations) as ledger`;
    expect(row).toEqual({ half: null, ledger: 0 });
  });

  it("migrate leaves no function that its files do not define, apart from a trigger's", async () => {
    const migrations = await readMigrations();
    await migrate(database.sql, TEST_SCHEMA, migrations);
    const text = migrations.functions.map((one) => one.text).join("\n");
    const rows = await database.sql<{ name: string }[]>`
      select distinct proname as name from pg_proc
      where pronamespace = ${TEST_SCHEMA}::regnamespace and prorettype <> 'trigger'::regtype`;
    expect(rows.map((row) => row.name).filter((name) => !text.includes(`function ${name}(`))).toEqual([]);
  });

  it("migrate gives running and failed operations the facts that were kept in checkpoint and counters", async () => {
    const migrations = await readMigrations();
    const before = migrations.numbered.filter(({ name }) => name < "000016");
    await database.sql`create schema facts`;
    await migrate(database.sql, "facts", { numbered: before, functions: [] });
    const checkpoint = { phase: "listed", started_at: "2026-01-02T03:04:05.678Z", incomplete: true };
    await database.sql`
      insert into facts.archon_sources (source_id, title, base_url, space_key, space_id, space_name, account_id, embedding_model, created_at, updated_at)
      values ('s', '', '', '', '', '', '', '', now(), now())`;
    await database.sql`
      insert into facts.archon_progress (operation_id, source_id, operation_type, status, actor, checkpoint, counters, created_at, updated_at)
      select gen_random_uuid(), 's', 'confluence_sync', status, 'api', ${database.sql.json(checkpoint)},
        '{"pages_expected": 9, "percent_floor": 44}', now(), now()
      from unnest(array['processing', 'failed']) status`;
    await migrate(database.sql, "facts", { ...migrations, functions: [] });
    const rows = await database.sql`
      select confluence_started_at as at, listing_incomplete as incomplete, pages_expected, percent_floor from facts.archon_progress`;
    const facts = {
      at: new Date(checkpoint.started_at),
      incomplete: true,
      pages_expected: 9,
      percent_floor: 44,
    };
    expect([...rows]).toEqual([facts, facts]);
  });
});

describe("files of functions", () => {
  it("function files are applied after the migrations, and again when their text changes", async () => {
    const run = (value: number) =>
      migrate(database.sql, "changed", { numbered: [TABLE], functions: functions(value) });
    expect(await run(1)).toMatchObject({ applied: [TABLE.name], functions: ["one.sql"] });
    expect(await run(1)).toMatchObject({ applied: [], functions: [] });
    expect(await run(2)).toMatchObject({ applied: [], functions: ["one.sql"] });
    expect(await results("changed")).toBe(2);
  });

  it("function files are applied together or not at all", async () => {
    const migrations = {
      numbered: [TABLE],
      functions: [...functions(1), file("two.sql", "create or replace function broken")],
    };
    await expect(migrate(database.sql, "together", migrations)).rejects.toThrow(/syntax error/);
    const [row] = await database.sql`
      select to_regproc('together.one') as one, (select count(*)::int from together.schema_functions) as ledger`;
    expect(row).toEqual({ one: null, ledger: 0 });
  });
});

describe("a database that newer code has migrated", () => {
  const older: Migrations = { numbered: [TABLE], functions: functions(1) };
  const newer = (...texts: string[]): Migrations => ({
    numbered: [TABLE, ...texts.map((text, index) => file(`00000${index + 2}_newer.sql`, text))],
    functions: functions(2),
  });

  it("a database migrated by newer code is refused when it does not say which older code it supports", async () => {
    await migrate(database.sql, "stranger", older);
    await database.sql`insert into stranger.schema_migrations (name) values ('000777_future.sql')`;
    await expect(migrate(database.sql, "stranger", older)).rejects.toMatchObject({
      code: "database_newer",
      message: expect.stringMatching(
        /"stranger".*000777_future\.sql.*up to 000001_table\.sql.*Run the newer/,
      ),
    });
  });

  it("a database migrated by newer code is refused when something was removed that this code uses", async () => {
    await migrate(database.sql, "contracted", newer("", "--! contract 000002\ndrop table kept;"));
    await expect(migrate(database.sql, "contracted", older)).rejects.toMatchObject({
      code: "database_newer",
    });
  });

  it("a database migrated by newer code is used, with the newer functions, when nothing was removed that this code uses", async () => {
    for (const [schema, text] of [
      ["expanded", "create table added (a int);"],
      ["unused", "--! contract 000001\ndrop table kept;"],
    ] as const) {
      await migrate(database.sql, schema, newer(text));
      const again = await migrate(database.sql, schema, older);
      expect(again).toMatchObject({ applied: [], functions: [] });
      expect(again.advice.join()).toContain("000002_newer.sql");
      expect(await results(schema)).toBe(2);
    }
  });
});
