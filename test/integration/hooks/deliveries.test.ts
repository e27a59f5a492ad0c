import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { makeHook, type HookSender } from "#test/support/hook-sender.ts";
import { makeSyncWorld, SOURCE_ID, bodyOf, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

describe("deliveries to a hook", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let hook: HookSender;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 3 });
    await world.sync();
    hook = await makeHook(world);
  });
  afterAll(() => database.close());

  const to = (hookId: string) => `/hooks/confluence/${hookId}`;
  const page = (n: number) => world.page(`Page ${n}`).id;
  const hints = () =>
    database.sql`select source_id, page_id, reasons, deliveries from page_hints order by page_id`;
  const hinted = async () => (await hints()).map((hint) => hint.page_id);

  it("a delivery with the secret in a header, as bearer token or in the query is accepted", async () => {
    const { hookId, secret } = hook;
    const body = { page_id: page(1) };
    const ways = [
      { headers: { "x-hook-secret": secret } },
      { headers: { authorization: `Bearer ${secret}` } },
      { query: { token: secret, user_id: "added-by-confluence" } },
    ];
    for (const way of ways) {
      const answer = await world.api("POST", to(hookId), { body, ...way });
      expect([answer.status, answer.body]).toEqual([202, { accepted: 1, unknown: 0 }]);
    }
    expect(await hints()).toEqual([
      { source_id: SOURCE_ID, page_id: page(1), reasons: ["hook"], deliveries: 3 },
    ]);
    expect((await hook.health()).deliveries).toEqual({ received: 3, refused: 0, malformed: 0 });
  });

  it("a delivery with a wrong secret or none gets 401, records nothing, and is counted", async () => {
    const { hookId, secret } = hook;
    const body = { page_id: page(1) };
    const wrong = [
      {},
      { headers: { "x-hook-secret": "" } },
      { headers: { "x-hook-secret": `${secret}x` } },
      { headers: { authorization: `Basic ${secret}` } },
      { query: { token: secret.slice(1) } },
    ];
    for (const way of wrong) {
      const answer = await world.api("POST", to(hookId), { body, ...way });
      expect([answer.status, answer.body.error.code]).toEqual([401, "unauthorized"]);
    }
    expect(await hints()).toEqual([]);
    expect(await hook.health()).toMatchObject({
      deliveries: { received: 0, refused: 5 },
      warnings: [{ code: "deliveries_refused" }],
    });
  });

  it("a delivery to an unknown hook, a deleted one, or one of a deleted site gets 404", async () => {
    const other = await makeHook(world);
    await world.api("DELETE", `/api/confluence/sites/${hook.siteId}/hooks/${hook.hookId}`);
    const unknown = ["6f9619ff-8b86-4d01-b42d-00c04fc964ff", "not-an-id", hook.hookId];
    for (const id of unknown) {
      const answer = await world.api("POST", to(id), { body: {}, headers: { "x-hook-secret": hook.secret } });
      expect([id, answer.status, answer.body.error.code]).toEqual([id, 404, "hook_not_found"]);
    }
    await world.api("DELETE", `/api/confluence/${SOURCE_ID}`);
    expect((await other.deliver({ page_id: page(1) })).status).toBe(404);
    expect((await world.api("GET", `/api/confluence/sites/${hook.siteId}/hooks`)).status).toBe(404);
  });

  it.each([
    ["an Automation rule's body", { page: { id: "11" }, space: { key: "DEMO" } }],
    ["an Automation rule's body with a number", { page: { id: 11 }, space: { key: "demo" } }],
    [
      "Confluence's own hook",
      {
        userAccountId: "5b1",
        page: { id: 11, idAsString: "11", spaceKey: "DEMO", title: "A", version: 4 },
        updateTrigger: "edit_page",
      },
    ],
    [
      "Confluence's own hook with a content object",
      { content: { id: "11", type: "page", space: { key: "DEMO" } } },
    ],
    ["one id", { page_id: 11 }],
    ["one id in camel case", { pageId: "11", spaceKey: "DEMO" }],
    ["a list of ids", { page_ids: ["11", 11, "11"], space_key: "DEMO" }],
    ["a list of pages", { pages: [{ id: "11" }, { id: 11 }] }],
  ])("the page is read from %s", async (_dialect, body) => {
    expect((await hook.deliver(body)).body).toEqual({ accepted: 1, unknown: 0 });
    expect(await hinted()).toEqual(["11"]);
  });

  it.each([
    ["a template that Confluence did not fill in", { page: { id: "{{page.id}}" } }],
    ["text in place of an id", { page_id: "1; drop table page_hints" }],
    ["an id with leading zeros", { page_id: "011" }],
    ["a fraction", { page_id: 1.5 }],
    ["a number that a double does not hold exactly", { page_id: 2 ** 60 }],
    ["a list", [1, 2]],
    ["null", null],
    ["text", "11"],
    ["a comment", { comment: { id: 5 } }],
  ])("%s names no page", async (_what, body) => {
    const answer = await hook.deliver(body);
    expect([answer.status, answer.body]).toEqual([202, { accepted: 0, unknown: 0 }]);
    expect(await hinted()).toEqual([]);
  });

  it("a body that is not JSON gets 400 and one that is too large 413, after the secret was checked, and both are counted", async () => {
    const send = (rawBody: string, secret: string) =>
      world.api("POST", to(hook.hookId), {
        rawBody,
        headers: { "x-hook-secret": secret, "content-type": "application/json" },
      });
    const large = JSON.stringify({ page_id: "1", padding: "x".repeat(300_000) });
    expect((await send("{", "wrong")).status).toBe(401);
    expect((await send("{", hook.secret)).status).toBe(400);
    expect((await send(large, hook.secret)).status).toBe(413);
    expect((await hook.health()).deliveries).toEqual({ received: 0, refused: 1, malformed: 2 });
  });

  it("a delivery of more than 1,000 pages is refused as a whole, with the limit in the message", async () => {
    const ids = Array.from({ length: 1001 }, (_, n) => n + 1);
    const answer = await hook.deliver({ page_ids: ids });
    expect([answer.status, answer.body.error.code]).toEqual([422, "too_many_pages"]);
    expect(answer.body.error.message).toMatch(/1001, maximum 1000/);
    expect(await hinted()).toEqual([]);
    expect((await hook.deliver({ page_ids: ids.slice(1) })).body.accepted).toBe(1000);
  });

  it("pages of a space that is not synced are counted as unknown and leave no hint", async () => {
    expect((await hook.deliver({ page_ids: ["901", "902"], space_key: "ELSE" })).body).toEqual({
      accepted: 2,
      unknown: 2,
    });
    expect(await hinted()).toEqual([]);
    expect((await hook.health()).pages).toEqual({ announced: 2, unknown: 2, unchanged: 0 });
  });

  it("a rotated secret is accepted beside the one before for an hour, and after another rotation that one is not", async () => {
    const rotate = async () =>
      (await world.api("POST", `/api/confluence/sites/${hook.siteId}/hooks/${hook.hookId}/rotate`)).body;
    const status = async (secret: string) =>
      (await world.api("POST", to(hook.hookId), { body: {}, headers: { "x-hook-secret": secret } })).status;
    const second = await rotate();
    expect(second.secret).not.toBe(hook.secret);
    expect([await status(hook.secret), await status(second.secret)]).toEqual([202, 202]);
    const third = await rotate();
    expect([await status(hook.secret), await status(second.secret), await status(third.secret)]).toEqual([
      401, 202, 202,
    ]);
    world.pass(61 * 60_000);
    expect([await status(second.secret), await status(third.secret)]).toEqual([401, 202]);
  });

  it("the secret is returned once and stored only as a hash", async () => {
    expect(hook.secret).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify(await hook.health())).not.toContain(hook.secret);
    const [row] = await database.sql`select to_jsonb(h)::text as stored from confluence_hooks h`;
    expect(row?.stored).not.toContain(hook.secret);
  });

  it("a burst of edits is one request for the page, two seconds after the last and fifteen after the first at most", async () => {
    const dueIn = async () => {
      const [row] = await database.sql`select due_at from page_hints`;
      return (Number(row?.due_at) - world.now().getTime()) / 1000;
    };
    await hook.deliver({ page_id: page(1) });
    expect(await dueIn()).toBe(2);
    world.pass(1500);
    await hook.deliver({ page_id: page(1) });
    expect(await dueIn()).toBe(2);
    world.pass(12_500);
    await hook.deliver({ page_id: page(1) });
    expect(await dueIn()).toBe(1);
  });

  it("whatever a delivery says, its response is documented and no fault", async () => {
    const nasty = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom("\u0000", "1e400", -1, 1e300, "9".repeat(30), "٣"),
    );
    const field = fc.constantFrom(
      "page",
      "pages",
      "blog",
      "content",
      "page_id",
      "pageId",
      "page_ids",
      "space",
      "space_key",
      "id",
      "idAsString",
      "key",
    );
    const body = fc.oneof(
      fc.dictionary(
        field,
        fc.oneof(nasty, fc.dictionary(field, nasty), fc.array(fc.dictionary(field, nasty), { maxLength: 3 })),
      ),
      nasty,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          body.map((value) => JSON.stringify(value)),
          fc.string({ unit: "binary" }),
        ),
        async (rawBody) => {
          const headers = { "x-hook-secret": hook.secret, "content-type": "application/json" };
          const { status } = await world.api("POST", to(hook.hookId), { rawBody, headers });
          expect([202, 400]).toContain(status);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("an announced edit is findable within ten seconds", async () => {
    const editedAt = world.now().getTime();
    editPage(world.site, page(2), { body: bodyOf("marmalade") });
    await hook.deliver({ page: { id: page(2) }, space: { key: "DEMO" } });
    for (let second = 0; second < 10 && (await world.find("marmalade")).length === 0; second += 1) {
      world.pass(1000);
      await world.drain();
    }
    expect((await world.find("marmalade")).map((hit) => hit.title)).toEqual(["Page 2"]);
    expect((world.now().getTime() - editedAt) / 1000).toBeLessThanOrEqual(10);
    expect(await hinted()).toEqual([]);
  });
});
