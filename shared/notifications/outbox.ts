import type { Json, Sql } from "#shared/db/connect.ts";
import { domainEvents, type DomainEvent } from "#shared/domain-events.ts";
import type { EventSender } from "./event-sender.ts";

/** PutEvents takes at most ten entries a call (docs.aws.amazon.com, PutEvents). */
const BATCH = 10;

/** Writes an event in the transaction that causes it; `sendOutbox` publishes it afterwards. */
export async function writeEvent(tx: Sql, event: DomainEvent & { now: Date }): Promise<void> {
  const detail = domainEvents[event.type].parse(event.detail) as Json;
  await tx`
    insert into event_outbox (event_type, detail, created_at)
    values (${event.type}, ${tx.json(detail)}, ${event.now})`;
}

/**
 * Publishes unsent events, oldest first, at most `limit`, and marks them; returns how many. An event whose mark is lost is
 * published again with the same id: delivery is at least once.
 */
export async function sendOutbox(sql: Sql, sender: EventSender, now: Date, limit = 100): Promise<number> {
  const rows = await sql<
    { id: string; event_type: DomainEvent["type"]; detail: unknown; created_at: Date }[]
  >`
    select id, event_type, detail, created_at from event_outbox where sent_at is null order by id limit ${limit}`;
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH);
    await sender.send(
      batch.map(
        (row) =>
          ({
            type: row.event_type,
            detail: row.detail,
            id: Number(row.id),
            at: row.created_at,
          }) as DomainEvent & { id: number; at: Date },
      ),
    );
    await sql`update event_outbox set sent_at = ${now} where id in ${sql(batch.map((row) => row.id))}`;
  }
  return rows.length;
}
