import type { Sql } from "#shared/db/connect.ts";

/** When the restricted content of a source that shows everything was last counted; null: it never was. */
export async function restrictedCountedAt(sql: Sql, sourceId: string): Promise<Date | null> {
  const [row] = await sql<{ at: Date | null }[]>`
    select to_timestamp((counters ->> 'counted_at')::float8) as at from access_sweeps where source_id = ${sourceId}`;
  return row?.at ?? null;
}

/** Records how much content of a source that shows everything is restricted. It has no sweep: one that begins later is due at once. */
export async function recordRestricted(
  tx: Sql,
  sourceId: string,
  { restricted, at }: { restricted: number; at: Date },
): Promise<void> {
  const counters = { restricted, counted_at: at.getTime() / 1000 };
  await tx`
    insert into access_sweeps (source_id, due_at, counters) values (${sourceId}, ${at}, ${tx.json(counters)})
    on conflict (source_id) do update set counters = excluded.counters`;
}
