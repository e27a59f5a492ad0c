import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Credentials, NewSource } from "#shared/sources/source.ts";
import {
  getSource,
  insertSource,
  listDueSources,
  markSourceDeleting,
  pauseSite,
  requireSource,
  setSourceStatus,
  updateSource,
} from "#shared/sources/sources.ts";
import { removeDeletedSites } from "#shared/sources/account-site.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);

const source = (sourceId: string, changes: Partial<NewSource> = {}): NewSource => ({
  sourceId,
  title: sourceId,
  baseUrl: "https://acme.atlassian.net",
  spaceKey: sourceId.toUpperCase(),
  spaceId: "10",
  spaceName: sourceId,
  accountId: "ann",
  email: "ann@example.com",
  encryptedToken: `token of ${sourceId}`,
  syncIntervalMinutes: 60,
  searchLanguage: "english",
  embeddingModel: "test-model",
  deletionStrategy: "weekly_reconciliation",
  ...changes,
});
const credentials = (accountId: string): Credentials => ({
  accountId,
  email: `${accountId}@example.com`,
  encryptedToken: "new token",
  boundTo: "docs",
});

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.clear());
afterAll(() => database.close());

const add = (...sources: NewSource[]) =>
  sources.reduce<Promise<unknown>>(
    (before, next) => before.then(() => insertSource(database.sql, next, NOW)),
    Promise.resolve(),
  );
const read = (sourceId: string) => requireSource(database.sql, sourceId);
const sites = () =>
  database.sql<{ account_id: string; encrypted_secret: string | null; status: string }[]>`
    select account_id, encrypted_secret, status from confluence_sites order by account_id`;

it("sources of one address and account share a site, with the latest token that worked", async () => {
  await add(source("docs"), source("team"));
  const [docs, team] = [await read("docs"), await read("team")];
  expect(docs.siteId).toBe(team.siteId);
  expect([docs.encryptedToken, docs.tokenBoundTo]).toEqual(["token of team", "team"]);
});

it.each([
  { what: "account", changes: { accountId: "bob" } },
  { what: "address", changes: { baseUrl: "https://other.atlassian.net" } },
])("a source of another $what has a site of its own, with its own pause and token", async ({ changes }) => {
  await add(source("docs"), source("team", changes));
  await pauseSite(database.sql, (await read("team")).siteId, later(5), NOW);
  await setSourceStatus(database.sql, "team", "credentials_expired", NOW);
  expect(await read("docs")).toMatchObject({
    pausedUntil: null,
    status: "active",
    encryptedToken: "token of docs",
  });
  expect(await read("team")).toMatchObject({ pausedUntil: later(5), status: "credentials_expired" });
});

it("a pause and rejected credentials are those of the whole site, a space that is not available is not", async () => {
  await add(source("docs"), source("team"));
  await pauseSite(database.sql, (await read("docs")).siteId, later(5), NOW);
  await setSourceStatus(database.sql, "docs", "space_unavailable", NOW);
  expect(await read("team")).toMatchObject({ status: "active", pausedUntil: later(5) });
  await setSourceStatus(database.sql, "docs", "credentials_expired", NOW);
  expect((await read("docs")).status).toBe("space_unavailable");
  expect((await read("team")).status).toBe("credentials_expired");
  expect(await listDueSources(database.sql, later(1000))).toEqual([]);
});

it("one new token holds for all sources of the account and makes them active again", async () => {
  await add(source("docs"), source("team"));
  await setSourceStatus(database.sql, "team", "credentials_expired", NOW);
  await updateSource(database.sql, "docs", { credentials: credentials("ann"), status: "active" }, later(1));
  expect(await read("team")).toMatchObject({
    status: "active",
    encryptedToken: "new token",
    tokenBoundTo: "docs",
  });
});

it("a token of another account moves only its source, and the last one to go takes the old secret with it", async () => {
  await add(source("docs"), source("team"));
  await updateSource(database.sql, "docs", { credentials: credentials("bob") }, later(1));
  expect(await read("docs")).toMatchObject({ accountId: "bob", encryptedToken: "new token" });
  expect(await read("team")).toMatchObject({ accountId: "ann", encryptedToken: "token of team" });
  await updateSource(database.sql, "team", { credentials: credentials("bob") }, later(2));
  expect(await sites()).toMatchObject([
    { account_id: "ann", encrypted_secret: null, status: "deleting" },
    { account_id: "bob", encrypted_secret: "new token", status: "active" },
  ]);
});

it("a deleted source shows no secret; the site keeps it for the others, and goes with the last one's rows", async () => {
  await add(source("docs"), source("team"));
  await markSourceDeleting(database.sql, "docs", later(1));
  expect(await getSource(database.sql, "docs")).toMatchObject({ status: "deleting", encryptedToken: null });
  expect((await read("team")).encryptedToken).toBe("token of team");
  await markSourceDeleting(database.sql, "team", later(2));
  expect(await sites()).toMatchObject([{ encrypted_secret: null, status: "deleting" }]);
  expect(await removeDeletedSites(database.sql)).toBe(0);
  await add(source("docs2", { spaceKey: "DOCS" }));
  expect(await sites()).toHaveLength(2);
  await database.sql`delete from archon_sources where status = 'deleting'`;
  expect(await removeDeletedSites(database.sql)).toBe(1);
  expect((await read("docs2")).encryptedToken).toBe("token of docs2");
});

it("a source that the previous release adds or changes has its site and token too", async () => {
  await database.sql`
    insert into archon_sources (source_id, title, base_url, space_key, space_id, space_name, account_id, email, encrypted_token,
      embedding_model, created_at, updated_at)
    values ('old', 'Old', 'https://acme.atlassian.net', 'OLD', '1', 'Old', 'ann', null, 'old token', 'test-model', ${NOW}, ${NOW})`;
  expect(await read("old")).toMatchObject({ encryptedToken: "old token", tokenBoundTo: "old", email: null });
  await add(source("docs"));
  expect((await read("old")).encryptedToken).toBe("token of docs");
  await database.sql`
    update archon_sources set encrypted_token = 'rotated', email = 'bob@example.com', account_id = 'bob' where source_id = 'old'`;
  expect(await read("old")).toMatchObject({
    accountId: "bob",
    encryptedToken: "rotated",
    email: "bob@example.com",
  });
  expect((await read("docs")).accountId).toBe("ann");
});
