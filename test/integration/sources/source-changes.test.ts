import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { forgetRefused, noteRefused, type Refusal } from "#shared/sources/refused-calls.ts";
import { getSourceOverview, pageOfSources, sourcesOfType } from "#shared/sources/source-overviews.ts";
import { webBaseOfSource, type NewSource, type SourceChanges } from "#shared/sources/source.ts";
import {
  addDrift,
  insertSource,
  mergeSourceMetadata,
  requireSource,
  setWebBase,
  updateSource,
} from "#shared/sources/sources.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);

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
const refusal = (code: string): Refusal => ({
  code,
  message: "No",
  call: "GET /labels",
  scope: null,
  since: NOW.toISOString(),
});

describe("a stored source", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    await insertSource(database.sql, newSource, NOW);
  });
  afterAll(() => database.close());

  it.each<SourceChanges>([
    { title: "Other" },
    { syncIntervalMinutes: null },
    { syncIntervalMinutes: 5 },
    { status: "credentials_expired" },
    { refusedCalls: { labels: refusal("scope_missing") } },
    {},
  ])("a change of a source to %j changes that and nothing else", async (changes) => {
    const before = await requireSource(database.sql, "docs");
    const after = await updateSource(database.sql, "docs", changes, later(1));
    expect(after).toEqual({ ...before, ...changes, updatedAt: later(1) });
    expect(await requireSource(database.sql, "docs")).toEqual(after);
  });

  it("a refused call is new once for each reason, until it succeeds", async () => {
    const note = (code: string) => noteRefused(database.sql, "docs", "labels", refusal(code));
    expect([await note("scope_missing"), await note("scope_missing"), await note("timeout")]).toEqual([
      true,
      false,
      true,
    ]);
    await forgetRefused(database.sql, "docs", "names");
    expect((await requireSource(database.sql, "docs")).refusedCalls).toEqual({ labels: refusal("timeout") });
    await forgetRefused(database.sql, "docs", "labels");
    expect((await requireSource(database.sql, "docs")).refusedCalls).toEqual({});
    expect(await note("timeout")).toBe(true);
  });

  it("refused calls that cannot be read count as none", async () => {
    await database.sql`update archon_sources set refused_calls = '{"labels": 1}'`;
    expect((await requireSource(database.sql, "docs")).refusedCalls).toEqual({});
  });

  it("a source is read at its site until a response names another address, which stays", async () => {
    expect(webBaseOfSource(await requireSource(database.sql, "docs"))).toBe(
      "https://acme.atlassian.net/wiki",
    );
    await setWebBase(database.sql, "docs", "https://wiki.acme.example/wiki");
    expect(webBaseOfSource(await requireSource(database.sql, "docs"))).toBe("https://wiki.acme.example/wiki");
  });

  it("drift adds up, and its last example stays", async () => {
    await addDrift(database.sql, "docs", { count: 2, example: "one", at: NOW });
    await addDrift(database.sql, "docs", { count: 3, example: "two", at: later(1) });
    expect((await requireSource(database.sql, "docs")).metadata.drift).toEqual({
      count: 5,
      example: "two",
      last_at: later(1).toISOString(),
    });
  });
});

describe("sources that are listed page by page", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    for (const [n, [title, spaceKey]] of [
      ["Alpha 100%", "ONE"],
      ["Beta_1", "TWO"],
      ["Gamma", "THREE"],
    ].entries())
      await insertSource(
        database.sql,
        { ...newSource, sourceId: `source-${n + 1}`, title: String(title), spaceKey: String(spaceKey) },
        later(n),
      );
    await mergeSourceMetadata(database.sql, "source-1", { knowledge_type: "business" }, later(30));
  });
  afterAll(() => database.close());

  const found = async (request: Partial<Parameters<typeof pageOfSources>[1]>) => {
    const all = {
      search: null,
      knowledgeType: null,
      order: "created",
      limit: 10,
      offset: 0,
      readable: null,
    } as const;
    const { sources, total } = await pageOfSources(database.sql, { ...all, ...request });
    return [sources.map(({ sourceId }) => sourceId.slice(-1)).join(""), total];
  };

  it("sources come in the order in which they were made, or the last changed first", async () => {
    expect(await found({})).toEqual(["123", 3]);
    expect(await found({ order: "updated" })).toEqual(["132", 3]);
  });

  it("a page of sources has those from its offset to its limit, and the count of all", async () => {
    expect(await found({ limit: 2 })).toEqual(["12", 3]);
    expect(await found({ limit: 2, offset: 2 })).toEqual(["3", 3]);
    expect(await found({ offset: 9 })).toEqual(["", 3]);
  });

  it.each([
    ["alpha", "1"],
    ["THREE", "3"],
    ["source-2", "2"],
    ["%", "1"],
    ["_", "2"],
    ["\\", ""],
    ["nothing", ""],
  ])("a search for %j finds sources that contain it, taken literally", async (search, ids) => {
    expect(await found({ search })).toEqual([ids, ids.length]);
  });

  it("sources are filtered by knowledge type, which is technical unless another one is set", async () => {
    expect(await found({ knowledgeType: "business" })).toEqual(["1", 1]);
    expect(await found({ knowledgeType: "technical" })).toEqual(["23", 2]);
    expect(await sourcesOfType(database.sql, "business")).toEqual(["source-1"]);
    expect((await sourcesOfType(database.sql, "technical")).sort()).toEqual(["source-2", "source-3"]);
  });

  it("the overview of a source names its last sync and check, whichever dry runs came after", async () => {
    const add = (type: string, minutes: number, dryRun: boolean, finished: Date | null) => database.sql`
      insert into archon_progress (operation_id, source_id, operation_type, status, mode, dry_run, actor, created_at, updated_at, finished_at)
      values (gen_random_uuid(), 'source-3', ${type}, ${finished ? "completed" : "listing"}, 'full', ${dryRun}, 'api',
        ${later(minutes)}, ${later(minutes)}, ${finished})`;
    expect(await getSourceOverview(database.sql, "source-3")).toMatchObject({
      lastSync: null,
      lastCheck: null,
      running: null,
    });
    await add("confluence_sync", 1, false, later(2));
    await add("confluence_sync", 3, true, later(4));
    await add("deletion_check", 5, false, null);
    expect(await getSourceOverview(database.sql, "source-3")).toMatchObject({
      lastSync: { status: "completed", mode: "full", createdAt: later(1), finishedAt: later(2), error: null },
      lastCheck: { status: "listing", createdAt: later(5), finishedAt: null },
    });
    expect(await getSourceOverview(database.sql, "source-9")).toBeNull();
  });
});
