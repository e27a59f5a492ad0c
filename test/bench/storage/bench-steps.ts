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
  does: `How long a request waits for the embedded database while a large page is stored, at once and in steps: processor milliseconds,
which other processes do not change.`,
  options: {
    chunks: { type: "integer", value: "N", min: 1, default: 300, description: "of a page" },
    pages: { type: "integer", value: "N", min: 1, default: 4, description: "stored in each way" },
  },
  run: async ({ chunks, pages }) => ({
    bench: "steps",
    chunks_per_page: chunks,
    dimensions: DIMENSIONS,
    at_once: await storePages(chunks, pages, null),
    in_steps: await storePages(chunks, pages, VECTOR_NUMBERS_AT_ONCE),
  }),
});

async function storePages(
  chunks: number,
  pages: number,
  vectorNumbersAtOnce: number | null,
): Promise<Record<string, number>> {
  const embedder = fakeEmbedder({ dimensions: DIMENSIONS });
  const database = await startEmbeddedDatabase({ schema: SCHEMA });
  const { wrapSql, request } = makeRequestsFirst();
  const sql = guardRoot(wrapSql(connect({ url: database.url, schema: SCHEMA, maxConnections: 1 })));
  try {
    await migrate(sql, SCHEMA, await readMigrations());
    await addSource(sql, embedder, { sourceId: "docs" });
    const next = makeProse(7);
    const waits: number[] = [];
    const started = cpuMs();
    const stored = new AbortController();
    const asking = (async () => {
      while (!stored.signal.aborted) {
        const since = cpuMs();
        await request(async () => sql`select 1`);
        waits.push(cpuMs() - since);
        await nextTurn();
      }
    })();
    for (let page = 0; page < pages; page += 1) {
      const texts = Array.from({ length: chunks }, next);
      await store(sql, embedder, { pageId: `p${page}`, chunks: texts }, { vectorNumbersAtOnce });
    }
    stored.abort();
    await asking;
    const { p95, p99 } = percentiles(waits);
    return {
      p95,
      p99,
      longest: Math.round(Math.max(...waits)),
      per_page: Math.round((cpuMs() - started) / pages),
    };
  } finally {
    await sql.end({ timeout: 5 });
    await database.close();
  }
}
