import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addPage, editPage, labelPage } from "#infra/local/confluence-site/edits.ts";
import {
  publishPage,
  restorePage,
  restrictPage,
  trashPage,
} from "#infra/local/confluence-site/page-status-edits.ts";
import {
  changeFile,
  purgeFile,
  replaceFile,
  restoreFile,
  trashFile,
  uploadFile,
} from "#infra/local/confluence-site/file-edits.ts";
import type { SiteAttachment, SitePage } from "#infra/local/confluence-site/site.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import { recordFiles } from "#shared/documents/files.ts";
import {
  bodyOf,
  makeSyncWorld,
  OTHER_SPACE,
  SOURCE_ID,
  SPACE,
  type SyncWorld,
} from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let database: TestDatabase;
let world: SyncWorld;
let report: SiteAttachment;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const on = (title: string) => world.page(title).id;
const upload = (title: string, name: string, text: string | Uint8Array, mediaType = "text/markdown") =>
  uploadFile(world.site, {
    containerId: on(title),
    title: name,
    bytes: typeof text === "string" ? Buffer.from(text) : text,
    mediaType,
  });
const downloads = () => world.site.mediaRequests.length;
const asked = (id: string) =>
  world.site.requests.filter(({ path }) => path.endsWith(`/attachments/${id}`)).length;
const rowOf = async (id: string) => {
  const [row] = await database.sql`
    select version, title, container_id, is_deleted, deleted_reason, missing_since is not null as hidden, chunk_count, file, sync_error
    from confluence_pages where page_id = ${id}`;
  return row;
};

beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 3,
    content: { blogposts: true, comments: "open", attachments: true },
  });
  report = upload("Page 1", "harbour-report.md", "# Harbour\n\nThe tugboat quota was raised in autumn.\n");
});

describe("files are found by what they say", () => {
  it("a first sync stores the text of files, and a hit names the file and opens its page", async () => {
    const { sync_metrics, status } = await world.sync();
    expect({ status, ...sync_metrics }).toMatchObject({
      status: "completed",
      pages_added: 3,
      files_added: 1,
      files_failed: 0,
      pages_failed: 0,
    });
    const [hit] = await world.find("tugboat quota");
    expect(hit).toMatchObject({
      kind: "attachment",
      title: "harbour-report.md",
      parent: { page_id: on("Page 1"), title: "Page 1" },
      headingPath: ["Harbour"],
      file: { name: "harbour-report.md", media_type: "text/markdown" },
    });
    expect(hit?.url).toContain("preview=");
  });
});

describe("changes of files arrive", () => {
  const replacedAndListed = async () => {
    await world.sync();
    world.pass(MINUTE_MS);
    replaceFile(world.site, report.id, { bytes: Buffer.from("The dredger schedule is new.") });
    const id = await world.startSync();
    while (await world.deliverOne("plan"));
    return id;
  };
  /** The message of the report's work once more. */
  const deliverAgain = async (operationId: string) =>
    world.queues.accept("file", [{ operation_id: operationId, source_id: SOURCE_ID, page_id: report.id }]);
  const workOf = async (operationId: string) =>
    [
      ...(await database.sql`
        select state, attempts from sync_work where operation_id = ${operationId} and page_id = ${report.id}`),
    ].map((row) => ({ ...row }));

  it("case 4: a new file on an old page arrives with the next sync, and the page is not fetched again", async () => {
    await world.sync();
    world.pass(30 * DAY_MS);
    await world.sync();
    upload("Page 2", "anchors.txt", "Anchors are painted by the walrus crew", "text/plain");
    world.takeRequests();
    const { sync_metrics } = await world.sync();
    expect(sync_metrics).toMatchObject({ files_added: 1, pages_added: 0, pages_updated: 0 });
    expect(world.takeRequests().filter(({ query }) => query.includes("body-format"))).toEqual([]);
    expect(await world.find("walrus crew")).toMatchObject([{ title: "anchors.txt" }]);
  });

  it("case 5: a new version replaces the old text, and no later listing downloads it again", async () => {
    await world.sync();
    world.pass(MINUTE_MS);
    replaceFile(world.site, report.id, { bytes: Buffer.from("The trawler quota was lowered in spring.") });
    const { sync_metrics } = await world.sync();
    expect(sync_metrics).toMatchObject({ files_updated: 1 });
    expect(await world.find("tugboat")).toEqual([]);
    expect(await world.find("trawler spring")).toHaveLength(1);
    const before = downloads();
    await world.sync();
    await world.sync({ mode: "full" });
    await world.check();
    expect(downloads()).toBe(before);
    expect((await rowOf(report.id))?.version).toBe(2);
  });

  it("case 5: a message that comes twice at once, and again after its sync, downloads and stores the new version once", async () => {
    const id = await replacedAndListed();
    await deliverAgain(id);
    while (world.deliver("file", Number.POSITIVE_INFINITY));
    while (world.scheduler.running() > 0) await world.scheduler.advance();
    expect(world.failures).toEqual([]);
    const stored = () =>
      database.sql`select id, content from archon_crawled_pages where page_id = ${report.id} order by id`;
    const before = await stored();
    const progress = await world.ended(id);
    await deliverAgain(id);
    await world.drain();
    expect(progress.sync_metrics).toMatchObject({ files_updated: 1, files_failed: 0 });
    expect(await workOf(id)).toEqual([{ state: "done", attempts: 1 }]);
    expect(await stored()).toEqual(before);
    expect(await world.find("dredger schedule")).toHaveLength(1);
    expect(downloads()).toBe(2);
  });

  it("case 6: a renamed file is found by its new name without a download", async () => {
    await world.sync();
    const before = downloads();
    changeFile(world.site, report.id, { title: "lagoon-summary.md" });
    const { sync_metrics } = await world.sync({ mode: "full" });
    expect(sync_metrics).toMatchObject({ files_updated: 1, pages_updated: 0 });
    expect(await world.find("tugboat")).toMatchObject([{ title: "lagoon-summary.md" }]);
    const [chunk] = await database.sql`
      select input_hash, content from archon_crawled_pages where page_id = ${report.id}`;
    expect(chunk?.content).toContain("tugboat");
    expect(downloads()).toBe(before);
    await world.sync({ mode: "full" });
    const [same] =
      await database.sql`select input_hash from archon_crawled_pages where page_id = ${report.id}`;
    expect(same?.input_hash).toBe(chunk?.input_hash);
  });

  it("case 6: a file that is moved to another page is shown there, and stays when its old page goes", async () => {
    await world.sync();
    const before = downloads();
    changeFile(world.site, report.id, { containerId: on("Page 2") });
    trashPage(world.site, on("Page 1"));
    await world.sync({ mode: "full" });
    await world.check();
    expect(await world.find("tugboat")).toMatchObject([{ parent: { title: "Page 2" } }]);
    expect(downloads()).toBe(before);
  });

  it("case 6: a file that is moved to a page of another space goes with the check, which says so, without a download", async () => {
    const elsewhere = addPage(world.site, { space: OTHER_SPACE, title: "Elsewhere", body: bodyOf("nomad") });
    for (let n = 1; n <= 4; n += 1) upload("Page 2", `oar-${n}.txt`, `Oar ${n} is wooden`, "text/plain");
    await world.sync();
    const before = downloads();
    changeFile(world.site, report.id, { containerId: elsewhere.id });
    const { sync_metrics } = await world.check();
    expect(sync_metrics).toMatchObject({ files_deleted: 1, files_hidden: 0, pages_deleted: 0 });
    expect(await rowOf(report.id)).toMatchObject({
      version: 1,
      is_deleted: true,
      deleted_reason: "moved_to_another_space",
      chunk_count: 0,
    });
    expect(await world.find("tugboat")).toEqual([]);
    expect(downloads()).toBe(before);
  });

  it("case 7: a file on a page that is not stored waits, and joins when the page comes", async () => {
    const page = world.page("Page 3");
    world.site.faults.push({
      effect: "status",
      status: 500,
      path: "/api/v2/pages",
      times: 1000,
      skip: 1,
    } as never);
    upload("Page 3", "sextant.txt", "The sextant is kept in drawer seven", "text/plain");
    const failed = await world.sync();
    expect(failed.status).not.toBe("completed");
    expect(await world.find("sextant drawer")).toEqual([]);
    world.site.faults.length = 0;
    world.pass(DAY_MS);
    await world.sync();
    expect(await world.find("sextant drawer")).toMatchObject([{ parent: { page_id: page.id } }]);
  });

  it("a list of files that is cut short is not made up for by a page that the search index does not count yet", async () => {
    upload("Page 1", "sextant.txt", "The sextant is kept in drawer seven", "text/plain");
    world.pass(DAY_MS);
    world.site.settings.index_lag_seconds = 1800;
    // As many pages as there are files.
    for (const title of ["Young 1", "Young 2"])
      addPage(world.site, { space: SPACE, title, body: bodyOf(title) });
    world.site.faults.push({ effect: "empty_listing", path: "attachment+order", times: 1000, skip: 0 });
    await world.sync();
    expect(await world.find("sextant drawer")).toEqual([]);
    world.site.faults.length = 0;
    world.pass(DAY_MS);
    await world.sync();
    expect(await world.find("sextant drawer")).toHaveLength(1);
  });

  describe("on a draft", () => {
    let draft: SitePage;
    beforeEach(async () => {
      await world.sync();
      world.pass(DAY_MS);
      draft = addPage(world.site, { space: SPACE, title: "Draft", body: bodyOf("draft"), draft: true });
      upload("Draft", "sextant.txt", "The sextant is kept in drawer seven", "text/plain");
    });
    const sextant = () => world.find("sextant drawer");

    it("case 7: a file on a draft waits, and joins in the sync that finds the draft published", async () => {
      const before = downloads();
      await world.sync({ mode: "full" });
      await world.check();
      expect(await sextant()).toEqual([]);
      expect(downloads()).toBe(before);
      publishPage(world.site, draft.id);
      const { sync_metrics } = await world.sync();
      expect(sync_metrics).toMatchObject({ pages_added: 1, files_added: 1, files_deleted: 0 });
      expect(await sextant()).toMatchObject([{ parent: { page_id: draft.id } }]);
    });

    it("case 7: a file that is older than what the sync after the publishing looks back to joins in that sync too", async () => {
      world.pass(30 * DAY_MS);
      await world.sync();
      world.pass(DAY_MS);
      publishPage(world.site, draft.id);
      // A file has the date of its own version, so that a query by time does not find it: its page is asked for it.
      expect((await world.sync()).sync_metrics).toMatchObject({ pages_added: 1, files_added: 1 });
      expect(await sextant()).toMatchObject([{ parent: { page_id: draft.id } }]);
    });
  });

  const isKept = async () => {
    const [text] =
      await database.sql`select version from attachment_texts where attachment_id = ${report.id}`;
    return text?.version === 2;
  };

  it("a file that is renamed while it is stored gets its new name, and is downloaded once", async () => {
    const id = await replacedAndListed();
    world.deliver("file", Number.POSITIVE_INFINITY);
    while (!(await isKept())) await world.scheduler.advance();
    // The worker has the old name when a listing brings the new one.
    const name = "dredging.md";
    changeFile(world.site, report.id, { title: name });
    const [row] = await database.sql`select url from confluence_pages where page_id = ${report.id}`;
    const facts = {
      mediaType: "text/markdown",
      bytes: 28,
      fileId: null,
      modifiedAt: null,
      url: row?.url as string,
    };
    const file = { id: report.id, containerId: on("Page 1"), title: name, version: 2, ...facts };
    await recordFiles(database.sql, SOURCE_ID, [file]);
    await world.ended(id);
    expect(await world.find("dredger schedule")).toMatchObject([{ title: name }]);
    const [chunk] =
      await database.sql`select input_hash from archon_crawled_pages where page_id = ${report.id}`;
    const input = `${name}\n\nThe dredger schedule is new.`;
    expect(chunk?.input_hash).toBe(createHash("sha256").update(input).digest("hex"));
    expect(downloads()).toBe(2);
  });

  it("case 36: a worker that is killed after the extraction downloads nothing again, and the file is stored once", async () => {
    const id = await replacedAndListed();
    await world.deliverUntil("file", isKept);
    const progress = await world.ended(id);
    expect(progress.sync_metrics).toMatchObject({ files_updated: 1, files_failed: 0 });
    // The worker that was killed, and the one that had the message again.
    expect(await workOf(id)).toEqual([{ state: "done", attempts: 2 }]);
    expect(await world.find("dredger schedule")).toHaveLength(1);
    expect(downloads()).toBe(2);
  });
});

it("a search by label finds the files and the comments of a page that has it, from the sync that finds the label on", async () => {
  addComment(world.site, { containerId: on("Page 1"), body: "<p>Ask the tugboat captain about it</p>" });
  await world.sync();
  world.pass(MINUTE_MS);
  const find = async () => {
    const body = { query: "tugboat", labels: ["fleet"], match_count: 10 };
    const { results } = (await world.api("POST", "/api/rag/query", { body })).body;
    const others = results.filter((hit: { kind: string }) => hit.kind !== "page");
    return others.map((hit: { kind: string; labels: string[] }) => [hit.kind, hit.labels]).toSorted();
  };
  const both = [
    ["attachment", ["fleet"]],
    ["comments", ["fleet"]],
  ];
  labelPage(world.site, on("Page 1"), { add: ["fleet"] });
  await world.sync({ mode: "full" });
  expect(await find()).toEqual(both);
  labelPage(world.site, on("Page 1"), { remove: ["fleet"] });
  await world.sync({ mode: "full" });
  expect(await find()).toEqual([]);
  labelPage(world.site, on("Page 1"), { add: ["fleet"] });
  editPage(world.site, on("Page 1"), { body: "<p>edited</p>" });
  await world.sync();
  expect(await find()).toEqual(both);
});

it("a page that is stored after its sync was cancelled leaves no open work for its files", async () => {
  await world.startSync();
  while (await world.deliverOne("plan"));
  world.deliver("page", Number.POSITIVE_INFINITY);
  const isFetched = () => world.site.requests.some(({ query }) => query.includes("body-format"));
  while (!isFetched()) await world.scheduler.advance();
  await cancelOperation(database.sql, { sourceId: SOURCE_ID, now: world.now(), actor: "api" });
  while (await world.scheduler.advance());
  expect(await database.sql`select page_id from confluence_pages where version > 0`).not.toEqual([]);
  expect(await database.sql`select page_id from sync_work where state = 'pending'`).toEqual([]);
  await world.sync();
  expect(await world.find("tugboat")).toHaveLength(1);
});

describe("a listed file is shown if its page is", () => {
  const hidePage = (title: string) =>
    database.sql`update confluence_pages set missing_since = now() where page_id = ${on(title)}`;

  it("a file that is moved to a hidden page is hidden, and shown with that page", async () => {
    await world.sync();
    await hidePage("Page 2");
    world.pass(DAY_MS);
    world.site.settings.file_properties_move_date = true;
    changeFile(world.site, report.id, { containerId: on("Page 2") });
    await world.sync();
    expect(await rowOf(report.id)).toMatchObject({ container_id: on("Page 2"), hidden: true });
    expect(await world.find("tugboat")).toEqual([]);
    await world.sync({ mode: "full" });
    expect(await world.find("tugboat")).toMatchObject([{ parent: { title: "Page 2" } }]);
  });

  it("a check that hides a page hides its files, and a sync that finds the page edited shows them, though it lists no file", async () => {
    await world.sync();
    restrictPage(world.site, on("Page 1"), "nobody");
    await world.check();
    expect(await rowOf(report.id)).toMatchObject({ hidden: true, is_deleted: false });
    expect(await world.find("tugboat")).toEqual([]);
    world.pass(DAY_MS);
    restrictPage(world.site, report.containerId, "everyone");
    editPage(world.site, report.containerId, { body: "<p>edited</p>" });
    await world.sync();
    expect(await world.find("tugboat")).toHaveLength(1);
  });

  it("a file that was gone by itself and is restored stays hidden as long as its page is", async () => {
    for (let n = 1; n <= 4; n += 1) upload("Page 2", `oar-${n}.txt`, `Oar ${n} is wooden`, "text/plain");
    await world.sync();
    trashFile(world.site, report.id);
    await world.check();
    await hidePage("Page 1");
    world.pass(DAY_MS);
    restoreFile(world.site, report.id);
    replaceFile(world.site, report.id, { bytes: Buffer.from("The barge quota was raised.") });
    await world.sync();
    expect(await rowOf(report.id)).toMatchObject({ version: 1, hidden: true });
    await world.sync({ mode: "full" });
    expect(await world.find("barge quota")).toHaveLength(1);
  });
});

describe("deleted files go, and nothing else", () => {
  it("a file that Confluence does not show any more is counted as hidden, and as deleted by the next check", async () => {
    await world.sync();
    for (let n = 1; n <= 4; n += 1) upload("Page 2", `oar-${n}.txt`, `Oar ${n} is wooden`, "text/plain");
    await world.sync();
    trashFile(world.site, report.id);
    purgeFile(world.site, report.id);
    world.pass(DAY_MS);
    const { sync_metrics } = await world.check();
    expect(sync_metrics).toMatchObject({ files_hidden: 1, files_deleted: 0, pages_hidden: 0 });
    world.pass(DAY_MS);
    expect((await world.check()).sync_metrics).toMatchObject({ files_hidden: 0, files_deleted: 1 });
  });

  it("case 16: a listing of pages makes no file a candidate, and a listing of files no page", async () => {
    await world.sync();
    world.site.faults.push({ effect: "empty_listing", path: "attachment", times: 1 } as never);
    const { sync_metrics } = await world.check({ force: true });
    expect(sync_metrics).toMatchObject({ pages_deleted: 0, pages_hidden: 0, files_deleted: 0 });
    expect(await world.find("tugboat")).toHaveLength(1);
  });

  it.each([true, false])(
    "case 19: a trashed file goes with the check that finds it, and is back when it is restored (types of trashed files: %s)",
    async (typesOfTrashed) => {
      world.site.settings.types_of_trashed = typesOfTrashed;
      for (let n = 1; n <= 4; n += 1)
        upload("Page 2", `ballast-${n}.txt`, `Ballast tank ${n} is dry`, "text/plain");
      await world.sync();
      trashFile(world.site, report.id);
      await world.check();
      expect(await world.find("tugboat")).toEqual([]);
      await world.check();
      expect(await rowOf(report.id)).toMatchObject({ is_deleted: true, chunk_count: 0 });
      const before = downloads();
      restoreFile(world.site, report.id);
      await world.sync({ mode: "full" });
      expect(await world.find("tugboat")).toHaveLength(1);
      expect(downloads()).toBe(before);
    },
  );

  it("case 19: a file that was restored and listed, and is trashed again before it is stored, does not come back", async () => {
    for (let n = 1; n <= 4; n += 1) upload("Page 2", `bilge-${n}.txt`, `Bilge ${n} is dry`, "text/plain");
    await world.sync();
    trashFile(world.site, report.id);
    await world.check();
    await world.check();
    restoreFile(world.site, report.id);
    const id = await world.startSync({ mode: "full" });
    while (await world.deliverOne("plan"));
    trashFile(world.site, report.id);
    await world.ended(id);
    expect(await world.find("tugboat")).toEqual([]);
    expect(await rowOf(report.id)).toMatchObject({ is_deleted: true, chunk_count: 0 });
  });

  it("case 20: a page takes its files with it, and brings them back without a download", async () => {
    await world.sync();
    trashPage(world.site, on("Page 1"));
    await world.check();
    expect(await rowOf(report.id)).toMatchObject({ is_deleted: true, deleted_reason: "container_trashed" });
    expect(await world.find("tugboat")).toEqual([]);
    const before = downloads();
    restorePage(world.site, report.containerId);
    await world.sync({ mode: "full" });
    expect(await world.find("tugboat")).toHaveLength(1);
    expect(downloads()).toBe(before);
  });

  it("a file that is gone when its page is back is asked for once, and stored when it is listed again", async () => {
    await world.sync();
    trashPage(world.site, on("Page 1"));
    await world.check();
    restorePage(world.site, report.containerId);
    trashFile(world.site, report.id);
    await world.sync({ mode: "full" });
    expect(await rowOf(report.id)).toMatchObject({ is_deleted: true, chunk_count: 0 });
    const before = asked(report.id);
    await world.sync();
    expect(asked(report.id)).toBe(before);
    restoreFile(world.site, report.id);
    await world.sync({ mode: "full" });
    expect(await world.find("tugboat")).toHaveLength(1);
  });

  it("a deletion check that brings a page back stores what was uploaded to it meanwhile", async () => {
    await world.sync();
    const { id } = world.page("Page 1");
    trashPage(world.site, id);
    await world.check();
    restorePage(world.site, id);
    const late = upload("Page 1", "lantern.md", "The lantern was lit late.");
    await world.check();
    expect(await rowOf(late.id)).toMatchObject({ version: 1, chunk_count: 1 });
    expect(await world.find("lantern")).toHaveLength(1);
  });

  it("a file that moved to a page which was trashed since is hidden, then deleted", async () => {
    await world.sync();
    world.site.settings.types_of_trashed = true;
    changeFile(world.site, report.id, { containerId: on("Page 2") });
    trashPage(world.site, on("Page 2"));
    await world.check();
    expect(await world.find("tugboat")).toEqual([]);
    expect(await rowOf(report.id)).toMatchObject({ is_deleted: false, hidden: true });
    world.pass(DAY_MS);
    await world.check();
    expect(await rowOf(report.id)).toMatchObject({ is_deleted: true, deleted_reason: "not_visible" });
  });

  it("case 21: many lost files are held by their own cap, and a page is deleted all the same", async () => {
    const files = Array.from({ length: 40 }, (_, n) =>
      upload("Page 2", `crate-${n}.txt`, `Crate ${n}`, "text/plain"),
    );
    await world.sync();
    for (const file of files) purgeFile(world.site, file.id);
    trashPage(world.site, on("Page 3"));
    const check = await world.check();
    expect(check.status).toBe("held");
    expect(check.sync_metrics).toMatchObject({ files_deleted: 0, pages_deleted: 1 });
    expect(await world.find("crate 7")).not.toEqual([]);
    const forced = await world.check({ force: true });
    expect(forced.sync_metrics).toMatchObject({ pages_deleted: 0 });
    expect(await world.find("crate")).toEqual([]);
  });

  it.each([
    ["is refused", { effect: "status", status: 401 }],
    ["fails", { effect: "status", status: 500 }],
    ["is cut short", { effect: "short_map", lacks: 60 }],
  ])("case 22: without proof no file is touched: the call for types %s", async (_, fault) => {
    for (let n = 1; n <= 4; n += 1) upload("Page 2", `rope-${n}.txt`, `Rope ${n} is long`, "text/plain");
    await world.sync();
    purgeFile(world.site, report.id);
    world.site.faults.push({ ...fault, path: "convert-ids-to-types", times: 100 } as never);
    await world.check();
    await world.check();
    expect(await world.find("tugboat")).toHaveLength(1);
  });

  it("case 24: switched off, files go with their texts, and pages and comments stay; switched on, they are listed", async () => {
    await world.sync();
    const patch = (attachments: boolean) =>
      world.api("PATCH", `/api/confluence/${SOURCE_ID}`, { body: { content: { attachments } } });
    expect((await patch(false)).status).toBe(200);
    await world.minute();
    expect(await world.find("tugboat")).toEqual([]);
    expect(await database.sql`select from attachment_texts`).toHaveLength(0);
    expect(await world.find("word2")).toHaveLength(1);
    await patch(true);
    world.pass(DAY_MS);
    await world.sync();
    expect(await world.find("tugboat")).toHaveLength(1);
  });

  it("case 43: a page that is hidden hides its files at once, and shows them again; one that was gone itself stays hidden", async () => {
    const gone = upload("Page 1", "buoy.txt", "The buoy list of the pilots", "text/plain");
    for (let n = 1; n <= 4; n += 1) upload("Page 2", `oar-${n}.txt`, `Oar ${n} is wooden`, "text/plain");
    await world.sync();
    trashFile(world.site, gone.id);
    await world.check();
    expect(await world.find("buoy pilots")).toEqual([]);
    await database.sql`
      update confluence_pages set missing_since = now() where page_id = ${on("Page 1")}`;
    await world.sync({ mode: "full" });
    expect(await world.find("tugboat")).toHaveLength(1);
    expect(await rowOf(gone.id)).toMatchObject({ hidden: true });
  });
});
