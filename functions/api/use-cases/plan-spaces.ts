import type { z } from "zod";
import type { ConfluenceClient, ListedSpace } from "#shared/confluence/client.ts";
import type { ContentOptions } from "#shared/content-kinds.ts";
import { newSpaces } from "#shared/sites/discover.ts";
import { sourcesOfSite } from "#shared/sites/site-overviews.ts";
import { countInSpaces, countPerSpace } from "#shared/sites/count-content.ts";
import { estimateFirstSyncs } from "#shared/sites/estimate.ts";
import { fitsRule, type SpaceRule } from "#shared/sites/space-rule.ts";
import type { connectSite } from "#functions/api/contract/sites.ts";
import type { Services } from "#functions/runtime/services.ts";

/** What a rule would add, with the pages of its first spaces and an estimate of their first syncs; stores nothing. */
export async function planSpaces(
  client: ConfluenceClient,
  spaces: readonly ListedSpace[],
  site: { siteId: string | null; baseUrl: string; rule: SpaceRule; content: ContentOptions },
  { sql, embedder }: Pick<Services, "sql" | "embedder">,
): Promise<z.input<(typeof connectSite)["responses"][200]>> {
  const fresh = await newSpaces(sql, site, spaces);
  const keys = fresh.map(({ key }) => key);
  const [pages, counts] = await Promise.all([
    countPerSpace(client, keys),
    countInSpaces(client, keys, site.content),
  ]);
  const sources = await sourcesOfSite(sql, site.siteId);
  const fitting = new Set(spaces.filter((space) => fitsRule(site.rule, space)).map(({ id }) => id));
  return {
    spaces: fresh.map(({ key, name, type, status }) => ({
      space_key: key,
      name,
      type,
      status,
      pages: pages.get(key) ?? null,
    })),
    not_included: spaces.length - fitting.size,
    out_of_scope: sources
      .filter(({ spaceId }) => !fitting.has(spaceId))
      .map(({ sourceId, spaceKey }) => ({ source_id: sourceId, space_key: spaceKey })),
    estimate: await estimateFirstSyncs(sql, { spaces: keys.length, counts, model: embedder.model }),
  };
}
