import { setImmediate as nextTurn } from "node:timers/promises";
import { startEmbeddedDatabase } from "#infra/local/runner/database.ts";
import { makeRequestsFirst } from "#infra/local/runner/requests-first.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { VECTOR_NUMBERS_AT_ONCE } from "#infra/local/runner/start.ts";
import { connect, guardRoot } from "#shared/db/connect.ts";
import { migrate } from "#shared/db/migrate.ts";
import { readMigrations } from "#shared/db/read-migrations.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, store } from "#test/support/stored-pages.ts";
import { cpuMs } from "../sync/part.ts";
import { percentiles } from "./percentiles.ts";
import { makeProse } from "./prose.ts";

const SCHEMA = "confluence_sync";
const DIMENSIONS = 384;

export const benchSteps = defineCommand({
  name: "npm run bench -- steps",
  does: `How long a request waits for the embedded database while a large page is stored, and while it is stored again with other text,
at once and in steps: processor milliseconds, which other processes do not change.`,
  options: {
    chunks: { type: "integer", value: "N", min: 1, default: 300, description: "of a page" },
    pages: { type: "integer", value: "N", min: 1, default: 4, description: "stored in each way" },
  },
  run: async ({ chunks, pages }) => {
    const atOnce = await storePages(chunks, pages, null);
    const inSteps = await storePages(chunks, pages, VECTOR_NUMBERS_AT_ONCE);
    return {
      bench: "steps",
      chunks_per_page: chunks,
      dimensions: DIMENSIONS,
      at_once: atOnce.first,
      in_steps: inSteps.first,
      edits_at_once: atOnce.edits,
      edits_in_steps: inSteps.edits,
    };
  },
});

type Waits = { p95: number; p99: number; longest: number; per_page: number };

/** `edits`: version 2 of the same pages, of which no chunk stays; what they were is kept. */
async function storePages(
  chunks: number,
  pages: number,
  vectorNumbersAtOnce: number | null,
): Promise<{ first: Waits; edits: Waits }> {
  const embedder = fakeEmbedder({ dimensions: DIMENSIONS });
  const database = await startEmbeddedDatabase({ schema: SCHEMA });
  const { wrapSql, request } = makeRequestsFirst();
  const sql = guardRoot(wrapSql(connect({ ...database.address, schema: SCHEMA, maxConnections: 1 })));
  try {
    await migrate(sql, SCHEMA, await readMigrations());
    await addSource(sql, embedder, { sourceId: "docs" });
    const next = makeProse(7);
    const storeAll = async (version: number) => {
      const started = cpuMs();
      const waits = await waitsDuring(
        () => request(async () => sql`select 1`),
        async () => {
          for (let page = 0; page < pages; page += 1) {
            const texts = Array.from({ length: chunks }, next);
            const stored = { pageId: `p${page}`, version, chunks: texts };
            const { chunksAdded } = await store(sql, embedder, stored, { vectorNumbersAtOnce });
            if (chunksAdded !== chunks) throw new Error(`${chunksAdded} of ${chunks} chunks are new`);
          }
        },
      );
      const { p95, p99 } = percentiles(waits);
      return {
        p95,
        p99,
        longest: Math.round(Math.max(...waits)),
        per_page: Math.round((cpuMs() - started) / pages),
      };
    };
    return { first: await storeAll(1), edits: await storeAll(2) };
  } finally {
    await sql.end({ timeout: 5 });
    await database.close();
  }
}

/** Processor milliseconds of each of the requests that are made, one after the other, until the work is done. */
async function waitsDuring(ask: () => Promise<unknown>, work: () => Promise<void>): Promise<number[]> {
  const waits: number[] = [];
  const done = new AbortController();
  const asking = (async () => {
    while (!done.signal.aborted) {
      const since = cpuMs();
      await ask();
      waits.push(cpuMs() - since);
      await nextTurn();
    }
  })();
  try {
    await work();
  } finally {
    done.abort();
    await asking;
  }
  return waits;
}
