import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { addDrift } from "#shared/sources/sources.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";

/** Logs how the client's responses differ from their documented schemas, and counts it on the source; once per client. */
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
  // Differences that lose nothing announce a new API version; a skipped item is missing from the index.
  if (skipped > 0) services.log.warn("confluence.drift", fields);
  else services.log.info("confluence.drift", fields);
  await addDrift(services.sql, operation.sourceId, { count: answers + skipped, example, at: services.now() });
}
