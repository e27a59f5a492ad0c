import type postgres from "postgres";
import { readableFor } from "#shared/access/readers/readable-nodes.ts";
import type { Readable } from "#shared/access/readers/readable.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { localEmbedder } from "#shared/embeddings/local-embedder.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { stopAutovacuum } from "#test/support/stop-autovacuum.ts";
import { NOW } from "#test/support/stored-pages.ts";
import { createTestDatabase } from "#test/support/test-database.ts";
import { fillIndex } from "./fill-index.ts";
import { percentiles } from "./percentiles.ts";
import { CHUNKS_A_PAGE, prosePages } from "./prose-pages.ts";
import { QUERIES } from "./queries.ts";
import { realVectors } from "./real-vectors.ts";
import { measureNarrowing } from "./narrowing.ts";

/** Percent of the chunks that a reader may see. */
const SHARES = [1, 10, 50, 100] as const;
const GROUPS = 500;
const ROUNDS = 6;

export const benchAccess = defineCommand({
  name: "npm run bench -- access",
  does: `Searches for people who may see 1, 10, 50 and 100 % of the chunks, in a database that was never analyzed: recall beside an exact
search of what they may see, latency beside a search without a filter, cold (what the person passes is read for the search) and warm (it
is kept from one before); and what a restriction over many pages writes.`,
  options: {
    chunks: { type: "integer", value: "N", min: 2000, default: 100_000, description: "chunks" },
    nodes: { type: "integer", value: "N", min: 100, default: 100_000, description: "access nodes" },
    descendants: {
      type: "integer",
      value: "N",
      min: 1,
      default: 10_000,
      description: "pages below the restricted one",
    },
  },
  run: async ({ chunks, nodes, descendants }) => {
    const model = localEmbedder();
    const database = await createTestDatabase({ maxConnections: 4 });
    try {
      await fillIndex(database.sql, model, await prosePages(model, chunks), { count: chunks });
      await addRights(database.sql, Math.ceil(chunks / CHUNKS_A_PAGE), nodes);
      const people = await measurePeople(database.sql, model);
      const narrowing = await measureNarrowing(database.sql, descendants);
      const server = process.env.DATABASE_URL ? "postgres" : "pglite";
      return { bench: "access", database: server, chunks, nodes, people, narrowing };
    } finally {
      await database.close();
    }
  },
});

/**
 * A restriction on each page, and on content that is not stored, as many as are asked for: each names the groups `share-1` to `share-100`
 * by their part of the pages, spread evenly, and one of 1,000 others. A reader is in one of these, in that of the space,
 * and in 498 that restrict nothing.
 */
async function addRights(sql: postgres.Sql, pages: number, nodes: number): Promise<void> {
  await stopAutovacuum(sql, ["access_nodes", "content_access", "directory_members"]);
  await sql`update archon_sources set access = 'per_user', access_verified_at = ${NOW}`;
  await sql`insert into access_sweeps (source_id, due_at) values ('docs', ${NOW})`;
  const [{ siteId } = { siteId: "" }] = await sql<{ siteId: string }[]>`
    select site_id as "siteId" from archon_sources where source_id = 'docs'`;
  const [{ space } = { space: 0 }] = await sql<{ space: number }[]>`
    insert into access_nodes (source_id, groups, state, read_at) values ('docs', '{staff}', 'known', ${NOW}) returning node_id as space`;
  await sql`
    insert into access_nodes (source_id, content_id, parent_node, groups, state, read_at)
    select 'docs', case when n < ${pages}::int then 'p' || n else 'x' || n end, ${space},
      array_remove(array['share-100', case when n % 2 = 0 then 'share-50' end, case when n % 10 = 0 then 'share-10' end,
        case when n % 100 = 0 then 'share-1' end, 'other-' || n % 1000], null), 'known', ${NOW}
    from generate_series(0, ${nodes}::int - 1) n`;
  await sql`
    insert into content_access (source_id, content_id, ancestor_ids, node_id, read_at)
    select source_id, content_id, '{}', node_id, ${NOW} from access_nodes where content_id like 'p%'`;
  await sql`update confluence_sites set directory_verified_at = ${NOW} where site_id = ${siteId}`;
  await sql`
    insert into directory_groups (site_id, group_id, is_licensed, state, verified_at)
    select ${siteId}, g, g = 'staff', 'known', ${NOW} from (
      select 'staff' as g union all select 'share-' || s from unnest(${[...SHARES]}::int[]) s
      union all select 'other-' || n from generate_series(0, 999) n) groups`;
  for (const share of SHARES) {
    await sql`
      insert into directory_groups (site_id, group_id, state, verified_at)
      select ${siteId}, 'empty-' || n, 'known', ${NOW} from generate_series(1, ${GROUPS}::int - 2) n on conflict do nothing`;
    await sql`
      insert into directory_members (site_id, group_id, account_id)
      select ${siteId}, g, ${`reader-${share}`} from (
        select 'staff' as g union all select ${`share-${share}`}
        union all select 'empty-' || n from generate_series(1, ${GROUPS}::int - 2) n) groups`;
    await sql`
      insert into directory_accounts (site_id, account_id, is_active, verified_at)
      values (${siteId}, ${`reader-${share}`}, true, ${NOW})`;
  }
}

/** Evidence is not what is measured: it is fresh however far the clock has advanced. */
const MAX_AGE_MS = 365 * 24 * 60 * 60_000;
/** What a reader passes is kept for ten minutes at most: this much later it is read again. */
const NOT_KEPT_MS = 10 * 60_000;

async function readableBy(sql: postgres.Sql, share: number, now: Date): Promise<Readable | null> {
  const { readable } = await readableFor(sql, {
    reader: { visibility: "own", person: [{ accountId: `reader-${share}` }] },
    sources: null,
    spaces: null,
    now,
    maxAgeMs: MAX_AGE_MS,
  });
  return readable;
}

async function measurePeople(sql: postgres.Sql, model: Embedder): Promise<object[]> {
  const vectors = await realVectors(model, QUERIES);
  const questions = QUERIES.map((query, index) => ({ query, vector: [...(vectors[index] ?? [])] }));
  const ask = (question: (typeof questions)[number], readable: Readable | null) =>
    searchDocuments(sql, {
      query: question.query,
      embedding: { model: model.model, vector: question.vector },
      matchCount: 10,
      returnMode: "chunks",
      readable,
    });
  const results: object[] = [];
  for (const share of SHARES) {
    const times = { cold: [], coldRights: [], warm: [], warmRights: [], unfiltered: [] } as Record<
      string,
      number[]
    >;
    let now = NOW;
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const question of questions) {
        now = new Date(now.getTime() + NOT_KEPT_MS);
        const at = [performance.now()];
        const note = () => at.push(performance.now());
        for (let search = 0; search < 2; search += 1) {
          const readable = await readableBy(sql, share, now);
          note();
          await ask(question, readable);
          note();
        }
        await ask(question, null);
        note();
        // The first round fills the server's cache.
        if (round === 0) continue;
        const took = (from: number, to: number) => (at[to] ?? 0) - (at[from] ?? 0);
        times.coldRights?.push(took(0, 1));
        times.cold?.push(took(0, 2));
        times.warmRights?.push(took(2, 3));
        times.warm?.push(took(2, 4));
        times.unfiltered?.push(took(4, 5));
      }
    }
    const { cold, coldRights, warm, warmRights, unfiltered } = Object.fromEntries(
      Object.entries(times).map(([name, values]) => [name, percentiles(values)]),
    );
    results.push({
      percent_visible: share,
      recall_at_10: await recall(sql, model, questions, await readableBy(sql, share, now)),
      unfiltered_ms: unfiltered,
      warm: { filtered_ms: warm, of_which_rights_ms: warmRights },
      cold: { filtered_ms: cold, of_which_rights_ms: coldRights },
      p95_warm_to_unfiltered: ratio(warm?.p95, unfiltered?.p95),
      p95_cold_to_unfiltered: ratio(cold?.p95, unfiltered?.p95),
    });
    console.error(JSON.stringify(results.at(-1)));
  }
  return results;
}

const ratio = (one = Number.NaN, other = Number.NaN) => Math.round((one / other) * 100) / 100;

/** Of the ten hits by vector, the share that is as near as the tenth nearest of what the reader may see, compared one by one. */
async function recall(
  sql: postgres.Sql,
  model: Embedder,
  questions: readonly { query: string; vector: number[] }[],
  readable: Readable | null,
): Promise<number> {
  let found = 0;
  for (const { query, vector } of questions) {
    const nearest = await sql<{ distance: number }[]>`
      select distance from (
        select (e.embedding::vector <=> ${`[${vector.join(",")}]`}::vector) + 0 as distance,
          row_number() over (partition by c.input_hash order by e.embedding::vector <=> ${`[${vector.join(",")}]`}::vector) as copy
        from confluence_pages p
        join archon_crawled_pages c on c.source_id = p.source_id and c.page_id = p.page_id
        join archon_chunk_embeddings e on e.chunk_id = c.id and e.model = ${model.model}
        where is_readable(p, ${[...(readable?.openSources ?? [])]}::text[], ${readable?.nodes ?? null}::bytea)) visible
      where copy = 1 order by distance limit 10`;
    const { hits } = await searchDocuments(sql, {
      query,
      embedding: { model: model.model, vector },
      retrievers: "vector",
      matchCount: 10,
      returnMode: "chunks",
      readable,
    });
    const farthest = (nearest.at(-1)?.distance ?? 0) + 1e-6;
    found += hits.filter(({ similarity }) => 1 - (similarity ?? -1) <= farthest).length;
  }
  return Math.round((found / questions.length / 10) * 1000) / 1000;
}
