import type postgres from "postgres";
import { upsertListedPages } from "#shared/documents/listed-pages.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase } from "#test/support/test-database.ts";
import { makeProse } from "./prose.ts";

/** Few on PGlite, whose vector index takes its time. */
const PAGES = process.env.DATABASE_URL ? 100 : 10;
const CHUNKS = 50;
const embedder = fakeEmbedder({ dimensions: 512 });

type Cost = {
  pages_per_second: number;
  chunks_per_second: number;
  rows_per_page: number;
  wal_kb_per_page: number;
};

export const benchSwap = defineCommand({
  name: "npm run bench -- swap",
  does: `Storing through the swap: new pages, one-paragraph edits of 50-chunk pages, moves that change metadata only, and beside them
deleting and inserting the whole page, as other systems do.`,
  options: {},
  run: storePages,
});

/** Vectors are given, so that the database is measured. */
async function storePages(): Promise<object> {
  const database = await createTestDatabase({ maxConnections: 1 });
  const { sql } = database;
  try {
    await addSource(sql, embedder, { sourceId: "docs" });
    const next = makeProse(5);
    const pages = Array.from({ length: PAGES }, (_, page) => ({
      pageId: `p${page}`,
      chunks: Array.from({ length: CHUNKS }, next),
    }));
    const newPages = await measure(
      sql,
      async (page) => void (await store(sql, embedder, pages[page] ?? never())),
    );
    let embedded = 0;
    const edits = await measure(sql, async (page) => {
      const { pageId, chunks } = pages[page] ?? never();
      const edited = chunks.with(page % CHUNKS, next());
      const result = await store(sql, embedder, { pageId, version: 2, chunks: edited });
      embedded = Math.max(embedded, result.embeddingsCreated);
    });
    const moves = await measure(sql, async (page) => {
      const moved = {
        kind: "page" as const,
        subtype: null,
        pageId: `p${page}`,
        title: `Page p${page}`,
        parentId: "elsewhere",
        parentType: "page",
        url: "/moved",
        labels: ["moved"],
      };
      await upsertListedPages(sql, "docs", [moved]);
    });
    const rewrites = await measure(sql, async (page) => {
      const { pageId, chunks } = pages[page] ?? never();
      await deleteAndInsert(sql, pageId, chunks.with(page % CHUNKS, next()));
    });
    return {
      bench: "swap",
      database: database.concurrent ? "postgres" : "pglite",
      chunks_per_page: CHUNKS,
      new_pages: newPages,
      one_paragraph_edits: edits,
      embeddings_created_per_edit_at_most: embedded,
      metadata_moves: moves,
      delete_and_insert: rewrites,
      edit_wal_to_delete_and_insert:
        Math.round((edits.wal_kb_per_page / rewrites.wal_kb_per_page) * 1000) / 1000,
    };
  } finally {
    await database.close();
  }
}

function never(): never {
  throw new Error("No such page");
}

async function measure(sql: postgres.Sql, work: (page: number) => Promise<void>): Promise<Cost> {
  const before = await counters(sql);
  const started = performance.now();
  for (let page = 0; page < PAGES; page += 1) await work(page);
  const seconds = (performance.now() - started) / 1000;
  const after = await counters(sql);
  return {
    pages_per_second: Math.round((PAGES / seconds) * 10) / 10,
    chunks_per_second: Math.round((PAGES * CHUNKS) / seconds),
    rows_per_page: Math.round(((after.rows - before.rows) / PAGES) * 10) / 10,
    wal_kb_per_page: Math.round(((after.wal - before.wal) / PAGES / 1024) * 10) / 10,
  };
}

/** Bytes of WAL so far, and rows inserted, updated and deleted in our tables. */
async function counters(sql: postgres.Sql): Promise<{ wal: number; rows: number }> {
  await sql`select pg_stat_force_next_flush()`;
  await sql`select pg_stat_clear_snapshot()`;
  const [row] = await sql<{ wal: number; rows: number }[]>`
    select (pg_current_wal_insert_lsn() - '0/0')::float8 as wal,
      (select sum(n_tup_ins + n_tup_upd + n_tup_del)::float8 from pg_stat_user_tables) as rows`;
  return row ?? { wal: 0, rows: 0 };
}

/** What a store without a comparison of chunks does: everything goes, everything comes, with vectors and index entries. */
async function deleteAndInsert(sql: postgres.Sql, pageId: string, chunks: readonly string[]): Promise<void> {
  const vectors = await embedder.embed(chunks);
  await sql.begin(async (tx) => {
    await tx`delete from archon_crawled_pages where source_id = 'docs' and page_id = ${pageId}`;
    await tx`
      with made as (
        insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
        select 'docs', ${pageId}, '', n - 1, content, md5(content),
          chunk_search_vector('english', 'Page ' || ${pageId}::text, '{}', content, '{}', ''), ${NOW}
        from unnest(${[...chunks]}::text[]) with ordinality as u (content, n)
        returning id, chunk_number
      )
      insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
      select made.id, ${embedder.model}, 'docs', v.vector::vector
      from made join unnest(${vectors.map((vector) => `[${vector.join(",")}]`)}::text[]) with ordinality as v (vector, n)
        on v.n = made.chunk_number + 1`;
  });
}
