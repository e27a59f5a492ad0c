import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addSpace } from "#infra/local/confluence-site/edits.ts";
import { claimRequest, releaseRequest, rememberResponse } from "#shared/requests/idempotent-requests.ts";
import { makeApiFixture, NEW_SOURCE, type ApiFixture } from "#test/support/api-fixture.ts";
import type { ApiCall } from "#test/support/api-client.ts";

const KEY = { "idempotency-key": "retry-1" };
const DAY_MS = 24 * 60 * 60_000;

describe("Idempotency-Key", () => {
  let fixture: ApiFixture;
  let first: string;
  let second: string;
  beforeAll(async () => {
    fixture = await makeApiFixture();
    addSpace(fixture.site, { key: "OTHER", name: "Other" });
  });
  beforeEach(async () => {
    await fixture.reset();
    first = await fixture.addSource();
    second = await fixture.addSource({ space_key: "OTHER" });
  });
  afterAll(() => fixture.close());

  const post = (sourceId: string, action: string, call: ApiCall = {}) =>
    fixture.api("POST", `/api/confluence/${sourceId}/${action}`, { body: {}, headers: KEY, ...call });
  const operationsOf = async (sourceId: string) => {
    const rows = await fixture.database.sql<{ operation_id: string }[]>`
      select operation_id from archon_progress where source_id = ${sourceId}`;
    return rows.map((row) => row.operation_id);
  };
  const cancel = (sourceId: string) => fixture.api("POST", `/api/confluence/${sourceId}/cancel`);
  const replayed = (answer: { headers: Record<string, string> }) =>
    answer.headers["idempotency-replayed"] === "true";

  it.each([
    ["sync", (id: string) => `/api/confluence/${id}/sync`],
    ["deletion check", (id: string) => `/api/confluence/${id}/deletion-check`],
    ["refresh", (id: string) => `/api/knowledge-items/${id}/refresh`],
  ])(
    "an Idempotency-Key of a %s is rejected for another source, without revealing the first",
    async (_, path) => {
      const started = await fixture.api("POST", path(first), { headers: KEY });
      expect([200, 202]).toContain(started.status);
      const other = await fixture.api("POST", path(second), { headers: KEY });
      expect([other.status, other.body.error.code]).toEqual([422, "idempotency_key_reused"]);
      expect(replayed(other)).toBe(false);
      expect(other.text).not.toContain((await operationsOf(first))[0] ?? "no operation");
      expect(await operationsOf(second)).toEqual([]);
      const again = await fixture.api("POST", path(first), { headers: KEY });
      expect([again.text, replayed(again)]).toEqual([started.text, true]);
    },
  );

  it("a response that is repeated has the headers of the first, and says that it is repeated", async () => {
    const started = await post(first, "sync");
    expect(started.headers.location).toBe(`/api/progress/${started.body.operation_id}`);
    const again = await post(first, "sync");
    const { "x-request-id": _, ...headers } = started.headers;
    expect([again.status, again.headers]).toMatchObject([
      202,
      { ...headers, "idempotency-replayed": "true" },
    ]);
  });

  it("an Idempotency-Key of a sync can start a separate deletion check", async () => {
    const sync = await post(first, "sync");
    await cancel(first);
    const check = await post(first, "deletion-check");
    expect([check.status, replayed(check)]).toEqual([202, false]);
    expect(check.body.operation_id).not.toBe(sync.body.operation_id);
  });

  it.each<[string, object | undefined, object | undefined]>([
    [
      "two IAM users",
      { iam: { userArn: "arn:aws:iam::1:user/ann" } },
      { iam: { userArn: "arn:aws:iam::1:user/bob" } },
    ],
    [
      "two API keys",
      { lambda: { name: "ann", scopes: ["sources:write"] } },
      { lambda: { name: "bob", scopes: ["sources:write"] } },
    ],
    ["two subjects", { jwt: { claims: { sub: "ann" } } }, { jwt: { claims: { sub: "bob" } } }],
    ["a user and nobody", { iam: { userArn: "arn:aws:iam::1:user/ann" } }, undefined],
    ["a subject and nobody", { jwt: { claims: { sub: "ann" } } }, undefined],
  ])(
    "case 59: an Idempotency-Key of %s is two keys: neither gets the other's response",
    async (_, ann, bob) => {
      const as = (authorizer: object | undefined) => (authorizer ? { authorizer } : {});
      const toAnn = await post(first, "sync", as(ann));
      expect(toAnn.status).toBe(202);
      const whileItRuns = await post(first, "sync", as(bob));
      expect([whileItRuns.status, whileItRuns.body.error.code]).toEqual([409, "operation_running"]);
      await cancel(first);
      const toBob = await post(first, "sync", as(bob));
      expect([toBob.status, replayed(toBob)]).toEqual([202, false]);
      expect(toBob.body.operation_id).not.toBe(toAnn.body.operation_id);
      expect((await post(first, "sync", as(ann))).text).toBe(toAnn.text);
      expect((await post(first, "sync", as(bob))).text).toBe(toBob.text);
      expect(new Set(await operationsOf(first))).toEqual(
        new Set([toAnn.body.operation_id, toBob.body.operation_id]),
      );
    },
  );

  it("an Idempotency-Key is remembered for a day, and new afterwards", async () => {
    const started = await post(first, "sync");
    await cancel(first);
    fixture.clock.advance(DAY_MS);
    const again = await post(first, "sync");
    expect([again.text, replayed(again)]).toEqual([started.text, true]);
    fixture.clock.advance(1);
    const later = await post(first, "sync");
    expect([later.status, replayed(later)]).toEqual([202, false]);
    expect(later.body.operation_id).not.toBe(started.body.operation_id);
  });

  it("an Idempotency-Key without a response is busy for a minute, then taken over under the same id", async () => {
    const started = await post(first, "sync");
    await fixture.database.sql`update idempotent_requests set answer = null`;
    fixture.clock.advance(60_000);
    expect((await post(first, "sync")).body.error.code).toBe("request_in_progress");
    fixture.clock.advance(1);
    expect((await post(first, "sync")).text).toBe(started.text);
    // Taken over a moment ago: whoever comes next waits again.
    await fixture.database.sql`update idempotent_requests set answer = null`;
    expect((await post(first, "sync")).body.error.code).toBe("request_in_progress");
  });

  it("an Idempotency-Key is not taken over by a different request", async () => {
    await post(first, "sync");
    await fixture.database.sql`update idempotent_requests set answer = null`;
    fixture.clock.advance(61_000);
    for (const call of [{ body: { mode: "full" } }, { body: { dry_run: true } }]) {
      const other = await post(first, "sync", call);
      expect([other.status, other.body.error.code]).toEqual([422, "idempotency_key_reused"]);
    }
    expect((await post(second, "sync")).body.error.code).toBe("idempotency_key_reused");
  });

  it("an Idempotency-Key keeps the response of the request that took it over when the crashed one fails late", async () => {
    const { sql } = fixture.database;
    const claim = (seconds: number, resourceId: string) => {
      const now = new Date(fixture.clock.now().getTime() + seconds * 1000);
      return claimRequest(sql, { key: "k", fingerprint: "f", resourceId, now });
    };
    expect(await claim(0, "first")).toEqual({ outcome: "go", resourceId: "first" });
    expect(await claim(61, "second")).toEqual({ outcome: "go", resourceId: "first" });
    const answer = { status: 202, body: { operation_id: "first" }, headers: {} };
    await rememberResponse(sql, "k", answer);
    await releaseRequest(sql, { key: "k", claimedAt: fixture.clock.now() });
    expect(await claim(62, "third")).toEqual({ outcome: "completed", response: answer });
  });

  it("an Idempotency-Key of a request that failed is free at once: the same request gets its id, another one its own", async () => {
    const { sql } = fixture.database;
    const now = fixture.clock.now();
    const claim = (fingerprint: string, resourceId: string) =>
      claimRequest(sql, { key: "k", fingerprint, resourceId, now });
    await claim("f", "first");
    await releaseRequest(sql, { key: "k", claimedAt: now });
    expect(await claim("f", "second")).toEqual({ outcome: "go", resourceId: "first" });
    expect(await claim("f", "third")).toEqual({ outcome: "in_progress" });
    await releaseRequest(sql, { key: "k", claimedAt: now });
    expect(await claim("other", "fourth")).toEqual({ outcome: "go", resourceId: "fourth" });
    expect(await claim("f", "fifth")).toEqual({ outcome: "reused" });
  });

  it("a crashed request that fails late does not release the claim of who took its Idempotency-Key over", async () => {
    const { sql } = fixture.database;
    const now = fixture.clock.now();
    const after = new Date(now.getTime() + 61_000);
    const request = { key: "k", fingerprint: "f", resourceId: "first" };
    await claimRequest(sql, { ...request, now });
    await claimRequest(sql, { ...request, now: after });
    await releaseRequest(sql, { key: "k", claimedAt: now });
    expect(await claimRequest(sql, { ...request, now: after })).toEqual({ outcome: "in_progress" });
  });

  it("an Idempotency-Key lets one of several concurrent requests run", async () => {
    const body = { ...NEW_SOURCE, space_key: "OTHER" };
    await fixture.api("DELETE", `/api/confluence/${second}`);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => fixture.api("POST", "/api/confluence/sources", { body, headers: KEY })),
    );
    expect(answers.filter((answer) => answer.status === 201 && !replayed(answer))).toHaveLength(1);
    const others = answers.filter((answer) => answer.status !== 201);
    expect(others.map((answer) => answer.body.error.code)).toEqual(others.map(() => "request_in_progress"));
  });

  it.each([
    ["x".repeat(255), 202],
    ["x".repeat(256), 400],
    ["with space", 400],
    ["ä", 400],
    ["", 400],
  ])("the Idempotency-Key %j: %i", async (key, status) => {
    expect((await post(first, "sync", { headers: { "idempotency-key": key } })).status).toBe(status);
  });
});
