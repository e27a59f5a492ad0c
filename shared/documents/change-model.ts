import type postgres from "postgres";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { retriedTransaction } from "#shared/db/retried-transaction.ts";
import { embedChecked } from "#shared/embeddings/embed-checked.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { errorCode, PermanentError, TransientError } from "#shared/errors.ts";
import { hashInput } from "./embed-pages.ts";
import { vectorText } from "./write-chunks.ts";

export type ModelChangeOptions = {
  sourceId: string;
  /** Returns the embedding input of a chunk: the same function that the sync uses. */
  input: (title: string, chunk: { content: string; headingPath: string[] }) => string;
  /** Called before each batch; the next call does the rest. */
  inTime: () => boolean;
  now: Date;
  /** Chunks embedded, and old vectors deleted, at a time. */
  chunks?: number;
  rows?: number;
};

export type ModelChange = {
  /** The source has and uses only vectors of the embedder's model. */
  done: boolean;
  embedded: number;
  switched: boolean;
  deleted: number;
  /** Pages that could not be embedded: the source keeps its old model until they are. */
  refused: { pageId: string; code: string }[];
};

/** Few, so that a killed call loses little and a query to the same embedder does not wait long. */
const CHUNKS_AT_A_TIME = 64;
const ROWS_AT_A_TIME = 5000;
/** If this many pages are refused and none was ever embedded, the fault is the model or its configuration, not the pages. */
const REFUSALS = 20;

/** Sources that use another model than this one, or still have vectors of another. */
export async function sourcesToChange(sql: Sql, model: string): Promise<string[]> {
  const rows = await sql<{ source_id: string }[]>`
    select source_id from archon_sources s
    where status <> 'deleting' and (embedding_model <> ${model} or exists (
      select from embedding_models m where m.model <> ${model} and exists (
        select from archon_chunk_embeddings e where e.source_id = s.source_id and e.model = m.model)))
    order by source_id`;
  return rows.map((row) => row.source_id);
}

/** Claims the change of this source's model until `until`; false when another process holds the claim. */
export async function claimModelChange(
  sql: Sql,
  sourceId: string,
  claim: { until: Date; now: Date },
): Promise<boolean> {
  const { count } = await sql`
    update archon_sources set model_change_claimed_until = ${claim.until}
    where source_id = ${sourceId} and (model_change_claimed_until is null or model_change_claimed_until <= ${claim.now})`;
  return count > 0;
}

export async function releaseModelChange(sql: Sql, sourceId: string): Promise<void> {
  await sql`update archon_sources set model_change_claimed_until = null where source_id = ${sourceId}`;
}

/**
 * Moves a source to the model of `embedder`, as far as time allows. Page by page its chunks get a second vector while searches
 * use the first; when every chunk has one, the source switches in one update; then the old vectors are deleted. May be killed at
 * any point, and run concurrently with swaps; the caller holds the claim, so that nothing is embedded twice. Throws what the
 * embedder throws, but skips single pages that cannot be embedded.
 */
export async function changeModel(
  sql: postgres.Sql,
  embedder: Embedder,
  options: ModelChangeOptions,
): Promise<ModelChange> {
  const { sourceId } = options;
  const change: ModelChange = { done: false, embedded: 0, switched: false, deleted: 0, refused: [] };
  const run: Run = { sql, embedder, options, change };
  let after = FROM_THE_START;
  await registerModel(sql, { model: embedder.model, dimensions: embedder.dimensions, now: options.now });
  while (options.inTime()) {
    const model = await comparedModel(sql, sourceId);
    if (model === null) return { ...change, done: true };
    // Also for a source that uses the model already: a deployment in between may have stored chunks with another model alone.
    const chunks = await chunksWithout(run, after);
    const last = chunks.at(-1);
    if (last) {
      after = { pageId: last.page_id, chunkNumber: last.chunk_number };
      await embedChunks(run, chunks);
      if (change.refused.length >= REFUSALS && !(await hasEmbedded(run))) return change;
    } else if (after !== FROM_THE_START) {
      if (change.refused.length > 0) return change;
      // Earlier pages may have been swapped meanwhile.
      after = FROM_THE_START;
    } else if (model !== embedder.model) {
      change.switched = await switchModel(sql, sourceId, embedder.model, options.now);
    } else {
      const deleted = await leaveOtherModels(run, model);
      change.deleted += deleted;
      if (deleted === 0) return { ...change, done: true };
    }
  }
  return change;
}

/** The state of one call of `changeModel`; `change` is its result. */
type Run = { sql: postgres.Sql; embedder: Embedder; options: ModelChangeOptions; change: ModelChange };

async function comparedModel(sql: Sql, sourceId: string): Promise<string | null> {
  const [source] = await sql<{ embedding_model: string }[]>`
    select embedding_model from archon_sources where source_id = ${sourceId} and status <> 'deleting'`;
  return source?.embedding_model ?? null;
}

type Place = { pageId: string; chunkNumber: number };
const FROM_THE_START: Place = { pageId: "", chunkNumber: -1 };

type Chunk = {
  id: string;
  page_id: string;
  title: string;
  chunk_number: number;
  content: string;
  heading_path: string[];
};

/** The next chunks without a vector of the new model. */
async function chunksWithout({ sql, embedder, options }: Run, after: Place): Promise<Chunk[]> {
  const { sourceId, chunks: limit = CHUNKS_AT_A_TIME } = options;
  return sql<Chunk[]>`
    select c.id::text, c.page_id, p.title, c.chunk_number, c.content, c.heading_path
    from archon_crawled_pages c join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id
    where c.source_id = ${sourceId} and (c.page_id, c.chunk_number) > (${after.pageId}, ${after.chunkNumber}::int)
      and not exists (select from archon_chunk_embeddings e where e.chunk_id = c.id and e.model = ${embedder.model})
    order by c.page_id, c.chunk_number limit ${limit}`;
}

/** Embeds all in one call; page by page if that fails, so that only the page that cannot be embedded is left. */
async function embedChunks(run: Run, chunks: readonly Chunk[]): Promise<void> {
  const pages = Map.groupBy(chunks, (chunk) => chunk.page_id);
  try {
    await embedTogether(run, chunks);
    return;
  } catch (error) {
    if (!(error instanceof PermanentError || (error instanceof TransientError && pages.size > 1)))
      throw error;
  }
  const troubles: unknown[] = [];
  for (const [pageId, page] of pages) {
    try {
      await embedTogether(run, page);
    } catch (error) {
      if (!(error instanceof PermanentError || error instanceof TransientError)) throw error;
      troubles.push(error);
      run.change.refused.push({ pageId, code: errorCode(error) });
    }
  }
  // No page could be embedded: the model is at fault, and that may be temporary.
  if (troubles.length === pages.size && troubles[0] instanceof TransientError) throw troubles[0];
}

async function embedTogether(run: Run, chunks: readonly Chunk[]): Promise<void> {
  const { embedder, options, change } = run;
  const inputs = chunks.map((chunk) =>
    options.input(chunk.title, { content: chunk.content, headingPath: chunk.heading_path }),
  );
  const vectors = await embedChecked(embedder, inputs);
  change.embedded += vectors.length;
  await storeVectors(run, chunks, vectors);
}

async function storeVectors(
  { sql, embedder, options }: Run,
  chunks: readonly Chunk[],
  vectors: readonly number[][],
): Promise<void> {
  const { sourceId } = options;
  const pageIds = [...new Set(chunks.map((chunk) => chunk.page_id))];
  await retriedTransaction(sql, async (tx) => {
    // The pages' locks, taken in one order, keep swaps from deleting these chunks now; deleted chunks are not found.
    await tx`
      select from confluence_pages where source_id = ${sourceId} and page_id = any(${pageIds}::text[])
      order by page_id for no key update`;
    // Deleting a source removes chunks without locking pages: hence the lock on the chunks.
    await tx`
      insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
      select c.id, ${embedder.model}, ${sourceId}, n.embedding::vector
      from unnest(${chunks.map((chunk) => chunk.id)}::bigint[], ${vectors.map(vectorText)}::text[]) as n (id, embedding)
      join archon_crawled_pages c on c.id = n.id for key share of c
      on conflict do nothing`;
  });
}

/**
 * Swaps hold the same advisory lock, shared, until they commit: none can add chunks without a vector of the new model between
 * this check and its effect; later swaps find the new model and embed again.
 */
async function switchModel(sql: postgres.Sql, sourceId: string, model: string, now: Date): Promise<boolean> {
  return transaction(sql, async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended(${`embedding-model:${sourceId}`}, 0))`;
    const { count } = await tx`
      update archon_sources set embedding_model = ${model}, updated_at = ${now}
      where source_id = ${sourceId} and status <> 'deleting' and not exists (
        select from archon_crawled_pages c where c.source_id = ${sourceId}
          and not exists (select from archon_chunk_embeddings e where e.chunk_id = c.id and e.model = ${model}))`;
    return count > 0;
  });
}

/** Whether any vector of the source is of the new model, embedded now or in an earlier call. */
async function hasEmbedded({ sql, embedder, options, change }: Run): Promise<boolean> {
  if (change.embedded > 0) return true;
  const [found] = await sql<{ any: boolean }[]>`
    select exists (
      select from archon_chunk_embeddings where source_id = ${options.sourceId} and model = ${embedder.model}) as any`;
  return found?.any === true;
}

/**
 * Deletes vectors of other models, some at a time, and writes the hashes of their chunks: models differ in what of a chunk is embedded,
 * and a sync compares hashes of what the source's model embeds. Returns the number of vectors.
 */
async function leaveOtherModels({ sql, options }: Run, model: string): Promise<number> {
  const { sourceId, rows = ROWS_AT_A_TIME } = options;
  return retriedTransaction(sql, async (tx) => {
    // The source switches under the same lock, exclusive: it uses no other model again until the vectors are gone.
    await tx`select pg_advisory_xact_lock_shared(hashtextextended(${`embedding-model:${sourceId}`}, 0))`;
    const leaving = await tx<{ id: string; model: string }[]>`
      select e.chunk_id::text as id, e.model from archon_chunk_embeddings e join archon_sources s on s.source_id = e.source_id
      where e.source_id = ${sourceId} and e.model <> ${model} and s.embedding_model = ${model} limit ${rows}`;
    const ids = leaving.map(({ id }) => id);
    // Their headings stay as they are read until the hashes are written.
    const chunks = await tx<Chunk[]>`
      select c.id::text, c.page_id, p.title, c.chunk_number, c.content, c.heading_path
      from archon_crawled_pages c join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id
      where c.id = any(${ids}::bigint[]) for no key update of c`;
    const hashes = chunks.map((chunk) =>
      hashInput(options.input(chunk.title, { content: chunk.content, headingPath: chunk.heading_path })),
    );
    await tx`
      update archon_crawled_pages c set input_hash = n.hash
      from unnest(${chunks.map(({ id }) => id)}::bigint[], ${hashes}::text[]) as n (id, hash)
      where c.id = n.id and c.input_hash <> n.hash`;
    const { count } = await tx`
      delete from archon_chunk_embeddings e using unnest(${ids}::bigint[], ${leaving.map((one) => one.model)}::text[]) as n (id, model)
      where e.chunk_id = n.id and e.model = n.model`;
    return count;
  });
}
