import type { Sql } from "#shared/db/connect.ts";
import { UserError } from "#shared/errors.ts";
import { getSourceOverview, type SourceOverview } from "#shared/sources/source-overviews.ts";

/** The source with its counts; throws `UserError` 404 `source_not_found`. */
export async function requireOverview(sql: Sql, sourceId: string): Promise<SourceOverview> {
  const source = await getSourceOverview(sql, sourceId);
  if (!source) throw new UserError(404, "source_not_found", `Source ${sourceId} not found`);
  return source;
}
