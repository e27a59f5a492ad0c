import type { Sql } from "#shared/db/connect.ts";
import { RUNNING_STATUSES } from "#shared/operation-statuses.ts";

/** What no work counts, because what it was for has not ended: calls that Confluence answered with 429, and embeddings of a call that failed. */
export type CountedAside = { rate_limited_calls: number; embedding_tokens: number };

const NAMES = ["rate_limited_calls", "embedding_tokens"] as const satisfies readonly (keyof CountedAside)[];

/** Adds to an operation's counters, at the end of an invocation. Nothing of an operation that has ended: its metrics are final. */
export async function countAside(sql: Sql, operationId: string, counted: CountedAside): Promise<void> {
  if (NAMES.every((name) => counted[name] === 0)) return;
  await sql`
    update archon_progress p set counters = p.counters || (
      select jsonb_object_agg(key, value::bigint + coalesce((p.counters ->> key)::bigint, 0))
      from jsonb_each_text(${sql.json(counted)}))
    where operation_id = ${operationId} and status = any(${RUNNING_STATUSES})`;
}

/** What page workers counted while a listing, which writes all other counters, was at work: for its update of archon_progress. */
export function countedMeanwhile(sql: Sql) {
  const kept = NAMES.map((name) => sql`|| jsonb_build_object(${name}::text, counters -> ${name}::text)`);
  return sql`jsonb_strip_nulls('{}'::jsonb ${kept})`;
}
