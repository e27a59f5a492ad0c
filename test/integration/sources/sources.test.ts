import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { NewSource } from "#shared/sources/source.ts";
import {
  getSource,
  insertSource,
  insertSourceOfSite,
  listDueSources,
  markSourceDeleting,
  mergeSourceMetadata,
  pauseSite,
  requireSource,
  setSourceStatus,
  updateSource,
} from "#shared/sources/sources.ts";
import { siteOfAccount } from "#shared/sources/account-site.ts";
import { untilASessionWaits } from "#test/support/waiting-session.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const now = new Date("2026-03-01T12:00:00.000Z");
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);

const newSource: NewSource = {
  sourceId: "docs",
  title: "Docs",
  baseUrl: "https://acme.atlassian.net",
  spaceKey: "DOCS",
  spaceId: "10",
  spaceName: "Documentation",
  accountId: "account-1",
  email: "sync@example.com",
  encryptedToken: "ciphertext",
  syncIntervalMinutes: 60,
  searchLanguage: "english",
  embeddingModel: "test-model",
  deletionStrategy: "weekly_reconciliation",
};

describe("sources", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(() => database.clear());
  afterAll(() => database.close());

  it("a source is read back as it was stored, its metadata with defaults", async () => {
    const stored = await insertSource(database.sql, newSource, now);
    expect(stored).toMatchObject({
      sourceId: "docs",
      status: "active",
      metadata: {
        deletion_strategy: "weekly_reconciliation",
        last_sync_timestamp: null,
        sync_metrics: null,
        last_deletion_check: null,
      },
      leaseOperationId: null,
      createdAt: now,
    });
    expect(await getSource(database.sql, "docs")).toEqual(stored);
    expect(await getSource(database.sql, "other")).toBeNull();
  });

  it("a second source of the same space is refused with the id of the first, also when two race", async () => {
    const results = await Promise.allSettled(
      ["a", "b", "c"].map((sourceId) => insertSource(database.sql, { ...newSource, sourceId }, now)),
    );
    const refused = results.filter((result) => result.status === "rejected");
    const [stored] = results.filter((result) => result.status === "fulfilled");
    expect(refused).toHaveLength(2);
    for (const result of refused) {
      expect(result.reason).toMatchObject({
        status: 409,
        code: "source_exists",
        details: { source_id: stored?.value.sourceId },
      });
    }
  });

  it("metadata is merged in the database: two writers of different keys both succeed", async () => {
    await insertSource(database.sql, newSource, now);
    await Promise.all([
      mergeSourceMetadata(database.sql, "docs", { last_sync_timestamp: "2026-03-01T11:00:00.000Z" }, now),
      mergeSourceMetadata(database.sql, "docs", { sync_metrics: { pages_added: 3 } }, now),
      mergeSourceMetadata(database.sql, "docs", { team_note: { kept: true } }, now),
    ]);
    expect((await requireSource(database.sql, "docs")).metadata).toEqual({
      deletion_strategy: "weekly_reconciliation",
      check_wanted_since: null,
      drift: null,
      last_deletion_check: null,
      last_sync_timestamp: "2026-03-01T11:00:00.000Z",
      listed_kinds: ["page"],
      sync_metrics: { pages_added: 3 },
      team_note: { kept: true },
    });
  });

  it("a pause is never shortened", async () => {
    const { siteId } = await insertSource(database.sql, newSource, now);
    await pauseSite(database.sql, siteId, minutes(10), now);
    await pauseSite(database.sql, siteId, minutes(5), now);
    expect((await requireSource(database.sql, "docs")).pausedUntil).toEqual(minutes(10));
    await pauseSite(database.sql, siteId, minutes(15), now);
    expect((await requireSource(database.sql, "docs")).pausedUntil).toEqual(minutes(15));
  });

  it("an update changes only the given fields", async () => {
    const before = await insertSource(database.sql, newSource, now);
    const after = await updateSource(
      database.sql,
      "docs",
      { title: "New title", syncIntervalMinutes: null, metadata: { deletion_strategy: "every_sync" } },
      minutes(1),
    );
    expect(after).toEqual({
      ...before,
      title: "New title",
      syncIntervalMinutes: null,
      metadata: { ...before.metadata, deletion_strategy: "every_sync" },
      updatedAt: minutes(1),
    });
  });

  it("the last sources of a site that are deleted at once take its secret with them", async () => {
    if (!database.concurrent) return;
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const ids = ["a", "b", "c"].map((name) => `${name}${attempt}`);
      const siteIds = new Set<string | null>();
      for (const sourceId of ids) {
        const made = await insertSource(database.sql, { ...newSource, sourceId, spaceKey: sourceId }, now);
        siteIds.add(made.siteId);
      }
      await Promise.all(ids.map((sourceId) => markSourceDeleting(database.sql, sourceId, minutes(1))));
      const sites = await database.sql`
        select status, encrypted_secret from confluence_sites where site_id = any(${[...siteIds]})`;
      expect(sites).toEqual([{ status: "deleting", encrypted_secret: null }]);
    }
  });

  it("a source that is added while the last other one of its site is deleted keeps the site", async () => {
    if (!database.concurrent) return;
    await insertSource(database.sql, newSource, now);
    const added = Promise.withResolvers<void>();
    const mayCommit = Promise.withResolvers<void>();
    const adding = database.sql.begin(async (tx) => {
      const { baseUrl, accountId, email, encryptedToken } = newSource;
      const credentials = { accountId, email, encryptedToken, boundTo: "new" };
      const siteId = await siteOfAccount(tx, { baseUrl, apiBase: baseUrl, credentials, now });
      await insertSourceOfSite(tx, { ...newSource, sourceId: "new", spaceKey: "NEW", siteId }, now);
      added.resolve();
      await mayCommit.promise;
    });
    await added.promise;
    const deleting = markSourceDeleting(database.sql, "docs", minutes(1));
    await untilASessionWaits(database.sql);
    mayCommit.resolve();
    await Promise.all([adding, deleting]);
    const sites =
      await database.sql`select status, encrypted_secret is not null as has_secret from confluence_sites`;
    expect(sites).toEqual([{ status: "active", has_secret: true }]);
  });

  it("deleting a source forgets the secret and frees the space, and it never comes back", async () => {
    const { siteId } = await insertSource(database.sql, newSource, now);
    expect(await markSourceDeleting(database.sql, "docs", minutes(1))).toBe(true);
    expect(await markSourceDeleting(database.sql, "docs", minutes(2))).toBe(false);
    await setSourceStatus(database.sql, "docs", "active", minutes(3));
    await pauseSite(database.sql, siteId, minutes(9), minutes(3));
    expect(await getSource(database.sql, "docs")).toMatchObject({
      status: "deleting",
      encryptedToken: null,
      email: null,
      pausedUntil: null,
    });
    await expect(requireSource(database.sql, "docs")).rejects.toMatchObject({
      status: 404,
      code: "source_not_found",
    });
    await expect(updateSource(database.sql, "docs", { title: "x" }, now)).rejects.toMatchObject({
      status: 404,
    });
    await insertSource(database.sql, { ...newSource, sourceId: "again" }, minutes(4));
  });

  describe("due", () => {
    const started = async (sourceId: string, at: Date, dryRun = false) => {
      await database.sql`
        insert into archon_progress (operation_id, source_id, operation_type, status, mode, dry_run, actor, created_at, updated_at)
        values (gen_random_uuid(), ${sourceId}, 'confluence_sync', 'completed', 'incremental', ${dryRun}, 'api', ${at}, ${at})`;
    };
    const due = async () => (await listDueSources(database.sql, now)).map((source) => source.sourceId);

    it("due sources are those never synced first, then those whose interval has passed", async () => {
      for (const [sourceId, at] of [
        ["long-ago", -90],
        ["exactly", -60],
        ["recent", -59],
      ] as const) {
        await insertSource(database.sql, { ...newSource, sourceId, spaceKey: sourceId }, now);
        await started(sourceId, minutes(at));
      }
      await insertSource(database.sql, { ...newSource, sourceId: "never", spaceKey: "never" }, now);
      expect(await due()).toEqual(["never", "long-ago", "exactly"]);
    });

    it("due sources exclude those that are leased, without interval, expired or being deleted", async () => {
      for (const sourceId of ["leased", "manual", "expired", "deleting", "lease-over", "dry"]) {
        await insertSource(
          database.sql,
          {
            ...newSource,
            sourceId,
            spaceKey: sourceId,
            accountId: sourceId,
            syncIntervalMinutes: sourceId === "manual" ? null : 60,
          },
          now,
        );
      }
      await database.sql`update archon_sources set lease_until = ${minutes(1)} where source_id = 'leased'`;
      await database.sql`update archon_sources set lease_until = ${now} where source_id = 'lease-over'`;
      await setSourceStatus(database.sql, "expired", "credentials_expired", now);
      await markSourceDeleting(database.sql, "deleting", now);
      await started("dry", minutes(-1), true);
      expect(await due()).toEqual(["dry", "lease-over"]);
    });
  });
});
