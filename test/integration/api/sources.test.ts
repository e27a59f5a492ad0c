import { addPage, addSpace } from "#infra/local/confluence-site/edits.ts";
import { faultSchema } from "#infra/local/confluence-site/faults.ts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { mergeSourceMetadata, setSourceStatus } from "#shared/sources/sources.ts";
import { makeApiFixture, NEW_SOURCE, type ApiFixture } from "#test/support/api-fixture.ts";
import { store } from "#test/support/stored-pages.ts";

const PATH = "/api/confluence/sources";

describe("sources", () => {
  let fixture: ApiFixture;
  beforeAll(async () => {
    fixture = await makeApiFixture();
    addSpace(fixture.site, { key: "OTHER", name: "Other" });
    addPage(fixture.site, { space: "OTHER", title: "Only one", body: "<p>x</p>" });
  });
  beforeEach(() => fixture.reset());
  afterAll(() => fixture.close());

  const create = (fields: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
    fixture.api("POST", PATH, { body: { ...NEW_SOURCE, ...fields }, headers });

  describe("create", () => {
    it("creating a source checks account and space with Confluence and returns what it found", async () => {
      const answer = await create({ base_url: "HTTPS://Acme.atlassian.net/wiki/" });
      expect(answer.status).toBe(201);
      expect(answer.headers.location).toBe(`/api/confluence/${answer.body.source_id}`);
      expect(answer.body).toMatchObject({
        title: "Demo",
        base_url: "https://acme.atlassian.net",
        space_key: "DEMO",
        space_name: "Demo",
        status: "active",
        sync_status: "never_synced",
        deletion_strategy: "weekly_reconciliation",
        sync_interval_minutes: null,
        confluence_page_count: 3,
        account: { account_id: expect.any(String), display_name: "Sync Account" },
      });
    });

    it("creating a source accepts a space name that the database would refuse", async () => {
      addSpace(fixture.site, { key: "ODD", name: "Le\u0000dger \ud83d" });
      const answer = await create({ space_key: "ODD" });
      expect([answer.status, answer.body.space_name, answer.body.title]).toEqual([
        201,
        "Ledger \ufffd",
        "Ledger \ufffd",
      ]);
    });

    it("creating a source stores the token encrypted and never returns it", async () => {
      const made = await create();
      const [row] = await fixture.database.sql`select encrypted_secret from confluence_sites`;
      expect(row?.encrypted_secret).not.toContain("demo-token");
      expect(await fixture.services.cipher!.decrypt(row?.encrypted_secret, made.body.source_id)).toBe(
        "demo-token",
      );
      const shown = await fixture.api("GET", `/api/confluence/${made.body.source_id}`);
      const listed = await fixture.api("GET", PATH);
      for (const text of [made.text, shown.text, listed.text, JSON.stringify(fixture.logLines())]) {
        expect(text).not.toContain("demo-token");
        expect(text).not.toContain(row?.encrypted_secret);
      }
    });

    it("creating a source returns 409 with the source that already has the space", async () => {
      const first = await create();
      const second = await create({ base_url: "https://ACME.atlassian.net" });
      expect(second.status).toBe(409);
      expect(second.body.error).toMatchObject({
        code: "source_exists",
        details: { source_id: first.body.source_id },
      });
    });

    it.each([
      ["a wrong token", { api_token: "wrong" }, {}, 422, "credentials_rejected"],
      ["a token that needs its e-mail", { email: undefined }, { bearer: "reject" }, 422, "email_required"],
      ["a token that nobody knows", { email: undefined }, { bearer: "anonymous" }, 422, "email_required"],
      ["an anonymous answer", {}, { answer_as_anonymous: true }, 422, "credentials_rejected"],
      ["a space that is not there", { space_key: "NOPE" }, {}, 422, "space_not_found"],
      ["a host that is not allowed", { base_url: "https://example.com" }, {}, 422, "address_refused"],
      ["a private address", { base_url: "https://10.0.0.1" }, {}, 422, "address_refused"],
      ["an address that is none", { base_url: "acme" }, {}, 422, "invalid_base_url"],
    ] as const)("creating a source rejects %s", async (_what, fields, settings, status, code) => {
      Object.assign(fixture.site.settings, settings);
      const answer = await create(fields);
      expect([answer.status, answer.body.error.code]).toEqual([status, code]);
      expect(await fixture.database.sql`select from archon_sources`).toHaveLength(0);
    });

    it.each([
      [{ effect: "status", status: 403 }, 422, "credentials_forbidden"],
      [{ effect: "status", status: 404 }, 422, "not_confluence"],
      [{ effect: "not_json" }, 422, "not_confluence"],
      [{ effect: "redirect", location: "http://169.254.169.254/latest/meta-data" }, 422, "address_refused"],
    ] as const)("creating a source translates %j of the site into %i %s", async (fault, status, code) => {
      fixture.site.faults.push(faultSchema.parse({ ...fault, times: 20 }));
      const answer = await create();
      expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    });

    it.each([
      [{ effect: "status", status: 500 }, "Confluence returned 500; try again later", "confluence_failed"],
      [{ effect: "reset" }, "The connection to Confluence failed; try again later", "connection_failed"],
    ] as const)(
      "creating a source reports why Confluence cannot be reached: %j",
      async (fault, message, reason) => {
        fixture.site.faults.push(faultSchema.parse({ ...fault, times: 20 }));
        const answer = await create();
        expect(answer.status).toBe(502);
        expect(answer.body.error).toEqual({ code: "confluence_unreachable", message, details: { reason } });
      },
    );

    it("creating a source passes on how long Confluence asks to wait", async () => {
      fixture.site.faults.push({ effect: "rate_limit", retry_after: 17, times: 1, skip: 0 });
      const answer = await create();
      expect([answer.status, answer.body.error.code]).toEqual([503, "confluence_rate_limited"]);
      expect(Number(answer.headers["retry-after"])).toBeGreaterThanOrEqual(17);
    });

    it.each([
      [{ api_token: undefined }, "body.api_token"],
      [{ api_token: "two\nlines" }, "body.api_token"],
      [{ surprise: 1 }, "body.surprise"],
      [{ space_key: 'X" or space = "Y' }, "body.space_key"],
      [{ deletion_strategy: "sometimes" }, "body.deletion_strategy"],
      [{ sync_interval_minutes: 0 }, "body.sync_interval_minutes"],
      [{ sync_interval_minutes: 1e12 }, "body.sync_interval_minutes"],
      [{ title: "\u0000" }, "body.title"],
      [{ email: "nobody" }, "body.email"],
      [{ search_language: "klingon" }, "body.search_language"],
    ])("creating a source returns 400 naming the field for %j", async (fields, path) => {
      const answer = await create(fields);
      expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_request"]);
      expect(answer.body.error.details.faults.map((fault: { path: string }) => fault.path)).toContain(path);
    });

    it("creating a source with one Idempotency-Key creates one, and returns the same response again", async () => {
      const headers = { "idempotency-key": "create-1" };
      const first = await create({}, headers);
      const again = await create({}, headers);
      expect(again.text).toBe(first.text);
      expect(again.status).toBe(201);
      expect(again.headers["idempotency-replayed"]).toBe("true");
      const other = await create({ title: "Another" }, headers);
      expect([other.status, other.body.error.code]).toEqual([422, "idempotency_key_reused"]);
    });

    it("creating a source again continues where a request with a key crashed after it had stored the source", async () => {
      const headers = { "idempotency-key": "create-2" };
      const first = await create({}, headers);
      await fixture.database.sql`update idempotent_requests set answer = null`;
      const meanwhile = await create({}, headers);
      expect([meanwhile.status, meanwhile.body.error.code]).toEqual([409, "request_in_progress"]);
      fixture.clock.advance(61_000);
      const again = await create({}, headers);
      expect(again.status).toBe(201);
      expect(again.body.source_id).toBe(first.body.source_id);
    });

    it("creating a source can reuse a key after an error, and keeps keys of different callers apart", async () => {
      const headers = { "idempotency-key": "create-3" };
      expect((await create({ api_token: "wrong" }, headers)).status).toBe(422);
      expect((await create({}, headers)).status).toBe(201);
      const other = await fixture.api("POST", PATH, {
        body: NEW_SOURCE,
        headers,
        authorizer: { iam: { userArn: "arn:aws:iam::1:user/other" } },
      });
      expect([other.status, other.body.error.code]).toEqual([409, "source_exists"]);
    });
  });

  describe("list and get", () => {
    it("the source list pages through all sources, also when some are added and removed meanwhile", async () => {
      const ids: string[] = [];
      for (let index = 0; index < 5; index += 1) {
        addSpace(fixture.site, { key: `S${index}X`, name: `Space ${index}` });
        fixture.clock.advance(1000);
        ids.push(await fixture.addSource({ space_key: `S${index}X`, access: "unrestricted" }));
      }
      const first = await fixture.api("GET", PATH, { query: { limit: "2" } });
      expect(first.body.sources.map((source: { source_id: string }) => source.source_id)).toEqual(
        ids.slice(0, 2),
      );
      // One that was shown and one that was not go; one comes.
      await fixture.api("DELETE", `/api/confluence/${ids[1]}`);
      await fixture.api("DELETE", `/api/confluence/${ids[2]}`);
      fixture.clock.advance(1000);
      const late = await fixture.addSource({ access: "unrestricted" });
      const rest = await fixture.api("GET", PATH, {
        query: { limit: "200", cursor: first.body.next_cursor },
      });
      expect(rest.body.sources.map((source: { source_id: string }) => source.source_id)).toEqual([
        ids[3],
        ids[4],
        late,
      ]);
      expect(rest.body.next_cursor).toBeNull();
    });

    it.each(["0", "201", "-1", "1.5", "many", "", "1,2"])(
      "the source list rejects limit=%s",
      async (limit) => {
        const answer = await fixture.api("GET", PATH, { query: { limit } });
        expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_request"]);
      },
    );

    it.each(["x", "W10", Buffer.from('["pages","1"]').toString("base64url"), "\u00ff"])(
      "the source list rejects the cursor %s",
      async (cursor) => {
        const answer = await fixture.api("GET", PATH, { query: { cursor } });
        expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_cursor"]);
      },
    );

    it("a source shows counts, last sync and due times", async () => {
      const sourceId = await fixture.addSource({ sync_interval_minutes: 30, access: "unrestricted" });
      const { sql } = fixture.database;
      await store(sql, fixture.embedder, { sourceId, pageId: "1", chunks: ["one", "two"] });
      await store(sql, fixture.embedder, { sourceId, pageId: "2", chunks: ["three"] });
      await sql`insert into confluence_pages (source_id, page_id, title, version, is_deleted) values (${sourceId}, '3', 'gone', 1, true)`;
      await sql`insert into confluence_pages (source_id, page_id, title, version, missing_since) values (${sourceId}, '4', 'hidden', 1, now())`;
      await sql`insert into confluence_pages (source_id, page_id, title, sync_error) values (${sourceId}, '5', 'bad', '{"code":"x","message":"y"}')`;
      const { body } = await fixture.api("GET", `/api/confluence/${sourceId}`);
      expect(body).toMatchObject({
        page_count: 2,
        chunk_count: 3,
        failed_page_count: 1,
        hidden_page_count: 1,
        deleted_page_count: 1,
        next_sync_at: body.created_at,
        next_deletion_check_at: null,
        warnings: [{ code: "pages_failed" }],
      });
    });

    it("a source warns of expired credentials, spaces not visible, failed syncs and held deletions", async () => {
      const sourceId = await fixture.addSource({ access: "unrestricted" });
      const { sql } = fixture.database;
      const at = fixture.clock.now();
      await sql`
        insert into archon_progress (operation_id, source_id, operation_type, status, mode, actor, error, created_at, finished_at, updated_at)
        values (gen_random_uuid(), ${sourceId}, 'confluence_sync', 'failed', 'full', 'api', '{"code":"a","message":"It broke"}', ${at}, ${at}, ${at}),
          (gen_random_uuid(), ${sourceId}, 'deletion_check', 'held', null, 'schedule', null, ${at}, ${at}, ${at})`;
      await mergeSourceMetadata(sql, sourceId, { deletions_held: { candidates: 1 } }, at);
      const warnings = async () =>
        (await fixture.api("GET", `/api/confluence/${sourceId}`)).body.warnings.map(
          (warning: { code: string; message: string }) => warning.code,
        );
      expect(await warnings()).toEqual(["deletions_held", "last_sync_failed"]);
      await setSourceStatus(sql, sourceId, "credentials_expired", at);
      expect(await warnings()).toContain("credentials_expired");
      await setSourceStatus(sql, sourceId, "space_unavailable", at);
      expect(await warnings()).toContain("space_unavailable");
    });

    it("a source's next deletion check is planned for the daily run a week after the last one", async () => {
      const sourceId = await fixture.addSource({ access: "unrestricted" });
      await fixture.database.sql`
        update archon_sources set metadata = metadata
          || '{"last_sync_timestamp":"2026-03-04T10:00:00.000Z","last_deletion_check":"2026-03-04T03:00:07.000Z"}'`;
      const { body } = await fixture.api("GET", `/api/confluence/${sourceId}`);
      expect(body.next_deletion_check_at).toBe("2026-03-12T03:00:00.000Z");
    });

    it.each(["nothing", "a b", "\u0000", "..", "x".repeat(200)])(
      "a source with the id %j returns 404",
      async (id) => {
        const answer = await fixture.api("GET", `/api/confluence/${encodeURIComponent(id)}`);
        expect([answer.status, answer.body.error.code]).toEqual([404, "source_not_found"]);
      },
    );
  });

  describe("update", () => {
    it("updating a source changes title, strategy and interval without calling Confluence", async () => {
      const sourceId = await fixture.addSource({ access: "unrestricted" });
      fixture.site.faults.push({ effect: "reset", share: 1, skip: 0 });
      const answer = await fixture.api("PATCH", `/api/confluence/${sourceId}`, {
        body: { title: "Renamed", deletion_strategy: "on_demand", sync_interval_minutes: 15 },
      });
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({
        title: "Renamed",
        deletion_strategy: "on_demand",
        sync_interval_minutes: 15,
      });
    });

    it("updating a source tests a new token before storing it, and reactivates an expired source", async () => {
      const sourceId = await fixture.addSource({ access: "unrestricted" });
      fixture.site.settings.token = "rotated";
      await setSourceStatus(fixture.database.sql, sourceId, "credentials_expired", fixture.clock.now());
      const wrong = await fixture.api("PATCH", `/api/confluence/${sourceId}`, {
        body: { api_token: "still-wrong" },
      });
      expect([wrong.status, wrong.body.error.code]).toEqual([422, "credentials_rejected"]);
      const right = await fixture.api("PATCH", `/api/confluence/${sourceId}`, {
        body: { api_token: "rotated" },
      });
      expect(right.body).toMatchObject({ status: "active", warnings: [] });
      const [row] = await fixture.database.sql`select encrypted_secret from confluence_sites`;
      expect(await fixture.services.cipher!.decrypt(row?.encrypted_secret, sourceId)).toBe("rotated");
    });

    it("updating a source's e-mail uses the stored token, and reports when it cannot be decrypted", async () => {
      const sourceId = await fixture.addSource({ access: "unrestricted" });
      const moved = await fixture.api("PATCH", `/api/confluence/${sourceId}`, {
        body: { email: "other@example.com" },
      });
      expect(moved.body.email).toBe("other@example.com");
      await fixture.database.sql`update confluence_sites set encrypted_secret = 'k1.AAAA'`;
      const unreadable = await fixture.api("PATCH", `/api/confluence/${sourceId}`, {
        body: { email: "third@example.com" },
      });
      expect([unreadable.status, unreadable.body.error.code]).toEqual([422, "token_missing"]);
    });

    it("only a change of what is synced counts as one: a sync that runs lists the same kinds as before", async () => {
      const sourceId = await fixture.addSource();
      const path = `/api/confluence/${sourceId}`;
      const { content } = (await fixture.api("GET", path)).body;
      const changedAt = async () => {
        const [row] = await fixture.database
          .sql`select metadata ->> 'content_changed_at' as at from archon_sources`;
        return row?.at;
      };
      const same = await fixture.api("PATCH", path, { body: { title: "Renamed", content } });
      expect([same.status, same.body.title, same.body.content]).toEqual([200, "Renamed", content]);
      expect(await changedAt()).toBeNull();
      const other = await fixture.api("PATCH", path, {
        body: { content: { attachments: !content.attachments } },
      });
      expect(other.body.content).toEqual({ ...content, attachments: !content.attachments });
      expect(await changedAt()).toBe(fixture.clock.now().toISOString());
    });

    it("updating a source rejects what cannot be changed", async () => {
      const sourceId = await fixture.addSource({ access: "unrestricted" });
      const answer = await fixture.api("PATCH", `/api/confluence/${sourceId}`, { body: { space_key: "X" } });
      expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_request"]);
      const nowhere = await fixture.api("PATCH", "/api/confluence/nothing", { body: { title: "X" } });
      expect([nowhere.status, nowhere.body.error.code]).toEqual([404, "source_not_found"]);
    });
  });

  describe("delete", () => {
    it("deleting a source hides it at once, deletes its token, cancels its operation and frees the space", async () => {
      const sourceId = await fixture.addSource({ access: "unrestricted" });
      const started = await fixture.api("POST", `/api/confluence/${sourceId}/sync`);
      const answer = await fixture.api("DELETE", `/api/confluence/${sourceId}`);
      expect([answer.status, answer.text]).toEqual([204, ""]);
      for (const path of ["", "/status", "/pages"]) {
        expect((await fixture.api("GET", `/api/confluence/${sourceId}${path}`)).status).toBe(404);
      }
      expect((await fixture.api("GET", `/api/progress/${started.body.operation_id}`)).status).toBe(404);
      expect((await fixture.api("GET", PATH)).body.sources).toEqual([]);
      const [row] = await fixture.database.sql`
        select c.encrypted_secret, c.email, s.encrypted_token, s.status from archon_sources s join confluence_sites c using (site_id)`;
      expect(row).toEqual({ encrypted_secret: null, email: null, encrypted_token: null, status: "deleting" });
      const [operation] = await fixture.database.sql`select status from archon_progress`;
      expect(operation?.status).toBe("cancelled");
      expect((await fixture.api("DELETE", `/api/confluence/${sourceId}`)).status).toBe(404);
      expect((await create()).status).toBe(201);
    });
  });
});
