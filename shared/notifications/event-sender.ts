import type { DomainEvent } from "#shared/domain-events.ts";

/** Publishes domain events. Throws `TransientError` when any was not taken: the caller sends again, so an event may come twice. */
export type EventSender = {
  send(events: readonly (DomainEvent & { id: number; at: Date })[]): Promise<void>;
};
