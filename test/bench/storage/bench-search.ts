import type postgres from "postgres";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import { localEmbedder } from "#shared/embeddings/local-embedder.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { store } from "#test/support/stored-pages.ts";
import { createTestDatabase } from "#test/support/test-database.ts";
import { queryArguments, scoredChunks } from "#shared/documents/scored-chunks.ts";
import { fillIndex, type BenchChunks } from "./fill-index.ts";
import { percentiles } from "./percentiles.ts";
import { readFolderChunks } from "./folder-chunks.ts";
import { makeProse } from "./prose.ts";
import { proseChunks } from "./prose-chunks.ts";
import { QUERIES } from "./queries.ts";
import { realVectors } from "./real-vectors.ts";

const RETRIEVERS = ["hybrid", "vector", "keyword"] as const;
const ROUNDS = 12;
const USUAL_SIZES = process.env.DATABASE_URL ? [10_000, 200_000] : [10_000];

type Question = { query: string; vector: readonly number[] };

export const benchSearch = defineCommand({
  name: "npm run bench -- search",
  does: "Search latency by size, before and after the first analyze, during a sync, beside each retriever alone; recall.",
  options: {
    chunks: {
      type: "integer",
      value: "N",
      min: 1,
      multiple: true,
      description: `sizes, in place of ${USUAL_SIZES.join(" and ")}`,
    },
    dir: {
      type: "folder",
      value: "DIR",
      description:
        "chunks of the storage bodies below it (again with other words and vectors, if more are asked for), in place of the sample's sentences in other orders",
    },
  },
  run: async ({ chunks, dir }) => {
    const sizes = chunks.length > 0 ? chunks : USUAL_SIZES;
    const model = localEmbedder();
    return benchSizes(model, sizes, () =>
      dir === undefined ? proseChunks(model) : readFolderChunks(dir, model, Math.max(...sizes)),
    );
  },
});

async function benchSizes(
  model: Embedder,
  sizes: readonly number[],
  newChunks: () => Promise<BenchChunks>,
): Promise<object> {
  const questions = await embedded(model, QUERIES);
  const lines: object[] = [];
  for (const chunks of sizes) {
    const database = await createTestDatabase({ maxConnections: 6 });
    try {
      const started = performance.now();
      const filled = await newChunks();
      await fillIndex(database.sql, model, filled, chunks);
      const filledInSeconds = Math.round((performance.now() - started) / 1000);
      const edit = makeEdits(database.sql, model, filled);
      await measure(database.sql, model, questions, newTimes(), 0);
      const [young, idle, busy] = [newTimes(), newTimes(), newTimes()];
      for (let round = 0; round < ROUNDS; round += 1)
        await measure(database.sql, model, questions, young, round);
      await database.sql`analyze`;
      await measure(database.sql, model, questions, newTimes(), 0);
      const found = await recall(database.sql, model, questions);
      const topics = await embedded(model, filled.topics ?? QUERIES);
      const foundOfTopics = await recall(database.sql, model, topics);
      for (let round = 0; round < ROUNDS; round += 1) {
        await measure(database.sql, model, questions, idle, round);
        await during(edit, () => measure(database.sql, model, questions, busy, round));
      }
      const sums = idle.vector.map((value, index) => value + (idle.keyword[index] ?? 0));
      const ratio = (a: number, b: number) => Math.round((a / b) * 100) / 100;
      const line = {
        chunks,
        searches: idle.hybrid.length,
        filled_in_seconds: filledInSeconds,
        hybrid_ms: percentiles(idle.hybrid),
        never_analyzed_ms: percentiles(young.hybrid),
        never_analyzed_to_analyzed: {
          p50: ratio(percentiles(young.hybrid).p50, percentiles(idle.hybrid).p50),
          p95: ratio(percentiles(young.hybrid).p95, percentiles(idle.hybrid).p95),
        },
        vector_ms: percentiles(idle.vector),
        keyword_ms: percentiles(idle.keyword),
        p95_hybrid_to_vector: ratio(percentiles(idle.hybrid).p95, percentiles(idle.vector).p95),
        p95_to_sum_of_retrievers: ratio(percentiles(idle.hybrid).p95, percentiles(sums).p95),
        during_sync_ms: percentiles(busy.hybrid),
        p95_during_sync_to_idle: ratio(percentiles(busy.hybrid).p95, percentiles(idle.hybrid).p95),
        swaps_meanwhile: edit.swaps(),
        recall_at_10: found.ofChunks,
        recall_at_10_of_contents: found.ofContents,
        topics: topics.length,
        recall_at_10_by_topics: foundOfTopics.ofChunks,
        recall_at_10_of_contents_by_topics: foundOfTopics.ofContents,
        // Nothing was vacuumed meanwhile: of each swap, the index has entries of chunks that are gone.
        recall_at_10_after_sync: (await recall(database.sql, model, questions)).ofChunks,
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

async function embedded(model: Embedder, queries: readonly string[]): Promise<Question[]> {
  const vectors = await realVectors(model, queries);
  return queries.map((query, index) => ({ query, vector: [...(vectors[index] ?? [])] }));
}

type Times = Record<(typeof RETRIEVERS)[number], number[]>;
const newTimes = (): Times => ({ hybrid: [], vector: [], keyword: [] });

/**
 * Rounds are idle and beside a sync in turn, and so are the retrievers on each question: whatever else the machine does meets all of
 * them, and so does what the one before has brought into the server's cache.
 */
async function measure(
  sql: postgres.Sql,
  embedder: Embedder,
  questions: readonly Question[],
  times: Times,
  round: number,
): Promise<void> {
  const first = round % RETRIEVERS.length;
  for (const question of questions) {
    for (const retrievers of [...RETRIEVERS.slice(first), ...RETRIEVERS.slice(0, first)]) {
      const started = performance.now();
      await ask(sql, embedder, question, retrievers);
      times[retrievers].push(performance.now() - started);
    }
  }
}

async function ask(
  sql: Sql,
  embedder: Embedder,
  question: Question,
  retrievers: (typeof RETRIEVERS)[number],
) {
  return searchDocuments(sql, {
    query: question.query,
    embedding: { model: embedder.model, vector: question.vector },
    retrievers,
    matchCount: 10,
    returnMode: "chunks",
    readable: null,
  });
}

/** What a sync does to a page of 20 chunks, over and over: all of them new, then one edited. */
function makeEdits(sql: postgres.Sql, model: Embedder, { chunk }: BenchChunks) {
  const next = makeProse(4);
  const vectors = Array.from({ length: 20 }, (_, number) => [...chunk(number).vector]);
  const fromPool: Embedder = { ...model, embed: async (texts) => texts.map((_, n) => vectors[n] ?? []) };
  let version = 1;
  return {
    swaps: () => version - 1,
    once: async () => {
      const chunks = Array.from({ length: 20 }, next);
      await store(sql, fromPool, { pageId: "p1", version: (version += 1), chunks });
      await store(sql, fromPool, { pageId: "p1", version: (version += 1), chunks: chunks.with(7, next()) });
    },
  };
}

/** Runs `work` while one writer edits as fast as it can. */
async function during(edit: { once: () => Promise<void> }, work: () => Promise<void>): Promise<void> {
  const end = new AbortController();
  const sync = (async () => {
    while (!end.signal.aborted) await edit.once();
  })();
  try {
    await work();
  } finally {
    end.abort();
    await sync;
  }
}

/** More chunks than ten distinct contents have copies. */
const EXACT_CHUNKS = 1000;

/**
 * Of the ten chunks that the vector retriever ranks first, the share that is as near as the tenth nearest by exact comparison: by
 * distance, not by id, because copies of a chunk are equally near, and real spaces are full of them. `ofContents`: the same of the ten
 * hits of a search, which are of distinct content, beside the ten nearest of distinct content, so that copies make nothing easier.
 */
async function recall(
  sql: postgres.Sql,
  embedder: Embedder,
  questions: readonly Question[],
): Promise<{ ofChunks: number; ofContents: number }> {
  let chunks = 0;
  let contents = 0;
  for (const question of questions) {
    const { query, vector } = question;
    const nearest = await sql<{ distance: number; isCopy: boolean }[]>`
      select n.distance, row_number() over (partition by c.input_hash order by n.distance) > 1 as "isCopy"
      from (
        select e.chunk_id, (e.embedding::vector <=> ${`[${vector.join(",")}]`}::vector) + 0 as distance
        from archon_chunk_embeddings e where e.model = ${embedder.model} order by 2 limit ${EXACT_CHUNKS}) n
      join archon_crawled_pages c on c.id = n.chunk_id
      order by n.distance`;
    const embedding = { model: embedder.model, vector };
    const ranked = await sql<{ similarity: number }[]>`
      select similarity from ${scoredChunks(sql, queryArguments({ query, embedding, retrievers: "vector" }), { readable: null }, 60)}
      where vector_rank <= 10`;
    chunks += countAsNear(ranked, nearest.slice(0, 10));
    const { hits } = await ask(sql, embedder, question, "vector");
    contents += countAsNear(hits, nearest.filter(({ isCopy }) => !isCopy).slice(0, 10));
  }
  return { ofChunks: shareOfTen(chunks, questions), ofContents: shareOfTen(contents, questions) };
}

/** Distances differ in the last digits by the way they are computed. */
const countAsNear = (
  hits: readonly { similarity: number | null }[],
  exact: readonly { distance: number }[],
): number =>
  hits.filter(({ similarity }) => 1 - (similarity ?? -1) <= (exact.at(-1)?.distance ?? 0) + 1e-6).length;

const shareOfTen = (found: number, questions: readonly Question[]) =>
  Math.round((found / questions.length / 10) * 1000) / 1000;

/** What a search starts on average: scans of each index, and rows of chunks and vectors that are read outside any index. */
async function scans(sql: postgres.Sql, embedder: Embedder, questions: readonly Question[]) {
  return transaction(sql, async (tx) => {
    const before = await countedScans(tx, embedder);
    for (const question of questions) await ask(tx, embedder, question, "hybrid");
    const after = await countedScans(tx, embedder);
    const average = (name: keyof typeof after) =>
      Math.round(((after[name] - before[name]) / questions.length) * 100) / 100;
    return {
      vector_index: average("vector_index"),
      full_text_index: average("full_text_index"),
      rows_outside_indexes: average("rows_outside_indexes"),
    };
  });
}

/** What this session did and has not reported yet, also before this transaction. */
async function countedScans(tx: Sql, embedder: Embedder) {
  const [total] = await tx<{ vector_index: number; full_text_index: number; rows_outside_indexes: number }[]>`
    select
      (select pg_stat_get_xact_numscans(to_regclass(index_name)) from embedding_models where model = ${embedder.model})::int
        as vector_index,
      pg_stat_get_xact_numscans('archon_crawled_pages_search'::regclass)::int as full_text_index,
      (pg_stat_get_xact_tuples_returned('archon_crawled_pages'::regclass)
        + pg_stat_get_xact_tuples_returned('archon_chunk_embeddings'::regclass))::int as rows_outside_indexes`;
  return total ?? { vector_index: 0, full_text_index: 0, rows_outside_indexes: 0 };
}
