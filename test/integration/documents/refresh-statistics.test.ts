import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepStatistics } from "#infra/local/runner/keep-statistics.ts";
import { observeSql } from "#infra/local/runner/observe-sql.ts";
import { refreshStatistics, restoreStatistics } from "#shared/documents/refresh-statistics.ts";
import { makeLog } from "#shared/log.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { stopAutovacuum } from "#test/support/stop-autovacuum.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const embedder = fakeEmbedder({ dimensions: 8 });
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ maxConnections: 1 });
  await stopAutovacuum(database.sql, ["archon_crawled_pages", "archon_chunk_embeddings", "confluence_pages"]);
  await addSource(database.sql, embedder, { sourceId: "docs" });
});
afterAll(() => database.close());

const refresh = async () => {
  await database.sql`select pg_stat_force_next_flush()`;
  return refreshStatistics(database.sql);
};

describe("refreshStatistics", () => {
  it("refreshStatistics lets the search know how common words are, once enough has changed", async () => {
    const chunks = Array.from({ length: 200 }, (_, chunk) => `everywhere only${chunk}`);
    await store(database.sql, embedder, { pageId: "1", chunks });
    expect(await refresh()).toEqual(["archon_chunk_embeddings", "archon_crawled_pages"]);
    const words = await database.sql<{ word: string; frequency: number }[]>`
      select * from question_terms('{english}', 'everywhere only7', '{}')`;
    expect(words.map((row) => row.word)).toEqual(["'only7'", "'everywher'"]);
    expect(words[1]?.frequency).toBeCloseTo(1);
  });

  it("refreshStatistics does nothing when nothing has changed", async () => {
    expect(await refresh()).toEqual([]);
  });
});

describe("restoreStatistics", () => {
  const words = Array.from({ length: 80 }, (_, chunk) => `restored only${chunk}`);

  it("restoreStatistics creates statistics where there are none, though no change is counted any more", async () => {
    await database.clear();
    await database.sql`delete from pg_statistic where starelid = 'archon_crawled_pages'::regclass`;
    await addSource(database.sql, embedder, { sourceId: "docs" });
    await store(database.sql, embedder, { pageId: "3", chunks: words });
    await forgetChanges();
    expect(await refreshStatistics(database.sql)).toEqual([]);
    expect(await restoreStatistics(database.sql)).toContain("archon_crawled_pages");
    expect(await restoreStatistics(database.sql)).toEqual([]);
  });

  it("restoreStatistics recreates statistics that are of half a sync", async () => {
    await store(database.sql, embedder, { pageId: "4", chunks: words.slice(0, 60) });
    await forgetChanges();
    expect(await restoreStatistics(database.sql)).toContain("archon_crawled_pages");
  });

  /** As a stop of PGlite does. */
  async function forgetChanges() {
    await database.sql`select pg_stat_force_next_flush()`;
    await database.sql`select pg_stat_reset()`;
  }
});

describe("the local runner's embedded database", () => {
  it("the local runner's embedded database is analyzed at start where necessary", async () => {
    await database.sql`delete from pg_statistic where starelid = 'confluence_pages'::regclass`;
    const lines: string[] = [];
    const log = makeLog(
      "debug",
      (line) => lines.push(line),
      () => new Date(0),
    );
    const kept = keepStatistics(database.sql, log);
    await kept.restored;
    kept.stop();
    expect(lines.join()).toContain("confluence_pages");
  });

  it("the local runner's embedded database is analyzed between the sweeps, and a failure is logged", async () => {
    const chunks = Array.from({ length: 200 }, (_, chunk) => `later only${chunk}`);
    await store(database.sql, embedder, { pageId: "2", chunks });
    await database.sql`select pg_stat_force_next_flush()`;
    const lines: string[] = [];
    const log = makeLog(
      "debug",
      (line) => lines.push(line),
      () => new Date(0),
    );
    const kept = keepStatistics(database.sql, log);
    await kept.runNow();
    kept.stop();
    expect(lines.join()).toContain("archon_crawled_pages");
    const broken = keepStatistics(
      observeSql(database.sql, { onStatement: () => Promise.reject(new Error("gone")) }),
      log,
    );
    await broken.runNow();
    broken.stop();
    expect(lines.at(-1)).toContain("gone");
  });
});
