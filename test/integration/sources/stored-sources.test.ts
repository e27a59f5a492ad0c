import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TOKEN_LIFETIME_MS } from "#shared/sources/account-site.ts";
import type { Credentials, NewSource, SourceChanges } from "#shared/sources/source.ts";
import {
  findSourceOfSpace,
  insertSource,
  markSourceDeleting,
  requireSource,
  setWebBase,
  sourceExists,
  updateSource,
} from "#shared/sources/sources.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const BASE_URL = "https://acme.atlassian.net";
const GATEWAY = "https://api.atlassian.com/ex/confluence/1";

const newSource: NewSource = {
  sourceId: "docs",
  title: "Docs",
  baseUrl: BASE_URL,
  spaceKey: "DOCS",
  spaceId: "10",
  spaceName: "Documentation",
  accountId: "account-1",
  email: "sync@example.com",
  encryptedToken: "ciphertext",
  syncIntervalMinutes: 60,
  searchLanguage: "english",
  embeddingModel: "test-model",
  deletionStrategy: "on_demand",
};

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.clear());
afterAll(() => database.close());

const insert = (fields: Partial<NewSource> = {}) =>
  insertSource(database.sql, { ...newSource, ...fields }, NOW);
const update = (changes: Parameters<typeof updateSource>[2], minutes = 1) =>
  updateSource(database.sql, "docs", changes, later(minutes));
/** What no client is told. */
const columns = async () => {
  const [row] = await database.sql<{ first_sync_at: Date | null; access_changed_at: Date | null }[]>`
    select first_sync_at, access_changed_at from archon_sources where source_id = 'docs'`;
  return row;
};

describe("a new source", () => {
  it("a new source of which nothing more is said syncs pages, shows all of them, and is due at once", async () => {
    expect(await insert()).toEqual({
      sourceId: "docs",
      title: "Docs",
      siteId: expect.any(String) as string,
      baseUrl: BASE_URL,
      apiBase: BASE_URL,
      webBase: null,
      spaceKey: "DOCS",
      spaceId: "10",
      spaceName: "Documentation",
      accountId: "account-1",
      email: "sync@example.com",
      clientId: null,
      encryptedToken: "ciphertext",
      tokenBoundTo: "docs",
      syncIntervalMinutes: 60,
      searchLanguage: "english",
      content: { blogposts: false, comments: "none", attachments: false },
      access: "everything",
      accessBefore: null,
      unreadableContainers: "hide",
      verify: "stored",
      accessVerifiedAt: null,
      embeddingModel: "test-model",
      metadata: {
        last_sync_timestamp: null,
        sync_metrics: null,
        deletion_strategy: "on_demand",
        listed_kinds: ["page"],
        last_deletion_check: null,
        check_wanted_since: null,
        drift: null,
      },
      status: "active",
      leaseOperationId: null,
      leaseUntil: null,
      pausedUntil: null,
      lastPulseAt: null,
      refusedCalls: {},
      createdAt: NOW,
      updatedAt: NOW,
    });
    expect(await columns()).toEqual({ first_sync_at: null, access_changed_at: null });
  });

  it("a new source is stored as it was wanted", async () => {
    const refused = {
      code: "scope_missing",
      message: "No",
      call: null,
      scope: null,
      since: NOW.toISOString(),
    };
    const wanted = {
      content: { blogposts: true, comments: "open", attachments: true },
      access: "per_user",
      unreadableContainers: "trust",
      verify: "live",
      apiBase: GATEWAY,
      webBase: "https://wiki.acme.example/wiki",
      refusedCalls: { labels: refused },
    } as const;
    expect(await insert({ ...wanted, firstSyncAt: later(30) })).toMatchObject(wanted);
    expect((await columns())?.first_sync_at).toEqual(later(30));
  });

  it("a space has a source until that one is being deleted", async () => {
    const find = () => findSourceOfSpace(database.sql, BASE_URL, "DOCS");
    expect(await find()).toBeNull();
    await insert();
    expect(await find()).toBe("docs");
    expect(await findSourceOfSpace(database.sql, "https://other.atlassian.net", "DOCS")).toBeNull();
    await markSourceDeleting(database.sql, "docs", NOW);
    expect(await find()).toBeNull();
  });

  it("who adds a space that has a source is told of it, when it is known which", () => {
    expect(sourceExists("docs")).toMatchObject({
      status: 409,
      code: "source_exists",
      details: { source_id: "docs" },
    });
    expect(sourceExists(null).details).toEqual({ source_id: null });
  });
});

describe("a source that is changed", () => {
  beforeEach(() => insert({ apiBase: GATEWAY }));

  it.each<SourceChanges>([
    { content: { blogposts: true, comments: "all", attachments: true } },
    { unreadableContainers: "trust" },
    { verify: "live" },
    { access: "per_user" },
    { status: "space_unavailable" },
    { title: "" },
  ])("a source that is changed to %j has that, and all else as before", async (changes) => {
    const before = await requireSource(database.sql, "docs");
    expect(await update(changes)).toEqual({ ...before, ...changes, updatedAt: later(1) });
  });

  it("a source gets new metadata beside what it has", async () => {
    const { metadata } = await update({ metadata: { team_note: "kept" } });
    expect(metadata).toMatchObject({ deletion_strategy: "on_demand", team_note: "kept" });
  });

  it("a source changes together with what is to be done first, or neither of them", async () => {
    await update({ title: "New", first: (tx) => setWebBase(tx, "docs", "https://first.example/wiki") });
    expect(await requireSource(database.sql, "docs")).toMatchObject({
      title: "New",
      webBase: "https://first.example/wiki",
    });
    const failing = update({
      title: "Newer",
      first: async (tx) => {
        await setWebBase(tx, "docs", "https://second.example/wiki");
        throw new Error("not now");
      },
    });
    await expect(failing).rejects.toThrow("not now");
    expect(await requireSource(database.sql, "docs")).toMatchObject({
      title: "New",
      webBase: "https://first.example/wiki",
    });
  });

  it("the address that people read a site at is stored when it is another one, and then alone", async () => {
    const before = await requireSource(database.sql, "docs");
    await setWebBase(database.sql, "docs", "https://wiki.acme.example/wiki");
    expect(await requireSource(database.sql, "docs")).toEqual({
      ...before,
      webBase: "https://wiki.acme.example/wiki",
    });
  });
});

describe("a new token of a source", () => {
  const credentials = (changes: Partial<Credentials> = {}): Credentials => ({
    accountId: "account-1",
    email: "sync@example.com",
    encryptedToken: "new ciphertext",
    boundTo: "docs",
    ...changes,
  });
  const warned = () => database.sql`
    update confluence_sites set token_expires_at = ${later(5)}, expiry_warned_days = 7, pulse_error = '{"code": "x"}'`;
  const site = async () => {
    const [row] = await database.sql`
      select token_expires_at, expiry_warned_days, pulse_error from confluence_sites where account_id = 'account-1'`;
    return row;
  };
  beforeEach(async () => {
    await insert({ apiBase: GATEWAY });
    await warned();
  });

  it("a new token works where the one before it did, unless it is said where", async () => {
    expect(await update({ credentials: credentials() })).toMatchObject({
      apiBase: GATEWAY,
      encryptedToken: "new ciphertext",
    });
    expect((await update({ credentials: credentials({ apiBase: BASE_URL }) })).apiBase).toBe(BASE_URL);
  });

  it("a new token ends a year later, and nobody was warned of that", async () => {
    await update({ credentials: credentials() });
    expect(await site()).toEqual({
      token_expires_at: new Date(later(1).getTime() + TOKEN_LIFETIME_MS),
      expiry_warned_days: null,
      pulse_error: null,
    });
  });

  it("a token that is the stored one ends when it did, and people stay warned", async () => {
    await update({ credentials: credentials({ isSameToken: true }) });
    expect(await site()).toEqual({ token_expires_at: later(5), expiry_warned_days: 7, pulse_error: null });
  });
});
