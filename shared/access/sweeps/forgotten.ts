import type { Sql } from "#shared/db/connect.ts";

/** Longer than anything takes from a request to the transaction that stores the response. */
const KEPT_MINUTES = 5;

/** Remembers until when nothing is known of the place of this content. */
export async function noteForgotten(
  tx: Sql,
  sourceId: string,
  { contentId, readAt }: { contentId: string; readAt: Date },
): Promise<void> {
  await tx`
    insert into forgotten_content as f (source_id, content_id, read_at) values (${sourceId}, ${contentId}, ${readAt})
    on conflict (source_id, content_id) do update set read_at = greatest(f.read_at, excluded.read_at)`;
}

/** Those of this content that were forgotten by a later reading; what is stored already (`isStored`), also by one of the same time. */
export async function forgottenSince(
  tx: Sql,
  sourceId: string,
  contents: readonly { id: string; readAt: Date; isStored: boolean }[],
): Promise<Set<string>> {
  const known = contents.map(({ id, readAt, isStored }) => ({
    content_id: id,
    known_at: readAt.toISOString(),
    is_stored: isStored,
  }));
  const rows = await tx<{ id: string }[]>`
    select f.content_id as id from forgotten_content f
    join jsonb_to_recordset(${tx.json(known)}) as known (content_id text, known_at timestamptz, is_stored boolean) using (content_id)
    where f.source_id = ${sourceId} and (f.read_at > known_at or (is_stored and f.read_at = known_at))`;
  return new Set(rows.map(({ id }) => id));
}

/** At the end of a sweep that began at this time. */
export async function dropForgotten(tx: Sql, sourceId: string, startedAt: Date): Promise<void> {
  await tx`
    delete from forgotten_content
    where source_id = ${sourceId} and read_at < ${startedAt}::timestamptz - make_interval(mins => ${KEPT_MINUTES}::int)`;
}
