import { z } from "zod";

/** What happened to a source or a site, published on the event bus (source `confluence-sync`, detail-type = event type). */
export const domainEvents = {
  "sync.completed": z.object({
    source_id: z.string(),
    operation_id: z.uuid(),
    status: z.string(),
    metrics: z.record(z.string(), z.number()),
  }),
  "sync.failed": z.object({
    source_id: z.string(),
    operation_id: z.uuid(),
    operation_type: z.string(),
    code: z.string(),
    message: z.string(),
  }),
  "page.deleted": z.object({
    source_id: z.string(),
    operation_id: z.uuid(),
    page_id: z.string(),
    title: z.string(),
    deletion_timestamp: z.iso.datetime(),
    reason: z.string(),
    actor: z.string(),
  }),
  "deletions.held": z.object({
    source_id: z.string(),
    operation_id: z.uuid(),
    candidates: z.number(),
    pages: z.number(),
  }),
  "site.token_expires": z.object({ site_id: z.string(), expires_at: z.iso.datetime(), days: z.int() }),
  /** A pulse or a discovery met it; an operation that does writes `source.credentials_expired`. */
  "site.credentials_expired": z.object({ site_id: z.string() }),
  "source.credentials_expired": z.object({ source_id: z.string(), operation_id: z.uuid() }),
} as const;

export type DomainEventType = keyof typeof domainEvents;

export type DomainEvent = {
  [T in DomainEventType]: { type: T; detail: z.infer<(typeof domainEvents)[T]> };
}[DomainEventType];
