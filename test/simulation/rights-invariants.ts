import { mayView } from "#infra/local/confluence-site/permissions.ts";
import { ancestorsOf, type Site, type SitePage } from "#infra/local/confluence-site/site.ts";
import { readableFor } from "#shared/access/readers/readable-nodes.ts";
import type { Readable } from "#shared/access/readers/readable.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import { subjectOf } from "./rights.ts";
import { MINUTE, passTime, rest } from "./run.ts";
import { SOURCE_ID, Violation } from "./violation.ts";
import type { Run, Searcher } from "./run-state.ts";

const MAX_AGE_MS = 4 * 60 * MINUTE;
const WORD = /word\d+x\d+/g;
/** Share of the checks that also search. */
const SEARCH_SHARE = 0.2;

type ShownPage = {
  page_id: string;
  container_id: string | null;
  version: number;
  kind: string;
  text: string;
};

/** What they may be shown; null: everything. Undefined: no person is named. */
async function readableBy({ world }: Run, searcher: Searcher | undefined): Promise<Readable | null> {
  const { readable } = await readableFor(world.sql, {
    reader:
      searcher === null
        ? { visibility: "anonymous" }
        : { visibility: "own", person: searcher === undefined ? null : [{ accountId: searcher }] },
    sources: [SOURCE_ID],
    spaces: null,
    now: world.now(),
    maxAgeMs: MAX_AGE_MS,
    lenient: true,
  });
  return readable;
}

async function shownTo(run: Run, readable: Readable | null): Promise<ShownPage[]> {
  if (readable === null) throw new Violation("A source that carries rights over shows everything");
  return run.world.sql<ShownPage[]>`
    select p.page_id, p.container_id, p.version, p.kind, coalesce((
      select string_agg(c.content, ' ') from archon_crawled_pages c
      where c.source_id = p.source_id and c.page_id = p.page_id), '') as text
    from confluence_pages p
    where p.source_id = ${SOURCE_ID} and is_findable(p)
      and is_readable(p, ${[...readable.openSources]}::text[], ${readable.nodes}::bytea)
    order by p.page_id`;
}

/**
 * Must hold at any time: what somebody is shown, the site let them see when the rights were read last, or later; a new text only if it let
 * them see it when it was there; and no text of another page that it did not let them see.
 */
export async function checkRights(run: Run): Promise<void> {
  const { rights, world } = run;
  if (rights.mode() === "everything") return;
  rights.observe(run);
  await checkTree(run);
  const [evidence] = await world.sql<{ sweep: Date | null; directory: Date | null }[]>`
    select s.access_verified_at as sweep, c.directory_verified_at as directory
    from archon_sources s join confluence_sites c using (site_id) where s.source_id = ${SOURCE_ID}`;
  // Until the rights were read again after a change, only what both modes show is shown.
  const modes = [rights.mode(), rights.modeBefore(evidence?.sweep?.getTime() ?? 0)];
  const isByPerson = modes.includes("per_user");
  const isForEveryone = modes.includes("unrestricted");
  for (const searcher of rights.searchers) {
    // Where everyone is shown the same, only the public needs a look of its own.
    if (!isByPerson && searcher !== null) continue;
    const since = evidence?.sweep?.getTime() ?? 0;
    const directory =
      isByPerson && searcher !== null ? (evidence?.directory?.getTime() ?? 0) : Number.POSITIVE_INFINITY;
    const readable = await readableBy(run, searcher);
    const shown = await shownTo(run, readable);
    for (const page of shown) checkShown(run, { searcher, since, directory }, page);
    if (isForEveryone && searcher !== null) checkUnrestricted(run, shown, since);
    if (world.random.chance(SEARCH_SHARE)) await checkSearch(run, readable, shown);
  }
  if (rights.mode() !== "unrestricted") return;
  const shown = await shownTo(run, await readableBy(run, undefined));
  if (isByPerson && shown.length > 0)
    throw new Violation(
      `${shown[0]?.page_id} is shown to whoever asks before the rights were read for everybody`,
    );
  checkUnrestricted(run, shown, evidence?.sweep?.getTime() ?? 0);
}

/** A restriction reaches all that is known to be below it, at any time: what is on content or above it is above its node too. */
async function checkTree({ world }: Run): Promise<void> {
  const [missed] = await world.sql<{ content: string; above: string }[]>`
    with recursive up as (
      select a.content_id, n.node_id, n.parent_node, n.state from content_access a join access_nodes n using (node_id)
      where a.source_id = ${SOURCE_ID}
      union select up.content_id, n.node_id, n.parent_node, n.state from up join access_nodes n on n.node_id = up.parent_node)
    select a.content_id as content, o.content_id as above from content_access a
    join access_nodes o on o.source_id = a.source_id and o.content_id = any(a.ancestor_ids || a.content_id)
    where a.source_id = ${SOURCE_ID} and a.node_id is not null
      -- A node that is not known lets nobody in, wherever it stands.
      and not exists (select from up where up.content_id = a.content_id and (up.node_id = o.node_id or up.state = 'unknown')) limit 1`;
  if (missed)
    throw new Violation(
      `The restriction of ${missed.above} does not reach ${missed.content}, which is below it`,
    );
  const [page] = await world.sql<{ id: string }[]>`
    select page_id as id from confluence_pages p
    where source_id = ${SOURCE_ID} and access_node is distinct from node_of_page(p)
      -- What lists something that is gone, and includes nothing, is shown until it is rendered again.
      and not (access_node is not null and exists (
          select from page_renderings r where r.source_id = p.source_id and r.page_id = p.page_id and r.shows_gone)
        and not exists (
          select from page_dependencies d where d.source_id = p.source_id and d.page_id = p.page_id and d.kind = 'page'))
    limit 1`;
  if (page) throw new Violation(`Page ${page.id} is not under the node of its place`);
}

/** Nothing is shown that was restricted when the rights were read last. */
function checkUnrestricted({ rights }: Run, shown: readonly ShownPage[], since: number): void {
  for (const { page_id, container_id } of shown) {
    const place = container_id ?? page_id;
    if (rights.lastUnrestricted(place) < since)
      throw new Violation(`Everyone is shown ${page_id}, which was restricted before the last sweep`);
  }
}

function checkShown(
  run: Run,
  { searcher, since, directory }: { searcher: Searcher; since: number; directory: number },
  page: ShownPage,
): void {
  const { rights, world } = run;
  const who = searcher ?? "the public";
  // Groups and accounts may be as old as the directory, and restrictions as the sweep: who is in a group by the newer of the two may be shown
  // what the older one knows to be open to it.
  if (rights.standingChangedAt(searcher) >= Math.min(directory, since)) return;
  // Who may read the space is as old as the sweep, for new content too; what is restricted on content and above it is not.
  const lastRead = rights.lastReadSpace(searcher);
  if (lastRead < since)
    throw new Violation(
      `${who} is shown ${page.page_id}, and read the space last at ${instant(lastRead)}; rights were read at ${instant(since)}`,
    );
  const place = page.container_id ?? page.page_id;
  const last = rights.lastPassed(searcher, place);
  if (last < since)
    throw new Violation(
      `${who} is shown ${page.page_id}, which the site showed them last at ${instant(last)}; rights were read at ${instant(since)}`,
    );
  const onSite = world.site.pages.get(page.page_id);
  const { version } = onSite ?? {};
  if (version?.number === page.version && last < version.createdAt.getTime())
    throw new Violation(
      `${who} is shown version ${page.version} of ${page.page_id}, made at ${instant(version.createdAt.getTime())}; the site showed them none later than ${instant(last)}`,
    );
  if (page.kind !== "page" && page.kind !== "blogpost") return;
  for (const [word] of page.text.matchAll(WORD)) {
    const owner = rights.ownerOfWord(word);
    if (owner === undefined || owner === page.page_id) continue;
    const lastOfOwner = rights.lastPassed(searcher, owner);
    if (lastOfOwner < since)
      throw new Violation(
        `${who} is shown ${word} of ${owner} on ${page.page_id}, which the site showed them last at ${instant(lastOfOwner)}`,
      );
  }
}

const instant = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : "no time");

/** The real search finds a page by a word of it exactly if it is shown. */
async function checkSearch(run: Run, readable: Readable | null, shown: readonly ShownPage[]): Promise<void> {
  const { world } = run;
  const [page] = await world.sql<{ page_id: string; text: string }[]>`
    select p.page_id, c.content as text from confluence_pages p join archon_crawled_pages c using (source_id, page_id)
    where p.source_id = ${SOURCE_ID} and is_findable(p) and p.kind = 'page'
    order by md5(p.page_id || ${String(world.random.next())}), c.chunk_number limit 1`;
  const query = page && /word\d+x\d+/.exec(page.text)?.[0];
  if (!page || !query) return;
  const { hits } = await searchDocuments(world.sql, {
    query,
    embedding: null,
    sources: [SOURCE_ID],
    matchCount: 10,
    returnMode: "pages",
    readable,
  });
  const ids = new Set(shown.map(({ page_id }) => page_id));
  const found = hits.flatMap((hit) => [
    hit,
    ...hit.alsoOn,
    ...hit.ancestors.map((one) => ({ pageId: one.page_id })),
  ]);
  const leaked = found.find(({ pageId }) => !ids.has(pageId) && world.site.pages.has(pageId));
  if (leaked) throw new Violation(`A search names page ${leaked.pageId}, which is not shown`);
  if (ids.has(page.page_id) && !found.some(({ pageId }) => pageId === page.page_id))
    throw new Violation(`A search for a word of page ${page.page_id} does not find it, though it is shown`);
}

function isBelowFolder(site: Site, page: SitePage): boolean {
  return ancestorsOf(site, page).some(({ id }) => site.folders.has(id));
}

/** The site as it tells its groups: one whose members may not be read has none. */
function withReadableGroups(site: Site): Site {
  const groups = [...site.directory.groups].map(([id, group]) => {
    const members = group.membersStatus === 200 ? group.members : new Set<string>();
    return [id, { ...group, members }] as const;
  });
  return { ...site, directory: { ...site.directory, groups: new Map(groups) } };
}

/** Whether somebody has access to the site at all. What the public sees, others see as the public. */
function mayUse(site: Site, searcher: Searcher): boolean {
  if (searcher === null) return true;
  const account = site.directory.accounts.get(searcher);
  // Guests are known by the groups and restrictions that name them.
  const isLicensed = [...site.directory.groups.values()].some(
    (group) => group.isLicensed && group.members.has(searcher),
  );
  return account?.status === "active" && isLicensed;
}

/** With nothing going on and time for a sweep: everybody is shown what the site shows them, neither more nor less. */
export async function checkRightsEqual(run: Run): Promise<void> {
  const { rights, world, people } = run;
  if (rights.mode() === "everything") return;
  const { site } = world;
  for (let n = 0; n < 4; n += 1) await passTime(run, 20 * MINUTE);
  await rest(run);
  await checkRights(run);
  const isUnrestricted = rights.mode() === "unrestricted";
  const told = withReadableGroups(site);
  for (const searcher of rights.searchers) {
    const shown = new Set((await shownTo(run, await readableBy(run, searcher))).map((page) => page.page_id));
    for (const page of site.pages.values()) {
      if (!people.belongs(page.id)) continue;
      const maySee = (as: Site) =>
        isUnrestricted && searcher !== null
          ? rights.isUnrestricted(as, page.id)
          : mayView(as, subjectOf(searcher), page.id);
      const may = maySee(site);
      const who = searcher ?? "the public";
      // A folder lets in those of whom that is proven: of a reader who was deactivated it is not.
      const isInFolder = isBelowFolder(site, page);
      if (!may && shown.has(page.id)) throw new Violation(`${who} is shown ${page.id} and may not see it`);
      // Whoever is in a group whose members Confluence does not tell is not known to be; nor is somebody without a licence anybody.
      if (
        maySee(told) &&
        !shown.has(page.id) &&
        mayUse(told, searcher) &&
        !(isInFolder && (isUnrestricted || rights.foldersAreUntold(site)))
      )
        throw new Violation(`${who} may see ${page.id} and is not shown it`);
    }
  }
}
