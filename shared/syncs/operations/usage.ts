import type { Sql } from "#shared/db/connect.ts";

/** What operations have used. */
export type Usage = {
  operations: number;
  embeddingsCreated: number;
  embeddingsReused: number;
  embeddingTokens: number;
  apiCallsMade: number;
  rateLimitedCalls: number;
};

/** `day`: YYYY-MM-DD, in UTC; `model`: that the operations' sources use now. */
export type UsageOfDay = Usage & { day: string; model: string };

/** What the operations that ended since then have used, by day and model; days without one are absent. */
export async function readUsage(
  sql: Sql,
  { since, sourceId }: { since: Date; sourceId: string | null },
): Promise<UsageOfDay[]> {
  const total = (name: string) => sql`coalesce(sum((p.counters ->> ${name}::text)::float8), 0)`;
  return sql<UsageOfDay[]>`
    select to_char(p.finished_at at time zone 'UTC', 'YYYY-MM-DD') as day, s.embedding_model as model, count(*)::int as operations,
      ${total("embeddings_created")} as "embeddingsCreated", ${total("embeddings_reused")} as "embeddingsReused",
      ${total("embedding_tokens")} as "embeddingTokens", ${total("api_calls_made")} as "apiCallsMade",
      ${total("rate_limited_calls")} as "rateLimitedCalls"
    from archon_progress p join archon_sources s using (source_id)
    where p.finished_at >= ${since} and (${sourceId}::text is null or p.source_id = ${sourceId})
    group by 1, 2 order by 1, 2`;
}

/** The models that sources use, or that this one uses. */
export async function modelsInUse(sql: Sql, sourceId: string | null): Promise<string[]> {
  const rows = await sql<{ model: string }[]>`
    select distinct embedding_model as model from archon_sources
    where status <> 'deleting' and (${sourceId}::text is null or source_id = ${sourceId}) order by 1`;
  return rows.map((row) => row.model);
}
