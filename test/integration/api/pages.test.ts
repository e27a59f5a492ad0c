import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addSpace } from "#infra/local/confluence-site/edits.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { store } from "#test/support/stored-pages.ts";

describe("pages of a source", () => {
  let fixture: ApiFixture;
  let sourceId: string;
  beforeAll(async () => {
    fixture = await makeApiFixture();
    sourceId = await fixture.addSource();
    const { sql } = fixture.database;
    for (const pageId of ["11", "12", "13"]) {
      await store(sql, fixture.embedder, {
        sourceId,
        pageId,
        title: `100% of_page ${pageId}`,
        labels: ["howto"],
        chunks: ["a", "b"],
      });
    }
    await sql`update confluence_pages set sync_error = '{"code":"body_too_large","message":"Too large","attempts":2}' where page_id = '13'`;
    await sql`
      insert into confluence_pages (source_id, page_id, title, version, is_deleted, deleted_at, deleted_reason, missing_since, sync_error) values
        (${sourceId}, '21', 'Deleted', 3, true, '2026-03-01T00:00:00Z', 'trashed', null, null),
        (${sourceId}, '22', 'Hidden', 3, false, null, null, '2026-03-01T00:00:00Z', null),
        (${sourceId}, '23', 'Never stored', 0, false, null, null, null, '{"code":"x","message":"y"}'),
        (${sourceId}, '24', 'Listed', 0, false, null, null, null, null)`;
  });
  afterAll(() => fixture.close());

  const list = (query?: Record<string, string>) =>
    fixture.api("GET", `/api/confluence/${sourceId}/pages`, query ? { query } : {});
  const ids = async (query?: Record<string, string>) =>
    (await list(query)).body.pages.map((page: { page_id: string }) => page.page_id);

  it("the list can be of one reason, of failures and of deletions", async () => {
    expect(await ids({ reason: "body_too_large" })).toEqual(["13"]);
    expect(await ids({ status: "failed", reason: "x" })).toEqual(["23"]);
    expect(await ids({ status: "deleted", reason: "trashed" })).toEqual(["21"]);
    expect(await ids({ reason: "archived" })).toEqual([]);
    expect((await list({ reason: "a code" })).status).toBe(400);
  });

  it("a page in the list has metadata, version, chunks, error and deletion reason", async () => {
    const { body } = await list();
    const page = (id: string) =>
      body.pages.find((candidate: { page_id: string }) => candidate.page_id === id);
    expect(page("12")).toMatchObject({
      title: "100% of_page 12",
      status: "current",
      version: 1,
      labels: ["howto"],
      chunk_count: 2,
      error: null,
    });
    expect(page("13")).toMatchObject({
      status: "current",
      error: { code: "body_too_large", message: "Too large", attempts: 2 },
    });
    expect(page("21")).toMatchObject({
      status: "deleted",
      is_deleted: true,
      confluence_status: "trashed",
      deleted_reason: "trashed",
      deleted_at: "2026-03-01T00:00:00.000Z",
    });
    expect(page("22")).toMatchObject({ status: "hidden", missing_since: "2026-03-01T00:00:00.000Z" });
    expect(page("23")).toMatchObject({ status: "failed", error: { code: "x", attempts: null } });
    expect(page("24")).toMatchObject({ status: "pending" });
  });

  it.each([
    ["current", ["11", "12", "13"]],
    ["hidden", ["22"]],
    ["deleted", ["21"]],
    ["failed", ["13", "23"]],
    ["pending", ["24"]],
  ])("the page list filters by status %s", async (status, expected) => {
    expect(await ids({ status })).toEqual(expected);
  });

  it.each([
    ["trashed", "trashed"],
    ["archived", "archived"],
    ["deleted", "deleted"],
    ["moved_to_another_space", "current"],
    ["not_visible", "current"],
  ])("a page deleted as %s has the status %s in Confluence", async (reason, status) => {
    await fixture.database.sql`update confluence_pages set deleted_reason = ${reason} where page_id = '21'`;
    const { body } = await list({ status: "deleted" });
    expect(body.pages[0]).toMatchObject({ deleted_reason: reason, confluence_status: status });
  });

  it("the page list searches titles for the text as typed, wildcards included, and finds a page by its id", async () => {
    expect(await ids({ q: "100% OF_" })).toEqual(["11", "12", "13"]);
    expect(await ids({ q: "%" })).toEqual(["11", "12", "13"]);
    expect(await ids({ q: "_" })).toEqual(["11", "12", "13"]);
    expect(await ids({ q: "\\" })).toEqual([]);
    expect(await ids({ q: "22" })).toEqual(["22"]);
  });

  it("the page list continues after the last page shown, whatever was deleted or added meanwhile", async () => {
    const first = await list({ limit: "2" });
    expect(first.body.pages).toHaveLength(2);
    await fixture.database.sql`delete from confluence_pages where page_id = '12'`;
    await fixture.database
      .sql`insert into confluence_pages (source_id, page_id, title) values (${sourceId}, '115', 'New, before'), (${sourceId}, '125', 'New, behind')`;
    expect(await ids({ limit: "100", cursor: first.body.next_cursor })).toEqual([
      "125",
      "13",
      "21",
      "22",
      "23",
      "24",
    ]);
  });

  it("the page list names the comments and files of one page", async () => {
    const { sql } = fixture.database;
    await sql`
      insert into confluence_pages (source_id, page_id, kind, title, version, container_id, file) values
        (${sourceId}, 'comments-11', 'comments', 'Page 11', 1, '11', null),
        (${sourceId}, 'att5', 'attachment', 'plan.pdf', 1, '11', '{"media_type": "application/pdf", "bytes": 9, "result": "text"}'),
        (${sourceId}, 'att6', 'attachment', 'other.pdf', 1, '13', '{}')`;
    expect(await ids({ container_id: "11" })).toEqual(["att5", "comments-11"]);
    expect(await ids({ container_id: "11", kind: "attachment" })).toEqual(["att5"]);
    expect(await ids({ container_id: "12" })).toEqual([]);
  });

  it("one page is as in the list, whatever its status and kind, and not found in another source", async () => {
    addSpace(fixture.site, { key: "ELSE", name: "Elsewhere" });
    const other = await fixture.addSource({ access: "per_user", space_key: "ELSE" });
    const { pages } = (await list({ container_id: "11" })).body;
    const listed = [...(await list({ limit: "200" })).body.pages, ...pages];
    expect(listed.length).toBeGreaterThan(8);
    for (const page of listed) {
      const one = await fixture.api("GET", `/api/confluence/${sourceId}/pages/${page.page_id}`);
      expect([one.status, one.body]).toEqual([200, { ...page, previous: null }]);
    }
    for (const path of [`${sourceId}/pages/99`, `${other}/pages/11`]) {
      const answer = await fixture.api("GET", `/api/confluence/${path}`);
      expect([answer.status, answer.body.error.code]).toEqual([404, "page_not_found"]);
    }
    const nowhere = await fixture.api("GET", "/api/confluence/nothing/pages/11");
    expect([nowhere.status, nowhere.body.error.code]).toEqual([404, "source_not_found"]);
  });

  it.each<Record<string, string>>([
    { status: "lost" },
    { q: "x".repeat(201) },
    { q: "\u0000" },
    { limit: "0" },
    { size: "1" },
    { container_id: "a b" },
  ])("the page list rejects %j", async (query) => {
    const answer = await list(query);
    expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_request"]);
  });

  it("the page list of an unknown source returns 404", async () => {
    const answer = await fixture.api("GET", "/api/confluence/nothing/pages");
    expect([answer.status, answer.body.error.code]).toEqual([404, "source_not_found"]);
  });
});
