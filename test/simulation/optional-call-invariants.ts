import type { Site } from "#infra/local/confluence-site/site.ts";
import type postgres from "postgres";
import type { FolderNames } from "./folder-names.ts";
import { Violation } from "./violation.ts";

/** Words of the story after which a source may rightly be without credentials, or without its space. */
const ACCOUNT_LOST = /not recognised/;
const SPACE_LOST = /out of sight|not recognised/;

/** An optional call ends no operation, and does not change the status of the credentials or the space. */
export async function checkOptionalCalls(sql: postgres.Sql, story: readonly string[]): Promise<void> {
  const may = (lost: RegExp) => story.some((line) => lost.test(line));
  const wrong = [
    "scope_missing",
    ...(may(ACCOUNT_LOST) ? [] : ["credentials_rejected"]),
    ...(may(SPACE_LOST) ? [] : ["space_unavailable"]),
  ];
  const [failed] = await sql<{ operation_id: string; code: string }[]>`
    select operation_id, error ->> 'code' as code from archon_progress
    where status = 'failed' and error ->> 'code' = any(${wrong}) order by created_at limit 1`;
  if (failed)
    throw new Violation(
      `Operation ${failed.operation_id} failed with ${failed.code}, which no call for content said`,
    );
}

/**
 * After a complete listing with nothing going on: each folder above a page is known by its title. `found`: after an incremental sync,
 * those whose title is known, and that it must have found, have the present one; others follow with the next complete listing.
 */
export async function checkFolders(
  sql: postgres.Sql,
  site: Site,
  { found }: { found?: FolderNames } = {},
): Promise<void> {
  const rows = await sql<{ folder_id: string; title: string | null }[]>`
    select distinct p.parent_id as folder_id, f.title
    from confluence_pages p left join confluence_folders f on f.source_id = p.source_id and f.folder_id = p.parent_id
    where not p.is_deleted and p.parent_type = 'folder' order by 1`;
  for (const { folder_id, title } of rows) {
    const expected = site.folders.get(folder_id)?.title;
    if (found && (title === null || !found.isFindable(folder_id))) continue;
    if (title !== expected)
      throw new Violation(`Folder ${folder_id} is titled ${expected}, the index has ${title ?? "nothing"}`);
  }
}
