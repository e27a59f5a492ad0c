import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { addComment, deleteComment } from "#infra/local/confluence-site/comment-edits.ts";
import { restrictPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { purgeFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

/*
 * Approved deletions of what is not visible, which takes two complete checks, and of files and comments.
 */

const HELD = `/api/confluence/${SOURCE_ID}/held-deletions`;

let database: TestDatabase;
let world: SyncWorld;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  world = await makeSyncWorld(database.sql, {
    pages: 24,
    content: { blogposts: false, comments: "open", attachments: true },
  });
});
afterAll(() => database.close());

const id = (n: number) => world.page(`Page ${n}`).id;
const heldCheck = async () => {
  world.pass(2 * 60 * 60_000);
  const check = await world.check();
  if (check.status !== "held") throw new Error(`The check is ${check.status}`);
  return check.operation_id;
};
const decide = (what: "approve" | "reject", held: string, page_ids?: string[]) =>
  world.api("POST", `${HELD}/${what}`, { body: { operation_id: held, ...(page_ids ? { page_ids } : {}) } });
const approve = async (held: string, page_ids?: string[]) => {
  const answer = await decide("approve", held, page_ids);
  if (answer.status !== 202) throw new Error(answer.text);
  return world.ended(answer.body.operation_id);
};
const states = async (...ids: string[]) => {
  const rows = await database.sql<{ page_id: string; state: string }[]>`
    select page_id, case when is_deleted then 'deleted' when missing_since is not null then 'hidden' else 'there' end as state
    from confluence_pages where page_id = any(${ids})`;
  return ids.map((pageId) => rows.find((row) => row.page_id === pageId)?.state);
};
/** Eleven pages that the account cannot see any more. */
const loseEleven = () => {
  for (let n = 1; n <= 11; n += 1) restrictPage(world.site, id(n), "nobody");
};

it("a page that was missed for the second time goes; one that was shown in between has yet to be missed twice", async () => {
  await world.sync();
  loseEleven();
  expect((await approve(await heldCheck())).sync_metrics).toMatchObject({
    pages_hidden: 11,
    pages_deleted: 0,
  });
  const held = await heldCheck();
  expect((await world.planned(held)).every((change) => change.outcome === "deleted")).toBe(true);
  restrictPage(world.site, id(1), "everyone");
  await world.sync({ mode: "full" });
  restrictPage(world.site, id(1), "nobody");
  // Shown and hidden again by something else than a complete check, as what is on a page is hidden with it.
  await database.sql`
    update confluence_pages set missing_since = now(), state_revision = state_revision + 2 where page_id = ${id(2)}`;
  const operation = await approve(held);
  expect(operation.sync_metrics).toMatchObject({ pages_deleted: 9, pages_hidden: 1 });
  expect(await states(id(1), id(2), id(3))).toEqual(["hidden", "hidden", "deleted"]);
});

it("a page that a hint hid since the check is hidden by approval, which counts as the first of two checks", async () => {
  await world.sync();
  loseEleven();
  const held = await heldCheck();
  await database.sql`
    update confluence_pages set missing_since = now(), hidden_by_hint = true, state_revision = state_revision + 1
    where page_id = ${id(1)}`;
  expect((await approve(held, [id(1)])).sync_metrics).toMatchObject({ pages_deleted: 0, pages_hidden: 1 });
  world.pass(60_000);
  expect((await world.check()).sync_metrics).toMatchObject({ pages_deleted: 1, pages_hidden: 10 });
  expect(await states(id(1), id(2))).toEqual(["deleted", "hidden"]);
});

const uploadTwelve = () =>
  Array.from({ length: 12 }, (_, n) =>
    uploadFile(world.site, {
      containerId: id(2),
      title: `crate-${n}.txt`,
      bytes: Buffer.from(`Crate ${n}`),
      mediaType: "text/plain",
    }),
  );

it("what lost its row after it was approved, because its kind was switched off, is held no longer", async () => {
  const files = uploadTwelve();
  await world.sync();
  for (const file of files) purgeFile(world.site, file.id);
  const held = await heldCheck();
  const answer = await decide("approve", held);
  const path = `/api/confluence/${SOURCE_ID}`;
  expect((await world.api("PATCH", path, { body: { content: { attachments: false } } })).status).toBe(200);
  expect(await states(files[0]?.id ?? "")).toEqual([undefined]);
  expect(await world.ended(answer.body.operation_id)).toMatchObject({ status: "completed" });
  expect((await world.api("GET", HELD)).body).toMatchObject({ operation_id: null, held_deletions: [] });
});

it("files are approved and rejected one by one, asked for again by their ids", async () => {
  const files = uploadTwelve();
  await world.sync();
  for (const file of files) purgeFile(world.site, file.id);
  const held = await heldCheck();
  const listed = await world.planned(held);
  expect(new Set(listed.map((change) => change.kind))).toEqual(new Set(["attachment"]));
  const [first = "", second = "", third = ""] = listed.map((change) => change.page_id);
  expect((await decide("reject", held, [first])).body).toEqual({ rejected: 1, held: 11 });
  expect((await approve(held, [second])).sync_metrics.files_hidden).toBe(1);
  expect(await states(first, second, third)).toEqual(["there", "hidden", "there"]);
  expect((await approve(held)).sync_metrics.files_hidden).toBe(10);
  expect(await states(first, second, third)).toEqual(["there", "hidden", "hidden"]);
});

it("comments that are held beside pages are counted, and keep the hold until a check with force", async () => {
  const lost = Array.from({ length: 12 }, (_, n) =>
    addComment(world.site, { containerId: id(20), body: `<p>Remark ${n} about the badger den</p>` }),
  );
  await world.sync();
  loseEleven();
  for (const { id: commentId } of lost) deleteComment(world.site, commentId, { replies: "deleted" });
  const held = await heldCheck();
  const list = await world.api("GET", HELD);
  expect(list.body).toMatchObject({ operation_id: held, held_comments: 12 });
  expect(list.body.held_deletions).toHaveLength(11);
  expect((await approve(held)).sync_metrics.pages_hidden).toBe(11);
  expect((await world.api("GET", HELD)).body).toMatchObject({
    operation_id: held,
    held_deletions: [],
    held_comments: 12,
  });
  expect((await world.source()).metadata.deletions_held).toMatchObject({ candidates: 12 });
  expect((await world.progress(held)).error?.message).toMatch(/^12 comments would be deleted/);
  expect(await world.find("badger den")).not.toEqual([]);
  expect((await decide("approve", held)).body.error.code).toBe("nothing_held");
  expect((await world.check({ force: true })).sync_metrics.comments_deleted).toBe(12);
});
