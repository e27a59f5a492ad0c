import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment, addReply, editComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import { changeFile, trashFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { restrictPage } from "#infra/local/confluence-site/page-status-edits.ts";
import type { SiteAttachment, SiteComment } from "#infra/local/confluence-site/site.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const DAY_MS = 24 * 60 * 60_000;

let database: TestDatabase;
let world: SyncWorld;
let report: SiteAttachment;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const on = (title: string) => world.page(title).id;
const upload = (title: string, name: string) =>
  uploadFile(world.site, {
    containerId: on(title),
    title: name,
    bytes: Buffer.from("The tugboat quota was raised in autumn."),
    mediaType: "text/plain",
  });
const say = (file: SiteAttachment, text: string) =>
  addComment(world.site, { containerId: file.id, body: `<p>${text}</p>` });
const reply = (to: SiteComment, text: string) => addReply(world.site, to.id, { body: `<p>${text}</p>` });
const found = async (query: string) =>
  (await world.find(query)).map(({ kind, parent }) => ({ kind, page: parent?.title }));
const keys = async () =>
  (
    await database.sql<{ page_id: string }[]>`
      select page_id from confluence_pages where kind = 'comments' order by 1`
  ).map((row) => row.page_id);
const queries = () =>
  world.takeRequests().flatMap(({ query }) => new URLSearchParams(query).get("cql") ?? []);
/** The queries that request comments by their ids. */
const requestedById = () => queries().filter((cql) => cql.startsWith("type = comment and id in"));
/** Requests of single files, which take a call each. */
const requestsForFiles = () =>
  world.takeRequests().filter(({ path }) => path.includes("/api/v2/attachments/"));

beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 3,
    content: { blogposts: true, comments: "open", attachments: true },
  });
  report = upload("Page 1", "harbour.txt");
});

describe("comments on a file belong to its page", () => {
  it("a first sync stores comments on files without a call for each file, and they are found under its page, with those on the page", async () => {
    const thread = say(report, "This report leaves out the zeppelin entirely");
    reply(thread, "The walrus chapter has it");
    addComment(world.site, { containerId: on("Page 1"), body: "<p>A remark on the ocelot here</p>" });
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { comments_added: 3 } });
    expect(requestsForFiles()).toEqual([]);
    expect(await found("zeppelin")).toEqual([{ kind: "comments", page: "Page 1" }]);
    expect(await found("walrus chapter")).toEqual([{ kind: "comments", page: "Page 1" }]);
    expect(await keys()).toEqual([`comments-${on("Page 1")}`]);
  });

  it("a comment on a file that is uploaded since the last sync arrives with it, without a call for the file", async () => {
    await world.sync();
    world.pass(DAY_MS);
    await world.sync();
    world.pass(DAY_MS);
    const thread = say(upload("Page 2", "tides.txt"), "This table leaves out the zeppelin entirely");
    world.takeRequests();
    await world.sync();
    expect(requestsForFiles()).toEqual([]);
    expect(await found("zeppelin")).toEqual([{ kind: "comments", page: "Page 2" }]);
    world.pass(DAY_MS);
    editComment(world.site, thread.id, { body: "<p>This table mentions the walrus by now</p>" });
    await world.sync();
    expect(await found("walrus")).toEqual([{ kind: "comments", page: "Page 2" }]);
  });

  it("a reply that names only the comment on the file arrives too", async () => {
    world.site.settings.reply_container = "comment";
    const thread = say(report, "This report leaves out the zeppelin entirely");
    await world.sync();
    world.pass(DAY_MS);
    reply(reply(thread, "Why is it not there?"), "The walrus chapter has it");
    await world.sync();
    expect(await found("walrus chapter")).toEqual([{ kind: "comments", page: "Page 1" }]);
  });

  it("no listing requests a comment on a file again that did not change", async () => {
    say(report, "This report leaves out the zeppelin entirely");
    await world.sync();
    world.takeRequests();
    await world.sync();
    await world.check();
    expect(requestedById()).toEqual([]);
  });

  it("they follow a file that is moved to another page, and are hidden with that page", async () => {
    say(report, "This report leaves out the zeppelin entirely");
    const closed = addPage(world.site, { space: SPACE, title: "Closed", body: bodyOf("closed") });
    await world.sync();
    world.pass(DAY_MS);
    changeFile(world.site, report.id, { containerId: closed.id });
    await world.check();
    expect(await found("zeppelin")).toEqual([{ kind: "comments", page: "Closed" }]);
    restrictPage(world.site, closed.id, "nobody");
    await world.check();
    expect(await found("zeppelin")).toEqual([]);
  });

  it("they go with a file that is trashed", async () => {
    say(report, "This report leaves out the zeppelin entirely");
    await world.sync();
    trashFile(world.site, report.id);
    await world.check();
    expect(await found("zeppelin")).toEqual([]);
  });

  it("one on a file that is not stored is left out, and makes no document of its own", async () => {
    await database.sql`update archon_sources set content = content || '{"attachments": false}'`;
    say(report, "This report leaves out the zeppelin entirely");
    expect(await world.sync()).toMatchObject({ status: "completed", sync_metrics: { comments_added: 0 } });
    expect(await keys()).toEqual([]);
  });

  it("comments on files are found once files are switched on", async () => {
    await database.sql`update archon_sources set content = content || '{"attachments": false}'`;
    say(report, "This report leaves out the zeppelin entirely");
    await world.sync();
    world.pass(DAY_MS);
    await world.sync();
    world.pass(DAY_MS);
    world.takeRequests();
    const content = { content: { attachments: true } };
    const { status } = await world.api("PATCH", `/api/confluence/${SOURCE_ID}`, { body: content });
    expect(status).toBe(200);
    world.pass(60_000);
    await world.sync();
    expect(await found("tugboat")).toEqual([{ kind: "attachment", page: "Page 1" }]);
    expect(await found("zeppelin")).toEqual([{ kind: "comments", page: "Page 1" }]);
    expect(queries().filter((cql) => cql.includes("order by created asc"))).toHaveLength(2);
    world.pass(DAY_MS);
    await world.sync();
    expect(queries().filter((cql) => cql.includes("order by created asc"))).toEqual([]);
  });
});
