import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addSpace } from "#infra/local/confluence-site/edits.ts";
import { parseEnv } from "#shared/env.ts";
import { addNode, putUnder, setAccess, setDirectory, type TestPerson } from "#test/support/access-nodes.ts";
import { makeApiClient, type ApiCall } from "#test/support/api-client.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { store } from "#test/support/stored-pages.ts";

const HOUR = 3_600_000;
const QUERY = "zeppelin gearbox";

let fixture: ApiFixture;
let personal: string;
let open: string;

beforeAll(async () => {
  fixture = await makeApiFixture();
  addSpace(fixture.site, { key: "OPEN", name: "Open" });
});
beforeEach(async () => {
  await fixture.reset();
  const { sql } = fixture.database;
  personal = await fixture.addSource();
  open = await fixture.addSource({ space_key: "OPEN" });
  await setAccess(sql, open, "everything", null);
  await put(personal, "1", "Zeppelins");
  await put(personal, "2", "Gearboxes");
  await put(open, "9", "Airships");
  await enforce(personal);
});
afterAll(() => fixture.close());

const put = (sourceId: string, pageId: string, title: string) =>
  store(fixture.database.sql, fixture.embedder, {
    sourceId,
    pageId,
    title,
    chunks: [`The zeppelin gearbox of ${title}`],
  });

const PEOPLE: TestPerson[] = [
  { accountId: "ann", email: "ann@example.com", groups: ["staff", "pilots"] },
  { accountId: "bob", email: "bob@example.com", groups: ["staff"] },
  { accountId: "eve", email: "eve@example.com" },
  // Passes the page's restriction, but not the space's.
  { accountId: "fay", groups: ["pilots"] },
];

/** Page 1 is for staff, page 2 for pilots among them. */
async function enforce(sourceId: string) {
  const { sql } = fixture.database;
  await setAccess(sql, sourceId, "per_user", fixture.clock.now());
  const space = await addNode(sql, { sourceId, groups: ["staff"] });
  const restricted = await addNode(sql, { sourceId, contentId: "2", parent: space, groups: ["pilots"] });
  await putUnder(sql, sourceId, ["1"], space);
  await putUnder(sql, sourceId, ["2"], restricted);
  await setDirectory(sql, sourceId, { people: PEOPLE, verifiedAt: fixture.clock.now() });
}

const jwt = (claims: Record<string, string>, scope = "search"): ApiCall => ({
  authorizer: { jwt: { claims: { sub: "subject", scope, ...claims }, scopes: null } },
});
const key = (...scopes: string[]): ApiCall => ({ authorizer: { lambda: { name: "chat", scopes } } });
const backend = key("search", "search:on-behalf-of");
const iam = (userArn = "arn:aws:sts::123456789012:assumed-role/Chat/1"): ApiCall => ({
  authorizer: { iam: { userArn } },
});

async function ask(call: ApiCall, body: object = {}, api = fixture.api) {
  return api("POST", "/api/rag/query", {
    ...call,
    body: { query: QUERY, match_count: 10, ...body },
  });
}
async function pagesFor(call: ApiCall, body: object = {}, api = fixture.api): Promise<string> {
  const { status, body: answer } = await ask(call, body, api);
  if (status !== 200) return `${status} ${answer.error.code}`;
  return answer.results
    .map((hit: { page_id: string }) => hit.page_id)
    .toSorted()
    .join(" ");
}
const apiWith = (env: Record<string, string>) => makeApiClient({ ...fixture.services, env: parseEnv(env) });

describe("a search for a person", () => {
  it("a backend finds for each person what they may see, named by account or by e-mail", async () => {
    for (const caller of [backend, iam(), key("search:on-behalf-of")]) {
      expect(await pagesFor(caller, { on_behalf_of: { account_id: "ann" } })).toBe("1 2 9");
      expect(await pagesFor(caller, { on_behalf_of: { email: "Ann@Example.com" } })).toBe("1 2 9");
      expect(await pagesFor(caller, { on_behalf_of: { account_id: "bob" } })).toBe("1 9");
      expect(await pagesFor(caller, { on_behalf_of: { account_id: "eve" } })).toBe("9");
      expect(await pagesFor(caller, { on_behalf_of: { account_id: "fay" } })).toBe("9");
    }
  });

  it("a person's own token finds what that person may see, by account, verified e-mail or mapped subject", async () => {
    expect(await pagesFor(jwt({ atlassian_account_id: "bob" }))).toBe("1 9");
    expect(await pagesFor(jwt({ email: "ann@example.com", email_verified: "true" }))).toBe("1 2 9");
    await identify([{ claim: "subject", value: "subject", account_id: "bob" }]);
    expect(await pagesFor(jwt({}))).toBe("1 9");
  });

  it("IDENTITY_CLAIM names the one claim of a token that counts", async () => {
    const api = await apiWith({ IDENTITY_CLAIM: "https://example.com/confluence" });
    expect(await pagesFor(jwt({ "https://example.com/confluence": "ann" }), {}, api)).toBe("1 2 9");
    expect(await pagesFor(jwt({ atlassian_account_id: "ann" }), {}, api)).toBe("403 unknown_identity");
    const bySubject = await apiWith({ IDENTITY_CLAIM: "sub" });
    await identify([{ claim: "subject", value: "subject", account_id: "bob" }]);
    expect(await pagesFor(jwt({ atlassian_account_id: "ann" }), {}, bySubject)).toBe("1 9");
  });

  it("case 37: who leaves a group finds nothing more that only its members see", async () => {
    const { sql } = fixture.database;
    expect(await pagesFor(backend, { on_behalf_of: { account_id: "ann" } })).toBe("1 2 9");
    await sql`delete from directory_members where account_id = 'ann' and group_id = 'pilots'`;
    expect(await pagesFor(backend, { on_behalf_of: { account_id: "ann" } })).toBe("1 9");
  });

  it("case 38: a deactivated account is an unknown identity, not a person without groups", async () => {
    const { sql } = fixture.database;
    await sql`update directory_accounts set is_active = false where account_id = 'ann'`;
    expect(await pagesFor(backend, { on_behalf_of: { account_id: "ann" } })).toBe("403 unknown_identity");
    expect(await pagesFor(backend, { on_behalf_of: { email: "ann@example.com" } })).toBe(
      "403 unknown_identity",
    );
    expect(await pagesFor(backend, { on_behalf_of: { account_id: "nobody" } })).toBe("403 unknown_identity");
  });

  it("case 47: an e-mail of two accounts, or hidden, names nobody unless a mapping says whom", async () => {
    const people = [
      ...PEOPLE,
      { accountId: "ann-2", email: "ann@example.com" },
      { accountId: "dan", groups: ["staff"] },
    ];
    await setDirectory(fixture.database.sql, personal, { people, verifiedAt: fixture.clock.now() });
    const byEmail = (email: string) => pagesFor(backend, { on_behalf_of: { email } });
    expect(await byEmail("ann@example.com")).toBe("403 unknown_identity");
    expect(await byEmail("dan@example.com")).toBe("403 unknown_identity");
    await identify([
      { claim: "email", value: "Ann@Example.com", account_id: "ann" },
      { claim: "email", value: "dan@example.com", account_id: "dan" },
    ]);
    expect(await byEmail("ann@example.com")).toBe("1 2 9");
    expect(await byEmail("DAN@example.com")).toBe("1 9");
    await identify([{ claim: "email", value: "ann@example.com", account_id: null }]);
    expect(await byEmail("ann@example.com")).toBe("403 unknown_identity");
  });

  it("an e-mail that a deactivated account has too names the active one", async () => {
    const people = [...PEOPLE, { accountId: "ann-2", email: "ann@example.com", isActive: false }];
    await setDirectory(fixture.database.sql, personal, { people, verifiedAt: fixture.clock.now() });
    expect(await pagesFor(backend, { on_behalf_of: { email: "ann@example.com" } })).toBe("1 2 9");
  });

  it("case 48: an e-mail that a token does not say is verified names nobody", async () => {
    const email = "ann@example.com";
    for (const claims of [{ email }, { email, email_verified: "false" }, { email, email_verified: "1" }]) {
      expect(await pagesFor(jwt(claims as Record<string, string>))).toBe("403 unknown_identity");
    }
  });

  it("case 49: without an identity a source that enforces permissions is refused, whoever the caller is", async () => {
    for (const caller of [{}, backend, iam(), key("search:all"), key("search")]) {
      expect(await pagesFor(caller)).toBe("403 identity_required");
      expect(await pagesFor(caller, { source: personal })).toBe("403 identity_required");
      expect(await pagesFor(caller, { source: open })).toBe("9");
    }
  });

  it("a source that is withheld asks for an identity all the same", async () => {
    await setAccess(fixture.database.sql, personal, "per_user", null);
    expect(await pagesFor(backend)).toBe("403 identity_required");
  });

  it("a person without the scope to search for others searches only as themselves", async () => {
    const asAnn = { on_behalf_of: { account_id: "ann" } };
    expect(await pagesFor(jwt({ atlassian_account_id: "bob" }), asAnn)).toBe("403 scope_required");
    expect(await pagesFor(key("search", "search:all"), asAnn)).toBe("403 scope_required");
    expect(await pagesFor({}, asAnn)).toBe("403 scope_required");
    expect(await pagesFor(jwt({}, "openid search:on-behalf-of"), asAnn)).toBe("1 2 9");
  });
});

describe("a search for everybody", () => {
  it("case 50: everything is shown only to who may ask for it, and asks for it", async () => {
    const all = { visibility: "all" };
    for (const caller of [{}, backend, iam(), key("search"), jwt({ atlassian_account_id: "ann" })]) {
      expect(await pagesFor(caller, all)).toBe("403 scope_required");
    }
    expect(await pagesFor(key("search:all"), all)).toBe("1 2 9");
    expect(await pagesFor(jwt({}, "search:all"), all)).toBe("1 2 9");
    expect(await pagesFor(key("search:all"))).toBe("403 identity_required");
  });

  it("scopes that the route's authorizer lists beside a token are not the token's", async () => {
    const listed = {
      authorizer: {
        jwt: {
          claims: { sub: "x", scope: "search" },
          scopes: ["search", "search:on-behalf-of", "search:all"],
        },
      },
    };
    expect(await pagesFor(listed, { visibility: "all" })).toBe("403 scope_required");
  });

  it("of IAM callers those see everything whom SEARCH_ALL_CALLERS names, in any session of a role", async () => {
    const role = "arn:aws:iam::123456789012:role/service/Reports";
    const api = await apiWith({ SEARCH_ALL_CALLERS: `${role},arn:aws:iam::123456789012:user/ops` });
    const all = { visibility: "all" };
    expect(await pagesFor(iam("arn:aws:sts::123456789012:assumed-role/Reports/i-1"), all, api)).toBe("1 2 9");
    expect(await pagesFor(iam("arn:aws:iam::123456789012:user/ops"), all, api)).toBe("1 2 9");
    for (const other of [
      "arn:aws:sts::123456789012:assumed-role/Reports2/i-1",
      "arn:aws:sts::999999999999:assumed-role/Reports/i-1",
      "arn:aws:iam::123456789012:user/ops2",
      "arn:aws:iam::123456789012:user/Reports",
    ]) {
      expect(await pagesFor(iam(other), all, api)).toBe("403 scope_required");
    }
  });

  it("case 44: the public sees what the space shows to anonymous people, and not what is restricted in it", async () => {
    const { sql } = fixture.database;
    const anonymous = { visibility: "anonymous" };
    expect(await pagesFor(key("search"), anonymous)).toBe("");
    await sql`update access_nodes set classes = '{anonymous}' where content_id is null`;
    expect(await pagesFor(key("search"), anonymous)).toBe("1");
    expect(await pagesFor({}, anonymous)).toBe("1");
    expect((await ask({}, anonymous)).body.permissions).toMatchObject({
      mode: "anonymous",
      account_id: null,
      withheld_sources: [open],
    });
    await setAccess(sql, personal, "unrestricted", fixture.clock.now());
    expect(await pagesFor({}, anonymous)).toBe("1");
    await sql`update access_nodes set classes = '{}' where content_id is null`;
    expect(await pagesFor({}, anonymous)).toBe("");
  });

  it("a request says either whom it is for or which visibility it wants", async () => {
    const both = { on_behalf_of: { account_id: "ann" }, visibility: "all" };
    expect(await pagesFor(key("search:on-behalf-of", "search:all"), both)).toBe("400 invalid_request");
  });

  it("an unrestricted source shows everybody what has no restriction, and needs no identity", async () => {
    const { sql } = fixture.database;
    await setAccess(sql, personal, "unrestricted", fixture.clock.now());
    for (const caller of [{}, backend, iam()]) expect(await pagesFor(caller)).toBe("1 9");
    expect((await ask({})).body.permissions).toMatchObject({ mode: "unrestricted", account_id: null });
    await sql`update access_nodes set state = 'open' where content_id = '2'`;
    expect(await pagesFor({})).toBe("1 2 9");
    await sql`update access_nodes set state = 'unknown' where content_id = '2'`;
    expect(await pagesFor({})).toBe("1 9");
  });
});

describe("whom a node lets in", () => {
  const as = (account_id: string) => pagesFor(backend, { on_behalf_of: { account_id } });

  it("a space for all who have a licence lets in members of a licensed group, and no guests", async () => {
    const { sql, clock } = { sql: fixture.database.sql, clock: fixture.clock };
    await sql`update access_nodes set groups = '{}', classes = '{all-licensed}' where content_id is null`;
    const people = [...PEOPLE, { accountId: "guest", isGuest: true, groups: ["staff"] }];
    await setDirectory(sql, personal, { people, licensed: ["staff"], verifiedAt: clock.now() });
    expect([await as("ann"), await as("bob"), await as("guest")]).toEqual(["1 2 9", "1 9", "9"]);
    // Whoever has no licence and is no guest may not use the site at all, whatever names them.
    await sql`update access_nodes set users = '{eve}' where content_id is null`;
    expect(await as("eve")).toBe("403 unknown_identity");
  });

  it("groups and accounts are those of each source's own site", async () => {
    const { sql } = fixture.database;
    const now = fixture.clock.now();
    await sql`
      insert into confluence_sites (site_id, secret_bound_to, base_url, api_base, account_id, created_at, updated_at)
      values ('other', 'other', 'https://other.example', 'https://other.example', 'account', ${now}, ${now})`;
    await sql`update archon_sources set site_id = 'other', base_url = 'https://other.example' where source_id = ${open}`;
    await setAccess(sql, open, "per_user", now);
    await putUnder(
      sql,
      open,
      ["9"],
      await addNode(sql, { sourceId: open, groups: ["staff"], classes: ["anonymous"] }),
    );
    const there = (people: TestPerson[]) => setDirectory(sql, open, { people, verifiedAt: now });
    await there([{ accountId: "bob", groups: ["staff"] }]);
    expect([await as("ann"), await as("bob")]).toEqual(["1 2", "1 9"]);
    await sql`update access_nodes set classes = '{}'`;
    // A member of the group of this name here, and of none there.
    await there([{ accountId: "ann" }]);
    expect(await as("ann")).toBe("1 2");
    await there([{ accountId: "ann", groups: ["staff"] }]);
    expect(await as("ann")).toBe("1 2 9");
    await there([{ accountId: "ann", groups: ["staff"], isActive: false }]);
    expect(await as("ann")).toBe("1 2");
  });

  it("a page below a restricted one is shown to who passes both restrictions", async () => {
    const { sql } = fixture.database;
    const [space] = await sql<
      { id: number }[]
    >`select node_id as id from access_nodes where content_id is null`;
    const above = { sourceId: personal, contentId: "10", parent: space?.id ?? 0, groups: ["board"] };
    const below = {
      sourceId: personal,
      contentId: "11",
      parent: await addNode(sql, above),
      groups: ["pilots"],
    };
    await put(personal, "11", "Below");
    await putUnder(sql, personal, ["11"], await addNode(sql, below));
    expect(await as("ann")).toBe("1 2 9");
    const board = [{ accountId: "ann", groups: ["staff", "pilots", "board"] }];
    await setDirectory(sql, personal, { people: board, verifiedAt: fixture.clock.now() });
    expect(await as("ann")).toBe("1 11 2 9");
  });

  it("content whose node is below nothing that is known is hidden, also from who is named in it", async () => {
    const { sql } = fixture.database;
    await sql`update access_nodes set users = '{ann}', parent_node = null where content_id = '2'`;
    expect(await as("ann")).toBe("1 9");
    await putUnder(sql, personal, ["1"], null);
    expect(await as("ann")).toBe("9");
  });
});

describe("what an answer says of permissions", () => {
  const asAnn = { on_behalf_of: { account_id: "ann" } };

  it("case 51: open and enforced sources in one search show all of the one and the person's share of the other", async () => {
    expect(await pagesFor(backend, { on_behalf_of: { account_id: "bob" } })).toBe("1 9");
    expect((await ask(backend, { on_behalf_of: { account_id: "bob" } })).body.permissions).toEqual({
      mode: "per_user",
      account_id: "bob",
      oldest_evidence: fixture.clock.now().toISOString(),
      withheld_sources: [],
      undecided_hits: 0,
    });
    expect((await ask(backend, { source: open })).body.permissions).toEqual({
      mode: "unfiltered",
      account_id: null,
      oldest_evidence: null,
      withheld_sources: [],
      undecided_hits: 0,
    });
    expect((await ask(key("search:all"), { visibility: "all" })).body.permissions).toMatchObject({
      mode: "all",
    });
  });

  it("case 52: a source whose evidence is too old shows nothing, and is named", async () => {
    const { sql, clock } = { ...fixture.database, clock: fixture.clock };
    await sql`update archon_sources set access_verified_at = ${new Date(clock.now().getTime() - 4 * HOUR)}
      where source_id = ${personal}`;
    expect(await pagesFor(backend, asAnn)).toBe("1 2 9");
    await sql`update archon_sources set access_verified_at = ${new Date(clock.now().getTime() - 4 * HOUR - 1)}
      where source_id = ${personal}`;
    const answer = await ask(backend, asAnn);
    expect(answer.body.results.map((hit: { page_id: string }) => hit.page_id)).toEqual(["9"]);
    expect(answer.body.permissions.withheld_sources).toEqual([personal]);
    const ofOne = await ask(backend, { ...asAnn, source: personal });
    expect([ofOne.status, ofOne.body.results, ofOne.body.permissions.withheld_sources]).toEqual([
      200,
      [],
      [personal],
    ]);
    const longer = await apiWith({ ACCESS_MAX_AGE_HOURS: "5" });
    expect(await pagesFor(backend, asAnn, longer)).toBe("1 2 9");
  });

  it("a node that could not be read again lets nobody in once its own evidence is too old", async () => {
    const { sql } = fixture.database;
    const at = (ms: number) => sql`
      update access_nodes set verified_at = ${new Date(fixture.clock.now().getTime() - ms)} where content_id = '2'`;
    await at(3 * HOUR);
    expect(await pagesFor(backend, asAnn)).toBe("1 2 9");
    expect((await ask(backend, asAnn)).body.permissions.oldest_evidence).toBe(
      new Date(fixture.clock.now().getTime() - 3 * HOUR).toISOString(),
    );
    await at(4 * HOUR + 1);
    expect(await pagesFor(backend, asAnn)).toBe("1 9");
  });

  it("what is kept of a person from the search before lets them in no longer than its evidence", async () => {
    const { sql } = fixture.database;
    const readAt = new Date(fixture.clock.now().getTime() - 4 * HOUR + 5000);
    await sql`update access_nodes set verified_at = ${readAt} where content_id = '2'`;
    expect(await pagesFor(backend, asAnn)).toBe("1 2 9");
    fixture.clock.advance(5000);
    expect(await pagesFor(backend, asAnn)).toBe("1 2 9");
    fixture.clock.advance(1);
    expect(await pagesFor(backend, asAnn)).toBe("1 9");
  });

  it("a directory that was never read, or too long ago, is an error that says when to ask again", async () => {
    const { sql } = fixture.database;
    for (const at of [null, new Date(fixture.clock.now().getTime() - 4 * HOUR - 1)]) {
      await sql`update confluence_sites set directory_verified_at = ${at}`;
      const answer = await ask(backend, asAnn);
      expect([answer.status, answer.body.error.code, answer.headers["retry-after"]]).toEqual([
        503,
        "directory_unavailable",
        "60",
      ]);
      expect(await pagesFor(backend, { source: open })).toBe("9");
    }
  });

  it("a group that could not be read, or not lately, lets nobody in", async () => {
    const { sql } = fixture.database;
    await sql`update directory_groups set state = 'unreadable' where group_id = 'pilots'`;
    expect(await pagesFor(backend, asAnn)).toBe("1 9");
    await sql`update directory_groups set state = 'known', verified_at = ${new Date(fixture.clock.now().getTime() - 4 * HOUR - 1)}
      where group_id = 'pilots'`;
    expect(await pagesFor(backend, asAnn)).toBe("1 9");
  });

  it("a completed search is logged with whom it was for and how, and never with its query", async () => {
    await ask(backend, asAnn);
    await ask(key("search:all"), { visibility: "all" });
    const lines = fixture.logLines().filter(({ event }) => event === "search.completed");
    expect(lines).toMatchObject([
      {
        level: "INFO",
        actor: "key:chat",
        account_id: "ann",
        permissions: "per_user",
        results: 3,
        total_found: 3,
      },
      { level: "INFO", actor: "key:chat", permissions: "all", results: 3 },
    ]);
    expect(lines[1]).not.toHaveProperty("account_id");
    expect(JSON.stringify(fixture.logLines())).not.toContain("gearbox");
  });

  it("a restriction that is stored with new text while the query is being embedded counts", async () => {
    const { sql } = fixture.database;
    const embed: typeof fixture.embedder.embed = async (texts) => {
      await sql`update access_nodes set groups = '{pilots}' where source_id = ${personal} and content_id is null`;
      await put(personal, "3", "Zeppelin gearbox plans");
      await putUnder(sql, personal, ["3"], await spaceOf(personal));
      return fixture.embedder.embed(texts);
    };
    const api = await makeApiClient({ ...fixture.services, embedder: { ...fixture.embedder, embed } });
    const asBob = { on_behalf_of: { account_id: "bob" } };
    expect(await pagesFor(backend, asBob)).toBe("1 9");
    expect(await pagesFor(backend, { ...asBob, query: "zeppelin gearbox plans" }, api)).toBe("9");
  });

  it("nothing is embedded or searched for a request that is refused", async () => {
    let embedded = 0;
    const embed = async (texts: readonly string[]) => {
      embedded += 1;
      return fixture.embedder.embed(texts);
    };
    const api = await makeApiClient({ ...fixture.services, embedder: { ...fixture.embedder, embed } });
    expect(await pagesFor({}, { query: "never asked before" }, api)).toBe("403 identity_required");
    expect(embedded).toBe(0);
  });
});

async function spaceOf(sourceId: string): Promise<number> {
  const [row] = await fixture.database.sql<{ id: number }[]>`
    select node_id as id from access_nodes where source_id = ${sourceId} and content_id is null`;
  if (!row) throw new Error("the source has no node of its space");
  return row.id;
}

async function identify(identities: object[]) {
  const { status } = await fixture.api("PUT", "/api/identities", {
    ...key("sources:write"),
    body: { identities },
  });
  expect(status).toBe(200);
}

describe("the mapping of people to accounts", () => {
  it("a mapping is listed in pages, replaced by a later one, and deleted by null", async () => {
    const entries = ["a", "b", "c"].map((name) => ({
      claim: "email",
      value: `${name}@example.com`,
      account_id: name,
    }));
    await identify(entries);
    await identify([
      { claim: "email", value: "A@example.com", account_id: "z" },
      { claim: "email", value: "b@example.com", account_id: null },
      { claim: "subject", value: "A@example.com", account_id: "s" },
    ]);
    const first = await fixture.api("GET", "/api/identities", { query: { limit: "2" } });
    const updated_at = fixture.clock.now().toISOString();
    expect(first.body.identities).toEqual([
      { claim: "email", value: "a@example.com", account_id: "z", updated_at },
      { claim: "email", value: "c@example.com", account_id: "c", updated_at },
    ]);
    const rest = await fixture.api("GET", "/api/identities", {
      query: { limit: "2", cursor: first.body.next_cursor },
    });
    expect(rest.body).toEqual({
      identities: [{ claim: "subject", value: "A@example.com", account_id: "s", updated_at }],
      next_cursor: null,
    });
  });

  it("a mapping takes at most 1,000 entries at once, and only e-mails as e-mails", async () => {
    const many = Array.from({ length: 1001 }, (_, n) => ({
      claim: "subject",
      value: `${n}`,
      account_id: "a",
    }));
    const put = (identities: object[]) => fixture.api("PUT", "/api/identities", { body: { identities } });
    expect((await put(many)).status).toBe(400);
    expect((await put(many.slice(1))).body).toEqual({ stored: 1000, deleted: 0 });
    expect((await put([{ claim: "email", value: "ann", account_id: "a" }])).status).toBe(400);
    expect((await put([{ claim: "email", value: "ann@example.com", account_id: "no account" }])).status).toBe(
      400,
    );
  });
});
