import type { Sql } from "#shared/db/connect.ts";
import { listHooks, type Hook } from "#shared/hooks/hooks.ts";
import { findableSeconds, type FindableSeconds } from "#shared/sources/findable-edits.ts";

/** What becomes of a site's space: whether it has a source, and whether the rule includes it. */
export const SPACE_STATES = [
  "synced",
  "waiting",
  "not_included",
  "out_of_scope",
  "archived",
  "gone",
] as const;
export type SpaceState = (typeof SPACE_STATES)[number];

export type SiteCounts = {
  sourceCount: number;
  pageCount: number;
  chunkCount: number;
  spaces: Record<SpaceState, number>;
  findableSeconds: FindableSeconds | null;
  hooks: Hook[];
};

export type SiteSpace = {
  spaceId: string;
  spaceKey: string;
  name: string;
  type: string;
  state: SpaceState;
  renamedFrom: string | null;
  goneSince: Date | null;
  sourceId: string | null;
};

/** Spaces `k` of a site, each with its source `s`, and its state. */
function spacesWithStates(sql: Sql, siteId: string) {
  return sql`
    select k.*, s.source_id, case
      when s.source_id is null then case when k.fits and k.gone_since is null then 'waiting' else 'not_included' end
      when k.gone_since is not null then 'gone'
      when not k.fits then case when k.status = 'archived' then 'archived' else 'out_of_scope' end
      else 'synced' end as state
    from confluence_spaces k
    left join archon_sources s on s.site_id = k.site_id and s.space_id = k.space_id and s.status <> 'deleting'
    where k.site_id = ${siteId}`;
}

/** The site's spaces by key, from behind `after`. */
export async function listSiteSpaces(
  sql: Sql,
  siteId: string,
  { after, limit }: { after: [key: string, id: string] | null; limit: number },
): Promise<SiteSpace[]> {
  return sql<SiteSpace[]>`
    select space_id as "spaceId", space_key as "spaceKey", name, type, state, renamed_from as "renamedFrom",
      gone_since as "goneSince", source_id as "sourceId"
    from (${spacesWithStates(sql, siteId)}) spaces
    ${after ? sql`where (space_key, space_id) > (${after[0]}, ${after[1]})` : sql``}
    order by space_key, space_id limit ${limit}`;
}

/** What the site has: hooks, sources, pages that search finds, chunks, and its spaces by state. */
export async function countSite(sql: Sql, siteId: string): Promise<SiteCounts> {
  const [sources] = await sql<{ sourceCount: number; pageCount: number; chunkCount: number }[]>`
    select count(distinct s.source_id)::int as "sourceCount",
      count(p.page_id) filter (where is_findable(p) and p.kind in ('page', 'blogpost'))::int as "pageCount",
      coalesce(sum(p.chunk_count) filter (where not p.is_deleted), 0)::int as "chunkCount"
    from archon_sources s left join confluence_pages p on p.source_id = s.source_id
    where s.site_id = ${siteId} and s.status <> 'deleting'`;
  const rows = await sql<{ state: SpaceState; spaces: number }[]>`
    select state, count(*)::int as spaces from (${spacesWithStates(sql, siteId)}) spaces group by state`;
  const counted = new Map(rows.map(({ state, spaces }) => [state, spaces]));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the entries are those of the list
  const spaces = Object.fromEntries(SPACE_STATES.map((state) => [state, counted.get(state) ?? 0])) as Record<
    SpaceState,
    number
  >;
  return {
    sourceCount: 0,
    pageCount: 0,
    chunkCount: 0,
    ...sources,
    spaces,
    findableSeconds: await findableSeconds(sql, { siteId }),
    hooks: await listHooks(sql, siteId),
  };
}

/** The site's sources by space key; none where `siteId` is null. */
export async function sourcesOfSite(
  sql: Sql,
  siteId: string | null,
): Promise<{ sourceId: string; spaceId: string; spaceKey: string }[]> {
  return sql`
    select source_id as "sourceId", space_id as "spaceId", space_key as "spaceKey" from archon_sources
    where site_id = ${siteId} and status <> 'deleting' order by space_key`;
}
