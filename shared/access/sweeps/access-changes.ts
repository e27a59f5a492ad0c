import type { Sql } from "#shared/db/connect.ts";
import type { SourceChanges } from "#shared/sources/source.ts";
import { requireSource } from "#shared/sources/sources.ts";
import { lockRights } from "./access-tree.ts";

/**
 * First in the transaction that changes who finds what: a sweep begins now, from its start; where everything is shown, the count of
 * what is restricted. Folders that are not trusted any more hide what is below them at once, until they are proven open.
 */
export async function followAccess(
  tx: Sql,
  sourceId: string,
  changes: Pick<SourceChanges, "access" | "unreadableContainers">,
  now: Date,
): Promise<void> {
  if (changes.access === undefined && changes.unreadableContainers === undefined) return;
  // A sweep that is ending, and another change, come before or after this one as a whole.
  await lockRights(tx, sourceId);
  const { access, unreadableContainers } = await requireSource(tx, sourceId);
  const mode = changes.access ?? access;
  const containers = changes.unreadableContainers ?? unreadableContainers;
  if (mode === access && (mode === "everything" || containers === unreadableContainers)) return;
  const beginsOrEnds = (mode === "everything") !== (access === "everything");
  await tx`
    insert into access_sweeps (source_id, due_at) values (${sourceId}, ${now})
    on conflict (source_id) do update set due_at = excluded.due_at, started_at = null, claimed_until = null, error = null`;
  // What a count took is not what a sweep of rights takes.
  if (beginsOrEnds)
    await tx`
      update access_sweeps set completed_at = null, counters = counters - '{calls,duration_ms}'::text[]
      where source_id = ${sourceId}`;
  if (mode === "everything" || containers === "trust" || containers === unreadableContainers) return;
  await tx`
    update access_nodes n set state = 'unknown', users = '{}', groups = '{}', classes = '{}', pending = null, read_at = ${now}
    from content_access c
    where n.source_id = ${sourceId} and n.state = 'open' and c.source_id = n.source_id and c.content_id = n.content_id`;
}
