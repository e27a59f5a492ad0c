import { addPage, addSpace, editPage } from "#infra/local/confluence-site/edits.ts";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { insertSource, updateSource } from "#shared/sources/sources.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { makeRandom } from "./random.ts";
import { DAY, MINUTE, operate, passTime, rest, services, tell } from "./run.ts";
import { SOURCE_ID, Violation } from "./violation.ts";
import { OTHER_HOST } from "./world.ts";
import type { Neighbour, Neighbours, Run } from "./run-state.ts";

const OTHER_URL = `https://${OTHER_HOST}`;

/** A pulse reads three pages of a search: with this size of theirs, all that is young at the end of a history is no overflow. */
const NO_OVERFLOW_PAGE_SIZE = 250;

/** Half of the histories have neighbours. Chances of their own, so that they do not shift those of the others. */
export async function makeNeighbours({ world }: Pick<Run, "world">, seed: number): Promise<Neighbours> {
  const random = makeRandom(seed ^ 0x2eb);
  if (random.chance(0.5)) return { list: [], random };
  const list: Neighbour[] = [
    { sourceId: "source-2", spaceKey: "NEXT", baseUrl: "https://demo.atlassian.net", site: world.site },
    { sourceId: "source-3", spaceKey: "FAR", baseUrl: OTHER_URL, site: world.otherSite },
  ];
  for (const { sourceId, spaceKey, baseUrl, site } of list) {
    const space = addSpace(site, { key: spaceKey, name: spaceKey });
    for (let n = 0; n < 3; n += 1)
      addPage(site, { space: spaceKey, title: `${spaceKey} ${n}`, body: `<p>${spaceKey} word0x${n}</p>` });
    await insertSource(
      world.sql,
      {
        sourceId,
        title: spaceKey,
        baseUrl,
        spaceKey,
        spaceId: space.id,
        spaceName: spaceKey,
        accountId: ACCOUNT_ID,
        email: "sync@example.com",
        encryptedToken: "demo-token",
        syncIntervalMinutes: random.pick([5, 30, 120]) ?? 30,
        searchLanguage: "english",
        embeddingModel: "fake-embedder",
        deletionStrategy: random.pick(["weekly_reconciliation", "every_sync"] as const) ?? "every_sync",
      },
      world.now(),
    );
  }
  return { list, random };
}

/** In some rounds a page of each is edited. */
export function editNeighbours(run: Run, when: string): void {
  const { list, random } = run.neighbours;
  for (const neighbour of list) if (random.chance(0.3)) edit(run, neighbour, when);
}

function edit(run: Run, neighbour: Neighbour, when: string): void {
  const { random } = run.neighbours;
  const page = random.pick(pagesOf(neighbour));
  if (!page) return;
  const version = page.version.number + 1;
  editPage(neighbour.site, page.id, { body: `<p>${neighbour.spaceKey} word${version}x${page.id}</p>` });
  tell(run, `${when}: edit ${neighbour.spaceKey} ${page.id}`);
}

function pagesOf({ site, spaceKey }: Neighbour) {
  return [...site.pages.values()].filter((page) => site.spaces.get(page.spaceId)?.key === spaceKey);
}

type Row = { page_id: string; version: number; away: boolean; error: boolean; chunks: string };

async function rowsOf({ world }: Run, { sourceId }: Neighbour): Promise<Map<string, Row>> {
  const rows = await world.sql<Row[]>`
    select p.page_id, p.version, p.is_deleted or p.missing_since is not null as away, p.sync_error is not null as error,
      coalesce((select string_agg(c.content, ' ') from archon_crawled_pages c
        where c.source_id = p.source_id and c.page_id = p.page_id), '') as chunks
    from confluence_pages p where p.source_id = ${sourceId} order by p.page_id`;
  return new Map(rows.map((row) => [row.page_id, row]));
}

/** At any time: a neighbour has its own pages, none went, and the other site knows nothing of the first one's troubles. */
export async function checkNeighbours(run: Run): Promise<void> {
  for (const neighbour of run.neighbours.list) {
    const own = new Map(pagesOf(neighbour).map((page) => [page.id, page]));
    for (const row of (await rowsOf(run, neighbour)).values()) {
      const page = own.get(row.page_id);
      if (!page) throw new Violation(`${neighbour.sourceId} has page ${row.page_id} of another space`);
      if (row.away)
        throw new Violation(`Page ${row.page_id} of ${neighbour.sourceId} went though nobody removed it`);
      if (row.version > 0 && !row.chunks.includes(neighbour.spaceKey))
        throw new Violation(`Page ${row.page_id} of ${neighbour.sourceId} lost its chunks`);
      if (row.version > page.version.number)
        throw new Violation(`Page ${row.page_id} of ${neighbour.sourceId} has version ${row.version}`);
    }
  }
  const [troubled] = await run.world.sql<object[]>`
    select status, paused_until, pulse_error from confluence_sites
    where base_url = ${OTHER_URL}
      and (status <> 'active' or paused_until is not null or pulse_error is not null)`;
  if (troubled)
    throw new Violation(`A site without faults has another one's trouble: ${JSON.stringify(troubled)}`);
}

/** From here on only requested operations run for the neighbours (null), or after so many minutes. */
export async function setNeighbourIntervals(
  { world, neighbours }: Run,
  minutes: number | null,
): Promise<void> {
  for (const { sourceId } of neighbours.list)
    await updateSource(world.sql, sourceId, { status: "active", syncIntervalMinutes: minutes }, world.now());
}

/** With nothing going on: a sync of each stores what it has. */
export async function syncNeighbours(run: Run): Promise<void> {
  for (const { sourceId, spaceKey } of run.neighbours.list)
    await operate(run, () => syncSpace(sourceId, spaceKey, { actor: "api" }, services(run)));
  await checkNeighboursEqual(run);
}

async function checkNeighboursEqual(run: Run): Promise<void> {
  await checkNeighbours(run);
  for (const neighbour of run.neighbours.list) {
    const rows = await rowsOf(run, neighbour);
    for (const page of pagesOf(neighbour)) {
      const row = rows.get(page.id);
      const word = /word\d+x\d+/.exec(page.storage)?.[0] ?? "";
      if (!row || row.version !== page.version.number || row.error || !row.chunks.includes(word))
        throw new Violation(
          `Page ${page.id} of ${neighbour.sourceId} is at version ${page.version.number}, stored is ${JSON.stringify(row)}`,
        );
    }
  }
}

/** Runs `work`, in which only the sources `edited` have news: no pulse may start a sync of another one. */
export async function expectPulses(
  run: Run,
  edited: readonly string[],
  work: () => Promise<void>,
): Promise<void> {
  const others = [SOURCE_ID, ...run.neighbours.list.map(({ sourceId }) => sourceId)].filter(
    (sourceId) => !edited.includes(sourceId),
  );
  const count = async () => {
    const [row] = await run.world.sql<{ syncs: number }[]>`
      select count(*)::int as syncs from archon_progress where actor = 'pulse' and source_id = any(${others})`;
    return row?.syncs ?? 0;
  };
  const before = await count();
  await work();
  const more = (await count()) - before;
  if (more > 0 && run.world.site.settings.max_page_size >= NO_OVERFLOW_PAGE_SIZE)
    throw new Violation(`A pulse started ${more} syncs of ${others.join(", ")}, which had no news`);
}

/** Neighbours are edited, and no interval passes: pulses find it, and sync the one that was edited. */
export async function settleNeighboursByPulse(run: Run): Promise<void> {
  for (const neighbour of run.neighbours.list) {
    await expectPulses(run, [neighbour.sourceId], async () => {
      edit(run, neighbour, "for the pulse to find");
      await passTime(run, 45 * MINUTE);
      await rest(run);
    });
  }
  await checkNeighboursEqual(run);
}

/** Longer than a history takes. */
export const NO_INTERVAL_PASSES_MINUTES = (60 * DAY) / MINUTE;
