import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "#shared/db/connect.ts";
import { migrate } from "#shared/db/migrate.ts";
import { readMigrations } from "#infra/local/runner/database.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

describe("migrate", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.close());

  it("applies each file once when twenty run at the same time", async () => {
    const migrations = await readMigrations();
    const schema = "twenty_at_once";
    const clients = database.concurrent
      ? Array.from({ length: 20 }, () => connect({ url: database.url, schema, maxConnections: 1 }))
      : Array.from({ length: 20 }, () => database.sql);
    const results = await Promise.all(clients.map((client) => migrate(client, schema, migrations)));
    if (database.concurrent) await Promise.all(clients.map((client) => client.end()));
    const applied = results.flatMap((result) => result.applied).sort();
    expect(applied).toEqual(migrations.map((migration) => migration.name));
  });

  it("refuses tables that it did not make and says what to set", async () => {
    await database.sql`create schema archon_like`;
    await database.sql`create table archon_like.archon_sources (source_id text)`;
    await expect(migrate(database.sql, "archon_like", await readMigrations())).rejects.toThrow(
      /Set DB_SCHEMA/,
    );
  });

  it("leaves no half-applied migration behind when one fails", async () => {
    const migrations = [{ name: "000001_a.sql", text: "create table half (a int); select 1/0;" }];
    await expect(migrate(database.sql, "half_applied", migrations)).rejects.toThrow(/division by zero/);
    const [row] =
      await database.sql`select to_regclass('half_applied.half') as half, (select count(*)::int from half_applied.schema_migrations) as ledger`;
    expect(row).toEqual({ half: null, ledger: 0 });
  });
});
