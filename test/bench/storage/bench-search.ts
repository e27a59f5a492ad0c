import type postgres from "postgres";
import { localEmbedder } from "#shared/embeddings/local-embedder.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { store } from "#test/support/stored-pages.ts";
import { createTestDatabase } from "#test/support/test-database.ts";
import { ask, embeddedQuestions, RETRIEVERS, UNFILTERED, type Question } from "./ask.ts";
import { fillIndex, type BenchPages } from "./fill-index.ts";
import { readFolderPages } from "./folder-pages.ts";
import { percentiles } from "./percentiles.ts";
import { makeProse } from "./prose.ts";
import { prosePages } from "./prose-pages.ts";
import { QUERIES } from "./queries.ts";
import { measureRecall } from "./recall.ts";
import { countScans } from "./scans.ts";
import { permittedToNobody } from "./unrestricted.ts";

const USUAL_SIZES = process.env.DATABASE_URL ? [10_000, 200_000] : [10_000];

export const benchSearch = defineCommand({
  name: "npm run bench -- search",
  does: `Search latency by size, before and after the first analyze, during a sync, beside each retriever alone; recall. Searches are for
nobody in particular, of sources with the access of new ones, as the API runs them; beside them the same without a filter.`,
  options: {
    chunks: {
      type: "integer",
      value: "N",
      min: 1,
      multiple: true,
      description: `sizes, in place of ${USUAL_SIZES.join(" and ")}`,
    },
    rounds: {
      type: "integer",
      value: "N",
      min: 1,
      default: 12,
      description: `of ${QUERIES.length} searches in each way`,
    },
    dir: {
      type: "folder",
      value: "DIR",
      description:
        "chunks of the pages in it, read as by npm run confluence (again with other words and vectors, if more are asked for), in place of the sample's sentences in other orders",
    },
  },
  run: async ({ chunks, dir, rounds }) => {
    const sizes = chunks.length > 0 ? chunks : USUAL_SIZES;
    const model = localEmbedder();
    const lines: object[] = [];
    for (const count of sizes) {
      const pages =
        dir === undefined ? prosePages(model, count) : readFolderPages(dir, model, Math.max(...sizes));
      lines.push(await benchSize(model, await pages, { count, rounds }));
      console.error(JSON.stringify(lines.at(-1)));
    }
    return { bench: "search", database: process.env.DATABASE_URL ? "postgres" : "pglite", sizes: lines };
  },
});

async function benchSize(
  model: Embedder,
  pages: BenchPages,
  { count, rounds }: { count: number; rounds: number },
): Promise<object> {
  const database = await createTestDatabase({ maxConnections: 6 });
  const { sql } = database;
  try {
    const questions = await embeddedQuestions(model, QUERIES);
    const topics = await embeddedQuestions(model, pages.topics ?? QUERIES);
    const started = performance.now();
    await fillIndex(sql, model, pages, { count, unrestricted: true });
    const filledInSeconds = Math.round((performance.now() - started) / 1000);
    const edit = makeEdits(sql, model, pages);
    await measure(sql, questions, newTimes(), 0);
    const [young, idle, busy] = [newTimes(), newTimes(), newTimes()];
    for (let round = 0; round < rounds; round += 1) await measure(sql, questions, young, round);
    await sql`analyze`;
    await measure(sql, questions, newTimes(), 0);
    const filter = await permittedToNobody(sql);
    const found = await measureRecall(sql, questions, filter);
    const foundOfTopics = await measureRecall(sql, topics, filter);
    for (let round = 0; round < rounds; round += 1) {
      await measure(sql, questions, idle, round);
      await during(edit, () => measure(sql, questions, busy, round));
    }
    const realChunks = Math.min(count, pages.realChunks);
    return {
      chunks: count,
      chunks_of_real_text: realChunks,
      chunks_derived: count - realChunks,
      searches: idle.hybrid.length,
      filled_in_seconds: filledInSeconds,
      ...latencies(young, idle, busy),
      swaps_meanwhile: edit.swaps(),
      recall_at_10: found.ofChunks,
      recall_at_10_of_contents: found.ofContents,
      topics: topics.length,
      recall_at_10_by_topics: foundOfTopics.ofChunks,
      recall_at_10_of_contents_by_topics: foundOfTopics.ofContents,
      // Nothing was vacuumed meanwhile: of each swap, the index has entries of chunks that are gone.
      recall_at_10_after_sync: (await measureRecall(sql, questions, filter)).ofChunks,
      scans_per_search: await countScans(sql, questions, filter),
    };
  } finally {
    await database.close();
  }
}

/** `rights`: finding out what may be shown, before a search. `unfiltered`: both retrievers, of everything. */
const newTimes = () => ({
  rights: [] as number[],
  hybrid: [] as number[],
  vector: [] as number[],
  keyword: [] as number[],
  unfiltered: [] as number[],
});
type Times = ReturnType<typeof newTimes>;

function latencies(young: Times, idle: Times, busy: Times): object {
  const p = {
    young: percentiles(young.hybrid),
    hybrid: percentiles(idle.hybrid),
    vector: percentiles(idle.vector),
    keyword: percentiles(idle.keyword),
    unfiltered: percentiles(idle.unfiltered),
    withRights: percentiles(sums(idle.rights, idle.hybrid)),
    busy: percentiles(busy.hybrid),
  };
  return {
    hybrid_ms: p.hybrid,
    rights_ms: percentiles(idle.rights),
    unfiltered_ms: p.unfiltered,
    with_rights_to_unfiltered: {
      p50: ratio(p.withRights.p50, p.unfiltered.p50),
      p95: ratio(p.withRights.p95, p.unfiltered.p95),
    },
    never_analyzed_ms: p.young,
    never_analyzed_to_analyzed: {
      p50: ratio(p.young.p50, p.hybrid.p50),
      p95: ratio(p.young.p95, p.hybrid.p95),
    },
    vector_ms: p.vector,
    keyword_ms: p.keyword,
    p95_hybrid_to_vector: ratio(p.hybrid.p95, p.vector.p95),
    p95_to_sum_of_retrievers: ratio(p.hybrid.p95, percentiles(sums(idle.vector, idle.keyword)).p95),
    during_sync_ms: p.busy,
    p95_during_sync_to_idle: ratio(p.busy.p95, p.hybrid.p95),
  };
}

const ratio = (a: number, b: number) => Math.round((a / b) * 100) / 100;

const sums = (one: readonly number[], other: readonly number[]) =>
  one.map((value, index) => value + (other[index] ?? 0));

/**
 * Rounds are idle and beside a sync in turn, and so are the ways to search on each question: whatever else the machine does meets all
 * of them, and so does what the one before has brought into the server's cache.
 */
async function measure(
  sql: postgres.Sql,
  questions: readonly Question[],
  times: Times,
  round: number,
): Promise<void> {
  const ways = [...RETRIEVERS, "unfiltered"] as const;
  const first = round % ways.length;
  for (const question of questions) {
    const asked = performance.now();
    const filter = await permittedToNobody(sql);
    times.rights.push(performance.now() - asked);
    for (const way of [...ways.slice(first), ...ways.slice(0, first)]) {
      const started = performance.now();
      await (way === "unfiltered" ? ask(sql, question, UNFILTERED) : ask(sql, question, filter, way));
      times[way].push(performance.now() - started);
    }
  }
}

/** What a sync does to a page of 20 chunks, over and over: all of them new, then one edited. */
function makeEdits(sql: postgres.Sql, model: Embedder, { page }: BenchPages) {
  const next = makeProse(4);
  const vectors = Array.from({ length: 20 }, (_, number) => [...(page(number).chunks[0]?.vector ?? [])]);
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
