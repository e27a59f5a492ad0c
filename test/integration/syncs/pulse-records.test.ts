import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { TransientError } from "#shared/errors.ts";
import { recordHits, sourcesWithNews, type NewsItem } from "#shared/syncs/pulse/hits.ts";
import {
  claimPulse,
  recordFailedPulse,
  recordPulse,
  sitesToPulse,
} from "#shared/syncs/pulse/pulsed-sites.ts";
import { makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const SECOND_MS = 1000;
const SYNCED = "2026-01-01T00:00:00Z";

let database: TestDatabase;
let world: SyncWorld;
let siteId: string;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, { intervalMinutes: 60 });
  await database.sql`update confluence_sites set pulse = true`;
  await database.sql`
    update archon_sources set metadata = metadata || ${database.sql.json({ last_sync_timestamp: SYNCED })}`;
  siteId = String((await world.source()).siteId);
});
afterAll(() => database.close());

const claim = () => claimPulse(database.sql, siteId, world.now());
const due = async () => (await sitesToPulse(database.sql, world.now())).length > 0;
const hit = (more: Partial<NewsItem> = {}): NewsItem => ({
  id: "1",
  kind: "page",
  version: 2,
  spaceKey: SPACE,
  ...more,
});
const record = (...hits: NewsItem[]) => recordHits(database.sql, siteId, hits, world.now());
const hits = () => database.sql`select source_id, page_id, version from pulse_hits order by page_id`;

it("a site is pulsed by one invocation in its turn, and has its turn again after half a minute", async () => {
  expect(await due()).toBe(true);
  expect(await claim()).toMatchObject({ siteId, failures: 0, pulseSince: null, kinds: ["page"] });
  expect(await claim()).toBeNull();
  world.pass(29 * SECOND_MS);
  expect(await due()).toBe(false);
  world.pass(SECOND_MS);
  expect(await due()).toBe(true);
});

it("after each failure the next pulse is made twice as late, a quarter of an hour at most", async () => {
  const waited: number[] = [];
  for (let failure = 1; failure <= 6; failure += 1) {
    const site = await claim();
    if (!site) throw new Error("The site is not due");
    expect(site.failures).toBe(failure - 1);
    const failedAt = world.now().getTime();
    await recordFailedPulse(database.sql, site, new TransientError("timeout", "Too late"), world.now());
    while (!(await due())) world.pass(30 * SECOND_MS);
    waited.push((world.now().getTime() - failedAt) / SECOND_MS);
  }
  // Half a minute earlier than said: a tick of the schedule may come early.
  expect(waited).toEqual([30, 90, 210, 450, 870, 870]);
  await recordPulse(database.sql, siteId, { startedAt: world.now(), now: world.now() });
  expect(await claim()).toMatchObject({ failures: 0, pulseSince: world.now() });
});

it("a page that is listed twice is a hit in its newer version, in either order", async () => {
  await record(
    hit({ version: 3 }),
    hit({ version: 2 }),
    hit({ id: "2", version: 2 }),
    hit({ id: "2", version: 3 }),
  );
  expect(await hits()).toEqual([
    { source_id: SOURCE_ID, page_id: "1", version: 3 },
    { source_id: SOURCE_ID, page_id: "2", version: 3 },
  ]);
});

it("what is in no space, in a space without a source, or of a kind that is not synced, is no hit", async () => {
  await record(
    hit({ spaceKey: null }),
    hit({ id: "2", spaceKey: "NONE" }),
    hit({ id: "3", kind: "attachment" }),
  );
  expect(await hits()).toEqual([]);
});

it("a source has news until a page is stored in the version that was listed", async () => {
  const news = () => sourcesWithNews(database.sql, siteId, { limit: 20, now: world.now() });
  await record(hit());
  expect(await news()).toEqual([{ sourceId: SOURCE_ID, spaceKey: SPACE }]);
  await database.sql`
    insert into confluence_pages (source_id, page_id, title, version) values (${SOURCE_ID}, '1', 'Page', 2)`;
  expect(await news()).toEqual([]);
});
