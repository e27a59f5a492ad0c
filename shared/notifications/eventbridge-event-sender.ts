import { PutEventsCommand, type EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { TransientError } from "#shared/errors.ts";
import type { EventSender } from "./event-sender.ts";

/** PutEvents takes at most ten entries and 1 MB a call (docs.aws.amazon.com, PutEvents); ours are far smaller. */
const BATCH = 10;
const SOURCE = "confluence-sync";

/**
 * Publishes on an EventBridge bus: `source` is `confluence-sync`, `detail-type` the event's type. The outbox id travels as
 * `detail.event_id`, so that a receiver can detect duplicates.
 */
export function makeEventBridgeSender(client: EventBridgeClient, busName: string): EventSender {
  return {
    async send(events) {
      for (let start = 0; start < events.length; start += BATCH) {
        const batch = events.slice(start, start + BATCH);
        const response = await client.send(
          new PutEventsCommand({
            Entries: batch.map((event) => ({
              EventBusName: busName,
              Source: SOURCE,
              DetailType: event.type,
              Time: event.at,
              Detail: JSON.stringify({ event_id: event.id, ...event.detail }),
            })),
          }),
        );
        const refused = (response.Entries ?? []).filter((entry) => entry.ErrorCode !== undefined);
        if ((response.FailedEntryCount ?? 0) > 0 || refused.length > 0) {
          throw new TransientError(
            "events_refused",
            `EventBridge refused ${refused.length} of ${batch.length} events`,
            { details: { codes: [...new Set(refused.map((entry) => entry.ErrorCode))] } },
          );
        }
      }
    },
  };
}
