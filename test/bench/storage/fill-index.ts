import type postgres from "postgres";
import { transaction } from "#shared/db/connect.ts";
import { hashInput } from "#shared/documents/embed-pages.ts";
import { insertNew } from "#shared/documents/write-chunks.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { addSource, NOW, pageFacts } from "#test/support/stored-pages.ts";
import { stopAutovacuum } from "#test/support/stop-autovacuum.ts";
import { makeUnrestricted } from "./unrestricted.ts";

const CHUNKS_A_TRANSACTION = 1000;

export type BenchPage = {
  title: string;
  chunks: readonly { content: string; headingPath: string[]; vector: readonly number[] }[];
};

/** Pages by number, from 0, without an end. */
export type BenchPages = {
  page: (number: number) => BenchPage;
  /** Further ones are of another source. */
  pagesOfSource: number;
  chunksOfSource: number;
  /** The first so many chunks are text of real pages as it is; the others are made of it. */
  realChunks: number;
  /** Queries about what the chunks are about; the fixed ones may be about nothing in them. */
  topics?: readonly string[];
};

type FilledPage = BenchPage & { sourceId: string; pageId: string; number: number };

/**
 * Sources with `count` chunks in all; the first is `docs`, the pages are `p0`, `p1`, …. Stored by the statements of the swap, with the
 * words that a sync stores, but by many pages in a transaction, and with the vector index built afterwards: what is measured is
 * searching. No table is analyzed, nor will be by autovacuum. `unrestricted`: the sources have this access, as new ones do.
 */
export async function fillIndex(
  sql: postgres.Sql,
  embedder: Embedder,
  pages: BenchPages,
  { count, unrestricted = false }: { count: number; unrestricted?: boolean },
): Promise<void> {
  await stopAutovacuum(sql, [
    "archon_sources",
    "confluence_pages",
    "archon_crawled_pages",
    "archon_chunk_embeddings",
  ]);
  const sources = Math.max(1, Math.ceil(count / pages.chunksOfSource));
  for (let source = 0; source < sources; source += 1)
    await addSource(sql, embedder, { sourceId: sourceId(source) });
  if (unrestricted) await makeUnrestricted(sql);
  const [index] = await sql<{ name: string; definition: string }[]>`
    select i.indexname as name, i.indexdef as definition from pg_indexes i
    join embedding_models m on m.index_name = i.indexname where m.model = ${embedder.model}`;
  await sql.unsafe(`drop index ${index?.name ?? ""}`);
  for (const batch of batchesOf(pages, count)) {
    await transaction(sql, async (tx) => {
      await insertPages(tx, batch);
      for (const page of batch) await insertChunks(tx, embedder, page);
    });
  }
  await sql.begin(async (tx) => {
    // As much as a 32-bit server takes, which the embedded one is.
    await tx`set local maintenance_work_mem = '2047MB'`;
    await tx`set local statement_timeout = 0`;
    await tx.unsafe(index?.definition ?? "");
  });
}

const sourceId = (source: number) => (source === 0 ? "docs" : `docs${source + 1}`);

/** The pages of the first `count` chunks; the last one has as many chunks as are left. */
function* batchesOf({ page, pagesOfSource }: BenchPages, count: number): Generator<FilledPage[]> {
  let batch: FilledPage[] = [];
  let size = 0;
  for (let number = 0, left = count; left > 0; number += 1) {
    const { title, chunks } = page(number);
    const kept = chunks.slice(0, left);
    left -= kept.length;
    size += kept.length;
    const source = sourceId(Math.floor(number / pagesOfSource));
    batch.push({ title, chunks: kept, sourceId: source, pageId: `p${number}`, number });
    if (size < CHUNKS_A_TRANSACTION && left > 0) continue;
    yield batch;
    [batch, size] = [[], 0];
  }
}

/** Each under the node of its space, where that has one: found first, because a page takes its node when it is stored. */
async function insertPages(tx: postgres.TransactionSql, batch: readonly FilledPage[]): Promise<void> {
  const rows = batch.map((page) => ({
    source_id: page.sourceId,
    page_id: page.pageId,
    title: page.title,
    number: page.number,
    chunk_count: page.chunks.length,
  }));
  await tx`
    insert into content_access (source_id, content_id, ancestor_ids, node_id, read_at)
    select g.source_id, g.page_id, '{}', n.node_id, ${NOW}
    from json_to_recordset(${tx.json(rows)}::json) as g (source_id text, page_id text)
    join access_nodes n on n.source_id = g.source_id and n.content_id is null`;
  await tx`
    insert into confluence_pages (source_id, page_id, title, version, representation_revision, url, labels, chunk_count, modified_at,
      shows_others, shows_unguarded)
    select g.source_id, g.page_id, g.title, 1, 1, 'https://site.example/' || g.number,
      case when g.number % 50 = 0 then '{howto}'::text[] else '{}' end, g.chunk_count, ${NOW}::timestamptz - g.number * interval '1 hour',
      false, false
    from json_to_recordset(${tx.json(rows)}::json)
      as g (source_id text, page_id text, title text, number int, chunk_count int)`;
}

/** Copies of a content are known by it, whatever their titles. */
async function insertChunks(
  tx: postgres.TransactionSql,
  { model }: Embedder,
  { sourceId: source, pageId, title, chunks }: FilledPage,
): Promise<void> {
  const added = chunks.map(({ content, headingPath, vector }, chunkNumber) => ({
    chunkNumber,
    chunk: { content, headingPath, inputHash: hashInput(content), embedding: vector },
    donorId: null,
  }));
  await insertNew(tx, pageFacts({ sourceId: source, pageId, title, chunks: [] }), added, {
    now: NOW,
    model,
    language: "english",
  });
}
