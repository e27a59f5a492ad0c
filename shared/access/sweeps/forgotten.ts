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

/** Those of this content that were forgotten by a later reading than one of this time. */
export async function forgottenSince(
  tx: Sql,
  sourceId: string,
  { contentIds, readAt }: { contentIds: readonly string[]; readAt: Date },
): Promise<Set<string>> {
  const rows = await tx<{ id: string }[]>`
    select content_id as id from forgotten_content
    where source_id = ${sourceId} and content_id = any(${[...contentIds]}::text[]) and read_at > ${readAt}`;
  return new Set(rows.map(({ id }) => id));
}

/** At the end of a sweep that began at this time. */
export async function dropForgotten(tx: Sql, sourceId: string, startedAt: Date): Promise<void> {
  await tx`
    delete from forgotten_content
    where source_id = ${sourceId} and read_at < ${startedAt}::timestamptz - make_interval(mins => ${KEPT_MINUTES}::int)`;
}
