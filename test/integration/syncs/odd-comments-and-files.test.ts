import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment, editComment } from "#infra/local/confluence-site/comment-edits.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import type { SiteComment } from "#infra/local/confluence-site/site.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const HOUR_MS = 60 * 60_000;

describe("comments and files that Confluence sends in a form that cannot be read", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let comments: SiteComment[];
  let fileIds: string[];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, {
      pages: 2,
      content: { blogposts: false, comments: "open", attachments: true },
    });
    comments = ["lighthouse", "kiosk", "harbour"].map((word) =>
      addComment(world.site, { containerId: pageId(), body: `<p>Remark about the ${word}</p>` }),
    );
    fileIds = ["tides", "ferries"].map((word) => {
      const bytes = Buffer.from(`Table of ${word}`);
      return uploadFile(world.site, {
        containerId: pageId(),
        title: `${word}.txt`,
        bytes,
        mediaType: "text/plain",
      }).id;
    });
    world.pass(HOUR_MS);
    world.logged.length = 0;
  });
  afterAll(() => database.close());

  const pageId = () => world.page("Page 1").id;
  const idOf = (n: number) => comments[n]?.id ?? "";
  /** From now on the hits of searches with these ids lack what `spoil` takes from them. */
  const spoilHits = (ids: readonly string[], spoil: (hit: Record<string, unknown>) => void) => {
    world.onTheWay.change = (text, url) => {
      if (!url.includes("/content/search")) return text;
      const response = JSON.parse(text) as { results?: Record<string, unknown>[] };
      for (const hit of response.results ?? []) if (ids.includes(String(hit["id"]))) spoil(hit);
      return JSON.stringify(response);
    };
  };
  const withoutText = (hit: Record<string, unknown>) => {
    if (hit["body"]) hit["body"] = { storage: { value: null } };
  };
  const withoutVersion = (hit: Record<string, unknown>) => delete hit["version"];
  const watermark = async () => (await world.source()).metadata.last_sync_timestamp;
  const messages = async () =>
    (await database.sql<{ log: { message: string }[] }[]>`select log from archon_progress`).flatMap(
      ({ log }) => log.map((line) => line.message),
    );
  const titles = async (query: string) => (await world.find(query)).map((hit) => hit.kind);

  it("a first sync ends with its watermark although a comment has no text, and says which", async () => {
    spoilHits([idOf(1)], withoutText);
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { comments_added: 2 } });
    expect((await world.source()).metadata).toMatchObject({
      last_sync_timestamp: expect.any(String),
      listed_kinds: expect.arrayContaining(["comments", "attachment"]),
    });
    expect(await titles("lighthouse")).toEqual(["comments"]);
    expect(world.logged).toContainEqual({
      level: "warn",
      event: "confluence.drift",
      fields: expect.objectContaining({ source_id: SOURCE_ID, comments: [idOf(1)] }),
    });
    expect(await messages()).toContainEqual(
      expect.stringContaining(`1 comments that cannot be read: ${idOf(1)}`),
    );
    world.pass(HOUR_MS);
    await world.sync();
    expect(await messages()).toContain("Listing what changed");
  });

  it("a first sync ends with its watermark although a file has no version", async () => {
    spoilHits(fileIds.slice(0, 1), withoutVersion);
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { files_added: 1 } });
    expect(await watermark()).not.toBeNull();
    expect(await messages()).toContainEqual(expect.stringContaining("1 files that cannot be read"));
    expect(await titles("ferries")).toEqual(["attachment"]);
  });

  it.each([
    ["one comment without its text beside another", [0], [1], withoutText],
    ["two comments without their texts, and no other", [0, 1], [], withoutText],
    ["a comment without its version", [0], [1], withoutVersion],
  ])("a later sync moves its watermark over %s, and keeps the stored text", async (_, odd, good, spoil) => {
    await world.sync();
    world.pass(HOUR_MS);
    await world.sync();
    const before = await watermark();
    world.pass(HOUR_MS);
    for (const n of [...odd, ...good])
      editComment(world.site, idOf(n), { body: `<p>It was edited about zeppelin${n}</p>` });
    world.pass(HOUR_MS);
    spoilHits(odd.map(idOf), spoil);
    expect(await world.sync()).toMatchObject({
      status: "completed",
      sync_metrics: { comments_updated: good.length },
    });
    expect(await watermark()).not.toBe(before);
    expect(await titles("lighthouse")).toEqual(["comments"]);
    // As soon as it can be read, the next complete listing has it.
    world.onTheWay.change = null;
    await world.check();
    for (const n of odd) expect(await titles(`zeppelin${n}`)).toEqual(["comments"]);
  });

  it("a comment whose text does not come at all still keeps the watermark where it is", async () => {
    await world.sync();
    world.pass(HOUR_MS);
    await world.sync();
    const before = await watermark();
    editComment(world.site, idOf(0), { body: "<p>It was edited about zeppelin</p>" });
    world.pass(HOUR_MS);
    world.onTheWay.change = (text, url) => {
      if (!decodeURIComponent(url).includes("body.storage")) return text;
      return JSON.stringify({ ...(JSON.parse(text) as object), results: [] });
    };
    await world.sync();
    expect(await watermark()).toBe(before);
  });

  it.each([
    ["text", withoutText],
    ["version", withoutVersion],
  ])("checks delete no stored comment or file that comes without its %s", async (_, spoil) => {
    await world.sync();
    spoilHits([idOf(0), ...fileIds], spoil);
    for (let checks = 0; checks < 2; checks += 1) {
      world.pass(HOUR_MS);
      const { sync_metrics } = await world.check({ force: true });
      expect(sync_metrics).toMatchObject({ comments_deleted: 0, files_deleted: 0, pages_hidden: 0 });
    }
    expect(await titles("lighthouse")).toEqual(["comments"]);
    expect(await titles("ferries")).toEqual(["attachment"]);
  });
});
