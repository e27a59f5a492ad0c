import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { store } from "#test/support/stored-pages.ts";

let fixture: ApiFixture;
let sourceId: string;
beforeAll(async () => {
  fixture = await makeApiFixture();
});
afterAll(() => fixture.close());
beforeEach(async () => {
  await fixture.reset();
  const { sql } = fixture.database;
  sourceId = await fixture.addSource();
  await sql`update archon_sources set access = 'per_user', access_verified_at = ${ago(10)} where source_id = ${sourceId}`;
  // The space is read by the group staff, page 1 by ann and the group leads, page 2 below it by bob.
  const [space] = await addNode({ groups: ["staff"] });
  const [above] = await addNode({ content_id: "1", parent_node: space, users: ["ann"], groups: ["leads"] });
  const [below] = await addNode({ content_id: "2", parent_node: above, users: ["bob", "ann"] });
  await sql`
    insert into content_access (source_id, content_id, ancestor_ids, node_id)
    values (${sourceId}, '1', '{}', ${above!}), (${sourceId}, '2', '{1}', ${below!}), (${sourceId}, '3', '{}', ${space!})`;
  for (const pageId of ["1", "2", "3"])
    await store(sql, fixture.embedder, { sourceId, pageId, title: `Title ${pageId}`, chunks: ["text"] });
  const [source] = await sql`select site_id from archon_sources where source_id = ${sourceId}`;
  const siteId: string = source!.site_id;
  await sql`update confluence_sites set directory_verified_at = ${ago(3)} where site_id = ${siteId}`;
  const groups = {
    staff: ["ann", "bob", "eve", "old"],
    leads: ["bob"],
    licensed: ["ann", "bob", "eve", "old"],
  };
  for (const [group, members] of Object.entries(groups)) {
    await sql`
      insert into directory_groups values (${siteId}, ${group}, ${group === "licensed"}, 'known', ${ago(1)})`;
    await sql`
      insert into directory_members select ${siteId}, ${group}, unnest(${members}::text[])`;
  }
  await sql`
    insert into directory_accounts (site_id, account_id, is_active, verified_at)
    select ${siteId}, id, id <> 'old', ${ago(1)} from unnest('{ann,bob,eve,old}'::text[]) id`;
});

const ago = (minutes: number) => new Date(fixture.clock.now().getTime() - minutes * 60_000);

async function addNode(node: Record<string, unknown>): Promise<number[]> {
  const { sql } = fixture.database;
  const row = { source_id: sourceId, state: "known", ...node };
  const made = await sql<{ node_id: number }[]>`insert into access_nodes ${sql(row)} returning node_id`;
  return made.map((one) => one.node_id);
}

const explain = async (query: Record<string, string>) => fixture.api("GET", "/api/access/explain", { query });

it("a right is explained clause by clause, from the space down: what lets in, and the one that does not", async () => {
  const { status, body } = await explain({ page_id: "2", account_id: "eve" });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    source_id: sourceId,
    title: "Title 2",
    mode: "per_user",
    allowed: false,
    reason: "clause_refuses",
    verified_at: ago(10).toISOString(),
    directory_verified_at: ago(3).toISOString(),
    account: { account_id: "eve", is_active: true, groups: ["licensed", "staff"] },
  });
  expect(body.clauses).toEqual([
    expect.objectContaining({ content_id: null, passes: true, by: "group", principal: "staff" }),
    expect.objectContaining({ content_id: "1", title: "Title 1", passes: false, by: "not_named" }),
    expect.objectContaining({ content_id: "2", title: "Title 2", passes: false, by: "not_named" }),
  ]);
});

it.each([
  ["2", "ann", true, "all_clauses_pass"],
  ["2", "bob", true, "all_clauses_pass"],
  ["1", "eve", false, "clause_refuses"],
  ["3", "eve", true, "all_clauses_pass"],
  ["3", "old", false, "unknown_account"],
  ["3", "stranger", false, "unknown_account"],
])("page %s is explained to %s: %s, %s", async (page_id, account_id, allowed, reason) => {
  expect((await explain({ page_id, account_id })).body).toMatchObject({ allowed, reason });
});

it("without an account a right is explained for the public", async () => {
  const { sql } = fixture.database;
  expect((await explain({ page_id: "3" })).body).toMatchObject({ allowed: false, account: null });
  await sql`update access_nodes set classes = '{anonymous}' where content_id is null`;
  expect((await explain({ page_id: "3" })).body).toMatchObject({
    allowed: true,
    clauses: [{ by: "class", principal: "anonymous" }],
  });
});

it.each([
  [
    "evidence_too_old",
    "update archon_sources set access_verified_at = access_verified_at - interval '4 hours'",
  ],
  ["no_sweep", "update archon_sources set access_verified_at = null"],
  [
    "directory_too_old",
    "update confluence_sites set directory_verified_at = directory_verified_at - interval '4 hours'",
  ],
  ["directory_too_old", "update confluence_sites set directory_verified_at = null"],
  ["place_unknown", "update content_access set node_id = null"],
  ["rendering_outdated", "update confluence_pages set access_node = null"],
  ["page_hidden", "update confluence_pages set missing_since = now()"],
  ["page_deleted", "update confluence_pages set is_deleted = true"],
  ["clause_refuses", "update access_nodes set state = 'unknown'"],
  // Search does not believe a group that was read too long ago.
  ["clause_refuses", "update directory_groups set verified_at = '2000-01-01' where group_id = 'staff'"],
  ["clause_refuses", "update access_nodes set verified_at = now() - interval '10 years'"],
])("what keeps a page from everybody is named: %s", async (reason, change) => {
  await fixture.database.sql.unsafe(change);
  expect((await explain({ page_id: "3", account_id: "ann" })).body).toMatchObject({ allowed: false, reason });
});

it("a directory that is too old is explained as the search for the person fails, and not for the public, which needs none", async () => {
  const { sql } = fixture.database;
  await sql`update confluence_sites set directory_verified_at = ${ago(4 * 60 + 1)}`;
  await sql`update access_nodes set classes = '{anonymous}' where content_id is null`;
  const { body } = await explain({ page_id: "3", account_id: "ann" });
  expect(body.message).toContain("503 `directory_unavailable`");
  const searched = await fixture.api("POST", "/api/rag/query", {
    authorizer: { lambda: { name: "chat", scopes: ["search:on-behalf-of"] } },
    body: { query: "text", on_behalf_of: { account_id: "ann" } },
  });
  expect([searched.status, searched.body.error.code]).toEqual([503, "directory_unavailable"]);
  expect((await explain({ page_id: "3" })).body).toMatchObject({ allowed: true, reason: "all_clauses_pass" });
});

it("a source that carries over no rights says so, and one that shows what the space may read asks only for what is below", async () => {
  const { sql } = fixture.database;
  await sql`update archon_sources set access = 'unrestricted'`;
  expect((await explain({ page_id: "3" })).body).toMatchObject({
    allowed: true,
    clauses: [{ content_id: null, by: "space" }],
  });
  expect((await explain({ page_id: "1", account_id: "ann" })).body).toMatchObject({ allowed: false });
  await sql`update archon_sources set access = 'everything'`;
  expect((await explain({ page_id: "1" })).body).toMatchObject({
    allowed: true,
    reason: "everything_is_shown",
  });
});

it("a page that is not there, and one that two sources have, are errors that say so", async () => {
  expect(await explain({ page_id: "9" })).toMatchObject({
    status: 404,
    body: { error: { code: "page_not_found" } },
  });
  const { sql } = fixture.database;
  await sql`
    insert into archon_sources (source_id, title, base_url, space_key, space_id, space_name, account_id, embedding_model, created_at, updated_at)
    select 'other', title, 'https://other.example', space_key, space_id, space_name, account_id, embedding_model, created_at, updated_at
    from archon_sources where source_id = ${sourceId}`;
  await store(sql, fixture.embedder, { sourceId: "other", pageId: "3", chunks: ["text"] });
  expect(await explain({ page_id: "3" })).toMatchObject({
    status: 409,
    body: { error: { code: "page_ambiguous" } },
  });
  expect((await explain({ page_id: "3", source_id: "other" })).body).toMatchObject({ mode: "everything" });
});
