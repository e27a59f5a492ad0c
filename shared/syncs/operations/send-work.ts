import type { SyncServices } from "#shared/syncs/sync-services.ts";

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
    const rows = await services.sql<{ page_id: string }[]>`
      select page_id from sync_work
      where operation_id = ${operation.operationId} and state = 'pending' and enqueued_at is null and claimed_until is null
        and (not_before is null or not_before <= ${now})
      order by page_id limit ${SEND_BATCH}`;
    await sendPages(
      services,
      operation,
      rows.map((row) => row.page_id),
      { now, delaySeconds: 0 },
    );
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
  const tasks = pageIds.map((pageId) => ({
    operation_id: operation.operationId,
    source_id: operation.sourceId,
    page_id: pageId,
  }));
  await services.queue.send("page", tasks, { delaySeconds: options.delaySeconds });
  await services.sql`
    update sync_work set enqueued_at = ${options.now}
    where operation_id = ${operation.operationId} and page_id = any(${pageIds as string[]}) and state = 'pending'`;
}
