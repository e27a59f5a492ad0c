import type { Sql } from "#shared/db/connect.ts";
import { setWebBase } from "#shared/sources/sources.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Stores the address at which people read the site, as its responses name it: links must not lead to the gateway. */
export async function learnWebBase(tx: Sql, { client, source }: StepContext): Promise<void> {
  const webBase = client.webBase();
  if (webBase !== null && webBase !== source.webBase) await setWebBase(tx, source.sourceId, webBase);
}
