import type { DomainEvent } from "#shared/domain-events.ts";

/** Publishes domain events. Throws `TransientError` when any was not accepted: the caller sends again, so an event may arrive twice. */
export type EventSender = {
  send(events: readonly (DomainEvent & { id: number; at: Date })[]): Promise<void>;
};
