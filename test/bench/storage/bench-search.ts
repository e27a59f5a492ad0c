import { parseArgs } from "node:util";
import type postgres from "postgres";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import { localEmbedder } from "#shared/embeddings/local-embedder.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { store } from "#test/support/stored-pages.ts";
import { createTestDatabase } from "#test/support/test-database.ts";
import { fillIndex } from "./fill-index.ts";
import { percentiles } from "./percentiles.ts";
import { makeProse } from "./prose.ts";
import { QUERIES } from "./queries.ts";
import { realVectors } from "./real-vectors.ts";

const LEGS = ["hybrid", "vector", "keyword"] as const;
const ROUNDS = 12;
const REAL_VECTORS = 5000;
const SIZES_ON_SERVER = [10_000, 200_000];
const SIZES_ON_PGLITE = [10_000];

type Question = { query: string; vector: readonly number[] };

/** Search latency by size, idle and during a sync, beside each leg alone; recall of the vector index. `--chunks N` (repeatable) chooses the sizes. */
export async function benchSearch(args: string[] = []): Promise<object> {
  const { values } = parseArgs({ args, options: { chunks: { type: "string", multiple: true } } });
  const model = localEmbedder();
  const texts = makeProse(1);
  const pool = await realVectors(model, Array.from({ length: REAL_VECTORS }, texts));
  const vectors = await realVectors(model, QUERIES);
  const questions = QUERIES.map((query, index) => ({ query, vector: [...(vectors[index] ?? [])] }));
  const usual = process.env.DATABASE_URL ? SIZES_ON_SERVER : SIZES_ON_PGLITE;
  const sizes = values.chunks?.map(Number) ?? usual;
  const lines: object[] = [];
  for (const chunks of sizes) {
    const database = await createTestDatabase({ maxConnections: 6 });
    try {
      const started = performance.now();
      await fillIndex(database.sql, model, { chunks, next: makeProse(2), pool, seed: 3 });
      const filledInSeconds = Math.round((performance.now() - started) / 1000);
      await measure(database.sql, model, questions, 1);
      const idle = await measure(database.sql, model, questions);
      const sums = idle.vector.map((value, index) => value + (idle.keyword[index] ?? 0));
      const busy = await duringSync(database.sql, model, pool, () => measure(database.sql, model, questions));
      const ratio = (a: number, b: number) => Math.round((a / b) * 100) / 100;
      const line = {
        chunks,
        searches: idle.hybrid.length,
        filled_in_seconds: filledInSeconds,
        hybrid_ms: percentiles(idle.hybrid),
        vector_ms: percentiles(idle.vector),
        keyword_ms: percentiles(idle.keyword),
        p95_to_sum_of_legs: ratio(percentiles(idle.hybrid).p95, percentiles(sums).p95),
        during_sync_ms: percentiles(busy.result.hybrid),
        p95_during_sync_to_idle: ratio(percentiles(busy.result.hybrid).p95, percentiles(idle.hybrid).p95),
        swaps_meanwhile: busy.swaps,
        recall_at_10: await recall(database.sql, model, questions),
        scans_per_search: await scans(database.sql, model, questions),
      };
      console.error(JSON.stringify(line));
      lines.push(line);
    } finally {
      await database.close();
    }
  }
  return { bench: "search", database: process.env.DATABASE_URL ? "postgres" : "pglite", sizes: lines };
}

/**
 * The legs take turns on each question, so that whatever else the machine does meets all of them, and so does what the one before
 * has brought into the server's cache.
 */
async function measure(
  sql: postgres.Sql,
  embedder: Embedder,
  questions: readonly Question[],
  rounds = ROUNDS,
) {
  const times = { hybrid: [] as number[], vector: [] as number[], keyword: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const first = round % LEGS.length;
    for (const question of questions) {
      for (const legs of [...LEGS.slice(first), ...LEGS.slice(0, first)]) {
        const started = performance.now();
        await ask(sql, embedder, question, legs);
        times[legs].push(performance.now() - started);
      }
    }
  }
  return times;
}

async function ask(sql: Sql, embedder: Embedder, question: Question, legs: (typeof LEGS)[number]) {
  return searchDocuments(sql, {
    query: question.query,
    embedding: { model: embedder.model, vector: question.vector },
    legs,
    matchCount: 10,
    returnMode: "chunks",
  });
}

/** One writer edits pages of 20 chunks, one chunk at a time, as fast as it can. */
async function duringSync<T>(
  sql: postgres.Sql,
  model: Embedder,
  pool: readonly Float32Array[],
  work: () => Promise<T>,
): Promise<{ result: T; swaps: number }> {
  const next = makeProse(4);
  const fromPool: Embedder = { ...model, embed: async (texts) => texts.map((_, n) => [...(pool[n] ?? [])]) };
  let swaps = 0;
  const end = new AbortController();
  const sync = (async () => {
    for (let version = 2; !end.signal.aborted; version += 1) {
      const chunks = Array.from({ length: 20 }, next);
      await store(sql, fromPool, { pageId: "p1", version: version * 2, chunks });
      await store(sql, fromPool, { pageId: "p1", version: version * 2 + 1, chunks: chunks.with(7, next()) });
      swaps += 2;
    }
  })();
  try {
    return { result: await work(), swaps };
  } finally {
    end.abort();
    await sync;
  }
}

/** Of the ten nearest chunks by exact comparison, the share that the index finds. */
async function recall(
  sql: postgres.Sql,
  embedder: Embedder,
  questions: readonly Question[],
): Promise<number> {
  let found = 0;
  for (const question of questions) {
    const exact = await sql<{ id: string }[]>`
      select chunk_id::text as id from archon_chunk_embeddings where model = ${embedder.model}
      order by (embedding::vector <=> ${`[${question.vector.join(",")}]`}::vector) + 0 limit 10`;
    const { hits } = await ask(sql, embedder, question, "vector");
    const ids = new Set(hits.map((hit) => hit.chunkId));
    found += exact.filter((row) => ids.has(row.id)).length;
  }
  return Math.round((found / questions.length / 10) * 1000) / 1000;
}

/** What a search starts on average: scans of each index, and rows of chunks and vectors that are read outside any index. */
async function scans(sql: postgres.Sql, embedder: Embedder, questions: readonly Question[]) {
  return transaction(sql, async (tx) => {
    for (const question of questions) await ask(tx, embedder, question, "hybrid");
    // Counted in this session and not reported yet.
    const [total] = await tx<
      { vector_index: number; full_text_index: number; rows_outside_indexes: number }[]
    >`
      select
        (select pg_stat_get_xact_numscans(to_regclass(index_name)) from embedding_models where model = ${embedder.model})::int
          as vector_index,
        pg_stat_get_xact_numscans('archon_crawled_pages_search'::regclass)::int as full_text_index,
        (pg_stat_get_xact_tuples_returned('archon_crawled_pages'::regclass)
          + pg_stat_get_xact_tuples_returned('archon_chunk_embeddings'::regclass))::int as rows_outside_indexes`;
    return Object.fromEntries(
      Object.entries(total ?? {}).map(([name, count]) => [
        name,
        Math.round((count / questions.length) * 100) / 100,
      ]),
    );
  });
}
