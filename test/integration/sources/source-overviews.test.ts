import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Readable } from "#shared/access/readers/readable.ts";
import {
  findSpacesAfter,
  getSourceOverview,
  listSources,
  pageOfSources,
  sourcesOfType,
} from "#shared/sources/source-overviews.ts";
import type { NewSource } from "#shared/sources/source.ts";
import { insertSource, markSourceDeleting, requireSource } from "#shared/sources/sources.ts";
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

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.clear());
afterAll(() => database.close());

describe("the overview of a source", () => {
  beforeEach(() => insertSource(database.sql, newSource, NOW));
  const overview = () => getSourceOverview(database.sql, "docs");
  const operation = async (fields: {
    type: string;
    status: string;
    createdAt: Date;
    finishedAt?: Date;
    error?: object;
    failing?: object;
  }) => {
    const { sql } = database;
    const { type, status, createdAt, finishedAt = null, error = null, failing = null } = fields;
    const [row] = await sql<{ id: string }[]>`
      insert into archon_progress (operation_id, source_id, operation_type, status, mode, dry_run, actor, created_at, updated_at,
        finished_at, error, failing)
      values (gen_random_uuid(), 'docs', ${type}, ${status}, 'incremental', false, 'api', ${createdAt}, ${createdAt},
        ${finishedAt}, ${error ? sql.json({ ...error }) : null}, ${failing ? sql.json({ ...failing }) : null})
      returning operation_id as id`;
    return row?.id ?? "";
  };

  it("the overview of a source of which nothing is known yet is the source, with nothing", async () => {
    expect(await overview()).toEqual({
      ...(await requireSource(database.sql, "docs")),
      pageCount: 0,
      chunkCount: 0,
      failedPageCount: 0,
      failedPageCode: null,
      hiddenPageCount: 0,
      deletedPageCount: 0,
      unrenderedPageCount: 0,
      sweep: null,
      directoryError: null,
      running: null,
      lastSync: null,
      lastCheck: null,
    });
  });

  it("the overview of a source has its last operations as they are, and the one that runs", async () => {
    const failing = { code: "connection_failed" };
    const error = { code: "space_not_found", message: "There is no such space" };
    const finishedAt = later(2);
    const syncId = await operation({
      type: "confluence_sync",
      status: "failed",
      createdAt: later(1),
      finishedAt,
      error,
    });
    const checkId = await operation({
      type: "deletion_check",
      status: "listing",
      createdAt: later(3),
      failing,
    });
    await database.sql`update archon_sources set lease_operation_id = ${checkId} where source_id = 'docs'`;
    expect(await overview()).toMatchObject({
      running: { operationId: checkId, status: "listing", failing },
      lastSync: {
        operationId: syncId,
        status: "failed",
        mode: "incremental",
        createdAt: later(1),
        finishedAt: later(2),
        error,
      },
      lastCheck: {
        operationId: checkId,
        status: "listing",
        mode: "incremental",
        createdAt: later(3),
        finishedAt: null,
        error: null,
      },
    });
  });

  it("the overview of a source whose lease names an operation that has ended has none that runs", async () => {
    const id = await operation({
      type: "confluence_sync",
      status: "completed",
      createdAt: NOW,
      finishedAt: later(1),
    });
    await database.sql`update archon_sources set lease_operation_id = ${id} where source_id = 'docs'`;
    expect((await overview())?.running).toBeNull();
  });

  it("the overview of a source has a sweep that is only due, or that has begun, or that was completed", async () => {
    const { sql } = database;
    await sql`insert into access_sweeps (source_id, due_at) values ('docs', ${later(5)})`;
    const due = { dueAt: later(5), startedAt: null, completedAt: null, error: null, counters: {} };
    expect((await overview())?.sweep).toEqual(due);
    await sql`update access_sweeps set started_at = ${later(6)}`;
    expect((await overview())?.sweep).toEqual({ ...due, startedAt: later(6) });
    const error = { code: "timeout", message: "Too slow", since: NOW.toISOString(), failures: 2 };
    const counters = { contents: 7, calls: 3 };
    await sql`
      update access_sweeps set started_at = null, completed_at = ${later(8)}, error = ${sql.json(error)}, counters = ${sql.json(counters)}`;
    expect((await overview())?.sweep).toEqual({ ...due, completedAt: later(8), error, counters });
  });

  it("the overview of a source says why the groups of its site cannot be read", async () => {
    const { sql } = database;
    const error = { code: "scope_missing", message: "No", since: NOW.toISOString(), failures: 1 };
    await sql`update confluence_sites set directory_error = ${sql.json(error)}`;
    expect((await overview())?.directoryError).toEqual(error);
  });

  it("there is no overview of a source that is being deleted", async () => {
    await markSourceDeleting(database.sql, "docs", NOW);
    expect(await overview()).toBeNull();
  });
});

describe("lists of sources", () => {
  const named = (sourceId: string, spaceKey: string, spaceName: string, minutes: number) =>
    insertSource(
      database.sql,
      { ...newSource, sourceId, spaceKey, spaceName, title: `Title ${sourceId}` },
      later(minutes),
    );
  beforeEach(async () => {
    // Two made at once: their ids tell which comes first.
    await named("b", "OPS", "Operations", 1);
    await named("a", "DEV", "Development", 1);
    await named("c", "HR", "100% People", 2);
    await named("gone", "GONE", "Gone", 0);
    await markSourceDeleting(database.sql, "gone", later(3));
  });

  const ids = (sources: readonly { sourceId: string }[]) => sources.map(({ sourceId }) => sourceId).join("");
  const spaces = async (request: Partial<Parameters<typeof findSpacesAfter>[1]> = {}) => {
    const all = { contains: null, after: null, limit: 10, readable: null };
    const { sources, total } = await findSpacesAfter(database.sql, { ...all, ...request });
    return [ids(sources), total];
  };
  const position = async (sourceId: string) => {
    const { createdAt } = await requireSource(database.sql, sourceId);
    return { createdAt, sourceId };
  };
  const only = (...openSources: string[]): Readable => ({ openSources, nodes: new Uint8Array() });

  it("sources are listed in the order in which they were made, and continue after any of them", async () => {
    const list = async (after: string | null, limit = 10) =>
      ids(await listSources(database.sql, { after: after === null ? null : await position(after), limit }));
    expect([
      await list(null),
      await list(null, 2),
      await list("a"),
      await list("b"),
      await list("c"),
    ]).toEqual(["abc", "ab", "bc", "c", ""]);
  });

  it("spaces are listed in the order in which they were made, and all are counted on each page", async () => {
    expect(await spaces()).toEqual(["abc", 3]);
    expect(await spaces({ limit: 1 })).toEqual(["a", 3]);
    expect(await spaces({ limit: 1, after: await position("a") })).toEqual(["b", 3]);
    expect(await spaces({ after: await position("c") })).toEqual(["", 3]);
  });

  it.each([
    ["dev", "a"],
    ["oper", "b"],
    ["TITLE C", "c"],
    ["e", "abc"],
    ["%", "c"],
    ["nothing", ""],
  ])("spaces that contain %j are those whose key, name or title does", async (contains, found) => {
    expect(await spaces({ contains })).toEqual([found, found.length]);
  });

  it("a reader is told of the sources that they may see, and of no others", async () => {
    const page = async (readable: Readable | null) => {
      const request = {
        search: null,
        knowledgeType: null,
        order: "created",
        limit: 10,
        offset: 0,
        readable,
      } as const;
      const { sources, total } = await pageOfSources(database.sql, request);
      return [ids(sources), total];
    };
    for (const list of [page, async (readable: Readable | null) => spaces({ readable })]) {
      expect(await list(null)).toEqual(["abc", 3]);
      expect(await list(only("a", "c"))).toEqual(["ac", 2]);
      expect(await list(only())).toEqual(["", 0]);
    }
  });

  it("sources have a type unless they are being deleted", async () => {
    expect((await sourcesOfType(database.sql, "technical")).toSorted()).toEqual(["a", "b", "c"]);
    expect(await sourcesOfType(database.sql, "business")).toEqual([]);
  });
});
