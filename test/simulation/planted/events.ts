import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const EVENTS = "test/integration/syncs/events.test.ts";

/** Events that nobody receives. Where no test is named, a history finds it: what was received is compared with what happened. */
export const EVENT_BUGS: readonly PlantedBug[] = [
  bug(
    "an event that the bus refuses is marked as sent",
    change(
      "shared/notifications/outbox.ts",
      "      ),\n    );\n    await sql`update",
      "      ),\n    ).catch(() => {});\n    await sql`update",
    ),
  ),
  bug(
    "events are marked before they are sent",
    change(
      "shared/notifications/outbox.ts",
      "    await sender.send(",
      "    await sql`update event_outbox set sent_at = ${now} where id in ${sql(batch.map((row) => row.id))}`;\n    await sender.send(",
    ),
  ),
  bugFoundBy(
    EVENTS,
    "all that were read are marked, whatever was sent",
    change(
      "shared/notifications/outbox.ts",
      "where id in ${sql(batch.map((row) => row.id))}",
      "where id in ${sql(rows.map((row) => row.id))}",
    ),
  ),
  bugFoundBy(
    EVENTS,
    "events that wait for a week are dropped",
    change(
      "shared/syncs/schedules/retention.ts",
      "where sent_at < ${later(now",
      "where created_at < ${later(now",
    ),
  ),
  bugFoundBy(
    EVENTS,
    "a sweep that could not send says nothing",
    change(
      "shared/syncs/schedules/sweep.ts",
      "await sendOutbox(services.sql, services.events, services.now());",
      "await sendOutbox(services.sql, services.events, services.now()).catch(() => 0);",
    ),
  ),
  bugFoundBy(
    EVENTS,
    "while the bus refuses events nothing else is swept",
    change(
      "shared/syncs/schedules/sweep.ts",
      "  result.chunksCleared = await clearMarkedChunks(services.sql);",
      "  result.events = await sendOutbox(services.sql, services.events, services.now());\n  result.chunksCleared = await clearMarkedChunks(services.sql);",
    ),
  ),
  bug(
    "a superseded operation ends without an event",
    change(
      "shared/syncs/operations/fail-operation.ts",
      'await writeEvent(tx, { type: "sync.failed",',
      'if (error.code !== "lease_expired") await writeEvent(tx, { type: "sync.failed",',
    ),
  ),
];
