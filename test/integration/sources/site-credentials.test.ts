import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { planSyncs } from "#functions/sync/plan-sync.ts";
import { processPageBatch } from "#functions/sync/process-page.ts";
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
import type { PageServices } from "#shared/syncs/pages/page-batch.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";
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

describe("a token that is replaced while a worker uses the old one", () => {
  const PLENTY = { remainingMs: () => 60_000 };
  let world: SyncWorld;
  beforeEach(async () => {
    world = await makeSyncWorld(database.sql, { pages: 3 });
  });

  /** A worker that has opened the old token just before `then`. */
  const workerBefore = (then: () => Promise<unknown>) => {
    let isFirst = true;
    const decrypt = async (token: string) => {
      if (isFirst) {
        isFirst = false;
        await then();
      }
      return token;
    };
    const services = {
      ...world.services(null),
      cipher: { encrypt: async (token: string) => token, decrypt },
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the world fills in all that a worker uses
    return services as PageServices;
  };
  const rotate = async () => {
    world.site.settings.token = "rotated";
    const path = `/api/confluence/sites/${(await world.source()).siteId}`;
    expect((await world.api("PATCH", path, { body: { api_token: "rotated" } })).status).toBe(200);
  };
  const workers = {
    listing: async (id: string, services: PageServices) =>
      planSyncs([{ operation_id: id, source_id: SOURCE_ID }], services, PLENTY),
    page: async (id: string, services: PageServices) => {
      await world.deliverOne("plan");
      const of = { operation_id: id, source_id: SOURCE_ID };
      const tasks = [...world.site.pages.keys()].map((page_id) => ({ ...of, page_id }));
      return processPageBatch(tasks, services, PLENTY);
    },
  };
  const refused = () => world.takeRequests().filter(({ status }) => status === 401).length;

  it.each(["listing", "page"] as const)(
    "is tried by the %s that the old one was refused to, and stays active for the whole site",
    async (worker) => {
      const id = await world.startSync();
      await workers[worker](id, workerBefore(rotate));
      expect(refused()).toBeGreaterThan(0);
      expect((await world.progress(id)).finished_at).toBeNull();
      expect((await world.source()).status).toBe("active");
      expect(await world.ended(id)).toMatchObject({ status: "completed", sync_metrics: { pages_added: 3 } });
      expect((await world.source()).status).toBe("active");
      const expired =
        await database.sql`select 1 from event_outbox where event_type like '%credentials_expired'`;
      expect(expired).toEqual([]);
    },
  );

  it("is not waited for without end: work that meets a new token each time fails, and no token expires", async () => {
    const id = await world.startSync();
    let tokens = 0;
    const replace = async () => {
      tokens += 1;
      world.site.settings.token = "none of them";
      await database.sql`update confluence_sites set encrypted_secret = ${`token ${tokens}`}`;
    };
    for (let tries = 0; tries < 20 && (await world.progress(id)).finished_at === null; tries += 1) {
      await workers.listing(id, workerBefore(replace));
      world.pass(20 * 60_000);
    }
    expect(tokens).toBe(9);
    expect(await world.progress(id)).toMatchObject({
      status: "failed",
      error: { code: "credentials_replaced" },
    });
    expect((await world.source()).status).toBe("active");
  });

  it.each(["listing", "page"] as const)(
    "the present token expires when a %s is refused it",
    async (worker) => {
      const id = await world.startSync();
      const revoke = async () => (world.site.settings.token = "another");
      await workers[worker](id, workerBefore(revoke));
      expect(await world.progress(id)).toMatchObject({
        status: "failed",
        error: { code: "credentials_rejected" },
      });
      expect((await world.source()).status).toBe("credentials_expired");
    },
  );
});
