import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Log } from "#shared/log.ts";
import type { EventSender } from "#shared/notifications/event-sender.ts";

export type PublishedEvent = { id: string; source: string; type: string; detail: unknown; at: Date };

export type EventBus = {
  sender: EventSender;
  /** AWS's PutEvents: takes the request's JSON, returns the response's. */
  putEvents: (request: unknown) => { FailedEntryCount: number; Entries: PutEventsEntry[] };
  /** The last events, oldest first. */
  recent: () => readonly PublishedEvent[];
};

type PutEventsEntry = { EventId: string } | { ErrorCode: string; ErrorMessage: string };

const KEPT = 1000;
const SOURCE = "confluence-sync";

/** PutEvents takes 1 to 10 entries (docs.aws.amazon.com, PutEvents). */
const putEventsRequest = z.object({ Entries: z.array(z.record(z.string(), z.unknown())).min(1).max(10) });
const putEventsEntry = z.object({
  Source: z.string().min(1),
  DetailType: z.string().min(1),
  Detail: z.string(),
  Time: z.number().optional(),
});

/** The event bus of one machine: events are logged and the last thousand kept; it has no rules. */
export function makeEventBus(log: Log, now: () => Date): EventBus {
  const events: PublishedEvent[] = [];
  const publish = (event: PublishedEvent) => {
    events.push(event);
    if (events.length > KEPT) events.shift();
    log.info("event.sent", { event_type: event.type, event_id: event.id, detail: event.detail });
  };
  return {
    sender: {
      send: async (sent) => {
        for (const { id, at, type, detail } of sent)
          publish({ id: String(id), source: SOURCE, type, detail, at });
      },
    },
    putEvents(request) {
      const { Entries } = putEventsRequest.parse(request);
      const results = Entries.map((raw): PutEventsEntry => {
        const entry = putEventsEntry.safeParse(raw);
        if (!entry.success) {
          return { ErrorCode: "InvalidArgument", ErrorMessage: "Source, DetailType and Detail are needed." };
        }
        const detail = parseDetail(entry.data.Detail);
        if (detail === undefined)
          return { ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed." };
        const id = randomUUID();
        const at = entry.data.Time === undefined ? now() : new Date(entry.data.Time * 1000);
        publish({ id, source: entry.data.Source, type: entry.data.DetailType, detail, at });
        return { EventId: id };
      });
      return {
        FailedEntryCount: results.filter((result) => "ErrorCode" in result).length,
        Entries: results,
      };
    },
    recent: () => events,
  };
}

/** A JSON object, or undefined. */
function parseDetail(text: string): unknown {
  try {
    const detail: unknown = JSON.parse(text);
    return typeof detail === "object" && detail !== null && !Array.isArray(detail) ? detail : undefined;
  } catch {
    return undefined;
  }
}
