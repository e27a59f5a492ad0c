import type postgres from "postgres";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { retriedTransaction } from "#shared/db/retried-transaction.ts";
import { embedChecked } from "#shared/embeddings/embed-checked.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { vectorText } from "./write-chunks.ts";

export type ModelChangeOptions = {
  sourceId: string;
  /** What is embedded of a chunk: the same function that the sync uses. */
  input: (title: string, chunk: { content: string; headingPath: string[] }) => string;
  /** Pages embedded, or rows deleted, by this call at most. */
  pages: number;
  rows?: number;
  now: Date;
};

export type ModelChangeStep = {
  /** `embedding`: call again; `switched`: searches use the new model from now on; `cleaning`: old vectors go; `done`. */
  state: "embedding" | "switched" | "cleaning" | "done";
  embedded: number;
  deleted: number;
};

/** Sources that compare with another model than this one. */
export async function sourcesOfOtherModels(sql: Sql, model: string): Promise<string[]> {
  const rows = await sql<{ source_id: string }[]>`
    select source_id from archon_sources where embedding_model <> ${model} and status <> 'deleting' order by source_id`;
  return rows.map((row) => row.source_id);
}

/**
 * One bounded step of bringing a source to the model of `embedder`. Page by page its chunks get a second vector while searches
 * go on with the first; the source switches in one update, when every chunk has one; then the old vectors go. May be killed
 * anywhere, and run by several at once.
 */
export async function changeModel(
  sql: postgres.Sql,
  embedder: Embedder,
  options: ModelChangeOptions,
): Promise<ModelChangeStep> {
  const [source] = await sql<{ embedding_model: string }[]>`
    select embedding_model from archon_sources where source_id = ${options.sourceId} and status <> 'deleting'`;
  if (!source) return { state: "done", embedded: 0, deleted: 0 };
  if (source.embedding_model === embedder.model) {
    const deleted = await deleteOtherVectors(sql, options.sourceId, embedder.model, options.rows ?? 2000);
    return { state: deleted > 0 ? "cleaning" : "done", embedded: 0, deleted };
  }
  await registerModel(sql, { model: embedder.model, dimensions: embedder.dimensions, now: options.now });
  let embedded = 0;
  for (const page of await pagesWithout(sql, options.sourceId, embedder.model, options.pages)) {
    embedded += await embedPage(sql, embedder, page, options);
  }
  if (embedded > 0) return { state: "embedding", embedded, deleted: 0 };
  const switched = await switchModel(sql, options.sourceId, embedder.model, options.now);
  return { state: switched ? "switched" : "embedding", embedded, deleted: 0 };
}

type Page = { page_id: string; title: string };

async function pagesWithout(sql: Sql, sourceId: string, model: string, limit: number): Promise<Page[]> {
  return sql<Page[]>`
    select p.page_id, p.title from confluence_pages p
    where p.source_id = ${sourceId} and exists (
      select from archon_crawled_pages c where c.source_id = p.source_id and c.page_id = p.page_id
        and not exists (select from archon_chunk_embeddings e where e.chunk_id = c.id and e.model = ${model}))
    order by p.page_id limit ${limit}`;
}

type Chunk = { id: string; content: string; heading_path: string[] };

async function embedPage(
  sql: postgres.Sql,
  embedder: Embedder,
  page: Page,
  options: ModelChangeOptions,
): Promise<number> {
  const { sourceId } = options;
  const chunks = await sql<Chunk[]>`
    select c.id::text, c.content, c.heading_path from archon_crawled_pages c
    where c.source_id = ${sourceId} and c.page_id = ${page.page_id}
      and not exists (select from archon_chunk_embeddings e where e.chunk_id = c.id and e.model = ${embedder.model})
    order by c.chunk_number`;
  const inputs = chunks.map((chunk) =>
    options.input(page.title, { content: chunk.content, headingPath: chunk.heading_path }),
  );
  const vectors = await embedChecked(embedder, inputs);
  await retriedTransaction(sql, async (tx) => {
    // The page's lock keeps a swap from deleting these chunks now; chunks that went meanwhile are simply not found.
    await tx`
      select from confluence_pages where source_id = ${sourceId} and page_id = ${page.page_id} for no key update`;
    await tx`
      insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
      select c.id, ${embedder.model}, ${sourceId}, n.embedding::vector
      from unnest(${chunks.map((chunk) => chunk.id)}::bigint[], ${vectors.map(vectorText)}::text[]) as n (id, embedding)
      join archon_crawled_pages c on c.id = n.id
      on conflict do nothing`;
  });
  return chunks.length;
}

/**
 * Swaps hold the same advisory lock, shared, until they commit: none can add chunks without a vector of the new model between
 * this check and its effect; those that come later find the new model and embed again.
 */
async function switchModel(sql: postgres.Sql, sourceId: string, model: string, now: Date): Promise<boolean> {
  return transaction(sql, async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended(${`embedding-model:${sourceId}`}, 0))`;
    const { count } = await tx`
      update archon_sources set embedding_model = ${model}, updated_at = ${now}
      where source_id = ${sourceId} and not exists (
        select from archon_crawled_pages c where c.source_id = ${sourceId}
          and not exists (select from archon_chunk_embeddings e where e.chunk_id = c.id and e.model = ${model}))`;
    return count > 0;
  });
}

async function deleteOtherVectors(sql: Sql, sourceId: string, model: string, rows: number): Promise<number> {
  const { count } = await sql`
    delete from archon_chunk_embeddings where ctid = any(array(
      select e.ctid from archon_chunk_embeddings e join archon_sources s on s.source_id = e.source_id
      where e.source_id = ${sourceId} and e.model <> ${model} and s.embedding_model = ${model} limit ${rows}))`;
  return count;
}
