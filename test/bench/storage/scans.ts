import type postgres from "postgres";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { ask, type Filter, type Question } from "./ask.ts";

/** What a search starts on average: scans of each index, and rows of chunks and vectors that are read outside any index. */
export async function countScans(sql: postgres.Sql, questions: readonly Question[], filter: Filter) {
  return transaction(sql, async (tx) => {
    const model = questions[0]?.embedding.model ?? "";
    const before = await countedScans(tx, model);
    for (const question of questions) await ask(tx, question, filter);
    const after = await countedScans(tx, model);
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
async function countedScans(tx: Sql, model: string) {
  const [total] = await tx<{ vector_index: number; full_text_index: number; rows_outside_indexes: number }[]>`
    select
      (select pg_stat_get_xact_numscans(to_regclass(index_name)) from embedding_models where model = ${model})::int
        as vector_index,
      pg_stat_get_xact_numscans('archon_crawled_pages_search'::regclass)::int as full_text_index,
      (pg_stat_get_xact_tuples_returned('archon_crawled_pages'::regclass)
        + pg_stat_get_xact_tuples_returned('archon_chunk_embeddings'::regclass))::int as rows_outside_indexes`;
  return total ?? { vector_index: 0, full_text_index: 0, rows_outside_indexes: 0 };
}
