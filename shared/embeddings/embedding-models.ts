import type postgres from "postgres";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { UserError } from "#shared/errors.ts";

/** An HNSW index holds `vector` up to 2,000 dimensions and `halfvec` up to 4,000 (pgvector documentation, "HNSW"). */
const MAX_VECTOR_DIMENSIONS = 2000;
const MAX_HALFVEC_DIMENSIONS = 4000;

/**
 * Makes a model known and its HNSW index; at once when both are there. Several may call it at the same time. Throws
 * `UserError` 409 `model_dimensions_differ` when the model is registered with other dimensions.
 */
export async function registerModel(
  sql: postgres.Sql,
  options: { model: string; dimensions: number; now: Date },
): Promise<void> {
  const { model, dimensions, now } = options;
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > MAX_HALFVEC_DIMENSIONS) {
    throw new UserError(
      422,
      "model_dimensions_unsupported",
      `${model}: 1 to ${MAX_HALFVEC_DIMENSIONS} dimensions`,
    );
  }
  const known = await readModel(sql, model);
  if (known) return requireDimensions(known, model, dimensions);
  await transaction(sql, async (tx) => {
    // `create index if not exists` races with itself: callers take turns.
    await tx`select pg_advisory_xact_lock(hashtextextended('register-embedding-model', 0))`;
    const registered = await readModel(tx, model);
    if (registered) return requireDimensions(registered, model, dimensions);
    const [row] = await tx<{ index_name: string }[]>`
      insert into embedding_models (model, dimensions, index_name, registered_at)
      values (${model}, ${dimensions}, 'embeddings_hnsw_' || substr(md5(${model}), 1, 12), ${now})
      returning index_name`;
    const type = dimensions > MAX_VECTOR_DIMENSIONS ? "halfvec" : "vector";
    // A statement without parameters: an index's expression and predicate are literals. Both are escaped by the server.
    const [statement] = await tx<{ text: string }[]>`
      select format('create index %I on archon_chunk_embeddings using hnsw ((embedding::%s(%s)) %s_cosine_ops) where model = %L',
        ${row?.index_name ?? ""}::text, ${type}::text, ${dimensions}::int, ${type}::text, ${model}::text) as text`;
    await tx.unsafe(statement?.text ?? "").simple();
  });
}

/**
 * Makes the model of a deployment the one that sources change to, and returns the one before it (null: none was chosen, or the
 * same). Called once when a deployment starts, never by its functions: those of the deployment before may outlive it.
 */
export async function chooseModel(
  sql: postgres.Sql,
  options: { model: string; dimensions: number; now: Date },
): Promise<{ replaced: string | null }> {
  await registerModel(sql, options);
  return transaction(sql, async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('register-embedding-model', 0))`;
    const before = await chosenModel(tx);
    if (before === options.model) return { replaced: null };
    await tx`update embedding_models set chosen_at = null where chosen_at is not null`;
    await tx`update embedding_models set chosen_at = ${options.now} where model = ${options.model}`;
    return { replaced: before };
  });
}

/** The model of the last deployment; null before any has chosen one. */
export async function chosenModel(sql: Sql): Promise<string | null> {
  const [row] = await sql<
    { model: string }[]
  >`select model from embedding_models where chosen_at is not null`;
  return row?.model ?? null;
}

type Model = { dimensions: number };

async function readModel(sql: Sql, model: string): Promise<Model | undefined> {
  const [row] = await sql<Model[]>`select dimensions from embedding_models where model = ${model}`;
  return row;
}

function requireDimensions(known: Model, model: string, dimensions: number): void {
  if (known.dimensions === dimensions) return;
  throw new UserError(
    409,
    "model_dimensions_differ",
    `Model ${model} is registered with ${known.dimensions} dimensions, not ${dimensions}: give the new one another name`,
  );
}
