import { SOURCE_ID, Violation } from "./violation.ts";
import type { World } from "./world.ts";

/** Subscribers get every event: nothing is marked as sent that was not received, and no deletion lacks its event. */
export async function checkEvents({ sql, bus }: World): Promise<void> {
  const events = await sql<{ id: string; page_id: string | null; sent: boolean }[]>`
    select id, detail ->> 'page_id' as page_id, sent_at is not null as sent from event_outbox order by id`;
  const lost = events.find((event) => event.sent && !bus.received.has(Number(event.id)));
  if (lost) throw new Violation(`Event ${lost.id} is marked as sent, and nobody received it`);
  const waiting = new Set(events.filter((event) => !event.sent).map((event) => event.page_id));
  const received = new Set([...bus.received.values()].map(nameOf));
  for (const deletion of await readDeletions(sql)) {
    if (!received.has(nameOf(deletion)) && !waiting.has(deletion.detail.page_id))
      throw new Violation(`Page ${deletion.detail.page_id} was deleted and no event says so`);
  }
}

/** When nothing is left to send: each deletion and each end of an operation was received, once. */
export async function checkEventsReceived({ sql, bus }: World): Promise<void> {
  const names = [...bus.received.values()].map(nameOf);
  const received = new Set(names);
  // A site's credentials expire again when somebody has tried them again.
  const once = names.filter((name) => !name.startsWith("site."));
  const twice = once.find((name, index) => once.indexOf(name) !== index);
  if (twice) throw new Violation(`Two events say the same: ${twice}`);
  for (const deletion of await readDeletions(sql)) {
    if (!received.has(nameOf(deletion))) throw new Violation(`No event was received: ${nameOf(deletion)}`);
  }
  const operations = await sql<{ operation_id: string; status: string; dry_run: boolean }[]>`
    select operation_id, status, dry_run from archon_progress where status <> 'cancelled' order by created_at`;
  for (const { operation_id, status, dry_run } of operations) {
    const expected = [status === "failed" ? "sync.failed" : "sync.completed"];
    if (status === "held" && !dry_run) expected.push("deletions.held");
    for (const type of expected) {
      if (!received.has(`${type} ${operation_id}`))
        throw new Violation(`No event says that operation ${operation_id} ended as ${status} (${type})`);
    }
  }
}

type Deletion = { type: "page.deleted"; detail: { page_id: string; deletion_timestamp: string } };

async function readDeletions(sql: World["sql"]): Promise<Deletion[]> {
  const rows = await sql<{ page_id: string; deleted_at: Date }[]>`
    select page_id, deleted_at from confluence_pages where source_id = ${SOURCE_ID} and is_deleted and kind <> 'comments'
      -- What goes with a kind that is not synced any more is no event, nor is what was on it.
      and deleted_reason is distinct from 'container_unsynced' order by page_id`;
  return rows.map(({ page_id, deleted_at }) => ({
    type: "page.deleted",
    detail: { page_id, deletion_timestamp: deleted_at.toISOString() },
  }));
}

/** What an event says, apart from its number: the page and the moment, or the operation. */
function nameOf(event: { type: string; detail: object }): string {
  const { type, detail } = event;
  if ("page_id" in detail && "deletion_timestamp" in detail)
    return `${type} ${String(detail.page_id)} ${String(detail.deletion_timestamp)}`;
  return `${type} ${"operation_id" in detail ? String(detail.operation_id) : ""}`;
}
