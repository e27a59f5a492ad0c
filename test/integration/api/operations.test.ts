import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { observeSql } from "#infra/local/runner/observe-sql.ts";
import { TransientError } from "#shared/errors.ts";
import { makeApiClient } from "#test/support/api-client.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";

const NOBODY = "00000000-0000-4000-8000-000000000000";

describe("operations", () => {
  let fixture: ApiFixture;
  let sourceId: string;
  beforeAll(async () => {
    fixture = await makeApiFixture();
  });
  beforeEach(async () => {
    await fixture.reset();
    sourceId = await fixture.addSource();
  });
  afterAll(() => fixture.close());

  const post = (action: string, body?: unknown, headers: Record<string, string> = {}) =>
    fixture.api("POST", `/api/confluence/${sourceId}/${action}`, {
      ...(body === undefined ? {} : { body }),
      headers,
    });
  const get = (path: string, query?: Record<string, string>, headers?: Record<string, string>) =>
    fixture.api("GET", path, { ...(query ? { query } : {}), ...(headers ? { headers } : {}) });

  it.each([
    ["sync", "plan", "confluence_sync"],
    ["deletion-check", "check", "deletion_check"],
  ] as const)(
    "%s returns 202 with an operation, tracked in archon_progress, and sends one message",
    async (action, queue, type) => {
      const answer = await post(action);
      expect(answer.status).toBe(202);
      const operationId = answer.body.operation_id;
      expect(answer.headers.location).toBe(`/api/progress/${operationId}`);
      expect(fixture.sent).toEqual([{ queue, task: { operation_id: operationId, source_id: sourceId } }]);
      const [row] = await fixture.database
        .sql`select operation_type, status, actor, enqueued_at from archon_progress`;
      expect(row).toMatchObject({ operation_type: type, status: "queued", actor: "api" });
      expect(row?.enqueued_at).not.toBeNull();
    },
  );

  it("a trigger passes mode, dry_run and force on", async () => {
    await post("sync", { mode: "full", dry_run: true });
    await post("cancel");
    await post("deletion-check", { dry_run: true, force: true });
    const rows = await fixture.database
      .sql`select mode, dry_run, force from archon_progress order by operation_type desc`;
    expect([...rows]).toEqual([
      { mode: null, dry_run: true, force: true },
      { mode: "full", dry_run: true, force: false },
    ]);
  });

  it("a trigger returns 409 with the operation that is already running", async () => {
    const first = await post("sync");
    for (const action of ["sync", "deletion-check"]) {
      const second = await post(action);
      expect([second.status, second.body.error.code]).toEqual([409, "operation_running"]);
      expect(second.body.error.details).toEqual({ operation_id: first.body.operation_id });
    }
    expect(fixture.sent).toHaveLength(1);
  });

  it("ten concurrent triggers start one operation", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => post("sync")));
    expect(answers.filter((answer) => answer.status === 202)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 409)).toHaveLength(9);
  });

  it("a trigger returns 202 although the message could not be sent: the sweeper sends it", async () => {
    fixture.failSends(new TransientError("queue_refused", "SQS is down"));
    const answer = await post("sync");
    expect(answer.status).toBe(202);
    const [row] = await fixture.database.sql`select status, enqueued_at from archon_progress`;
    expect(row).toEqual({ status: "queued", enqueued_at: null });
  });

  it("one Idempotency-Key starts one operation, also after it has ended", async () => {
    const headers = { "idempotency-key": "sync-1" };
    const first = await post("sync", {}, headers);
    await post("cancel");
    const again = await post("sync", {}, headers);
    expect(again.text).toBe(first.text);
    // Cut off after the operation was started: its id is the same.
    await fixture.database.sql`update idempotent_requests set answer = null`;
    fixture.clock.advance(61_000);
    const resumed = await post("sync", {}, headers);
    expect(resumed.text).toBe(first.text);
    expect(fixture.sent).toHaveLength(1);
  });

  it.each([
    ["sync", { mode: "sideways" }],
    ["sync", { dry_run: "yes" }],
    ["sync", { force: true }],
    ["deletion-check", { mode: "full" }],
    ["deletion-check", []],
    ["sync", null],
  ])("POST %s %j is rejected", async (action, body) => {
    const answer = await post(action, body);
    expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_request"]);
    expect(fixture.sent).toEqual([]);
  });

  it.each(["sync", "deletion-check", "cancel"])(
    "POST …/%s of an unknown source returns 404",
    async (action) => {
      const answer = await fixture.api("POST", `/api/confluence/${NOBODY}/${action}`);
      expect([answer.status, answer.body.error.code]).toEqual([404, "source_not_found"]);
    },
  );

  it("a cancel ends the running operation, and reports when none is running", async () => {
    const started = await post("sync");
    const cancelled = await post("cancel");
    expect([cancelled.status, cancelled.body]).toEqual([202, started.body]);
    const again = await post("cancel");
    expect([again.status, again.body.error.code]).toEqual([409, "no_operation_running"]);
    const { body } = await get(`/api/progress/${started.body.operation_id}`);
    expect(body).toMatchObject({ status: "cancelled", error: null, error_details: { code: "cancelled" } });
    const status = await get(`/api/confluence/${sourceId}/status`);
    expect(status.body).toMatchObject({ status: "cancelled", error: { code: "cancelled" } });
  });

  describe("status", () => {
    it("the status reports that a source was never synced", async () => {
      const { status, body, headers } = await get(`/api/confluence/${sourceId}/status`);
      expect(status).toBe(200);
      expect(body).toEqual({ source_id: sourceId, operation_id: null, status: "never_synced" });
      expect(headers["x-poll-interval"]).toBe("0");
    });

    it("the status shows the running operation, and the last one afterwards, with a polling interval", async () => {
      const started = await post("sync");
      const running = await get(`/api/confluence/${sourceId}/status`);
      expect(running.body).toMatchObject({
        operation_id: started.body.operation_id,
        operation_type: "confluence_sync",
        status: "queued",
        percent: 0,
        failed_pages: [],
      });
      expect(running.headers["x-poll-interval"]).toBe("1000");
      const progress = await get(`/api/progress/${started.body.operation_id}`);
      const { findable_seconds: ofTheSource, ...operation } = running.body;
      expect(ofTheSource).toBeNull();
      expect(progress.body).toEqual(
        expect.objectContaining({ ...operation, status: "processing", operation_status: "queued" }),
      );
      await post("cancel");
      const ended = await get(`/api/confluence/${sourceId}/status`);
      expect(ended.body.status).toBe("cancelled");
      expect(ended.headers["x-poll-interval"]).toBe("0");
    });

    it("the status has the fields that clients of Archon's progress endpoint read", async () => {
      const started = await post("sync");
      const { body } = await get(`/api/progress/${started.body.operation_id}`);
      expect(body).toMatchObject({
        progressId: started.body.operation_id,
        progress: 0,
        message: expect.any(String),
        currentStep: "queued",
        logs: [],
        details: { totalPages: 0 },
      });
    });
  });

  describe("progress", () => {
    it("the progress list is newest first, paged and filtered", async () => {
      const ids: string[] = [];
      for (const action of ["sync", "deletion-check", "sync"]) {
        fixture.clock.advance(1000);
        ids.unshift((await post(action)).body.operation_id);
        if (ids.length < 3) await post("cancel");
      }
      const idsOf = (answer: { body: { operations: { operation_id: string }[] } }) =>
        answer.body.operations.map((operation) => operation.operation_id);
      const first = await get("/api/progress", { limit: "2" });
      expect(idsOf(first)).toEqual(ids.slice(0, 2));
      const rest = await get("/api/progress", { limit: "2", cursor: first.body.next_cursor });
      expect(idsOf(rest)).toEqual(ids.slice(2));
      expect(rest.body.next_cursor).toBeNull();
      expect(idsOf(await get("/api/progress", { source_id: sourceId }))).toEqual(ids);
      expect(idsOf(await get("/api/progress", { running: "true" }))).toEqual([ids[0]]);
      expect(idsOf(await get("/api/progress", { running: "false" }))).toEqual(ids);
      expect(idsOf(await get("/api/progress", { operation_type: "deletion_check" }))).toEqual([ids[1]]);
      expect(idsOf(await get("/api/progress", { source_id: "other" }))).toEqual([]);
    });

    it("what follows the list of running operations has running ones only, in pages of the same size", async () => {
      const { sql } = fixture.database;
      const add = (status: string, count: number, from: number) => sql`
        insert into archon_progress (operation_id, source_id, operation_type, status, mode, actor, created_at, updated_at, finished_at)
        select gen_random_uuid(), ${sourceId}, 'confluence_sync', ${status}, 'full', 'api', timestamptz '2026-01-01' + make_interval(secs => n),
          now(), ${status === "completed" ? new Date() : null}
        from generate_series(${from}::int, ${from + count - 1}::int) n`;
      await add("listing", 300, 0);
      await add("completed", 100, 1000);
      const first = await get("/api/progress");
      expect(first.body.count).toBe(200);
      const rest = await get("/api/progress", { cursor: first.body.next_cursor });
      const statuses = (rest.body.operations as { status: string }[]).map(({ status }) => status);
      expect([new Set(statuses), rest.body.count, rest.body.next_cursor]).toEqual([
        new Set(["processing"]),
        100,
        null,
      ]);
      const all = await get("/api/progress", { limit: "200", source_id: sourceId });
      const others = await get("/api/progress", {
        limit: "200",
        source_id: sourceId,
        cursor: all.body.next_cursor,
      });
      expect([all.body.count, others.body.count, others.body.next_cursor]).toEqual([200, 200, null]);
    });

    it.each(["/api/progress", "/api/progress/"])(
      "GET %s lists running operations and no others",
      async (path) => {
        expect((await get(path)).body).toEqual({ operations: [], count: 0, next_cursor: null });
        const started = await post("sync");
        expect((await get(path)).body).toMatchObject({
          count: 1,
          operations: [{ operation_id: started.body.operation_id, status: "processing" }],
        });
        await post("cancel");
        expect((await get(path)).body.count).toBe(0);
      },
    );

    it.each([
      ["queued", "processing"],
      ["listing", "processing"],
      ["processing", "processing"],
      ["finishing", "processing"],
      ["completed", "completed"],
      ["completed_with_errors", "completed"],
      ["failed", "failed"],
      ["cancelled", "cancelled"],
      ["held", "failed"],
    ])("an operation that is %s is reported as %s, under both paths", async (exact, known) => {
      const { operation_id: id } = (await post("sync")).body;
      const reason = { code: "deletions_held", message: "12 of 20 pages would be deleted" };
      const error = ["failed", "cancelled", "held"].includes(exact) ? reason : null;
      await fixture.database.sql`
        update archon_progress set status = ${exact}, error = ${error && fixture.database.sql.json(error)}`;
      const progress = await get(`/api/progress/${id}`);
      expect(progress.body).toMatchObject({
        status: known,
        operation_status: exact,
        error: known === "failed" ? reason.message : null,
        error_details: error,
      });
      expect((await get(`/api/crawl-progress/${id}`)).text).toBe(progress.text);
      expect((await get(`/api/confluence/${sourceId}/status`)).body).toMatchObject({ status: exact, error });
    });

    it("the progress list is one statement, however many operations it contains", async () => {
      for (let n = 0; n < 5; n += 1) {
        fixture.clock.advance(1000);
        await post("sync");
        await post("cancel");
      }
      const statements: string[] = [];
      const sql = observeSql(fixture.database.sql, { onStatement: ({ text }) => void statements.push(text) });
      const api = await makeApiClient({ ...fixture.services, sql });
      const list = await api("GET", "/api/progress", { query: { limit: "200" } });
      expect(list.body.operations).toHaveLength(5);
      expect(statements).toHaveLength(1);
    });

    it("an unknown operation returns 404 in both error formats", async () => {
      for (const id of [NOBODY, "not-a-uuid"]) {
        const answer = await get(`/api/progress/${id}`);
        expect([answer.status, answer.body.error.code]).toEqual([404, "operation_not_found"]);
        expect(answer.body.detail.error).toBe(answer.body.error.message);
      }
    });
  });
});
