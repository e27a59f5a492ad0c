import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addPage, addSpace } from "#infra/local/confluence-site/edits.ts";
import { listDueSources, setSourceStatus } from "#shared/sources/sources.ts";
import { warnOfExpiry } from "#shared/sites/token-expiry.ts";
import { deleteSourcesOfDeletedSites } from "#shared/sites/delete-site.ts";
import { chooseModel } from "#shared/embeddings/embedding-models.ts";
import { setDirectory } from "#test/support/access-nodes.ts";
import { makeApiFixture, NEW_SOURCE, type ApiFixture } from "#test/support/api-fixture.ts";
import { connectSite, discoverAll, NEW_SITE, SITES } from "#test/support/connected-sites.ts";

const DAY_MS = 24 * 60 * 60_000;

let fixture: ApiFixture;
let added: string[] = [];
beforeAll(async () => {
  fixture = await makeApiFixture();
});
beforeEach(async () => {
  await fixture.reset();
  for (const id of added.splice(0)) fixture.site.spaces.delete(id);
});
afterAll(() => fixture.close());

const addSpaces = (...keys: string[]) => {
  for (const key of keys) {
    const { id } = addSpace(fixture.site, { key, name: `Space ${key}` });
    addPage(fixture.site, { space: key, title: `Page of ${key}`, body: "<p>Text</p>" });
    added.push(id);
  }
};
const connect = (fields: Record<string, unknown> = {}) =>
  fixture.api("POST", SITES, { body: { ...NEW_SITE, ...fields } });
const connected = (fields: Record<string, unknown> = {}) => connectSite(fixture, fields);
const sources = async () => {
  const { body } = await fixture.api("GET", "/api/confluence/sources", { query: { limit: "200" } });
  return body.sources as { space_key: string; source_id: string; next_sync_at: string; status: string }[];
};
const keys = async () => (await sources()).map(({ space_key }) => space_key).toSorted();
const states = async (path: string) => {
  const { body } = await fixture.api("GET", `${path}/spaces`);
  const spaces = body.spaces as { space_key: string; state: string }[];
  return Object.fromEntries(spaces.map(({ space_key, state }) => [space_key, state]));
};

/** Makes the sources of a site fail to be stored, as long as `run` takes: after the site itself was. */
async function withoutSources<T>(run: () => Promise<T>): Promise<T> {
  const { sql } = fixture.database;
  await sql`alter table archon_sources add constraint refused check (false) not valid`;
  try {
    return await run();
  } finally {
    await sql`alter table archon_sources drop constraint refused`;
  }
}

describe("connecting a site again after a late error, with the same Idempotency-Key", () => {
  const headers = { "idempotency-key": "connect-1" };
  const post = (fields: object = {}) =>
    fixture.api("POST", SITES, { body: { ...NEW_SITE, ...fields }, headers });

  it("the site that the failed request had stored is connected", async () => {
    const failed = await withoutSources(() => post());
    expect(failed.status).toBe(500);
    const sites = await fixture.database.sql<{ id: string }[]>`select site_id as id from confluence_sites`;
    expect(sites).toHaveLength(1);
    const again = await post();
    expect([again.status, again.body.site_id]).toEqual([201, sites[0]?.id]);
    expect(again.body.source_count).toBeGreaterThan(0);
    const replayed = await post();
    expect([replayed.text, replayed.headers["idempotency-replayed"]]).toEqual([again.text, "true"]);
  });

  it("a site that was made for a source before, and that the failed request had taken over, is connected", async () => {
    await fixture.addSource();
    const [site] = await fixture.database.sql<{ id: string }[]>`select site_id as id from confluence_sites`;
    addSpaces("LATE");
    expect((await withoutSources(() => post())).status).toBe(500);
    const again = await post();
    expect([again.status, again.body.site_id]).toEqual([201, site?.id]);
    // Somebody else's request does not connect it again.
    const other = await fixture.api("POST", SITES, { body: NEW_SITE });
    expect([other.status, other.body.error.code]).toEqual([409, "site_exists"]);
  });

  it("a different request with the key is a request of its own", async () => {
    expect((await withoutSources(() => post())).status).toBe(500);
    const other = await post({ pulse: false });
    expect([other.status, other.body.error.code]).toEqual([409, "site_exists"]);
  });
});

describe("connecting a site", () => {
  it("one request makes a source of every space that the rule includes, and returns no secret", async () => {
    addSpaces("TEAM", "TEST1", "TEST2");
    const answer = await connect({ spaces: { include: ["*"], exclude: ["TEST*"] } });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      status: "active",
      reached_by: "site",
      source_count: 2,
      space_counts: { synced: 2, not_included: 2, waiting: 0 },
      pulse: true,
      last_pulse_at: null,
      missing_scopes: [],
      warnings: [],
    });
    expect(answer.headers["location"]).toBe(`${SITES}/${answer.body.site_id}`);
    expect(await keys()).toEqual(["DEMO", "TEAM"]);
    const path = `${SITES}/${answer.body.site_id}`;
    expect(await states(path)).toEqual({
      DEMO: "synced",
      TEAM: "synced",
      TEST1: "not_included",
      TEST2: "not_included",
    });
    const texts = [
      answer.text,
      (await fixture.api("GET", path)).text,
      (await fixture.api("GET", SITES)).text,
    ];
    for (const text of [...texts, JSON.stringify(fixture.logLines())])
      expect(text).not.toContain("demo-token");
  });

  it("a dry run returns the spaces with their pages and an estimate, and stores nothing", async () => {
    addSpaces("TEAM");
    const answer = await connect({ dry_run: true });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      spaces: [
        { space_key: "DEMO", pages: 3 },
        { space_key: "TEAM", pages: 1 },
      ],
      not_included: 0,
      out_of_scope: [],
      estimate: { spaces: 2, pages: 4, chunks: 12, tokens: 3000, minutes: 1 },
    });
    expect((await fixture.api("GET", SITES)).body.sites).toEqual([]);
    expect(await keys()).toEqual([]);
  });

  it("above its limits new spaces wait for a person's word, and are added with it", async () => {
    addSpaces("TEAM");
    const path = await connected({ limits: { max_pages: 3 } });
    expect((await fixture.api("GET", path)).body).toMatchObject({
      source_count: 0,
      first_syncs_held: { spaces: 2, pages: 4 },
      space_counts: { waiting: 2 },
      warnings: [{ code: "first_syncs_held" }],
    });
    const again = await fixture.api("POST", `${path}/discover`, { body: {} });
    expect(again.body).toMatchObject({ sources_added: [], first_syncs_held: { pages: 4 } });
    const approved = await fixture.api("POST", `${path}/discover`, { body: { approve: true } });
    expect(approved.body).toMatchObject({ spaces_listed: 2, first_syncs_held: null });
    expect(approved.body.sources_added).toHaveLength(2);
    expect((await fixture.api("GET", path)).body).toMatchObject({ source_count: 2, warnings: [] });
  });

  it("a model without a known price is above any limit of dollars", async () => {
    const path = await connected({ limits: { max_dollars: 1000 } });
    expect((await fixture.api("GET", path)).body.first_syncs_held).toMatchObject({ dollars: null });
  });

  it("first syncs are spread: ten begin at once, the next ten a minute later", async () => {
    addSpaces(...Array.from({ length: 24 }, (_, n) => `S${n}`));
    await connected();
    const due = async () => (await listDueSources(fixture.database.sql, fixture.clock.now())).length;
    expect(await due()).toBe(10);
    fixture.clock.advance(60_000);
    expect(await due()).toBe(20);
    fixture.clock.advance(60_000);
    expect(await due()).toBe(25);
  });

  it("a source that the account has there joins the site, which keeps one token for all", async () => {
    const sourceId = await fixture.addSource();
    addSpaces("TEAM");
    const path = await connected();
    expect(await states(path)).toEqual({ DEMO: "synced", TEAM: "synced" });
    expect((await sources()).map(({ source_id }) => source_id)).toContain(sourceId);
    expect((await fixture.api("GET", SITES)).body.sites).toHaveLength(1);
  });

  it("a site that is connected already is a conflict that names it, and the same key returns the same response", async () => {
    const headers = { "idempotency-key": "connect-1" };
    const first = await fixture.api("POST", SITES, { body: NEW_SITE, headers });
    const replayed = await fixture.api("POST", SITES, { body: NEW_SITE, headers });
    expect([replayed.status, replayed.body]).toEqual([201, first.body]);
    const second = await connect();
    expect([second.status, second.body.error.code, second.body.error.details.site_id]).toEqual([
      409,
      "site_exists",
      first.body.site_id,
    ]);
  });

  it.each([
    [{ api_token: "wrong" }, 422, "credentials_rejected"],
    [{ base_url: "https://evil.example" }, 422, "address_refused"],
    [{ spaces: { include: ["A B"] } }, 400, "invalid_request"],
    [{ space_key: "DEMO" }, 400, "invalid_request"],
  ])("a connection with %j is refused: %i %s", async (fields, status, code) => {
    const answer = await connect(fields);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect((await fixture.api("GET", SITES)).body.sites).toEqual([]);
  });

  it.each([
    ["a site", SITES, NEW_SITE],
    ["a source", "/api/confluence/sources", NEW_SOURCE],
  ])(
    "%s with a token that works only through Atlassian's gateway is reached there",
    async (_, path, body) => {
      fixture.site.settings.token_works_at = "gateway";
      const answer = await fixture.api("POST", path, { body });
      expect(answer.status, answer.text).toBe(201);
      expect(answer.body.base_url).toBe("https://acme.atlassian.net");
      const [site] = (await fixture.api("GET", SITES)).body.sites;
      expect(site).toMatchObject({ base_url: "https://acme.atlassian.net", reached_by: "gateway" });
    },
  );

  it("a service account connects by client credentials, which are exchanged once an hour and rotated as a token is", async () => {
    fixture.site.settings.token_works_at = "gateway";
    const { api_token: _, email: __, ...rest } = NEW_SITE;
    const exchanges = () => fixture.site.requests.filter(({ path }) => path === "/oauth/token").length;
    const before = exchanges();
    const body = { ...rest, client_id: "demo-client", client_secret: "demo-secret" };
    const answer = await fixture.api("POST", SITES, { body });
    expect(answer.status, answer.text).toBe(201);
    expect(answer.body).toMatchObject({
      credential_kind: "client_credentials",
      client_id: "demo-client",
      reached_by: "gateway",
      token_expires_at: null,
      source_count: 1,
    });
    const path = `${SITES}/${answer.body.site_id}`;
    const discover = () => fixture.api("POST", `${path}/discover`, { body: {} });
    expect([(await discover()).status, exchanges() - before]).toEqual([200, 1]);
    fixture.clock.advance(55 * 60_000);
    expect([(await discover()).status, exchanges() - before]).toEqual([200, 2]);
    fixture.site.settings.client_secret = "rotated-secret";
    const wrong = await fixture.api("PATCH", path, { body: { client_secret: "wrong" } });
    expect([wrong.status, wrong.body.error.code]).toEqual([422, "credentials_rejected"]);
    const right = await fixture.api("PATCH", path, { body: { client_secret: "rotated-secret" } });
    expect([right.status, right.body.credential_kind]).toEqual([200, "client_credentials"]);
    const texts = [answer.text, right.text, JSON.stringify(fixture.logLines())].join();
    expect(texts).not.toMatch(/demo-secret|rotated-secret/);
  });

  it.each([
    [{ api_token: undefined }],
    [{ client_id: "demo-client", client_secret: "demo-secret" }],
    [{ api_token: undefined, client_id: "demo-client" }],
  ])("a connection with %j beside its address names one kind of credentials", async (fields) => {
    expect((await connect(fields)).status).toBe(400);
  });

  it("a token without optional scopes connects, and says which are missing and what for", async () => {
    for (const path of ["/content/labels", "users-bulk"])
      fixture.site.faults.push({ effect: "scope_missing", said_in: "both", path, times: 1000, skip: 0 });
    const path = await connected();
    const { body } = await fixture.api("GET", path);
    expect(body.missing_scopes.map(({ scope }: { scope: string }) => scope)).toEqual([
      "read:label:confluence",
      "read:user:confluence",
    ]);
    expect(body.warnings.map(({ code }: { code: string }) => code)).toEqual([
      "scope_missing",
      "scope_missing",
    ]);
  });
});

describe("a connected site", () => {
  it("one PATCH of the token holds for all its sources, once it was tried", async () => {
    addSpaces("TEAM");
    const path = await connected();
    const [first] = await sources();
    fixture.site.settings.token = "rotated";
    await setSourceStatus(
      fixture.database.sql,
      first?.source_id ?? "",
      "credentials_expired",
      fixture.clock.now(),
    );
    expect((await sources()).map(({ status }) => status)).toEqual([
      "credentials_expired",
      "credentials_expired",
    ]);
    const wrong = await fixture.api("PATCH", path, { body: { api_token: "wrong" } });
    expect([wrong.status, wrong.body.error.code]).toEqual([422, "credentials_rejected"]);
    const right = await fixture.api("PATCH", path, { body: { api_token: "rotated" } });
    expect(right.body).toMatchObject({ status: "active", warnings: [] });
    expect((await sources()).map(({ status }) => status)).toEqual(["active", "active"]);
  });

  it("a new space becomes a source; a renamed, a vanished and an excluded one are shown as such, and nothing is deleted", async () => {
    addSpaces("TEAM", "OPS", "HR");
    const path = await connected();
    const space = (key: string) => [...fixture.site.spaces.values()].find((one) => one.key === key)!;
    addSpaces("NEW");
    space("TEAM").key = "CREW";
    space("OPS").visible = false;
    const changed = await fixture.api("PATCH", path, {
      body: { spaces: { include: ["*"], exclude: ["HR"] } },
    });
    expect(changed.status).toBe(200);
    const found = await fixture.api("POST", `${path}/discover`, { body: {} });
    expect(found.body.sources_added).toHaveLength(1);
    expect(await states(path)).toEqual({
      CREW: "synced",
      DEMO: "synced",
      HR: "out_of_scope",
      NEW: "synced",
      OPS: "gone",
    });
    expect(await keys()).toEqual(["CREW", "DEMO", "HR", "NEW", "OPS"]);
    const { body } = await fixture.api("GET", `${path}/spaces`, { query: { limit: "1" } });
    expect(body.spaces[0]).toMatchObject({ space_key: "CREW", renamed_from: "TEAM" });
    const next = await fixture.api("GET", `${path}/spaces`, {
      query: { cursor: body.next_cursor, limit: "1" },
    });
    expect(next.body.spaces[0].space_key).toBe("DEMO");
  });

  it("a source that a person deletes is not made again by discovery, until its space is included again", async () => {
    addSpaces("HR");
    const path = await connected();
    const hr = (await sources()).find(({ space_key }) => space_key === "HR");
    expect((await fixture.api("DELETE", `/api/confluence/${hr?.source_id}`)).status).toBe(204);
    expect((await fixture.api("GET", path)).body.spaces).toMatchObject({ exclude: ["HR"] });
    await fixture.api("POST", `${path}/discover`, { body: {} });
    expect(await keys()).toEqual(["DEMO"]);
    await fixture.api("PATCH", path, { body: { spaces: { include: ["*"] } } });
    await fixture.api("POST", `${path}/discover`, { body: {} });
    expect(await keys()).toEqual(["DEMO", "HR"]);
  });

  it.each([
    [
      "is treated as anonymous",
      () => Object.assign(fixture.site.settings, { answer_as_anonymous: true, anonymous_access: true }),
    ],
    [
      "fails half-way",
      () => {
        fixture.site.settings.max_page_size = 2;
        fixture.site.faults.push({
          effect: "status",
          status: 500,
          retry_after: null,
          path: "cursor=",
          times: 100,
          skip: 0,
        });
      },
    ],
  ])("a listing of spaces that %s changes no space, and the site says so", async (_, spoil) => {
    addSpaces("TEAM", "OPS");
    const path = await connected();
    const before = await states(path);
    fixture.site.faults.length = 0;
    spoil();
    addSpaces("NEW");
    const found = await fixture.api("POST", `${path}/discover`, { body: {} });
    expect(found.status).toBeGreaterThanOrEqual(422);
    expect(await states(path)).toEqual(before);
    const shown = await fixture.api("GET", path);
    expect(shown.body.warnings.map(({ code }: { code: string }) => code)).toContain("discovery_failed");
  });

  it("the pulse of a site can be switched, also of one that its sources made", async () => {
    await fixture.addSource();
    const [implied] = (await fixture.api("GET", SITES)).body.sites;
    expect(implied.pulse).toBe(false);
    const path = `${SITES}/${implied.site_id}`;
    const pulse = async (on: boolean) =>
      (await fixture.api("PATCH", path, { body: { pulse: on } })).body.pulse;
    expect([await pulse(true), await pulse(false)]).toEqual([true, false]);
  });

  it("a dry run of a rule returns what it would add and what would leave it", async () => {
    addSpaces("TEAM");
    const path = await connected({ spaces: { include: ["DEMO"] } });
    const planned = await fixture.api("PATCH", path, {
      body: { dry_run: true, spaces: { include: ["TEAM"] } },
    });
    expect(planned.body).toMatchObject({
      spaces: [{ space_key: "TEAM", pages: 1 }],
      out_of_scope: [{ space_key: "DEMO" }],
      estimate: { spaces: 1, pages: 1 },
    });
    expect((await fixture.api("GET", path)).body.spaces.include).toEqual(["DEMO"]);
  });

  it("a token's end is a year away unless it is given; warnings come 30, 14 and 3 days before, each once as an event", async () => {
    const path = await connected();
    const { sql } = fixture.database;
    const start = fixture.clock.now().getTime();
    const expires = async () => Date.parse((await fixture.api("GET", path)).body.token_expires_at);
    expect(await expires()).toBe(start + 365 * DAY_MS);
    const at = new Date(start + 31 * DAY_MS).toISOString();
    await fixture.api("PATCH", path, { body: { token_expires_at: at } });
    const warned = async () => (await warnOfExpiry(sql, fixture.clock.now())).length;
    const codes = async () =>
      (await fixture.api("GET", path)).body.warnings.map(({ code }: { code: string }) => code);
    expect([await warned(), await codes()]).toEqual([0, []]);
    for (const days of [1, 16, 11]) {
      fixture.clock.advance(days * DAY_MS);
      expect([await warned(), await warned(), await codes()]).toEqual([1, 0, ["token_expires"]]);
    }
    const events =
      await sql`select detail ->> 'days' as days from event_outbox where event_type = 'site.token_expires' order by id`;
    expect(events.map(({ days }) => days)).toEqual(["30", "14", "3"]);
    await fixture.api("PATCH", path, { body: { api_token: "demo-token" } });
    expect([await warned(), await codes()]).toEqual([0, []]);
  });

  it("the daily discovery finds new spaces of every site, whatever another site says, and tries a failed one again", async () => {
    await chooseModel(fixture.database.sql, {
      model: fixture.embedder.model,
      dimensions: 8,
      now: fixture.clock.now(),
    });
    const path = await connected();
    const other = await connected({ base_url: "https://other.atlassian.net" });
    await fixture.database.sql`
      update confluence_sites set account_id = 'somebody-else' where base_url = 'https://acme.atlassian.net'`;
    addSpaces("NEW");
    const discover = () => discoverAll(fixture);
    expect(await discover()).toMatchObject({ discovered: 0 });
    fixture.clock.advance(DAY_MS + 1000);
    expect(await discover()).toMatchObject({ discovered: 1 });
    expect(await states(other)).toEqual({ DEMO: "synced", NEW: "synced" });
    expect(await states(path)).toEqual({ DEMO: "synced" });
    await fixture.database.sql`
      update confluence_sites set account_id = o.account_id from confluence_sites o
      where o.site_id <> confluence_sites.site_id and confluence_sites.account_id = 'somebody-else'`;
    expect(await discover()).toMatchObject({ discovered: 1 });
    expect(await states(path)).toEqual({ DEMO: "synced", NEW: "synced" });
  });

  it("a token set through one of its sources is the site's, ends a year later, and no warning of the old token's end is left", async () => {
    const soon = new Date(fixture.clock.now().getTime() + DAY_MS).toISOString();
    const path = await connected({ token_expires_at: soon });
    const [first] = await sources();
    const patched = async (body: Record<string, unknown>) => {
      const answer = await fixture.api("PATCH", `/api/confluence/${first?.source_id}`, { body });
      expect(answer.status, answer.text).toBe(200);
      return (await fixture.api("GET", path)).body;
    };
    expect((await patched({ email: "other@example.com" })).token_expires_at).toBe(soon);
    const inAYear = new Date(fixture.clock.now().getTime() + 365 * DAY_MS).toISOString();
    expect(await patched({ api_token: "demo-token" })).toMatchObject({
      token_expires_at: inAYear,
      warnings: [],
    });
  });

  it("a site says how old its directory of people and groups is", async () => {
    const path = await connected();
    const age = async () => (await fixture.api("GET", path)).body.directory_verified_at;
    expect(await age()).toBeNull();
    const [first] = await sources();
    const verifiedAt = fixture.clock.now();
    await setDirectory(fixture.database.sql, first?.source_id ?? "", { people: [], verifiedAt });
    expect(await age()).toBe(verifiedAt.toISOString());
  });

  it("a source takes a token that works elsewhere than the old one: at the site, or through the gateway", async () => {
    const sourceId = await fixture.addSource();
    for (const where of ["gateway", "site"] as const) {
      fixture.site.settings.token_works_at = where;
      fixture.site.settings.token = `of-the-${where}`;
      const path = `/api/confluence/${sourceId}`;
      const answer = await fixture.api("PATCH", path, { body: { api_token: `of-the-${where}` } });
      expect([where, answer.status], answer.text).toEqual([where, 200]);
      expect((await fixture.api("GET", SITES)).body.sites).toMatchObject([{ reached_by: where }]);
    }
    const wrong = await fixture.api("PATCH", `/api/confluence/${sourceId}`, { body: { api_token: "wrong" } });
    expect([wrong.status, wrong.body.error.code]).toEqual([422, "credentials_rejected"]);
  });

  it("the token of a source that was added alone ends a year later, and is warned of", async () => {
    await fixture.addSource();
    const site = async () => (await fixture.api("GET", SITES)).body.sites[0];
    const inAYear = new Date(fixture.clock.now().getTime() + 365 * DAY_MS).toISOString();
    expect((await site()).token_expires_at).toBe(inAYear);
    fixture.clock.advance(340 * DAY_MS);
    expect(await warnOfExpiry(fixture.database.sql, fixture.clock.now())).toHaveLength(1);
    expect((await site()).warnings).toMatchObject([{ code: "token_expires" }]);
  });

  it("deleting a site says what goes before and when it goes, and takes sources and secret with it", async () => {
    addSpaces("TEAM");
    const path = await connected();
    const dry = await fixture.api("DELETE", path, { query: { dry_run: "true" } });
    expect(dry.body).toEqual({ deleted: false, source_count: 2, page_count: 0, chunk_count: 0 });
    expect(await keys()).toEqual(["DEMO", "TEAM"]);
    const answer = await fixture.api("DELETE", path);
    expect(answer.body).toMatchObject({ deleted: true, source_count: 2 });
    expect(await keys()).toEqual([]);
    expect((await fixture.api("GET", path)).status).toBe(404);
    const rows = await fixture.database.sql`select encrypted_secret, email from confluence_sites`;
    expect(rows).toEqual([{ encrypted_secret: null, email: null }]);
    expect((await connect()).status).toBe(201);
  });

  it("a deletion of a site that was interrupted is completed by the next sweep", async () => {
    await connected();
    await fixture.database.sql`update confluence_sites set status = 'deleting', encrypted_secret = null`;
    const services = { sql: fixture.database.sql, now: fixture.clock.now, log: fixture.services.log! };
    expect(await deleteSourcesOfDeletedSites(services)).toBe(1);
    expect(await keys()).toEqual([]);
  });
});
