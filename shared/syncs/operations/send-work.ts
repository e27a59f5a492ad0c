import type { SyncServices } from "#shared/syncs/sync-services.ts";
import { queueOf, type WorkKind } from "./work.ts";

type SendServices = Pick<SyncServices, "sql" | "queue">;

/** Rows that one round sends. */
const SEND_BATCH = 500;

/**
 * Sends a message for each row that was never sent (or was requeued), then records that. A crash in between sends some twice,
 * which is harmless; a crash before leaves them to the sweeper.
 */
export async function sendWork(
  services: SendServices,
  operation: { operationId: string; sourceId: string },
  now: Date,
): Promise<number> {
  let sent = 0;
  for (;;) {
    const rows = await services.sql<Sent[]>`
      select page_id, kind from sync_work
      where operation_id = ${operation.operationId} and state = 'pending' and enqueued_at is null and claimed_until is null
        and (not_before is null or not_before <= ${now})
      order by page_id limit ${SEND_BATCH}`;
    await send(services, operation, rows, { now, delaySeconds: 0 });
    sent += rows.length;
    if (rows.length < SEND_BATCH) return sent;
  }
}

/** Sends these pages' messages, visible after `delaySeconds`, and records that they were sent. */
export async function sendPages(
  services: SendServices,
  operation: { operationId: string; sourceId: string },
  pageIds: readonly string[],
  options: { now: Date; delaySeconds: number },
): Promise<void> {
  if (pageIds.length === 0) return;
  const rows = await services.sql<Sent[]>`
    select page_id, kind from sync_work
    where operation_id = ${operation.operationId} and page_id = any(${pageIds as string[]}) and state = 'pending'`;
  await send(services, operation, rows, options);
}

type Sent = { page_id: string; kind: WorkKind };

async function send(
  services: SendServices,
  operation: { operationId: string; sourceId: string },
  rows: readonly Sent[],
  { now, delaySeconds }: { now: Date; delaySeconds: number },
): Promise<void> {
  if (rows.length === 0) return;
  const of = { operation_id: operation.operationId, source_id: operation.sourceId };
  for (const [queue, own] of Map.groupBy(rows, ({ kind }) => queueOf(kind))) {
    const tasks = own.map(({ page_id }) => ({ ...of, page_id }));
    await services.queue.send(queue, tasks, { delaySeconds });
  }
  await services.sql`
    update sync_work set enqueued_at = ${now}
    where operation_id = ${operation.operationId} and page_id = any(${rows.map((row) => row.page_id)}) and state = 'pending'`;
}
