import { afterAll, beforeAll, expect, it } from "vitest";
import { migrate } from "#shared/db/migrate.ts";
import { readMigrations } from "#shared/db/read-migrations.ts";
import { createTestDatabase, TEST_SCHEMA, type TestDatabase } from "#test/support/test-database.ts";

const LATER = new Set(["access.sql", "readers.sql", "sites.sql", "search.sql", "spelling.sql"]);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
});
afterAll(() => database.close());

it("sources from before there were sites get one for each address and account, with the token that works", async () => {
  const { sql } = database;
  const migrations = await readMigrations();
  const before = migrations.numbered.filter(({ name }) => name < "000021");
  // Without those that need columns of later migrations.
  const functions = migrations.functions.filter(({ name }) => !LATER.has(name));
  await migrate(sql, TEST_SCHEMA, { numbered: before, functions });
  const add = async (id: string, account: string, status: string, updated: string) =>
    sql`
      insert into archon_sources (source_id, title, base_url, space_key, space_id, space_name, account_id, email, encrypted_token,
        embedding_model, status, paused_until, created_at, updated_at)
      values (${id}, ${id}, 'https://acme.atlassian.net', ${id}, ${id}, ${id}, ${account}, ${`${account}@example.com`},
        ${status === "deleting" ? null : `token of ${id}`}, 'm', ${status}, ${id === "team" ? "2026-02-02" : null}::timestamptz,
        '2026-01-01', ${updated}::timestamptz)`;
  await add("docs", "ann", "active", "2026-01-02");
  await add("team", "ann", "active", "2026-01-03");
  await add("last", "ann", "credentials_expired", "2026-01-04");
  await add("bobs", "bob", "credentials_expired", "2026-01-02");
  await add("gone", "ann", "deleting", "2026-01-05");
  await migrate(sql, TEST_SCHEMA, migrations);
  expect(
    await sql`
      select s.source_id, s.status as source, c.account_id, c.encrypted_secret, c.secret_bound_to, c.status, c.email,
        c.paused_until is not null as paused
      from archon_sources s left join confluence_sites c using (site_id) order by s.source_id`,
  ).toEqual([
    site("bobs", "bob", "bobs", "credentials_expired", false),
    site("docs", "ann", "team", "active", true),
    {
      source_id: "gone",
      source: "deleting",
      account_id: null,
      encrypted_secret: null,
      secret_bound_to: null,
      status: null,
      email: null,
      paused: false,
    },
    site("last", "ann", "team", "active", true),
    site("team", "ann", "team", "active", true),
  ]);
  expect(await sql`select count(*)::int as sites from confluence_sites`).toEqual([{ sites: 2 }]);
});

const site = (source: string, account: string, tokenOf: string, status: string, paused: boolean) => ({
  source_id: source,
  source: "active",
  account_id: account,
  encrypted_secret: `token of ${tokenOf}`,
  secret_bound_to: tokenOf,
  status,
  email: `${account}@example.com`,
  paused,
});
