import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage } from "#infra/local/confluence-site/edits.ts";
import { restrictPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { editLive, hideLiveBody } from "#infra/local/confluence-site/live-edits.ts";
import type { SitePage } from "#infra/local/confluence-site/site.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let database: TestDatabase;
let world: SyncWorld;
let live: SitePage;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, { pages: 2 });
  live = addPage(world.site, {
    space: SPACE,
    title: "Minutes",
    body: bodyOf("firsttext"),
    subtype: "live",
  });
  await world.sync();
  world.pass(HOUR_MS);
  await world.sync();
  world.pass(HOUR_MS);
});

const row = async () => {
  const [found] = await database.sql`
    select version, subtype, state_revision, last_synced_at, sync_error ->> 'code' as error from confluence_pages
    where page_id = ${live.id}`;
  return found;
};
const events = async () => (await database.sql`select event_type from event_outbox`).length;
/** The next sync, some minutes later: within the overlap of listings. */
const syncSoon = () => {
  world.pass(5 * MINUTE_MS);
  return world.sync();
};
const bodiesFetched = () =>
  world
    .takeRequests()
    .filter(({ query }) => query.includes("body-format=storage") && query.includes(`id=${live.id}`)).length;

describe("case 13: a live doc's text changes at an equal version", () => {
  it("another text at an equal version is found after the next sync, and only its chunk is embedded", async () => {
    editLive(world.site, live.id, bodyOf("secondtext"));
    const { sync_metrics } = await world.sync();
    expect(sync_metrics).toMatchObject({ pages_updated: 1, chunks_kept: 1, embeddings_created: 1 });
    expect((await world.find("secondtext"))[0]?.title).toBe("Minutes");
    expect(await world.find("firsttext")).toEqual([]);
    expect(await row()).toMatchObject({ version: 1, subtype: "live" });
  });

  it("a live doc that was hidden is found again once it is visible, also with the text that is stored", async () => {
    restrictPage(world.site, live.id, "nobody");
    expect((await world.check()).sync_metrics.pages_hidden).toBe(1);
    expect(await world.find("firsttext")).toEqual([]);
    restrictPage(world.site, live.id, "everyone");
    world.pass(HOUR_MS);
    expect((await world.check({ dryRun: true })).sync_metrics.pages_updated).toBe(1);
    expect((await world.check()).sync_metrics).toMatchObject({ pages_restored: 1, embeddings_created: 0 });
    expect((await world.find("firsttext"))[0]?.title).toBe("Minutes");
  });

  it("a live doc that is listed again with the text that is stored is fetched, and nothing is written", async () => {
    editLive(world.site, live.id, bodyOf("secondtext"));
    await world.sync();
    const [before, written, calls] = [await row(), await events(), world.embedding.calls];
    world.takeRequests();
    const { sync_metrics } = await syncSoon();
    expect(bodiesFetched()).toBe(1);
    expect(sync_metrics).toMatchObject({ pages_updated: 0, pages_unchanged: 1, embeddings_created: 0 });
    expect(await row()).toEqual(before);
    expect(world.embedding.calls).toBe(calls);
    // The operation's own end.
    expect((await events()) - written).toBe(1);
  });

  it("an edit that no query by time finds is found by the next check", async () => {
    world.site.settings.live_edits_move_date = false;
    editLive(world.site, live.id, bodyOf("secondtext"));
    await world.sync();
    expect(await world.find("secondtext")).toEqual([]);
    await world.check();
    expect(await world.find("secondtext")).toHaveLength(1);
  });

  it("an ordinary page that is listed at an equal version is not fetched", async () => {
    editPage(world.site, world.page("Page 1").id, { body: bodyOf("edited") });
    await world.sync();
    world.takeRequests();
    await syncSoon();
    expect(world.takeRequests().filter(({ query }) => query.includes("body-format=storage"))).toEqual([]);
  });

  it("a row of an earlier release becomes a live doc with the next check", async () => {
    await database.sql`update confluence_pages set subtype = null`;
    await world.check();
    expect(await row()).toMatchObject({ subtype: "live" });
    editLive(world.site, live.id, bodyOf("secondtext"));
    await world.sync();
    expect(await world.find("secondtext")).toHaveLength(1);
  });

  it("a page of the site that is no live doc is stored as a page", async () => {
    const [page] = await database.sql`
      select subtype from confluence_pages where page_id = ${world.page("Page 1").id}`;
    expect(page?.subtype).toBe("page");
  });
});

describe("case 13: an empty body of a live doc", () => {
  const hide = () => {
    editLive(world.site, live.id, bodyOf("secondtext"));
    hideLiveBody(world.site, live.id, true);
  };

  it("an empty body leaves the stored text found, with an error on the page, until the third fetch in a row", async () => {
    hide();
    for (let fetches = 1; fetches <= 2; fetches += 1) {
      expect((await syncSoon()).status).toBe("completed");
      expect(await world.find("firsttext")).toHaveLength(1);
      const query = { status: "failed" };
      const { body } = await world.api("GET", `/api/confluence/${SOURCE_ID}/pages`, { query });
      expect(body.pages).toMatchObject([
        { title: "Minutes", status: "current", error: { code: "empty_live_doc", attempts: fetches } },
      ]);
    }
    expect((await syncSoon()).sync_metrics).toMatchObject({ pages_updated: 1 });
    expect(await world.find("firsttext")).toEqual([]);
    expect(await row()).toMatchObject({ error: null });
    expect((await world.find("Minutes"))[0]?.title).toBe("Minutes");
  });

  it("a text that is shown again before the third fetch is stored, and the count of empty bodies begins anew", async () => {
    hide();
    await syncSoon();
    await syncSoon();
    hideLiveBody(world.site, live.id, false);
    await syncSoon();
    expect(await world.find("secondtext")).toHaveLength(1);
    expect(await row()).toMatchObject({ error: null });
    hideLiveBody(world.site, live.id, true);
    await syncSoon();
    expect(await world.find("secondtext")).toHaveLength(1);
  });

  it("a live doc that shows the stored text again has no error any more, and nothing is written", async () => {
    hideLiveBody(world.site, live.id, true);
    await world.check();
    expect(await row()).toMatchObject({ error: "empty_live_doc" });
    const before = await row();
    hideLiveBody(world.site, live.id, false);
    await syncSoon();
    expect(await row()).toEqual({ ...before, error: null });
  });

  it("an empty body in a newer version is not believed at once either", async () => {
    editPage(world.site, live.id, { body: bodyOf("secondtext") });
    hideLiveBody(world.site, live.id, true);
    await world.sync();
    expect(await world.find("firsttext")).toHaveLength(1);
    expect(await row()).toMatchObject({ version: 1 });
    world.pass(2 * HOUR_MS);
    await world.sync();
    world.pass(2 * HOUR_MS);
    await world.sync();
    expect(await world.find("firsttext")).toEqual([]);
    expect(await row()).toMatchObject({ version: 2, error: null });
  });

  it("an embedding error between two empty bodies does not count as a fetch without text", async () => {
    hide();
    await syncSoon();
    await database.sql`
      update confluence_pages set sync_error = sync_error || '{"code": "timeout", "attempts": 4}' where page_id = ${live.id}`;
    await syncSoon();
    await syncSoon();
    expect(await world.find("firsttext")).toHaveLength(1);
    await syncSoon();
    expect(await world.find("firsttext")).toEqual([]);
  });

  it("a new live doc without text is stored as it is", async () => {
    addPage(world.site, { space: SPACE, title: "Blank", body: "", subtype: "live" });
    await world.sync();
    expect((await world.find("Blank"))[0]?.title).toBe("Blank");
  });
});
