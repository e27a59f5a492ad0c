import { readableArguments, type Readable } from "#shared/access/readers/readable.ts";
import type { Sql } from "#shared/db/connect.ts";

/**
 * Ids of the sources whose space has this key, or else this name (or title), in any case, among those that the reader may know: those
 * that they may read of, and those that are withheld.
 */
export async function findSpaces(
  sql: Sql,
  request: { name: string; readable: Readable | null; withheldSources: readonly string[] },
): Promise<string[]> {
  const rows = await sql<{ sourceId: string; isKey: boolean }[]>`
    select s.source_id as "sourceId", lower(s.space_key) = lower(${request.name}) as "isKey" from archon_sources s
    where s.status <> 'deleting' and lower(${request.name}) in (lower(s.space_key), lower(s.space_name), lower(s.title))
      and (is_readable_source(s.source_id, ${readableArguments(sql, request.readable)})
        or s.source_id = any(${[...request.withheldSources]}))
    order by s.created_at, s.source_id`;
  const byKey = rows.filter(({ isKey }) => isKey);
  return (byKey.length > 0 ? byKey : rows).map(({ sourceId }) => sourceId);
}
