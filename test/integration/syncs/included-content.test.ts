import type postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, editPage, labelPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { restorePage, restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { changeFile, trashFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { editLive, hideLiveBody } from "#infra/local/confluence-site/live-edits.ts";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import type { SitePage } from "#infra/local/confluence-site/site.ts";
import { transaction } from "#shared/db/connect.ts";
import { writeRendering } from "#shared/documents/renderings.ts";
import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { startOperation } from "#shared/syncs/operations/start-operation.ts";
import type { PageServices } from "#shared/syncs/pages/page-batch.ts";
import { processPages } from "#shared/syncs/pages/process-pages.ts";
import { clientOf } from "#test/support/confluence-site.ts";
import { addSpacesWithSources } from "#test/support/site-sources.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, OTHER_SPACE, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";

const HOUR_MS = 60 * 60_000;

const macro = (name: string, parameters: Record<string, string> = {}, page?: string, of = "") => {
  const named = Object.entries(parameters).map(
    ([key, value]) => `<ac:parameter ac:name="${key}">${value}</ac:parameter>`,
  );
  const link = `<ac:parameter ac:name="${of}"><ac:link><ri:page ri:content-title="${page}"/></ac:link></ac:parameter>`;
  return `<ac:structured-macro ac:name="${name}">${page === undefined ? "" : link}${named.join("")}</ac:structured-macro>`;
};
const include = (title: string) => macro("include", {}, title);

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql);
});
afterAll(() => database.close());

const add = (title: string, body: string, more: object = {}): SitePage =>
  addPage(world.site, { space: SPACE, title, body, ...more });
/** Titles of the pages that a search for a word finds, those with the same text included, in their order by name. */
const found = async (word: string) =>
  (await world.find(word)).flatMap((hit) => [hit, ...hit.alsoOn].map(({ title }) => title)).toSorted();
/** A sync an hour or more after the one before. */
const laterSync = async () => {
  world.pass(2 * HOUR_MS);
  return world.sync();
};
const contentOf = async ({ id }: SitePage): Promise<string> => {
  const rows = await database.sql<{ content: string }[]>`
    select content from archon_crawled_pages where page_id = ${id} order by chunk_number`;
  return rows.map((row) => row.content).join("\n");
};
const rendered = () => world.takeRequests().filter(({ query }) => query.includes("export_view")).length;

it("a target that is renamed between its listing and its first fetch leaves a page that was rendered before", async () => {
  const target = add("Target", "<p>lighthouse</p>");
  const includer = add("Includer", `<p>harbour</p>${include("Target")}`);
  const operationId = await world.startSync();
  await world.deliverUntil("plan", async () => (await world.progress(operationId)).pages_listed === 2);
  await workOn(operationId, [includer.id]);
  expect(await contentOf(includer)).toContain("lighthouse");
  editPage(world.site, target.id, { title: "Beacon" });
  await world.ended(operationId);
  expect(await found("lighthouse")).toEqual(["Beacon"]);
});

describe("what a page shows of other pages", () => {
  let target: SitePage;
  beforeEach(async () => {
    target = add("Target", "<p>lighthouse</p>");
    add("Includer", `<p>harbour</p>${include("Target")}`);
    await world.sync();
    world.takeRequests();
  });

  it("case 38: an edited target's new text is in its includer after the same sync, and its old text is not", async () => {
    expect(await found("lighthouse")).toEqual(["Includer", "Target"]);
    editPage(world.site, target.id, { body: "<p>windmill</p>" });
    expect(await laterSync()).toMatchObject({ status: "completed", sync_metrics: { pages_updated: 2 } });
    expect(await found("windmill")).toEqual(["Includer", "Target"]);
    expect(await found("lighthouse")).toEqual([]);
  });

  it("case 38: a renamed target leaves its includer, and is there again when the name is", async () => {
    editPage(world.site, target.id, { title: "Beacon" });
    await laterSync();
    expect(await found("lighthouse")).toEqual(["Beacon"]);
    editPage(world.site, target.id, { title: "Target" });
    await laterSync();
    expect(await found("lighthouse")).toEqual(["Includer", "Target"]);
  });

  it.each(["trashed", "out of sight"] as const)(
    "case 38: the text of a target that is %s leaves its includer with the check that finds it",
    async (how) => {
      // Refreshed a minute ago: what is gone is not delayed.
      editPage(world.site, target.id, { body: "<p>windmill</p>" });
      await laterSync();
      if (how === "trashed") trashPage(world.site, target.id);
      else restrictPage(world.site, target.id, "nobody");
      world.pass(60_000);
      await world.check();
      expect(await found("windmill")).toEqual([]);
      expect(await found("harbour")).toEqual(["Includer"]);
    },
  );

  it.each(["trashed", "out of sight"] as const)(
    "case 38: a target that was %s and is back is in its includer after the next full listing",
    async (how) => {
      if (how === "trashed") trashPage(world.site, target.id);
      else restrictPage(world.site, target.id, "nobody");
      await world.check();
      expect(await found("lighthouse")).toEqual([]);
      if (how === "trashed") restorePage(world.site, target.id);
      else restrictPage(world.site, target.id, "everyone");
      world.pass(2 * HOUR_MS);
      await world.check();
      expect(await found("lighthouse")).toEqual(["Includer", "Target"]);
    },
  );

  it.each(["trashed", "out of sight"] as const)(
    "case 38: a target that was %s and is back is in its includer after the full sync that finds it",
    async (how) => {
      if (how === "trashed") trashPage(world.site, target.id);
      else restrictPage(world.site, target.id, "nobody");
      await world.check();
      if (how === "trashed") restorePage(world.site, target.id);
      else restrictPage(world.site, target.id, "everyone");
      world.pass(2 * HOUR_MS);
      await world.sync({ mode: "full" });
      expect(await found("lighthouse")).toEqual(["Includer", "Target"]);
    },
  );

  it("case 38: a target that was trashed, and is back and edited, is in its includer after the sync that finds the edit", async () => {
    trashPage(world.site, target.id);
    await world.check();
    restorePage(world.site, target.id);
    editPage(world.site, target.id, { body: "<p>windmill</p>" });
    await laterSync();
    expect(await found("windmill")).toEqual(["Includer", "Target"]);
  });

  it("case 38: a page that a check works on because of what it shows, and that is trashed, is deleted by that check", async () => {
    const list = add("Children", `<p>quarry</p>${macro("children")}`);
    const child = add("Child", "<p>vineyard</p>", { parentId: list.id });
    await laterSync();
    // The move makes work of the list, before the check looks for what it has not listed.
    movePage(world.site, child.id, { parentId: null });
    trashPage(world.site, list.id);
    world.pass(2 * HOUR_MS);
    await world.check();
    expect(await found("quarry")).toEqual([]);
    expect(await found("vineyard")).toEqual(["Child"]);
  });

  it("a page that a slow replica rendered without a recent edit is rendered once more, an hour later", async () => {
    editPage(world.site, target.id, { body: "<p>windmill</p>" });
    await laterSync();
    world.pass(2 * HOUR_MS);
    editPage(world.site, target.id, { body: "<p>lighthouse</p>" });
    world.pass(5 * 60_000);
    await world.sync();
    add("Late", include("Target"));
    world.site.faults.push({
      effect: "old_version",
      behind_seconds: 600,
      path: "export_view",
      times: 1,
      skip: 0,
    });
    await world.sync();
    expect(await found("windmill")).toEqual(["Late"]);
    await laterSync();
    expect([await found("windmill"), await found("lighthouse")]).toEqual([
      [],
      ["Includer", "Late", "Target"],
    ]);
    rendered();
    await laterSync();
    expect(rendered()).toBe(0);
  });

  it("a page that shows what is gone is rendered again at once, though a younger target lets it be rendered later too", async () => {
    const { sql } = database;
    const now = world.now();
    const [includer] = await sql<{ page_id: string; revision: number }[]>`
      update page_renderings set shown_revision = shown_revision + 1, shows_gone = true, refresh_after = ${now}
      returning page_id, rendered_revision as revision`;
    const page = { sourceId: SOURCE_ID, pageId: includer?.page_id ?? "" };
    await transaction(sql, (tx) =>
      writeRendering(
        tx,
        page,
        {
          revision: includer?.revision ?? 0,
          at: now,
          startedAt: now,
          dependencies: [
            { kind: "page", target: "Target", targetId: "", spaceKey: SPACE, depth: null, showsText: true },
          ],
          failedMacros: [],
        },
        now,
      ),
    );
    const rows = await sql`select shows_gone, refresh_after <= ${now} as is_due from page_renderings`;
    expect(rows).toEqual([{ shows_gone: true, is_due: true }]);
  });

  it("case 38: syncs and checks without a change render nothing", async () => {
    // Its target was as young as the first rendering.
    await laterSync();
    rendered();
    await laterSync();
    await world.check();
    await world.sync({ mode: "full" });
    expect(rendered()).toBe(0);
  });
});

describe("pages that show pages that show others", () => {
  it("case 39: pages that include each other, or themselves, are refreshed once and come to rest", async () => {
    const one = add("One", `<p>lighthouse</p>${include("Two")}`);
    add("Two", `<p>harbour</p>${include("One")}`);
    add("Self", `<p>quarry</p>${include("Self")}`);
    world.pass(HOUR_MS);
    await world.sync();
    expect(await found("lighthouse")).toEqual(["One", "Two"]);
    editPage(world.site, one.id, { body: `<p>windmill</p>${include("Two")}` });
    editPage(world.site, world.page("Self").id, { body: `<p>vineyard</p>${include("Self")}` });
    world.takeRequests();
    await laterSync();
    // One and Self because they were edited, Two because it shows One.
    expect(rendered()).toBe(3);
    expect(await found("windmill")).toEqual(["One", "Two"]);
    expect(await found("lighthouse")).toEqual([]);
    await laterSync();
    expect(rendered()).toBe(0);
  });

  it("case 39: an edit at the end of a chain of six is in all that Confluence shows it in", async () => {
    const end = add("Link 6", "<p>lighthouse</p>");
    for (let n = 5; n >= 1; n -= 1) add(`Link ${n}`, `<p>of link ${n}</p>${include(`Link ${n + 1}`)}`);
    world.pass(HOUR_MS);
    await world.sync();
    const before = await found("lighthouse");
    expect(before.length).toBeGreaterThanOrEqual(5);
    editPage(world.site, end.id, { body: "<p>windmill</p>" });
    await laterSync();
    expect(await found("windmill")).toEqual(before);
    expect(await found("lighthouse")).toEqual([]);
  });

  describe("with 2,000 includers of one page", () => {
    const INCLUDERS = 2000;
    let target: SitePage;
    const count = async (rows: postgres.PendingQuery<{ count: number }[]>) => (await rows)[0]?.count;
    const outdated = () =>
      count(
        database.sql`select count(*)::int as count from page_renderings where shown_revision > rendered_revision`,
      );
    beforeEach(async () => {
      target = add("Target", "<p>lighthouse</p>");
      const includers = Array.from({ length: INCLUDERS }, (_, n) => add(`Includer ${n}`, include("Target")));
      world.pass(HOUR_MS);
      await storeAsSynced([target, ...includers]);
    });

    it("case 39: an edit refreshes 300 of 2,000 includers in each sync, and the last of them in the seventh", async () => {
      editPage(world.site, target.id, { body: "<p>windmill</p>" });
      await laterSync();
      expect([rendered(), await outdated()]).toEqual([300, INCLUDERS - 300]);
      // The next five have made theirs.
      await database.sql`
        update page_renderings set rendered_revision = shown_revision, refresh_after = null
        where page_id in (select page_id from page_renderings where refresh_after is not null order by page_id limit 1500)`;
      await laterSync();
      expect([rendered(), await outdated()]).toEqual([200, 0]);
      await laterSync();
      expect(rendered()).toBe(0);
    });

    it("case 39: all of 2,000 includers of a page that is out of sight are work of the check that finds it, at once", async () => {
      restrictPage(world.site, target.id, "nobody");
      await world.startCheck();
      while (await world.deliverOne("check"));
      const work = database.sql<{ count: number }[]>`
        select count(*)::int as count from sync_work where state = 'pending' and not_before is null and enqueued_at is not null`;
      expect([await count(work), await outdated()]).toEqual([INCLUDERS, INCLUDERS]);
    });
  });
});

describe("what a page names and does not see yet", () => {
  it("case 40: a target that appears later is in its includer after the sync that finds it", async () => {
    add("Includer", `<p>harbour</p>${include("Target")}`);
    await world.sync();
    add("Target", "<p>lighthouse</p>");
    await laterSync();
    expect(await found("lighthouse")).toEqual(["Includer", "Target"]);
  });

  it("case 40: a target that is moved into the space is in its includer, though no version is new", async () => {
    const target = addPage(world.site, { space: OTHER_SPACE, title: "Target", body: "<p>lighthouse</p>" });
    add("Includer", `<p>harbour</p>${include("Target")}`);
    await world.sync();
    world.pass(48 * HOUR_MS);
    movePage(world.site, target.id, { space: SPACE, parentId: null });
    await world.sync({ mode: "full" });
    expect(await found("lighthouse")).toEqual(["Includer", "Target"]);
  });

  it("case 40: of two spaces with a page of the same title, an edit refreshes those that show the page of its space", async () => {
    await addSpacesWithSources(world, ["NEXT"]);
    const there = addPage(world.site, { space: "NEXT", title: "Target", body: "<p>harbour</p>" });
    add("Target", "<p>lighthouse</p>");
    add("Own", include("Target"));
    const foreign = include("Target").replace("<ri:page ", '<ri:page ri:space-key="NEXT" ');
    add("Foreign", foreign);
    world.pass(HOUR_MS);
    await syncSource("source-NEXT", "NEXT");
    await world.sync();
    expect(await found("harbour")).toEqual(["Foreign"]);
    editPage(world.site, there.id, { body: "<p>vineyard</p>" });
    world.pass(2 * HOUR_MS);
    await syncSource("source-NEXT", "NEXT");
    world.takeRequests();
    await world.sync();
    expect(rendered()).toBe(1);
    expect(await found("vineyard")).toEqual(["Foreign"]);
    expect(await found("lighthouse")).toEqual(["Own", "Target"]);
    // What is gone does not wait for the next sync of the other space.
    restrictPage(world.site, there.id, "nobody");
    await checkSource("source-NEXT");
    for (let n = 0; n < 3; n += 1) await world.minute("start-scheduled-syncs");
    expect(await found("vineyard")).toEqual([]);
  });

  it("case 40: a named excerpt follows its page, the rest of which is not shown", async () => {
    const excerpts = (first: string, second: string) =>
      ["first", "second"]
        .map(
          (
            name,
            at,
          ) => `<ac:structured-macro ac:name="excerpt"><ac:parameter ac:name="name">${name}</ac:parameter>
          <ac:rich-text-body><p>${[first, second][at]}</p></ac:rich-text-body></ac:structured-macro>`,
        )
        .join("");
    const target = add("Target", excerpts("lighthouse", "harbour"));
    add("Includer", macro("excerpt-include", { name: "second" }, "Target"));
    world.pass(HOUR_MS);
    await world.sync();
    expect([await found("lighthouse"), await found("harbour")]).toEqual([["Target"], ["Includer", "Target"]]);
    editPage(world.site, target.id, { body: excerpts("windmill", "vineyard") });
    await laterSync();
    expect([await found("windmill"), await found("vineyard")]).toEqual([["Target"], ["Includer", "Target"]]);
  });
});

describe("lists of pages on a page", () => {
  const owned = (name: string) =>
    `<ac:structured-macro ac:name="details"><ac:rich-text-body><table><tbody><tr><th>Owner</th><td>${name}</td></tr></tbody></table></ac:rich-text-body></ac:structured-macro>`;

  it.each(["a full sync", "a deletion check"] as const)(
    "case 41: a report by label follows a label added to and taken from a page with %s",
    async (how) => {
      const page = add("Owned", owned("Hopper"));
      add("Report", macro("detailssummary", { cql: 'label = "team" and space = currentSpace()' }));
      await world.sync();
      expect(await found("Hopper")).toEqual(["Owned"]);
      const listed = () => {
        world.pass(2 * HOUR_MS);
        return how === "a full sync" ? world.sync({ mode: "full" }) : world.check();
      };
      labelPage(world.site, page.id, { add: ["team"] });
      await listed();
      expect(await found("Hopper")).toEqual(["Owned", "Report"]);
      editPage(world.site, page.id, { body: owned("Lovelace") });
      await laterSync();
      expect(await found("Lovelace")).toEqual(["Owned", "Report"]);
      labelPage(world.site, page.id, { remove: ["team"] });
      await listed();
      expect(await found("Lovelace")).toEqual(["Owned"]);
    },
  );

  it("case 41: a child added below a page with its list of children, renamed, moved and trashed", async () => {
    const parent = add("Parent", macro("children"));
    await world.sync();
    const child = add("Lighthouse", "<p>harbour</p>", { parentId: parent.id });
    await laterSync();
    expect(await found("lighthouse")).toEqual(["Lighthouse", "Parent"]);
    editPage(world.site, child.id, { title: "Windmill" });
    await laterSync();
    expect(await found("lighthouse")).toEqual([]);
    expect(await found("windmill")).toEqual(["Parent", "Windmill"]);
    world.takeRequests();
    editPage(world.site, child.id, { body: "<p>vineyard</p>" });
    await laterSync();
    // The list shows titles only.
    expect(rendered()).toBe(0);
    movePage(world.site, child.id, { parentId: null });
    world.pass(2 * HOUR_MS);
    await world.check();
    expect(await found("windmill")).toEqual(["Windmill"]);
    movePage(world.site, child.id, { parentId: parent.id });
    world.pass(2 * HOUR_MS);
    await world.check();
    expect(await found("windmill")).toEqual(["Parent", "Windmill"]);
    trashPage(world.site, child.id);
    await world.check();
    expect(await found("windmill")).toEqual([]);
  });

  it("case 41: a list whose query is not understood is rendered by a full listing, at most once a day", async () => {
    const page = add("Lighthouse", "<p>harbour</p>");
    add("Recent", macro("contentbylabel", { cql: 'creator = currentUser() or label = "team"' }));
    await world.sync();
    labelPage(world.site, page.id, { add: ["team"] });
    world.takeRequests();
    world.pass(24 * HOUR_MS);
    await world.sync();
    expect(rendered()).toBe(0);
    await world.sync({ mode: "full" });
    await world.check();
    expect(rendered()).toBe(1);
    expect(await found("lighthouse")).toEqual(["Lighthouse", "Recent"]);
    restrictPage(world.site, page.id, "nobody");
    await world.check();
    expect(await found("lighthouse")).toEqual([]);
  });
});

it("a live doc that showed other pages and shows none any more is stored, though its version stays", async () => {
  const doc = add("Live", `<p>lighthouse</p>${macro("children")}`, { subtype: "live" });
  await world.sync();
  editLive(world.site, doc.id, "<p>windmill</p>");
  await laterSync();
  expect([await found("lighthouse"), await found("windmill")]).toEqual([[], ["Live"]]);
});

it("a page that was rendered while a live doc on it was shown as empty has its text after the next check", async () => {
  const doc = add("Live", "<p>lighthouse</p>", { subtype: "live" });
  await world.sync();
  world.pass(24 * HOUR_MS);
  hideLiveBody(world.site, doc.id, true);
  add("Includer", `<p>harbour</p>${include("Live")}`);
  await world.sync();
  hideLiveBody(world.site, doc.id, false);
  world.pass(24 * HOUR_MS);
  expect(await found("lighthouse")).toEqual(["Live"]);
  await world.check();
  expect(await found("lighthouse")).toEqual(["Includer", "Live"]);
});

it("a body that names what no page can be called is stored", async () => {
  const page = add("Includer", `<p>harbour</p>${include("x".repeat(10_000))}${include("&#0;y")}`);
  expect((await world.sync()).sync_metrics).toMatchObject({ pages_added: 1, pages_failed: 0 });
  expect(await contentOf(page)).toContain("harbour");
});

it("a list of a page's files follows a file that is attached, renamed, moved to another page, and trashed", async () => {
  await database.clear();
  const content = { blogposts: false, comments: "none", attachments: true } as const;
  world = await makeSyncWorld(database.sql, { content });
  const page = add("Files", `<p>harbour</p>${macro("attachments")}`);
  await world.sync();
  const bytes = new TextEncoder().encode("quarry");
  const file = uploadFile(world.site, {
    containerId: page.id,
    title: "lighthouse.txt",
    bytes,
    mediaType: "text/plain",
  });
  await laterSync();
  expect(await contentOf(page)).toContain("lighthouse.txt");
  changeFile(world.site, file.id, { title: "windmill.txt" });
  const listed = () => {
    world.pass(2 * HOUR_MS);
    return world.check();
  };
  await listed();
  expect(await contentOf(page)).toContain("windmill.txt");
  const other = add("Other files", `<p>quarry</p>${macro("attachments")}`);
  changeFile(world.site, file.id, { containerId: other.id });
  await listed();
  expect(await contentOf(page)).not.toContain(".txt");
  expect(await contentOf(other)).toContain("windmill.txt");
  trashFile(world.site, file.id);
  await world.check();
  expect(await contentOf(other)).not.toContain(".txt");
});

describe("a page that is rendered again at an equal version", () => {
  let target: SitePage;
  beforeEach(async () => {
    target = add("Target", "<p>lighthouse</p>");
    add("Includer", `<p>harbour</p>${include("Target")}`);
    world.pass(HOUR_MS);
    await world.sync();
  });
  const stored = async () => ({
    chunks: await database.sql`select c.id, c.page_id, c.content from archon_crawled_pages c order by id`,
    includer: await database.sql`
      select version, state_revision, content_hash from confluence_pages where title = 'Includer'`,
    events: (await database.sql`select id from event_outbox where event_type <> 'sync.completed'`).length,
  });

  it("case 42: a page that shows the same text writes no chunk and no event", async () => {
    add("Other", "<p>vineyard</p>");
    add("Mixed", `<p>quarry</p>${macro("children")}`);
    await laterSync();
    const before = await stored();
    const own = before.chunks.filter(({ page_id }) => page_id !== target.id);
    editPage(world.site, target.id, { message: "the same text" });
    world.takeRequests();
    await laterSync();
    expect(rendered()).toBe(1);
    const after = await stored();
    expect(after.chunks.filter(({ page_id }) => page_id !== target.id)).toEqual(own);
    expect([after.includer, after.events]).toEqual([before.includer, before.events]);
  });

  it("case 42: a late older rendering does not replace a newer one of the same version", async () => {
    editPage(world.site, target.id, { body: "<p>windmill</p>" });
    world.pass(2 * HOUR_MS);
    const id = await world.startSync();
    await world.deliverOne("plan");
    await workOn(id, [target.id]);
    const late = await rendersSlowly(id, world.page("Includer").id);
    editPage(world.site, target.id, { body: "<p>vineyard</p>" });
    // The late worker's claim runs out, and the page is rendered by another one.
    await world.ended(id);
    await laterSync();
    expect(await found("vineyard")).toEqual(["Includer", "Target"]);
    const before = await stored();
    await late.goOn();
    expect(await stored()).toEqual(before);
    expect(await found("windmill")).toEqual([]);
  });

  it("case 42: a target that is edited while its new includer is on its way is in it after the same sync", async () => {
    editPage(world.site, target.id, { body: "<p>windmill</p>" });
    const includer = add("New includer", include("Target"));
    world.pass(2 * HOUR_MS);
    const id = await world.startSync();
    await world.deliverOne("plan");
    const late = await rendersSlowly(id, includer.id);
    editPage(world.site, target.id, { body: "<p>vineyard</p>" });
    await workOn(id, [target.id]);
    await late.goOn();
    await world.ended(id);
    expect(await found("vineyard")).toEqual(["Includer", "New includer", "Target"]);
    expect(await found("windmill")).toEqual([]);
  });

  it("case 42: a page that cannot be rendered again keeps what it shows, unless its target is gone", async () => {
    world.site.faults.push({
      effect: "status",
      status: 500,
      retry_after: null,
      path: "body-format=export_view",
      times: 1000,
      skip: 0,
    });
    editPage(world.site, target.id, { body: "<p>windmill</p>" });
    expect(await laterSync()).toMatchObject({ status: "completed" });
    expect(await found("lighthouse")).toEqual(["Includer"]);
    restrictPage(world.site, target.id, "nobody");
    await world.check();
    expect(await found("lighthouse")).toEqual([]);
    expect(await found("harbour")).toEqual(["Includer"]);
    world.site.faults.length = 0;
    restrictPage(world.site, target.id, "everyone");
    await laterSync();
    world.pass(2 * HOUR_MS);
    await world.check();
    expect(await found("windmill")).toEqual(["Includer", "Target"]);
  });
});

/** What Confluence shows in place of an include that failed is no text of the page, and is recorded. */
it("an error that Confluence shows in place of included content is not found, and is recorded", async () => {
  add("Includer", `<p>harbour</p>${include("Nowhere")}`);
  await world.sync();
  expect(await found("render")).toEqual([]);
  const rows = await database.sql`select failed_macros from page_renderings`;
  expect(rows[0]?.failed_macros).toEqual([
    "Unable to render {include} The included page could not be found.",
  ]);
});

/** The site's pages as a sync of a day ago would have left them, without rendering 2,000 bodies. */
async function storeAsSynced(pages: readonly SitePage[]): Promise<void> {
  const { sql } = database;
  const rows = pages.map(({ id, title, storage }) => ({ id, title, includes: storage.includes("include") }));
  const given = sql`jsonb_to_recordset(${sql.json(rows)}) as row (id text, title text, includes boolean)`;
  await sql`
    insert into confluence_pages (source_id, page_id, title, url, version, representation_revision, chunk_count)
    select ${SOURCE_ID}, id, title, '', 1, ${REPRESENTATION_REVISION}, 1 from ${given}`;
  await sql`
    insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
    select source_id, page_id, url, 0, 'lighthouse', page_id, to_tsvector('english', 'lighthouse'), ${world.now()} from confluence_pages`;
  await sql`
    insert into page_dependencies (source_id, page_id, kind, target, space_key, shows_text)
    select ${SOURCE_ID}, id, 'page', 'Target', ${SPACE}, true from ${given} where includes`;
  await sql`
    insert into page_renderings (source_id, page_id, rendered_at)
    select ${SOURCE_ID}, id, ${world.now()} from ${given} where includes`;
  const metadata = { last_sync_timestamp: world.now().toISOString(), sync_metrics: {} };
  await sql`update archon_sources set metadata = metadata || ${sql.json(metadata)}`;
}

async function syncSource(sourceId: string, spaceKey: string): Promise<void> {
  const { operationId } = await syncSpace(sourceId, spaceKey, { actor: "api" }, world.outside);
  await world.ended(operationId);
}

async function checkSource(sourceId: string): Promise<void> {
  const request = { type: "deletion_check", sourceId, actor: "manual" } as const;
  const { operationId } = await startOperation(request, world.outside);
  await world.ended(operationId);
}

/** A worker on these pages of an operation. */
async function workOn(operationId: string, pageIds: readonly string[], services = {}): Promise<void> {
  const tasks = pageIds.map((pageId) => ({
    operation_id: operationId,
    source_id: SOURCE_ID,
    page_id: pageId,
  }));
  await processPages(operationId, tasks, {
    queue: "page",
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the world fills in all that a worker uses
    services: { ...world.services(null), ...services } as PageServices,
    cache: { names: new Map(), bodies: new Map(), skipped: new Map() },
    invocation: { remainingMs: () => 60_000 },
  });
}

/** A worker that stands still with the rendered body of a page in its hands until it is let go on. */
async function rendersSlowly(operationId: string, pageId: string): Promise<{ goOn: () => Promise<void> }> {
  const arrived = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const confluence = () =>
    clientOf(world.site, {
      fetch: async (url, init) => {
        const response = await fetchFrom(world.site)(url, init);
        if (url.includes("export_view")) {
          arrived.resolve();
          await gate.promise;
        }
        return response;
      },
    });
  const work = workOn(operationId, [pageId], { confluence });
  await Promise.race([arrived.promise, work]);
  return {
    goOn: async () => {
      gate.resolve();
      await work;
    },
  };
}
