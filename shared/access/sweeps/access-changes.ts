import type postgres from "postgres";
import { transaction } from "#shared/db/connect.ts";
import type { Source, SourceChanges } from "#shared/sources/source.ts";
import { lockRights } from "./access-tree.ts";

/**
 * After a change of who finds what: a sweep begins now, from its start; where everything is shown, the count of what is restricted. Folders that are not trusted any more hide what is below them at
 * once, until they are proven open.
 */
export async function followAccess(
  sql: postgres.Sql,
  { sourceId, access, unreadableContainers }: Pick<Source, "sourceId" | "access" | "unreadableContainers">,
  changes: Pick<SourceChanges, "access" | "unreadableContainers">,
  now: Date,
): Promise<void> {
  const mode = changes.access ?? access;
  const containers = changes.unreadableContainers ?? unreadableContainers;
  if (mode === access && (mode === "everything" || containers === unreadableContainers)) return;
  await transaction(sql, async (tx) => {
    await tx`
      insert into access_sweeps (source_id, due_at) values (${sourceId}, ${now})
      on conflict (source_id) do update set due_at = excluded.due_at, started_at = null, claimed_until = null, error = null`;
    if (mode === "everything") return;
    await lockRights(tx, sourceId);
    if (containers === "trust" || containers === unreadableContainers) return;
    await tx`
      update access_nodes n set state = 'unknown', users = '{}', groups = '{}', classes = '{}', pending = null, read_at = ${now}
      from content_access c
      where n.source_id = ${sourceId} and n.state = 'open' and c.source_id = n.source_id and c.content_id = n.content_id`;
  });
}
