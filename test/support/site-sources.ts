import { addPage, addSpace } from "#infra/local/confluence-site/edits.ts";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { insertSource } from "#shared/sources/sources.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { bodyOf, type SyncWorld } from "#test/support/sync-world.ts";

const DAY_MINUTES = 24 * 60;

/** Further spaces of the site, each with a source `source-KEY` and one page `KEY 1`; synced once unless `synced` is false. */
export async function addSpacesWithSources(
  world: SyncWorld,
  keys: readonly string[],
  options: { baseUrl?: string; accountId?: string; intervalMinutes?: number | null; synced?: boolean } = {},
): Promise<void> {
  const { site, sql } = world;
  const {
    baseUrl = site.url,
    accountId = ACCOUNT_ID,
    intervalMinutes = DAY_MINUTES,
    synced = true,
  } = options;
  for (const key of keys) {
    const space = addSpace(site, { key, name: key });
    addPage(site, { space: key, title: `${key} 1`, body: bodyOf(`word${key}`) });
    await insertSource(
      sql,
      {
        sourceId: `source-${key}`,
        title: key,
        baseUrl,
        spaceKey: key,
        spaceId: space.id,
        spaceName: key,
        accountId,
        email: "sync@example.com",
        encryptedToken: "demo-token",
        syncIntervalMinutes: intervalMinutes,
        searchLanguage: "english",
        embeddingModel: "fake-embedder",
        deletionStrategy: "on_demand",
      },
      world.now(),
    );
    if (!synced) continue;
    const { operationId } = await syncSpace(`source-${key}`, key, { actor: "api" }, world.outside);
    await world.ended(operationId);
  }
}
