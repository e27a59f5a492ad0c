import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { addDrift } from "#shared/sources/sources.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";

/** Logs how far the client's answers were not as described, and counts it on the source; once for a client. */
export async function recordDrift(
  client: ConfluenceClient,
  operation: { operationId: string; sourceId: string },
  services: Pick<SyncServices, "sql" | "log" | "now">,
): Promise<void> {
  const { answers, skipped, example } = client.drift();
  if (example === null) return;
  const fields = {
    source_id: operation.sourceId,
    operation_id: operation.operationId,
    answers,
    skipped,
    example,
  };
  // Differences that lose nothing are news of a new version; what is skipped is missed by somebody.
  if (skipped > 0) services.log.warn("confluence.drift", fields);
  else services.log.info("confluence.drift", fields);
  await addDrift(services.sql, operation.sourceId, { count: answers + skipped, example, at: services.now() });
}
