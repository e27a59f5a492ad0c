import { SILENT_AFTER_MISSED, type Hook } from "#shared/hooks/hooks.ts";

const iso = (date: Date | null) => date?.toISOString() ?? null;

/** A hook's health, as its site shows it. */
export function hookHealthJson(hook: Hook) {
  return {
    hook_id: hook.hookId,
    kind: hook.kind,
    last_delivery_at: iso(hook.lastDeliveryAt),
    last_missed_at: iso(hook.lastMissedAt),
    missed_edits: hook.missed,
    warnings: warningsOf(hook),
  };
}

/** A hook as the API shows it; its address is on the host that was asked. */
export function hookJson(hook: Hook, headers: Record<string, string | undefined>) {
  return {
    ...hookHealthJson(hook),
    site_id: hook.siteId,
    url: `${originOf(headers)}/hooks/confluence/${hook.hookId}`,
    created_at: hook.createdAt.toISOString(),
    rotated_at: iso(hook.rotatedAt),
    previous_secret_valid_until: iso(hook.previousValidUntil),
    last_refused_at: iso(hook.lastRefusedAt),
    deliveries: { received: hook.received, refused: hook.refused, malformed: hook.malformed },
    pages: { announced: hook.pages, unknown: hook.unknown, unchanged: hook.falseAlarms },
  };
}

/** API Gateway says by which protocol it was asked; the local runner speaks HTTP. */
function originOf(headers: Record<string, string | undefined>): string {
  return `${headers["x-forwarded-proto"] === "https" ? "https" : "http"}://${headers.host ?? "localhost"}`;
}

function warningsOf(hook: Hook) {
  const { lastDeliveryAt, lastRefusedAt, missedSinceDelivery: missed } = hook;
  const since = lastDeliveryAt ? `since ${lastDeliveryAt.toISOString()}` : "ever";
  const silent = {
    code: "hook_silent" as const,
    message: `No delivery ${since}, but syncs found ${missed} edits that it should have announced. Check the rule in Confluence: whether it is on, its plan's limit, and its audit log`,
  };
  const refused = {
    code: "deliveries_refused" as const,
    message: "The last delivery had a wrong secret: enter the hook's secret in Confluence, or rotate it",
  };
  const wasRefused = lastRefusedAt !== null && (lastDeliveryAt === null || lastRefusedAt > lastDeliveryAt);
  return [...(missed >= SILENT_AFTER_MISSED ? [silent] : []), ...(wasRefused ? [refused] : [])];
}
