import type postgres from "postgres";
import { queryArguments, scoredChunks } from "#shared/documents/scored-chunks.ts";
import { ask, type Filter, type Question } from "./ask.ts";

/** More chunks than ten distinct contents have copies. */
const EXACT_CHUNKS = 1000;

/**
 * Of the ten chunks that the vector retriever ranks first, the share that is as near as the tenth nearest by exact comparison: by
 * distance, not by id, because copies of a chunk are equally near, and real spaces are full of them. `ofContents`: the same of the ten
 * hits of a search, which are of distinct content, beside the ten nearest of distinct content, so that copies make nothing easier.
 * `filter` is one that no chunk is left out by.
 */
export async function measureRecall(
  sql: postgres.Sql,
  questions: readonly Question[],
  filter: Filter,
): Promise<{ ofChunks: number; ofContents: number }> {
  let chunks = 0;
  let contents = 0;
  for (const question of questions) {
    const { model, vector } = question.embedding;
    const nearest = await sql<{ distance: number; isCopy: boolean }[]>`
      select n.distance, row_number() over (partition by c.input_hash order by n.distance) > 1 as "isCopy"
      from (
        select e.chunk_id, (e.embedding::vector <=> ${`[${vector.join(",")}]`}::vector) + 0 as distance
        from archon_chunk_embeddings e where e.model = ${model} order by 2 limit ${EXACT_CHUNKS}) n
      join archon_crawled_pages c on c.id = n.chunk_id
      order by n.distance`;
    const ranked = await sql<{ similarity: number }[]>`
      select similarity from ${scoredChunks(sql, queryArguments({ ...question, retrievers: "vector" }), filter, 60)}
      where vector_rank <= 10`;
    chunks += countAsNear(ranked, nearest.slice(0, 10));
    const { hits } = await ask(sql, question, filter, "vector");
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
