import type { Sql } from "#shared/db/connect.ts";
import type { Source } from "#shared/sources/sources.ts";

/** Whether the source carries rights over. */
export function hasRights(source: Pick<Source, "access">): boolean {
  return source.access !== "everything";
}

/** Whether a sweep of the source has read rights, or is reading them for the first time: what it read counts from its end on. */
export async function hasReadRights(
  sql: Sql,
  source: Pick<Source, "sourceId" | "access" | "accessVerifiedAt">,
): Promise<boolean> {
  if (!hasRights(source)) return false;
  if (source.accessVerifiedAt !== null) return true;
  const rows =
    await sql`select from access_nodes where source_id = ${source.sourceId} and content_id is null`;
  return rows.length > 0;
}
