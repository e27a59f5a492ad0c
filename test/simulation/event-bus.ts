import { TransientError } from "#shared/errors.ts";
import type { DomainEvent } from "#shared/domain-events.ts";
import type { EventSender } from "#shared/notifications/event-sender.ts";
import type { Random } from "./random.ts";

/** An event bus that accepts or refuses events; some events of a refused call may have been accepted. */
export type SimulatedBus = EventSender & {
  /** What subscribers have received, by number in the outbox, in the order of its first arrival. */
  received: ReadonlyMap<number, DomainEvent>;
  /** Refuses this many calls from now on. */
  refuse: (calls: number) => void;
};

export function makeEventBus(random: Random): SimulatedBus {
  const received = new Map<number, DomainEvent>();
  let refusals = 0;
  return {
    received,
    refuse: (calls) => {
      refusals = calls;
    },
    async send(events) {
      const refused = refusals > 0;
      const taken = refused ? random.below(events.length) : events.length;
      for (const { id, at: _, ...event } of events.slice(0, taken)) received.set(id, event);
      if (!refused) return;
      refusals -= 1;
      throw new TransientError("events_refused", "The simulated bus refuses events");
    },
  };
}

/** A sweep that ends so has done its work: the schedule reports the failure, and the next sweep sends again. */
export function isRefusal(error: unknown): boolean {
  return error instanceof TransientError && error.code === "events_refused";
}
