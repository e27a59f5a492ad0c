import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addPage, editPage } from "#infra/local/confluence-site/edits.ts";
import { ACCOUNT_ID, spaceByKey } from "#infra/local/confluence-site/site.ts";
import { PermanentError } from "#shared/errors.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import { failOperation } from "#shared/syncs/operations/fail-operation.ts";
import { recordOverflow } from "#shared/syncs/pulse/hits.ts";
import { MAX_STARTS, pulseSites } from "#shared/syncs/pulse/pulse-sites.ts";
import { addSpacesWithSources } from "#test/support/site-sources.ts";
import {
  addDemoPages,
  bodyOf,
  makeSyncWorld,
  SOURCE_ID,
  SPACE,
  type SyncWorld,
} from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, { pages: 3, intervalMinutes: DAY_MINUTES });
  await world.sync();
});
afterAll(() => database.close());

const switchOn = () => database.sql`update confluence_sites set pulse = true`;
const pulse = () => world.minute("pulse-sites");
const pulses = async (minutes: number) => {
  for (let n = 0; n < minutes; n += 1) await pulse();
};
const edit = (title: string, word = "edited") =>
  editPage(world.site, world.page(title).id, { body: bodyOf(word) });
const storedVersion = async (title: string) => {
  const [row] = await database.sql<{ version: number }[]>`
    select version from confluence_pages where page_id = ${world.page(title).id}`;
  return row?.version ?? 0;
};
const setAccount = (accountId: string) => database.sql`update confluence_sites set account_id = ${accountId}`;
/** Syncs by the pulse, oldest first. */
const pulsed = async () =>
  (
    await database.sql<{ source_id: string }[]>`
      select source_id from archon_progress where actor = 'pulse' order by created_at, operation_id`
  ).map((row) => row.source_id);
const siteOf = async (sourceId = SOURCE_ID) => {
  const [site] = await database.sql<
    {
      pulse_error: Record<string, unknown> | null;
      last_pulse_at: Date | null;
      pulse_since: Date | null;
      paused_until: Date | null;
    }[]
  >`
    select c.pulse_error, c.last_pulse_at, c.pulse_since, c.paused_until
    from confluence_sites c join archon_sources s using (site_id) where s.source_id = ${sourceId}`;
  if (!site) throw new Error(`Source ${sourceId} has no site`);
  return site;
};

it("an edit in any space of a site is stored within two minutes, and only its space is synced", async () => {
  await addSpacesWithSources(world, ["AAA", "BBB", "CCC"]);
  await switchOn();
  await pulses(2);
  for (const title of ["BBB 1", "Page 2", "CCC 1"]) {
    const before = await pulsed();
    edit(title);
    await pulses(2);
    expect(await storedVersion(title)).toBe(2);
    expect((await pulsed()).slice(before.length)).toHaveLength(1);
  }
  expect(await pulsed()).toEqual(["source-BBB", SOURCE_ID, "source-CCC"]);
});

it("an idle site costs at most three calls a minute, whatever the number of its spaces", async () => {
  await addSpacesWithSources(
    world,
    Array.from({ length: 199 }, (_, n) => `S${n}`),
    { synced: false },
  );
  await database.sql`
    update archon_sources set metadata = metadata || ${database.sql.json({ last_sync_timestamp: world.now().toISOString() })}`;
  await switchOn();
  world.pass(60 * MINUTE_MS);
  await pulse();
  world.takeRequests();
  await pulses(10);
  expect(world.takeRequests().length).toBeLessThanOrEqual(30);
  expect((await siteOf()).last_pulse_at?.getTime()).toBeGreaterThan(world.now().getTime() - MINUTE_MS);
});

it("a site without a pulse is asked nothing", async () => {
  edit("Page 1");
  world.takeRequests();
  await pulses(3);
  expect(world.takeRequests()).toEqual([]);
});

it("a pulse moves no watermark and deletes nothing", async () => {
  await switchOn();
  const before = (await world.source()).metadata;
  await pulses(3);
  expect((await world.source()).metadata).toEqual(before);
  expect(await pulsed()).toEqual([]);
});

it.each(["America/Los_Angeles", "Pacific/Kiritimati", "UTC"])(
  "an edit is found whatever the account's zone: %s",
  async (zone) => {
    world.site.settings.time_zone = zone;
    await switchOn();
    await pulses(2);
    world.pass(45 * MINUTE_MS);
    await pulse();
    edit("Page 3");
    await pulses(2);
    expect(await storedVersion("Page 3")).toBe(2);
  },
);

it("an edit that the search index shows half an hour late is found when it shows it", async () => {
  await switchOn();
  world.pass(60 * MINUTE_MS);
  await pulse();
  world.site.settings.index_lag_seconds = 28 * 60;
  edit("Page 1");
  world.site.settings.index_lag_seconds = 0;
  await pulses(27);
  expect(await storedVersion("Page 1")).toBe(1);
  await pulses(3);
  expect(await storedVersion("Page 1")).toBe(2);
});

it("after an outage an empty search is not trusted: the next pulse looks back as far", async () => {
  await switchOn();
  await pulse();
  const { pulse_since: since } = await siteOf();
  edit("Page 1");
  world.pass(3 * 60 * MINUTE_MS);
  world.site.faults.push({ effect: "empty_listing", path: "/content/search", times: 1, skip: 0 });
  await pulse();
  expect(await siteOf()).toMatchObject({
    pulse_since: since,
    pulse_error: { code: "incomplete_search", failures: 1 },
  });
  await pulses(2);
  expect(await storedVersion("Page 1")).toBe(2);
  expect((await siteOf()).pulse_error).toBeNull();
});

it("a comment that cannot be read does not hold a pulse back", async () => {
  await database.sql`update archon_sources set content = content || '{"comments": "open"}'`;
  await world.sync();
  await switchOn();
  await pulse();
  addComment(world.site, { containerId: world.page("Page 1").id, body: "<p>Odd</p>" });
  const { pulse_since: since } = await siteOf();
  world.site.faults.push({
    effect: "odd_item",
    field: "version",
    value: null,
    path: "/content/search",
    times: 100,
    skip: 0,
  });
  await pulses(2);
  const { pulse_error: error, pulse_since: now } = await siteOf();
  expect(error).toBeNull();
  expect(now?.getTime()).toBeGreaterThan((since?.getTime() ?? 0) + MINUTE_MS);
});

it("more hits than five calls list make every source due, at most each ten minutes", async () => {
  await addSpacesWithSources(world, ["AAA", "BBB"]);
  world.site.settings.max_page_size = 2;
  await switchOn();
  world.pass(60 * MINUTE_MS);
  edit("AAA 1");
  addDemoPages(world.site, 8, 10);
  world.takeRequests();
  world.pass(MINUTE_MS);
  await pulseSites(world.outside, { remainingMs: () => 60_000 });
  expect(world.takeRequests()).toHaveLength(5);
  await world.drain();
  expect((await pulsed()).sort()).toEqual([SOURCE_ID, "source-AAA", "source-BBB"]);
  expect(await storedVersion("AAA 1")).toBe(2);
  await pulses(9);
  expect(await pulsed()).toHaveLength(3);
  await pulses(3);
  expect((await pulsed()).filter((id) => id === "source-BBB")).toHaveLength(2);
});

it.each([
  ["a space with a known edit goes first", 1, { known: 1, any: MAX_STARTS - 1 }],
  ["many such spaces leave a quarter of the starts to the others", MAX_STARTS + 5, { known: 15, any: 5 }],
])("after more hits than five calls list, %s", async (_, edits, expected) => {
  const keys = Array.from({ length: 2 * MAX_STARTS + 5 }, (_each, n) => `S${String(n).padStart(2, "0")}`);
  await addSpacesWithSources(world, keys, { synced: false });
  const synced = { last_sync_timestamp: world.now().toISOString() };
  await database.sql`update archon_sources set metadata = metadata || ${database.sql.json(synced)}`;
  await switchOn();
  world.pass(60 * MINUTE_MS);
  await recordOverflow(database.sql, String((await world.source()).siteId), world.now());
  const known = keys.slice(-edits);
  for (const key of known) edit(`${key} 1`);
  world.pass(MINUTE_MS);
  await pulseSites(world.outside, { remainingMs: () => 60_000 });
  const isKnown = Map.groupBy(await pulsed(), (id) => known.includes(id.replace("source-", "")));
  expect({ known: isKnown.get(true)?.length, any: isKnown.get(false)?.length }).toEqual(expected);
});

it("a source that is busy is synced when its operation has ended", async () => {
  await switchOn();
  await pulse();
  const running = await world.startSync();
  edit("Page 1");
  await world.deliverOne("plan");
  // It has listed what changed, and its page waits.
  edit("Page 2");
  world.pass(MINUTE_MS);
  await pulseSites(world.outside, { remainingMs: () => 60_000 });
  expect(await pulsed()).toEqual([]);
  expect(await storedVersion("Page 1")).toBe(1);
  await world.ended(running);
  await pulses(2);
  expect(await pulsed()).toEqual([SOURCE_ID]);
  expect(await storedVersion("Page 2")).toBe(2);
});

it("sources without an interval, and those before their first sync, are not synced by a pulse", async () => {
  await addSpacesWithSources(world, ["MANUAL"], { intervalMinutes: null });
  await addSpacesWithSources(world, ["NEW"], { synced: false });
  await switchOn();
  edit("MANUAL 1");
  edit("NEW 1");
  await pulses(3);
  expect(await pulsed()).toEqual([]);
  expect(await storedVersion("MANUAL 1")).toBe(1);
});

describe("a first sync that takes hours", () => {
  /** With the site's other source out of the way, it has listed the space and fetches its pages. */
  const startFirstSync = async () => {
    const { sql } = database;
    await addSpacesWithSources(world, ["NEW"], { synced: false });
    await sql`update archon_sources set sync_interval_minutes = null where source_id = ${SOURCE_ID}`;
    await switchOn();
    const { operationId } = await syncSpace("source-NEW", "NEW", { actor: "schedule" }, world.outside);
    await world.deliverUntil("plan", async () => (await world.progress(operationId)).status === "processing");
    return operationId;
  };
  /** Pulses without the workers: the first sync goes on. */
  const pulsesMeanwhile = async (minutes: number) => {
    for (let n = 0; n < minutes; n += 1) {
      world.pass(MINUTE_MS);
      await database.sql`update archon_sources set lease_until = ${new Date(world.now().getTime() + MINUTE_MS)}
        where lease_operation_id is not null`;
      await pulseSites(world.outside, { remainingMs: () => 60_000 });
    }
  };

  it("an edit that it no longer lists is stored within two minutes of its end", async () => {
    const running = await startFirstSync();
    const late = addPage(world.site, { space: "NEW", title: "NEW 2", body: bodyOf("late") });
    await pulsesMeanwhile(40);
    expect(await pulsed()).toEqual([]);
    await world.ended(running);
    expect(await database.sql`select * from confluence_pages where page_id = ${late.id}`).toEqual([]);
    await pulses(2);
    expect(await pulsed()).toEqual(["source-NEW"]);
    expect(await storedVersion("NEW 2")).toBe(1);
  });

  it("when it fails, nothing is kept of it: the next one lists the whole space", async () => {
    await startFirstSync();
    addPage(world.site, { space: "NEW", title: "NEW 2", body: bodyOf("late") });
    await pulsesMeanwhile(2);
    const kept = () => database.sql`select page_id from pulse_hits where source_id = 'source-NEW'`;
    expect(await kept()).not.toEqual([]);
    await database.sql`update archon_sources set sync_interval_minutes = ${DAY_MINUTES} where source_id = ${SOURCE_ID}`;
    await cancelOperation(database.sql, { sourceId: "source-NEW", now: world.now(), actor: "a test" });
    world.pass(60 * MINUTE_MS);
    await pulses(2);
    expect([await kept(), await pulsed()]).toEqual([[], []]);
  });
});

describe("a space that was unavailable", () => {
  const setVisible = (visible: boolean) => {
    const space = spaceByKey(world.site, SPACE);
    if (space) space.visible = visible;
  };

  it("is synced as soon as a pulse finds an edit in it", async () => {
    await switchOn();
    setVisible(false);
    world.pass(60 * MINUTE_MS);
    expect((await world.sync()).error?.code).toBe("space_unavailable");
    world.pass(60 * MINUTE_MS);
    setVisible(true);
    await pulses(2);
    expect((await world.source()).status).toBe("space_unavailable");
    edit("Page 1");
    await pulses(2);
    expect((await world.source()).status).toBe("active");
    expect(await storedVersion("Page 1")).toBe(2);
  });

  it("is tried each ten minutes at most while it is edited, and not after its edits are old", async () => {
    const pulseAndFail = async () => {
      world.pass(MINUTE_MS);
      await pulseSites(world.outside, { remainingMs: () => 60_000 });
      const error = new PermanentError("space_unavailable", "Not visible");
      for (const { operation_id: id } of await database.sql`
        select operation_id from archon_progress where actor = 'pulse' and finished_at is null`)
        await failOperation(id, error, world.outside);
    };
    await switchOn();
    await pulse();
    await database.sql`update archon_sources set status = 'space_unavailable'`;
    for (let minutes = 0; minutes < 30; minutes += 1) {
      edit("Page 1");
      await pulseAndFail();
    }
    expect(await pulsed()).toHaveLength(3);
    world.pass(60 * MINUTE_MS);
    for (let minutes = 0; minutes < 30; minutes += 1) await pulseAndFail();
    expect((await pulsed()).length).toBeLessThan(5);
    expect(await database.sql`select * from pulse_hits`).toEqual([]);
  });

  it("is not tried because more changed on the site than a pulse reads", async () => {
    await switchOn();
    await pulse();
    await database.sql`update archon_sources set status = 'space_unavailable'`;
    world.pass(60 * MINUTE_MS);
    await recordOverflow(database.sql, String((await world.source()).siteId), world.now());
    await pulses(2);
    expect(await pulsed()).toEqual([]);
  });
});

it("a page that cannot be stored is not tried each minute", async () => {
  await switchOn();
  await pulse();
  world.embedding.refused = "unembeddable";
  edit("Page 1", "unembeddable");
  await pulses(10);
  expect(await pulsed()).toEqual([SOURCE_ID]);
  edit("Page 1", "mended");
  await pulses(2);
  expect(await storedVersion("Page 1")).toBe(3);
});

it("a sync that failed is started again after ten minutes", async () => {
  await switchOn();
  await pulse();
  edit("Page 1");
  await pulse();
  await database.sql`update archon_progress set status = 'failed' where actor = 'pulse'`;
  await database.sql`update confluence_pages set version = 1 where page_id = ${world.page("Page 1").id}`;
  await pulses(8);
  expect(await pulsed()).toHaveLength(1);
  await pulses(3);
  expect(await pulsed()).toHaveLength(2);
  expect(await storedVersion("Page 1")).toBe(2);
});

it("many spaces with news are synced twenty a minute, those that wait longest first", async () => {
  const keys = Array.from({ length: 23 }, (_, n) => `S${String(n).padStart(2, "0")}`);
  await addSpacesWithSources(world, keys);
  await switchOn();
  await pulse();
  for (const key of keys.slice(2)) edit(`${key} 1`);
  world.pass(MINUTE_MS);
  await pulseSites(world.outside, { remainingMs: () => 60_000 });
  expect(await pulsed()).toHaveLength(20);
  // The last one waits, and edits that come later wait behind it.
  edit("S00 1");
  edit("S01 1");
  await database.sql`update archon_progress set finished_at = created_at where actor = 'pulse'`;
  world.pass(MINUTE_MS);
  await pulseSites(world.outside, { remainingMs: () => 60_000 });
  const [first, ...later] = (await pulsed()).slice(20);
  expect([first, later.sort()]).toEqual(["source-S22", ["source-S00", "source-S01"]]);
});

it("a site with many changed spaces delays no other site", async () => {
  const keys = Array.from({ length: MAX_STARTS + 5 }, (_, n) => `S${String(n).padStart(2, "0")}`);
  const options = { synced: false };
  await addSpacesWithSources(world, keys, options);
  await addSpacesWithSources(world, ["ELSEWHERE"], { ...options, baseUrl: "https://other.atlassian.net" });
  const synced = { last_sync_timestamp: world.now().toISOString() };
  await database.sql`update archon_sources set metadata = metadata || ${database.sql.json(synced)}`;
  await switchOn();
  // The other site's turn is after that of the one with so many.
  const site = (await world.source()).siteId;
  await database.sql`
    update confluence_sites set pulse_tried_at = ${new Date(world.now().getTime() - MINUTE_MS)} where site_id <> ${site}`;
  world.pass(MINUTE_MS);
  await pulseSites(world.outside, { remainingMs: () => 60_000 });
  const started = await pulsed();
  expect(started).toHaveLength(MAX_STARTS + 1);
  expect(started).toContain("source-ELSEWHERE");
});

it("while pulses fail, sources are synced at their intervals", async () => {
  await database.sql`update archon_sources set sync_interval_minutes = 60`;
  await switchOn();
  await pulse();
  // Syncs name their space first.
  const path = "search?cql=type";
  world.site.faults.push({
    effect: "status",
    status: 500,
    retry_after: null,
    path,
    times: 1e6,
    skip: 0,
  });
  edit("Page 1");
  for (let minutes = 0; minutes < 64; minutes += 2) {
    await pulse();
    await world.minute("start-scheduled-syncs");
  }
  expect((await siteOf()).pulse_error).toMatchObject({ code: "confluence_failed" });
  expect(await pulsed()).toEqual([]);
  expect(await storedVersion("Page 1")).toBe(2);
  const [sync] = await database.sql`select status from archon_progress where actor = 'schedule'`;
  expect(sync).toEqual({ status: "completed" });
});

it("a 429 pauses its site and no other", async () => {
  await addSpacesWithSources(world, ["AAA"]);
  await addSpacesWithSources(world, ["ELSEWHERE"], { baseUrl: "https://other.atlassian.net" });
  await switchOn();
  await pulse();
  // The other site was asked just before, so that the 429 meets this one.
  const justBefore = new Date(world.now().getTime() + MINUTE_MS);
  await database.sql`update confluence_sites set pulse_tried_at = ${justBefore} where base_url <> ${world.site.url}`;
  world.site.faults.push({ effect: "rate_limit", retry_after: 600, times: 1, skip: 0 });
  edit("ELSEWHERE 1");
  edit("AAA 1");
  await pulses(2);
  expect((await siteOf("source-AAA")).paused_until?.getTime()).toBeGreaterThan(
    world.now().getTime() + 6 * MINUTE_MS,
  );
  expect((await siteOf("source-ELSEWHERE")).paused_until).toBeNull();
  expect(await storedVersion("ELSEWHERE 1")).toBe(2);
  expect(await storedVersion("AAA 1")).toBe(1);
  await pulses(12);
  expect(await storedVersion("AAA 1")).toBe(2);
});

it("an edit that was found before the index knew its time is synced again when it does", async () => {
  const pulseOnly = () => {
    world.pass(MINUTE_MS);
    return pulseSites(world.outside, { remainingMs: () => 60_000 });
  };
  await switchOn();
  await pulse();
  await database.sql`update confluence_sites set pulse = false`;
  edit("Page 1", "first");
  world.pass(45 * MINUTE_MS);
  await world.sync();
  // The search returns the new version of what it finds by the time of the old one, which is out of the sync's reach.
  world.site.settings.index_lag_seconds = 25 * 60;
  edit("Page 1", "second");
  const knownAt = world.now().getTime() + 25 * MINUTE_MS;
  world.site.settings.index_lag_seconds = 0;
  world.pass(17 * MINUTE_MS);
  await switchOn();
  expect(await pulseOnly()).toMatchObject({ started: 1 });
  const syncedAt = world.now().getTime();
  expect(await pulseOnly()).toMatchObject({ started: 0 });
  const [sync] = await database.sql<{ operation_id: string }[]>`
    select operation_id from archon_progress where actor = 'pulse'`;
  expect((await world.ended(sync?.operation_id ?? "")).status).toBe("completed");
  expect(await storedVersion("Page 1")).toBe(2);
  // No pulse until then: one that does not list the hit any more would forget it.
  world.pass(knownAt - world.now().getTime());
  await pulses(2);
  expect(await storedVersion("Page 1")).toBe(3);
  expect(await pulsed()).toHaveLength(2);
  // Not because a sync that passed over a hit counts for ten minutes only.
  expect(world.now().getTime() - syncedAt).toBeLessThan(10 * MINUTE_MS);
});

it("a site whose account is another one is recorded as failing, trusted in nothing, and stops no other", async () => {
  await addSpacesWithSources(world, ["ELSEWHERE"], { baseUrl: "https://other.atlassian.net" });
  await switchOn();
  await pulse();
  await database.sql`update confluence_sites set account_id = 'somebody-else' where base_url <> ${world.site.url}`;
  const { pulse_since: since } = await siteOf("source-ELSEWHERE");
  edit("ELSEWHERE 1");
  edit("Page 1");
  await pulses(2);
  expect(await siteOf("source-ELSEWHERE")).toMatchObject({
    pulse_error: { code: "account_changed" },
    pulse_since: since,
  });
  expect(await pulsed()).toEqual([SOURCE_ID]);
  expect(world.logged.filter(({ event }) => event === "pulse.failed").length).toBeGreaterThan(0);
});

it("pulses of a site that fails are made less and less often, and at once each minute when it is well again", async () => {
  await switchOn();
  await setAccount("somebody-else");
  world.takeRequests();
  await pulses(30);
  expect(world.takeRequests().length).toBeLessThan(8);
  expect((await siteOf()).pulse_error).toMatchObject({ code: "account_changed" });
  await setAccount(ACCOUNT_ID);
  edit("Page 1");
  await pulses(16);
  expect(await storedVersion("Page 1")).toBe(2);
  expect((await siteOf()).pulse_error).toBeNull();
  expect((await world.source()).status).toBe("active");
});

describe("a pulse whose credentials Confluence refuses", () => {
  const statuses = async () =>
    Object.fromEntries(
      (await world.api("GET", "/api/confluence/sources")).body["sources"].map(
        (source: { source_id: string; status: string }) => [source.source_id, source.status],
      ),
    );
  const events = async () =>
    (await database.sql`select detail from event_outbox where event_type = 'site.credentials_expired'`).map(
      ({ detail }) => detail,
    );
  beforeEach(async () => {
    await addSpacesWithSources(world, ["AAA"]);
    await addSpacesWithSources(world, ["ELSEWHERE"], { baseUrl: "https://other.atlassian.net" });
    await database.sql`update confluence_sites set pulse = (base_url = ${world.site.url})`;
    await pulse();
  });

  it.each([
    ["401", () => (world.site.settings.token = "another")],
    ["an anonymous response", () => (world.site.settings.answer_as_anonymous = true)],
  ])(
    "%s in a pulse expires the credentials of all sources of its site, and of no other",
    async (_, spoil) => {
      const { siteId } = await world.source();
      spoil();
      await pulse();
      expect(await statuses()).toEqual({
        [SOURCE_ID]: "credentials_expired",
        "source-AAA": "credentials_expired",
        "source-ELSEWHERE": "active",
      });
      expect(await events()).toEqual([{ site_id: siteId }]);
      expect(world.logged.find(({ event }) => event === "site.credentials_expired")).toMatchObject({
        level: "error",
      });
      world.takeRequests();
      await pulses(3);
      expect(world.takeRequests()).toEqual([]);
      expect(await events()).toHaveLength(1);
    },
  );

  it("a token that lacks a scope in a pulse expires no credentials", async () => {
    world.site.faults.push({ effect: "scope_missing", said_in: "body", times: 1, skip: 0 });
    await pulse();
    expect((await siteOf()).pulse_error).toMatchObject({ code: "scope_missing" });
    expect(await statuses()).toMatchObject({ [SOURCE_ID]: "active", "source-AAA": "active" });
    expect(await events()).toEqual([]);
  });

  it("a token that was replaced while a pulse used the old one keeps the site active", async () => {
    world.site.settings.token = "another";
    const { siteId } = await world.source();
    const opened = world.outside.confluence;
    const services = {
      ...world.outside,
      confluence: (access: Parameters<typeof opened>[0]) => {
        const client = opened(access);
        return {
          ...client,
          currentUser: async () => {
            await database.sql`update confluence_sites set encrypted_secret = 'rotated' where site_id = ${siteId}`;
            return client.currentUser();
          },
        };
      },
    };
    world.pass(MINUTE_MS);
    await pulseSites(services, { remainingMs: () => 60_000 });
    expect((await siteOf()).pulse_error).toMatchObject({ code: "credentials_rejected" });
    expect(await statuses()).toMatchObject({ [SOURCE_ID]: "active", "source-AAA": "active" });
  });
});

it("a source's status and its site say how long edits took to become findable", async () => {
  const { siteId } = await world.source();
  const told = async () =>
    [
      await world.api("GET", `/api/confluence/${SOURCE_ID}/status`),
      await world.api("GET", `/api/confluence/sites/${siteId}`),
    ].map(({ body }) => body["findable_seconds"]);
  // What the first sync found was not waited for.
  expect(await told()).toEqual([null, null]);
  await switchOn();
  await pulse();
  edit("Page 1");
  await pulses(2);
  const [ofSource, ofSite] = await told();
  expect(ofSource.p50).toBeGreaterThan(55);
  expect(ofSource.max).toBeLessThan(120);
  expect(ofSite).toEqual(ofSource);
});

it("sources say when a pulse last looked at their site, and the site why it fails", async () => {
  const source = async () => (await world.api("GET", `/api/confluence/${SOURCE_ID}`)).body;
  await pulse();
  expect((await source())["last_pulse_at"]).toBeNull();
  await switchOn();
  await pulse();
  const first = (await source())["last_pulse_at"] as string;
  expect(world.now().getTime() - Date.parse(first)).toBeLessThan(MINUTE_MS);
  await setAccount("somebody-else");
  await pulses(2);
  expect((await source())["last_pulse_at"]).toBe(first);
  const { siteId } = await world.source();
  const { body } = await world.api("GET", `/api/confluence/sites/${siteId}`);
  expect(body).toMatchObject({ pulse: true, last_pulse_at: first, warnings: [{ code: "pulse_failing" }] });
});

it("with too little time left no site is asked", async () => {
  await switchOn();
  world.takeRequests();
  const result = await pulseSites(world.outside, { remainingMs: () => 30_000 });
  expect([result, world.takeRequests()]).toEqual([{ pulsed: 0, failed: 0, started: 0 }, []]);
});

it("a page that a sync passed over, because it moved in the listing while that was paged, is synced again after ten minutes", async () => {
  const { sql } = database;
  await switchOn();
  edit("Page 1");
  await pulses(3);
  expect([await storedVersion("Page 1"), (await pulsed()).length]).toEqual([2, 1]);
  const { id } = world.page("Page 1");
  // As if the sync had not listed it.
  await sql`update confluence_pages set version = 1 where page_id = ${id}`;
  await sql`delete from sync_work where page_id = ${id}`;
  await sql`
    insert into pulse_hits (source_id, page_id, version, first_seen_at, last_seen_at)
    select o.source_id, ${id}, 2, o.created_at, c.last_pulse_at
    from archon_progress o join archon_sources s using (source_id) join confluence_sites c using (site_id) where o.actor = 'pulse'`;
  await pulses(4);
  expect((await pulsed()).length).toBe(1);
  await pulses(8);
  expect([await storedVersion("Page 1"), (await pulsed()).length]).toEqual([2, 2]);
});

it("hits are forgotten when their pages are stored", async () => {
  await switchOn();
  await pulse();
  edit("Page 1");
  await pulses(3);
  expect(await database.sql`select * from pulse_hits`).toEqual([]);
});

it("an edit in a space without a source is ignored", async () => {
  await addSpacesWithSources(world, ["GONE"]);
  await switchOn();
  await database.sql`delete from archon_sources where source_id = 'source-GONE'`;
  edit("GONE 1");
  await pulses(2);
  expect(await pulsed()).toEqual([]);
});
