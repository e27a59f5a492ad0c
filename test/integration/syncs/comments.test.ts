import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  addComment,
  addReply,
  deleteComment,
  editComment,
  resolveComment,
} from "#infra/local/confluence-site/comment-edits.ts";
import { addPage, editPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { restorePage, restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import type { SiteComment, SitePage } from "#infra/local/confluence-site/site.ts";
import { MORE_TRIES } from "#shared/confluence/http-transport.ts";
import { commentsId, NEW_SOURCE_CONTENT } from "#shared/content-kinds.ts";
import { transaction } from "#shared/db/connect.ts";
import { touchComments } from "#shared/documents/comments.ts";
import { followContainer } from "#shared/documents/follow-container.ts";
import { queueDocuments } from "#shared/syncs/comments/list-comments.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
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
let root: SiteComment;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const on = (title: string) => world.page(title).id;
const say = (title: string, text: string, selection?: string) =>
  addComment(world.site, {
    containerId: on(title),
    body: `<p>${text}</p>`,
    ...(selection === undefined ? {} : { selection }),
  });
const reply = (to: SiteComment, text: string) => addReply(world.site, to.id, { body: `<p>${text}</p>` });
const chunks = (title: string) =>
  database.sql<{ content: string; headings: string[] }[]>`
    select content, heading_path as headings from archon_crawled_pages
    where page_id = ${`comments-${on(title)}`} order by chunk_number`;

beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 3,
    content: { blogposts: true, comments: "open", attachments: false },
  });
  root = say("Page 1", "Should the rollout wait for the lighthouse team?");
  say("Page 2", "The kiosk number is outdated since spring", "Call the kiosk");
});

describe("comments are found by what they say, with their thread", () => {
  it("comments that a listing stores at whatever step of the worker that stores the others of their page are work of the same sync", async () => {
    await world.sync();
    const containerId = on("Page 1");
    for (let step = 0, steps = 1; step < steps; step += 1) {
      world.pass(DAY_MS);
      reply(root, `Reply number ${step} is about the lighthouse`);
      const operationId = await world.startSync();
      while (await world.deliverOne("plan"));
      const listAnother = () =>
        transaction(database.sql, async (tx) => {
          const documents = await touchComments(tx, SOURCE_ID, [containerId]);
          await queueDocuments(tx, { operationId, sourceId: SOURCE_ID }, documents, world.now());
        });
      world.deliver("page", Number.POSITIVE_INFINITY);
      for (steps = 0; world.scheduler.running() > 0; steps += 1) {
        if (steps === step) await listAnother();
        await world.scheduler.advance();
      }
      // What another delivery of the message would do is luck.
      const [document] = await database.sql`
        select version = comments_revision or exists (
          select from sync_work w where w.operation_id = ${operationId} and w.page_id = d.page_id and w.state = 'pending') as "isCurrent"
        from confluence_pages d where page_id = ${commentsId(containerId)}`;
      expect(document, `listed at step ${step}`).toEqual({ isCurrent: true });
      await world.ended(operationId);
    }
  });

  it("a first sync stores threads with author, day and place, and a hit opens at the comment", async () => {
    reply(root, "Yes, until the beacon is tested");
    const { sync_metrics } = await world.sync();
    expect(sync_metrics).toMatchObject({ pages_added: 3, comments_added: 3, pages_failed: 0 });
    expect((await chunks("Page 1"))[0]?.content).toMatch(
      /^.+ \(\d{4}-\d\d-\d\d\): Should the rollout wait .*\n\n.+ \(\d{4}-\d\d-\d\d\): Yes, until the beacon/,
    );
    expect((await chunks("Page 2"))[0]?.headings).toEqual(["Comments", "“Call the kiosk”"]);
    const [hit] = await world.find("beacon lighthouse");
    expect(hit).toMatchObject({
      kind: "comments",
      title: "Page 1",
      parent: { page_id: on("Page 1"), title: "Page 1" },
      comment: { comment_id: root.id, location: "footer", selection: null },
    });
    const listed = async (query: Record<string, string>) =>
      (await world.api("GET", `/api/confluence/${SOURCE_ID}/pages`, { query })).body.pages;
    expect(await listed({})).toHaveLength(3);
    expect(await listed({ kind: "comments" })).toMatchObject([
      { kind: "comments", title: "Page 1", chunk_count: 1 },
      { kind: "comments", title: "Page 2" },
    ]);
    expect(hit?.url).toContain(`focusedCommentId=${root.id}`);
    expect(hit?.ancestors.map(({ title }) => title)).toEqual(["Page 1"]);
  });

  it("case 1: an idle sync of all kinds takes no more than five calls", async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 3, content: NEW_SOURCE_CONTENT });
    addPage(world.site, { kind: "blogpost", space: SPACE, title: "Post", body: bodyOf("news") });
    say("Page 1", "Should the rollout wait for the lighthouse team?");
    const bytes = Buffer.from("Tides are measured at the pier");
    uploadFile(world.site, { containerId: on("Page 2"), title: "tides.txt", bytes, mediaType: "text/plain" });
    const first = await world.sync();
    expect(first.sync_metrics).toMatchObject({ pages_added: 4, comments_added: 1, files_added: 1 });
    world.pass(DAY_MS);
    await world.sync();
    world.pass(DAY_MS);
    world.takeRequests();
    await world.sync();
    expect(world.takeRequests().length).toBeLessThanOrEqual(5);
  });

  it("cases 2 and 3: a comment, and a reply to an old thread, on a page that did not change arrive, and embed one chunk", async () => {
    await world.sync();
    world.pass(DAY_MS);
    await world.sync();
    world.pass(700 * DAY_MS);
    reply(root, "The beacon was tested at last");
    const { sync_metrics } = await world.sync();
    expect(sync_metrics).toMatchObject({ comments_added: 1, embeddings_created: 1, pages_updated: 0 });
    expect((await world.find("beacon tested"))[0]).toMatchObject({ kind: "comments", title: "Page 1" });
  });

  it("case 7: a comment on a page that is not stored waits, and joins when the page is", async () => {
    await world.sync();
    world.pass(DAY_MS);
    const page = addPage(world.site, { space: SPACE, title: "Hidden", body: bodyOf("later") });
    say("Hidden", "Nobody should find this zeppelin remark yet");
    restrictPage(world.site, page.id, "nobody");
    await world.sync();
    expect(await world.find("zeppelin")).toEqual([]);
    restrictPage(world.site, page.id, "everyone");
    world.pass(MINUTE_MS);
    editPage(world.site, page.id, { body: bodyOf("shown") });
    editComment(world.site, [...world.site.comments.values()].at(-1)?.id ?? "", {
      body: "<p>Everybody may find this zeppelin remark now</p>",
    });
    await world.sync();
    expect((await world.find("zeppelin"))[0]).toMatchObject({ kind: "comments", title: "Hidden" });
  });

  it("case 8: the container of a reply may be given as the comment that it replies to", async () => {
    world.site.settings.reply_container = "comment";
    const first = reply(root, "Why not at once?");
    reply(first, "Because the ferry is full");
    await world.sync();
    expect((await world.find("ferry full"))[0]).toMatchObject({ title: "Page 1" });
    world.pass(DAY_MS);
    await world.sync();
    reply(first, "The ferry leaves at noon with the zebra");
    world.pass(MINUTE_MS);
    await world.sync();
    expect((await world.find("zebra noon"))[0]).toMatchObject({ title: "Page 1" });
  });

  it.each(["resolved", "dangling"] as const)(
    "case 9: a %s thread leaves search with the next full listing, and comes back when it is reopened",
    async (status) => {
      const inline = [...world.site.comments.values()].find((comment) => comment.selection !== null);
      await world.sync();
      expect(await world.find("kiosk outdated")).toHaveLength(1);
      resolveComment(world.site, inline?.id ?? "", { status });
      await world.sync({ mode: "full" });
      expect(await world.find("kiosk outdated")).toEqual([]);
      resolveComment(world.site, inline?.id ?? "", { status: "reopened" });
      await world.check();
      expect(await world.find("kiosk outdated")).toHaveLength(1);
    },
  );

  it("case 10: of a comment edited twice the newer text stays, whichever arrives last", async () => {
    await world.sync();
    world.pass(MINUTE_MS);
    editComment(world.site, root.id, { body: "<p>The second text mentions a walrus clearly</p>" });
    await world.sync();
    await database.sql`update confluence_comments set version = 9, body = '<p>A newer text with an ocelot in it</p>' where comment_id = ${root.id}`;
    await world.sync({ mode: "full" });
    const [row] = await database.sql`select version from confluence_comments where comment_id = ${root.id}`;
    expect(row?.version).toBe(9);
  });

  it("of an edited comment whose body comes in the version before, the edit is found by the next sync", async () => {
    await world.sync();
    world.pass(DAY_MS);
    await world.sync();
    editComment(world.site, root.id, { body: "<p>Should the rollout wait for the beacon team?</p>" });
    world.pass(DAY_MS / 2);
    // A replica that lags behind the search index.
    world.onTheWay.change = (text, url) =>
      url.includes("body.")
        ? text.replaceAll("beacon", "lighthouse").replaceAll('"number":2', '"number":1')
        : text;
    await world.sync();
    expect(await world.find("beacon")).toEqual([]);
    world.onTheWay.change = null;
    world.pass(DAY_MS);
    await world.sync();
    expect((await world.find("beacon")).map((hit) => hit.title)).toEqual(["Page 1"]);
  });

  it("case 11: more comments than one response holds with bodies all arrive", async () => {
    await world.sync();
    world.pass(DAY_MS);
    await world.sync();
    world.pass(DAY_MS);
    for (let n = 1; n <= 120; n += 1) say("Page 3", `Remark number ${n} speaks of topic${n} here`);
    const { sync_metrics } = await world.sync();
    expect(sync_metrics).toMatchObject({ comments_added: 120 });
    for (const n of [1, 51, 120]) expect(await world.find(`topic${n}`)).toHaveLength(1);
  });

  it.each(["empty_listing", "status"] as const)(
    "a comment that was listed and whose body has not come (%s) arrives with the next sync, however late",
    async (effect) => {
      await world.sync();
      reply(root, "The albatross has landed on the roof");
      world.pass(DAY_MS);
      await world.sync({ dryRun: true });
      const bodies = world.takeRequests().find((request) => request.query.includes("body.storage"));
      expect(bodies).toBeDefined();
      const fault = { ...(effect === "status" ? { status: 404 } : {}), times: effect === "status" ? 9 : 1 };
      world.site.faults.push({ effect, path: "body.storage", ...fault } as never);
      await world.sync();
      expect(await world.find("albatross roof")).toEqual([]);
      world.site.faults.length = 0;
      world.pass(DAY_MS);
      await world.sync();
      expect(await world.find("albatross roof")).toHaveLength(1);
    },
  );

  it("comments of a page that cannot be embedded are counted as failed, and the next sync stores them", async () => {
    world.embedding.refused = "lighthouse";
    const first = await world.sync();
    expect({ status: first.status, ...first.sync_metrics }).toMatchObject({
      status: "completed_with_errors",
      pages_failed: 0,
      files_failed: 0,
      comments_added: 2,
      comments_failed: 1,
    });
    expect(first.log.at(-1)?.message).toContain("pages whose comments failed: 1");
    expect(await world.find("kiosk outdated")).toHaveLength(1);
    world.embedding.refused = null;
    world.pass(DAY_MS);
    expect((await world.sync()).sync_metrics).toMatchObject({ comments_failed: 0 });
    expect(await world.find("rollout lighthouse")).toHaveLength(1);
  });

  it("case 44: short remarks are not found, kinds filter, and one page's comments do not use up the results", async () => {
    say("Page 3", "+1");
    for (let n = 0; n < 8; n += 1) say("Page 3", `The quarterly giraffe report number ${n} is late again`);
    say("Page 1", "A giraffe is missing in the zoo report");
    await world.sync();
    expect(await world.find("+1")).toEqual([]);
    const search = async (body: object) =>
      (
        await world.api("POST", "/api/rag/query", {
          body: { query: "giraffe report word1", match_count: 20, ...body },
        })
      ).body;
    type Found = { kind: string; page_id: string; parent: { page_id: string; title: string } | null };
    const found: Found[] = (await search({})).results;
    expect(found.filter(({ parent }) => parent?.title === "Page 3")).toHaveLength(2);
    expect(found.some(({ parent }) => parent?.title === "Page 1")).toBe(true);
    const pages = await search({ kinds: ["page", "blogpost"] });
    expect(pages.results.map(({ kind }: Found) => kind)).not.toContain("comments");
    const grouped = await search({ return_mode: "pages" });
    const containers = grouped.results.map(
      ({ page_id, parent }: { page_id: string; parent: { page_id: string } | null }) =>
        parent?.page_id ?? page_id,
    );
    expect(new Set(containers).size).toBe(containers.length);
  });

  it("a document whose work was cancelled after its comments were stored is made by the next sync", async () => {
    await world.sync();
    world.pass(DAY_MS);
    await world.sync();
    reply(root, "The pelican got lost on its way");
    await world.startSync();
    await world.deliverUntil("plan", async () => {
      const [row] = await database.sql`select from confluence_comments where body like '%pelican%'`;
      return row !== undefined;
    });
    await cancelOperation(database.sql, { sourceId: SOURCE_ID, now: world.now(), actor: "api" });
    expect(await world.find("pelican")).toEqual([]);
    await world.sync();
    expect(await world.find("pelican")).toHaveLength(1);
  });

  it("what was said while the index hid a page is found when a check shows the page again", async () => {
    await world.sync();
    restrictPage(world.site, on("Page 1"), "nobody");
    await world.check();
    restrictPage(world.site, on("Page 1"), "everyone");
    reply(root, "The cormorant was here meanwhile");
    await world.sync();
    await world.check();
    expect(await world.find("cormorant")).toHaveLength(1);
  });

  it("resolved threads are found after a sync when the option is switched to all, and not after open again", async () => {
    const inline = [...world.site.comments.values()].find((comment) => comment.selection !== null);
    resolveComment(world.site, inline?.id ?? "", { status: "resolved" });
    await world.sync();
    const patch = (comments: string) =>
      world.api("PATCH", `/api/confluence/${SOURCE_ID}`, {
        body: { content: { blogposts: true, comments } },
      });
    await patch("all");
    await world.sync();
    expect(await world.find("kiosk outdated")).toHaveLength(1);
    await patch("open");
    await world.sync();
    expect(await world.find("kiosk outdated")).toEqual([]);
  });

  describe("a page that comes from another space", () => {
    const DAYS = 30;
    let page: SitePage;
    const search = () => world.takeRequests().filter(({ query }) => query.includes("container+in"));
    beforeEach(async () => {
      page = addPage(world.site, { space: OTHER_SPACE, title: "Nomad", body: bodyOf("nomad") });
      const said = say("Nomad", "The caravan rests at the old well");
      reply(said, "And the camels drink from it");
      await world.sync();
      world.pass(DAYS * DAY_MS);
      await world.sync();
      movePage(world.site, page.id, { space: SPACE, parentId: null });
      editPage(world.site, page.id, { body: bodyOf("settled") });
      world.takeRequests();
    });

    it("a page that comes from another space brings its comments, old as they are, in the same sync", async () => {
      const { sync_metrics } = await world.sync();
      expect(sync_metrics).toMatchObject({ pages_added: 1, comments_added: 2 });
      expect((await world.find("caravan camels"))[0]).toMatchObject({ kind: "comments", title: "Nomad" });
      expect(search()).toHaveLength(1);
      world.pass(MINUTE_MS);
      await world.sync();
      expect(search()).toEqual([]);
    });

    it("a dry run does not ask for the comments of a page that comes from another space", async () => {
      await world.sync({ dryRun: true });
      expect(search()).toEqual([]);
    });
  });

  it("a new page costs no search for its comments", async () => {
    await world.sync();
    world.pass(DAY_MS);
    await world.sync();
    addPage(world.site, { space: SPACE, title: "Fresh", body: bodyOf("fresh") });
    say("Fresh", "The first remark mentions a puffin");
    world.takeRequests();
    await world.sync();
    expect(await world.find("puffin")).toHaveLength(1);
    expect(world.takeRequests().filter(({ query }) => query.includes("container+in"))).toEqual([]);
  });

  it("a renamed page renames its comments", async () => {
    await world.sync();
    world.pass(MINUTE_MS);
    editPage(world.site, on("Page 1"), { title: "Renamed" });
    await world.sync();
    expect((await world.find("rollout lighthouse"))[0]).toMatchObject({ kind: "comments", title: "Renamed" });
  });
});

describe("comments go when they go, and never otherwise", () => {
  it("the author of a comment that is gone is not named with its thread any more", async () => {
    world.site.people.set("712020:ada", "Ada Lee");
    const answer = addReply(world.site, root.id, {
      body: "<p>A reply about the tapir</p>",
      authorId: "712020:ada",
    });
    await world.sync();
    const authors = async () => (await world.find("rollout lighthouse"))[0]?.comment?.authors;
    expect(await authors()).toEqual(["Ada Lee", "Sync Account"]);
    deleteComment(world.site, answer.id, { replies: "deleted" });
    await world.check();
    expect(await authors()).toEqual(["Sync Account"]);
  });

  it("replies that answer each other in a circle keep no search going", async () => {
    const answer = reply(root, "A reply about the tapir");
    await world.sync();
    await database.sql`update confluence_comments set parent_id = ${answer.id} where comment_id = ${root.id}`;
    expect(await world.find("rollout lighthouse")).toHaveLength(1);
  });

  it("a document of comments that is stored after its page was hidden or deleted is not found", async () => {
    await world.sync();
    const containerId = on("Page 1");
    const document = { sourceId: SOURCE_ID, pageId: commentsId(containerId), containerId };
    await database.sql`update confluence_pages set missing_since = ${world.now()} where page_id = ${containerId}`;
    expect(await transaction(database.sql, (tx) => followContainer(tx, document))).toBe(true);
    expect(await gone()).toEqual([]);
    await database.sql`update confluence_pages set is_deleted = true where page_id = ${containerId}`;
    expect(await transaction(database.sql, (tx) => followContainer(tx, document))).toBe(false);
  });

  const gone = () => world.find("rollout lighthouse");

  it("case 17: a deleted comment leaves search with the check that finds it, and its row with the second", async () => {
    const answer = reply(root, "A reply about the tapir stays");
    await world.sync();
    deleteComment(world.site, answer.id, { replies: "deleted" });
    expect((await world.check()).sync_metrics).toMatchObject({ comments_deleted: 1 });
    expect(await world.find("tapir")).toEqual([]);
    expect(await gone()).toHaveLength(1);
    await world.check();
    const [row] =
      await database.sql`select count(*)::int as rows from confluence_comments where comment_id = ${answer.id}`;
    expect(row?.rows).toBe(0);
  });

  it("case 18: a deleted thread goes with its replies", async () => {
    reply(root, "A reply about the tapir goes too");
    await world.sync();
    deleteComment(world.site, root.id, { replies: "deleted" });
    expect((await world.check()).sync_metrics).toMatchObject({ comments_deleted: 2, pages_deleted: 0 });
    expect(await gone()).toEqual([]);
    expect(await world.find("tapir")).toEqual([]);
  });

  it("case 16: the listing of pages makes no comment a candidate", async () => {
    await world.sync();
    expect((await world.check()).sync_metrics).toMatchObject({
      pages_deleted: 0,
      pages_hidden: 0,
      comments_deleted: 0,
    });
    expect(await gone()).toHaveLength(1);
  });

  it("case 20: a trashed page takes its comments in the same transaction; restored, they are back", async () => {
    await world.sync();
    trashPage(world.site, on("Page 1"));
    await world.check();
    expect(await gone()).toEqual([]);
    const rows = await database.sql<{ deleted_reason: string; chunks: number }[]>`
      select deleted_reason, (select count(*)::int from archon_crawled_pages c where c.page_id = p.page_id) as chunks
      from confluence_pages p where p.is_deleted order by page_id`;
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { deleted_reason: "trashed", chunks: 0 },
      { deleted_reason: "container_trashed", chunks: 0 },
    ]);
    const trashed = [...world.site.pages.values()].find((page) => page.status === "trashed");
    restorePage(world.site, trashed?.id ?? "");
    world.pass(MINUTE_MS);
    await world.sync({ mode: "full" });
    expect(await gone()).toHaveLength(1);
  });

  it("case 43: a page that is not visible any more hides its comments at once, and shows them again", async () => {
    await world.sync();
    restrictPage(world.site, on("Page 1"), "nobody");
    await world.check();
    expect(await gone()).toEqual([]);
    restrictPage(world.site, on("Page 1"), "everyone");
    await world.check();
    expect(await gone()).toHaveLength(1);
  });

  it("pages and comments that one check holds are told in one event, together", async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, {
      pages: 20,
      content: { blogposts: true, comments: "open", attachments: false },
    });
    const lost = Array.from({ length: 12 }, (_, n) => say("Page 20", `Comment ${n}`));
    await world.sync();
    for (const { id } of lost) deleteComment(world.site, id, { replies: "deleted" });
    for (let n = 1; n <= 11; n += 1) trashPage(world.site, on(`Page ${n}`));
    expect((await world.check()).status).toBe("held");
    const events = await database.sql`select detail from event_outbox where event_type = 'deletions.held'`;
    expect(events).toMatchObject([{ detail: { candidates: 23, pages: 32 } }]);
    expect((await world.source()).metadata.deletions_held).toMatchObject({ candidates: 23, pages: 32 });
  });

  it("case 21: many lost comments are held, and the deletion of a page proceeds", async () => {
    const lost = Array.from({ length: 12 }, (_, n) =>
      say("Page 3", `Remark number ${n} about the badger den`),
    );
    await world.sync();
    for (const { id } of lost) deleteComment(world.site, id, { replies: "deleted" });
    trashPage(world.site, on("Page 1"));
    const check = await world.check();
    expect(check.status).toBe("held");
    expect(check.sync_metrics).toMatchObject({ pages_deleted: 1, comments_deleted: 0 });
    expect(await world.find("badger den")).not.toEqual([]);
    expect((await world.check({ force: true })).sync_metrics).toMatchObject({ comments_deleted: 12 });
    expect(await world.find("badger den")).toEqual([]);
  });

  it.each([
    ["401", { status: 401 }],
    ["500", { status: 500 }],
    ["an id is missing", { effect: "short_map", lacks: 1 }],
  ])("case 22: while the types of ids cannot be asked for (%s), no comment goes", async (_, fault) => {
    await world.sync();
    deleteComment(world.site, root.id, { replies: "deleted" });
    world.site.faults.push({ path: "convert-ids-to-types", effect: "status", ...fault, times: 100 } as never);
    await world.check();
    expect(await gone()).toHaveLength(1);
  });

  it("a check whose request for the types of ids fails for a moment asks again, and finds what is gone", async () => {
    await world.sync();
    deleteComment(world.site, root.id, { replies: "deleted" });
    world.site.faults.push({
      path: "convert-ids-to-types",
      effect: "status",
      status: 500,
      retry_after: null,
      times: MORE_TRIES + 1,
      skip: 0,
    });
    expect(await world.check()).toMatchObject({ status: "completed", sync_metrics: { comments_deleted: 1 } });
  });

  it.each([
    ["before their ids are asked for", "before"],
    ["while their ids are asked for", "while"],
  ])(
    "case 23: a check whose account becomes anonymous %s finds every unlisted comment gone, and takes none",
    async (_, moment) => {
      restrictPage(world.site, on("Page 1"), "account");
      world.site.settings.anonymous_access = true;
      await world.sync();
      world.site.faults.push({ effect: "empty_listing", path: "/content/search", times: 1, skip: 0 });
      const check = await world.startCheck();
      await world.deliverUntil("check", async () => {
        const [row] = await database.sql`
          select checkpoint ->> 'phase' as phase from archon_progress where operation_id = ${check}`;
        return row?.phase === "comments";
      });
      const { settings } = world.site;
      settings.answer_as_anonymous = moment === "before";
      world.onTheWay.change = (text, url) => {
        if (url.includes("user/current")) settings.answer_as_anonymous = true;
        return text;
      };
      world.pass(7 * MINUTE_MS);
      expect(await world.ended(check)).toMatchObject({
        status: "failed",
        error: { code: "credentials_rejected" },
      });
      const [row] = await database.sql`
        select count(*)::int as missing from confluence_comments where missing_since is not null`;
      expect(row?.missing).toBe(0);
      expect(await gone()).toHaveLength(1);
    },
  );

  it("case 24: switched off, comments go and nothing else; switched on, they are listed", async () => {
    await world.sync();
    const patch = (comments: string) =>
      world.api("PATCH", `/api/confluence/${SOURCE_ID}`, {
        body: { content: { blogposts: true, comments } },
      });
    await patch("none");
    expect(await gone()).toEqual([]);
    expect(await world.find("word1")).toHaveLength(1);
    world.pass(DAY_MS);
    await patch("open");
    expect((await world.sync()).sync_metrics).toMatchObject({ comments_added: 2, pages_updated: 0 });
    expect(await gone()).toHaveLength(1);
  });

  it("comments that are switched off and on at whatever step of a worker follow their edits afterwards", async () => {
    await world.sync();
    const patch = (comments: string) =>
      world.api("PATCH", `/api/confluence/${SOURCE_ID}`, {
        body: { content: { blogposts: true, comments } },
      });
    for (let step = 0, steps = 1; step < steps; step += 1) {
      world.pass(DAY_MS);
      reply(root, `Reply number ${step} is about the lighthouse`);
      const operationId = await world.startSync();
      while (await world.deliverOne("plan"));
      world.deliver("page", Number.POSITIVE_INFINITY);
      for (steps = 0; world.scheduler.running() > 0; steps += 1) {
        if (steps === step) {
          await patch("none");
          await patch("open");
        }
        await world.scheduler.advance();
      }
      const left = await database.sql`
        select page_id from confluence_pages where kind = 'comments' and version > coalesce(comments_revision, 0)`;
      expect(left, `switched at step ${step}`).toEqual([]);
      await world.ended(operationId);
      await world.sync();
    }
    expect(await world.find("lighthouse")).toHaveLength(1);
  });

  it("posts that are switched off take their comments out of search, and bring them back", async () => {
    const post = addPage(world.site, {
      kind: "blogpost",
      space: SPACE,
      title: "Post",
      body: bodyOf("news"),
    });
    addComment(world.site, { containerId: post.id, body: "<p>Our heron would like to comment here</p>" });
    await world.sync();
    expect(await world.find("heron")).toHaveLength(1);
    const patch = (blogposts: boolean) =>
      world.api("PATCH", `/api/confluence/${SOURCE_ID}`, {
        body: { content: { blogposts, comments: "open" } },
      });
    await patch(false);
    expect(await world.find("heron")).toEqual([]);
    expect(await gone()).toHaveLength(1);
    world.pass(DAY_MS);
    await patch(true);
    await world.sync();
    expect(await world.find("heron")).toHaveLength(1);
  });
});
