import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { restorePage, restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 20;
const PATH = `/api/confluence/${SOURCE_ID}`;
const NOBODY = "00000000-0000-4000-8000-000000000000";

describe("decisions on held deletions", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  /** The held check. */
  let held: string;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    await database.sql`truncate idempotent_requests`;
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    await world.sync();
    world.pass(2 * 60 * 60_000);
    for (let n = 1; n <= 9; n += 1) trashPage(world.site, id(n));
    for (let n = 10; n <= 12; n += 1) restrictPage(world.site, id(n), "nobody");
    const check = await world.check();
    if (check.status !== "held") throw new Error(`The check is ${check.status}`);
    held = check.operation_id;
    world.pass(60 * 60_000);
    world.takeRequests();
  });
  afterAll(() => database.close());

  const id = (n: number) => world.page(`Page ${n}`).id;
  const ids = (...numbers: number[]) => numbers.map(id);
  type Decision = { operation_id?: string; page_ids?: string[] };
  const decide = (what: "approve" | "reject", decision: Decision = {}, headers = {}) =>
    world.api("POST", `${PATH}/held-deletions/${what}`, {
      body: { operation_id: held, ...decision },
      headers,
    });
  const approve = async (decision: Decision = {}) => {
    const answer = await decide("approve", decision);
    expect(answer.status, answer.text).toBe(202);
    return world.ended(answer.body.operation_id);
  };
  const heldIds = async () => {
    const { body } = await world.api("GET", `${PATH}/held-deletions`, { query: { limit: "100" } });
    return body.held_deletions.map((change: { page_id: string }) => change.page_id).sort();
  };
  const isWarned = async () => {
    const { body } = await world.api("GET", PATH);
    return body.warnings.some((warning: { code: string }) => warning.code === "deletions_held");
  };
  const row = async (n: number) => {
    const [found] = await database.sql`
      select is_deleted, deleted_reason, missing_since is not null as hidden,
        (select count(*)::int from archon_crawled_pages c where c.page_id = p.page_id) as chunks
      from confluence_pages p where page_id = ${id(n)}`;
    return found;
  };
  /** The worker is killed when it has asked for the page, before it writes anything. */
  const untilAskedFor = (n: number) =>
    world.deliverUntil("check", async () =>
      world.site.requests.some((request) => request.query.includes(id(n))),
    );
  const GONE = { is_deleted: true, hidden: false, chunks: 0 };
  const HIDDEN = { is_deleted: false, hidden: true, chunks: 2 };
  const THERE = { is_deleted: false, hidden: false, chunks: 2 };

  it("deletions stay held, and can be decided, when a later check fails or is cancelled", async () => {
    const expected = await heldIds();
    expect(expected).toHaveLength(12);
    const { body } = await world.api("POST", `${PATH}/deletion-check`);
    expect((await world.api("POST", `${PATH}/cancel`)).status).toBe(202);
    expect((await world.ended(body.operation_id)).status).toBe("cancelled");
    expect([await heldIds(), await isWarned()]).toEqual([expected, true]);
    expect((await decide("reject", { page_ids: ids(1) })).body).toEqual({ rejected: 1, held: 11 });
  });

  it("what is approved is asked for again and goes; the rest stays held, and the warning with it", async () => {
    const operation = await approve({ page_ids: ids(1, 2, 10) });
    expect(operation).toMatchObject({
      operation_type: "approved_deletions",
      status: "completed",
      sync_metrics: { pages_deleted: 2, pages_hidden: 1 },
    });
    expect(await row(1)).toMatchObject({ ...GONE, deleted_reason: "trashed" });
    expect(await row(10)).toMatchObject(HIDDEN);
    expect(await row(3)).toMatchObject(THERE);
    expect(world.takeRequests().some((request) => request.query.includes(id(1)))).toBe(true);
    const events = await database.sql`
      select detail from event_outbox where event_type = 'page.deleted' order by detail ->> 'page_id'`;
    expect(events.map((event) => event.detail)).toMatchObject([
      { page_id: id(1), operation_id: operation.operation_id, actor: "api" },
      { page_id: id(2) },
    ]);
    expect(await heldIds()).toEqual(ids(3, 4, 5, 6, 7, 8, 9, 11, 12).sort());
    expect(await isWarned()).toBe(true);
    expect((await world.source()).metadata.deletions_held).toMatchObject({
      operation_id: held,
      candidates: 9,
    });
    expect((await world.progress(held)).error?.message).toContain("9 deletions of this check still wait");
  });

  it("all that is undecided goes without page_ids, and the hold ends with its last deletion", async () => {
    expect((await decide("reject", { page_ids: ids(3) })).body).toEqual({ rejected: 1, held: 11 });
    expect((await approve()).sync_metrics).toMatchObject({ pages_deleted: 8, pages_hidden: 3 });
    expect(await row(3)).toMatchObject(THERE);
    expect(await heldIds()).toEqual([]);
    expect(await isWarned()).toBe(false);
    expect((await world.source()).metadata.deletions_held).toBeNull();
    expect(await world.progress(held)).toMatchObject({ status: "completed", error: null });
    expect((await world.api("GET", `${PATH}/held-deletions`)).body.operation_id).toBeNull();
  });

  it("rejected pages stay until the next check looks again; rejecting is repeatable, and the last one ends the hold", async () => {
    const some = { page_ids: ids(1, 2) };
    for (let n = 0; n < 2; n += 1)
      expect((await decide("reject", some)).body).toEqual({ rejected: 2, held: 10 });
    expect(await heldIds()).not.toContain(id(1));
    expect(await isWarned()).toBe(true);
    for (let n = 0; n < 2; n += 1) expect((await decide("reject")).body).toEqual({ rejected: 12, held: 0 });
    expect(await isWarned()).toBe(false);
    expect((await decide("approve")).body.error.code).toBe("nothing_held");
    expect(await row(1)).toMatchObject(THERE);
    const again = await world.check();
    expect(again.status).toBe("held");
    expect(await world.planned(again.operation_id)).toHaveLength(12);
  });

  it("a page that is back since it was held, or since it was approved, is never deleted", async () => {
    restorePage(world.site, id(1));
    restrictPage(world.site, id(10), "everyone");
    const answer = await decide("approve", { page_ids: ids(1, 2, 10, 11) });
    restorePage(world.site, id(2));
    const operation = await world.ended(answer.body.operation_id);
    expect(operation.sync_metrics).toMatchObject({ pages_deleted: 0, pages_hidden: 1 });
    for (const n of [1, 2, 10]) expect(await row(n)).toMatchObject(THERE);
    expect(await row(11)).toMatchObject(HIDDEN);
    expect(await heldIds()).toEqual(ids(3, 4, 5, 6, 7, 8, 9, 12).sort());
  });

  it("a page that is back since the worker that asked for it died, wherever it did, is asked for again and stays", async () => {
    let stayed = 0;
    for (let n = 1; n <= 9; n += 1) {
      const answer = await decide("approve", { page_ids: ids(n) });
      await world.deliverOne("check", 2 * n + 4);
      const isGone = (await row(n))?.is_deleted;
      restorePage(world.site, id(n));
      world.pass(60 * 60_000);
      await world.ended(answer.body.operation_id);
      expect([n, await row(n)]).toMatchObject([n, isGone ? GONE : THERE]);
      stayed += isGone ? 0 : 1;
    }
    expect(stayed).toBeGreaterThan(3);
  });

  it("a page that was stored again after Confluence was asked stays", async () => {
    const answer = await decide("approve", { page_ids: ids(1, 2) });
    await untilAskedFor(1);
    await database.sql`update confluence_pages set state_revision = state_revision + 1 where page_id = ${id(1)}`;
    expect((await world.ended(answer.body.operation_id)).sync_metrics.pages_deleted).toBe(1);
    expect(await row(1)).toMatchObject(THERE);
  });

  it("a page that is rejected while it waits to be deleted stays", async () => {
    const answer = await decide("approve", { page_ids: ids(1, 2) });
    await untilAskedFor(1);
    expect((await decide("reject", { page_ids: ids(1) })).body).toEqual({ rejected: 1, held: 11 });
    expect((await world.ended(answer.body.operation_id)).sync_metrics.pages_deleted).toBe(1);
    expect(await row(1)).toMatchObject(THERE);
    expect(await row(2)).toMatchObject(GONE);
    // What went cannot be rejected any more.
    expect((await decide("reject", { page_ids: ids(1, 2) })).body).toEqual({ rejected: 1, held: 10 });
  });

  it("a candidate that nobody approved stays, however it got into the operation", async () => {
    const answer = await decide("approve", { page_ids: ids(1) });
    await database.sql`
      insert into sync_work (operation_id, source_id, page_id, title, state, state_revision, updated_at)
      select ${answer.body.operation_id}, source_id, page_id, title, 'candidate', state_revision, now() from confluence_pages
      where page_id = any(${ids(2, 15)})`;
    expect((await world.ended(answer.body.operation_id)).sync_metrics.pages_deleted).toBe(1);
    expect(await row(2)).toMatchObject(THERE);
    expect(await heldIds()).toContain(id(2));
  });

  it("approved pages go once wherever the worker is killed, and are decided on the hold with it", async () => {
    const answer = await decide("approve");
    const operationId = answer.body.operation_id;
    for (let lifetime = 4; lifetime < 60; lifetime += 3) {
      if ((await world.progress(operationId)).finished_at !== null) break;
      await world.deliverOne("check", lifetime);
      const [torn] = await database.sql`
        select page_id from confluence_pages p join sync_work w using (source_id, page_id)
        where w.operation_id = ${held} and (p.is_deleted or p.missing_since is not null) <> (w.decision is not null)`;
      expect(torn).toBeUndefined();
      world.pass(7 * 60_000);
    }
    expect(await world.ended(operationId)).toMatchObject({
      status: "completed",
      sync_metrics: { pages_deleted: 9, pages_hidden: 3 },
    });
    const events = await database.sql`select id from event_outbox where event_type = 'page.deleted'`;
    expect(events).toHaveLength(9);
    expect(await isWarned()).toBe(false);
  });

  it("approved pages stay held when their operation is cancelled or fails before it deletes, and can be approved again", async () => {
    await decide("approve", { page_ids: ids(1) });
    await cancelOperation(database.sql, { sourceId: SOURCE_ID, now: world.now(), actor: "api" });
    await world.drain();
    expect(await heldIds()).toHaveLength(12);
    world.site.settings.token = "another";
    const failed = await approve({ page_ids: ids(1) });
    expect(failed).toMatchObject({ status: "failed", error: { code: "credentials_rejected" } });
    expect(await heldIds()).toHaveLength(12);
    expect(await row(1)).toMatchObject(THERE);
    world.site.settings.token = "demo-token";
    expect((await approve({ page_ids: ids(1) })).sync_metrics.pages_deleted).toBe(1);
  });

  it("nothing is deleted for an account that Confluence answers as anonymous, or without its space", async () => {
    world.site.settings.anonymous_access = true;
    world.site.settings.answer_as_anonymous = true;
    expect(await approve()).toMatchObject({ status: "failed", error: { code: "credentials_rejected" } });
    world.site.settings.answer_as_anonymous = false;
    await database.sql`update confluence_sites set status = 'active'`;
    world.site.faults.push({ effect: "status", status: 404, path: "/spaces", times: 9, skip: 0 } as never);
    expect(await approve()).toMatchObject({ status: "failed", error: { code: "space_unavailable" } });
    for (let n = 1; n <= 12; n += 1) expect(await row(n)).toMatchObject(THERE);
    expect(await heldIds()).toHaveLength(12);
  });

  it("approved twice it is done once: by the same key, while it runs, and afterwards", async () => {
    const headers = { "idempotency-key": "decision-1" };
    const first = await decide("approve", { page_ids: ids(1) }, headers);
    const again = await decide("approve", { page_ids: ids(1) }, headers);
    expect(again.body).toEqual(first.body);
    const other = await decide("approve", { page_ids: ids(1) });
    expect(other.body.error).toMatchObject({
      code: "operation_running",
      details: { operation_id: first.body.operation_id },
    });
    await world.ended(first.body.operation_id);
    expect((await decide("approve", { page_ids: ids(1) })).body.error.code).toBe("nothing_held");
    const events = await database.sql`select id from event_outbox where event_type = 'page.deleted'`;
    expect(events).toHaveLength(1);
  });

  it("ids that are not held are ignored, and of nothing else there is nothing to do", async () => {
    const operation = await approve({ page_ids: [...ids(1, 15), "98765432"] });
    expect(operation.sync_metrics.pages_deleted).toBe(1);
    expect(await row(15)).toMatchObject(THERE);
    for (const page_ids of [ids(15), ids(1), ["98765432"]]) {
      expect((await decide("approve", { page_ids })).body.error.code).toBe("nothing_held");
      expect((await decide("reject", { page_ids })).body).toEqual({ rejected: 0, held: 11 });
    }
    for (const what of ["approve", "reject"] as const) {
      expect((await decide(what, { operation_id: NOBODY })).body.error.code).toBe("nothing_held");
      expect((await decide(what, { page_ids: [] })).status).toBe(400);
    }
    const [leases] = await database.sql`select count(lease_operation_id)::int as count from archon_sources`;
    expect(leases?.count).toBe(0);
  });

  it("a decision on a check that is not the last one any more is refused, and while one runs nothing is approved", async () => {
    const check = await world.startCheck();
    expect((await decide("approve")).body.error).toMatchObject({
      code: "operation_running",
      details: { operation_id: check },
    });
    expect((await decide("reject")).body.error.code).toBe("nothing_held");
    await world.ended(check);
    for (const what of ["approve", "reject"] as const)
      expect((await decide(what)).body.error.code).toBe("nothing_held");
    expect((await world.source()).metadata.deletions_held).toMatchObject({
      operation_id: check,
      candidates: 12,
    });
    held = check;
    expect((await approve()).sync_metrics).toMatchObject({ pages_deleted: 9, pages_hidden: 3 });
  });

  it("a check that is started while approved pages are deleted waits for its turn", async () => {
    const answer = await decide("approve");
    await expect(world.startCheck()).rejects.toThrow("still runs");
    await world.ended(answer.body.operation_id);
    expect((await world.check()).sync_metrics).toMatchObject({ pages_deleted: 3, pages_hidden: 0 });
  });
});
