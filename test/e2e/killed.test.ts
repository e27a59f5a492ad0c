import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningSite } from "#infra/local/confluence-site/start.ts";
import { makeServiceClient } from "#infra/local/demo/service-client.ts";
import { startLocalRunner } from "#infra/local/runner/start.ts";
import { KILLS } from "#test/support/depth.ts";
import { makeDataFolder } from "#test/support/data-folder.ts";
import { eventually } from "#test/support/eventually.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { spawnRunner } from "#test/support/runner-process.ts";
import { createTestSource, expectEnded, startTestSite } from "#test/support/service-with-site.ts";
import { createTestDatabase } from "#test/support/test-database.ts";

const SCRIPT = fileURLToPath(new URL("../support/dying-runner.ts", import.meta.url));
const PAGES = 12;
/** Kills of one sync: more than a page is given up after. */
const RESTARTS = 6;
/** Few, so that every life ends with claims that it never gives back. */
const MOST_STATEMENTS_A_LIFE = 25;
/** On a server a claim of the dead process runs out by itself: its successor's clock is past that. */
const CLAIMS_RUN_OUT_MS = 11 * 60_000;

/** A state folder and, with DATABASE_URL, a database on that server. */
type State = { dataDir: string; databaseUrl: string | null; remove: () => Promise<void> };

describe("a runner that is killed in the middle of a sync", () => {
  let confluence: RunningSite;
  let folder: string;
  /** What a run that nothing disturbs takes, and what it leaves. */
  let statements: number;
  let expected: Awaited<ReturnType<typeof readIndex>>;
  // `KILL_SEED`: the seed that a failure printed.
  const seed = Number(process.env["KILL_SEED"] ?? Date.now() % 1_000_000);
  beforeAll(async () => {
    confluence = await startTestSite(PAGES);
    folder = await mkdtemp(join(tmpdir(), "killed-"));
    // Made once and copied: an empty, migrated database.
    await makeDataFolder(join(folder, "template"));
    const undisturbed = await makeState("undisturbed");
    statements = await runToItsEnd(undisturbed);
    expected = await finish(undisturbed);
  });
  afterAll(async () => {
    await confluence.close();
    await rm(folder, { recursive: true });
  });

  it(`a runner killed at any of ${KILLS} statements (seed ${seed}) and restarted has the pages and chunks of an undisturbed run`, async () => {
    expect(expected.pages).toHaveLength(PAGES + 1);
    expect(expected.chunks.length).toBeGreaterThan(PAGES);

    const random = mulberry32(seed);
    const kills = Array.from({ length: KILLS }, () => 1 + Math.floor(random() * statements));
    console.log(`Killed at statements ${kills.join(", ")} of ${statements}; seed ${seed}`);
    // Two at a time: each is mostly the start of a process.
    await Promise.all(
      [0, 1].map(async (worker) => {
        for (let index = worker; index < kills.length; index += 2) {
          const state = await makeState(`kill-${index}`);
          await runUntilKilled(state, kills[index] ?? 1);
          const found = await finish(state);
          expect(found, `killed at statement ${kills[index]}`).toEqual(expected);
        }
      }),
    );
  }, 600_000);

  it(`a runner killed ${RESTARTS} times in one sync (seed ${seed}) and restarted each time has the pages and chunks of an undisturbed run`, async () => {
    const random = mulberry32(seed + 1);
    const kills = Array.from({ length: RESTARTS }, () => 20 + Math.floor(random() * MOST_STATEMENTS_A_LIFE));
    console.log(`Killed at statements ${kills.join(", ")} of each life; seed ${seed}`);
    const state = await makeState("many-kills");
    await runUntilKilled(state, kills[0] ?? 1);
    for (const [lives, dieAt] of kills.slice(1).entries()) await resumeUntilKilled(state, dieAt, lives + 1);
    expect(await finish(state, RESTARTS)).toEqual(expected);
  }, 600_000);

  async function makeState(name: string): Promise<State> {
    const dataDir = join(folder, name);
    await cp(join(folder, "template"), dataDir, { recursive: true });
    const database = process.env.DATABASE_URL ? await createTestDatabase({ maxConnections: 1 }) : null;
    return {
      dataDir,
      databaseUrl: database?.address.url ?? null,
      remove: async () => {
        await database?.close();
        await rm(dataDir, { recursive: true });
      },
    };
  }

  /** `lives`: processes that were killed before. */
  function spawn(state: State, dieAt?: number, lives = 0) {
    return spawnRunner(
      {
        DATA_DIR: state.dataDir,
        ...(state.databaseUrl ? { DATABASE_URL: state.databaseUrl } : {}),
      },
      [
        SCRIPT,
        ...(dieAt ? ["--die-at", String(dieAt)] : []),
        ...(state.databaseUrl ? ["--clock-ahead", String(lives * CLAIMS_RUN_OUT_MS)] : []),
      ],
    );
  }

  async function startChild(state: State, dieAt?: number) {
    const child = await spawn(state, dieAt);
    const service = makeServiceClient(child.url);
    const sourceId = await createTestSource(service, confluence.url, "on_demand");
    child.write("count");
    return { child, service, sourceId };
  }

  /** How many statements a whole sync takes. */
  async function runToItsEnd(state: State): Promise<number> {
    const { child, service, sourceId } = await startChild(state);
    await service.startSync(sourceId);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    return Number(/counted (\d+)/.exec(child.output())?.[1]);
  }

  async function runUntilKilled(state: State, dieAt: number): Promise<void> {
    const { child, service, sourceId } = await startChild(state, dieAt);
    // Its answer may be what the kill takes away.
    await service.startSync(sourceId).catch(() => {});
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  }

  async function resumeUntilKilled(state: State, dieAt: number, lives: number): Promise<void> {
    const child = await spawn(state, dieAt, lives);
    child.write("count");
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  }

  async function finish(state: State, lives = 1) {
    const shift = state.databaseUrl ? lives * CLAIMS_RUN_OUT_MS : 0;
    const runner = await startLocalRunner({
      dataDir: state.dataDir,
      env: { LOG_LEVEL: "silent", ...(state.databaseUrl ? { DATABASE_URL: state.databaseUrl } : {}) },
      services: { embedder: fakeEmbedder(), now: () => new Date(Date.now() + shift) },
    });
    try {
      const { sql } = runner.services;
      const service = makeServiceClient(runner.url);
      const [source] = await sql`select source_id from archon_sources`;
      const sourceId = String(source?.source_id);
      const [started] = await sql`select operation_id from archon_progress`;
      const operationId = started ? String(started.operation_id) : await service.startSync(sourceId);
      const operation = await eventually(async () => expectEnded(await service.operation(operationId)), {
        withinMs: 90_000,
      });
      expect(operation.status).toBe("completed");
      expect(operation.sync_metrics.pages_added).toBe(PAGES + 1);
      return await readIndex(sql);
    } finally {
      await runner.close();
      await state.remove();
    }
  }
});

/** What a reader can find, without what differs by run (ids of rows, times). */
async function readIndex(sql: postgres.Sql) {
  const pages = await sql`
    select page_id, title, version, status, parent_id, url, chunk_count, is_deleted, content_hash, sync_error
    from confluence_pages order by page_id`;
  const chunks = await sql`
    select c.page_id, c.chunk_number, c.content, c.heading_path, c.input_hash, c.metadata, e.embedding::text
    from archon_crawled_pages c left join archon_chunk_embeddings e on e.chunk_id = c.id
    order by c.page_id, c.chunk_number, c.id`;
  const [left] = await sql`
    select (select count(*)::int from sync_work where state = 'pending') as work,
      (select count(*)::int from archon_sources where lease_operation_id is not null) as leases`;
  return { pages: [...pages], chunks: [...chunks], left };
}

/** A small generator of numbers from 0 to 1, the same for the same seed. */
function mulberry32(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
