import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addSpace } from "#infra/local/confluence-site/edits.ts";
import { estimateTokens } from "#shared/chunking/estimate-tokens.ts";
import { addNode, putUnder, setAccess, setDirectory } from "#test/support/access-nodes.ts";
import type { ApiCall } from "#test/support/api-client.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { NOW, store } from "#test/support/stored-pages.ts";

const anna = (scope: string): ApiCall => ({
  authorizer: { jwt: { claims: { sub: "s", scope, atlassian_account_id: "anna" } } },
});

describe("chunks of a page", () => {
  let fixture: ApiFixture;
  let docs: string;
  let team: string;
  beforeAll(async () => {
    fixture = await makeApiFixture();
    const { sql, embedder } = { sql: fixture.database.sql, embedder: fixture.embedder };
    addSpace(fixture.site, { key: "ELSE", name: "Elsewhere" });
    docs = await fixture.addSource();
    team = await fixture.addSource({ title: "Team", space_key: "ELSE" });
    const put = (sourceId: string, pageId: string, version: number, chunks: readonly string[]) =>
      store(sql, embedder, { sourceId, pageId, version, chunks });
    await put(docs, "1", 1, ["intro", "old price", "end"]);
    await put(docs, "1", 2, ["intro", "new price ☕", "more", "end"]);
    await put(docs, "2", 1, ["only one"]);
    await store(sql, embedder, { sourceId: docs, pageId: "comments-2", kind: "comments", chunks: ["said"] });
    await store(sql, embedder, {
      sourceId: docs,
      pageId: "att3",
      chunks: [{ content: "in a file", headingPath: ["Page 4"], place: { page: 4 } }],
    });
    await sql`update confluence_pages set kind = 'attachment', file = '{}' where page_id = 'att3'`;
    await setAccess(sql, team, "per_user", fixture.clock.now());
    await setDirectory(sql, team, {
      people: [{ accountId: "anna", groups: ["staff"] }],
      verifiedAt: fixture.clock.now(),
    });
    const space = await addNode(sql, { sourceId: team, groups: ["staff"] });
    const board = await addNode(sql, { sourceId: team, contentId: "8", parent: space, groups: ["board"] });
    await putUnder(sql, team, ["7"], space);
    await putUnder(sql, team, ["8"], board);
    for (const pageId of ["7", "8"]) {
      await put(team, pageId, 1, ["salaries"]);
      await put(team, pageId, 2, ["nothing to see"]);
    }
  });
  afterAll(() => fixture.close());

  const chunks = (
    sourceId: string,
    pageId: string,
    { query, ...call }: ApiCall & { query?: Record<string, string> } = {},
  ) =>
    fixture.api("GET", `/api/confluence/${sourceId}/pages/${pageId}/chunks`, {
      ...(query ? { query } : {}),
      ...call,
    });

  it("a page's chunks come in its order, with their size and what changed last", async () => {
    const { status, body } = await chunks(docs, "1");
    expect([status, body]).toEqual([
      200,
      {
        source_id: docs,
        page_id: "1",
        of: "current",
        version: 2,
        chunks: ["intro", "new price ☕", "more", "end"].map((content, n) => ({
          chunk_id: expect.stringMatching(/^\d+$/),
          chunk_number: n,
          heading_path: [],
          content,
          tokens: estimateTokens(content),
          characters: content.length,
          change: n === 0 || n === 3 ? "kept" : "added",
        })),
        next_cursor: null,
      },
    ]);
  });

  it("the chunks before the last change are read beside them, and the page says of which version they are", async () => {
    const { body } = await chunks(docs, "1", { query: { of: "previous" } });
    expect(body).toMatchObject({ of: "previous", version: 1, next_cursor: null });
    expect(
      body.chunks.map((chunk: Record<string, unknown>) => [chunk.chunk_id, chunk.content, chunk.change]),
    ).toEqual([
      [null, "intro", "kept"],
      [null, "old price", "removed"],
      [null, "end", "kept"],
    ]);
    const page = await fixture.api("GET", `/api/confluence/${docs}/pages/1`);
    expect(page.body.previous).toEqual({ version: 1, replaced_at: NOW.toISOString(), chunk_count: 3 });
  });

  it("a page that did not change has no previous list, and says nothing of changes", async () => {
    expect((await chunks(docs, "2")).body.chunks).toMatchObject([{ content: "only one", change: null }]);
    expect((await chunks(docs, "2", { query: { of: "previous" } })).body).toMatchObject({
      version: null,
      chunks: [],
    });
  });

  it("documents of comments and files have chunks, and a text of their own", async () => {
    expect((await chunks(docs, "comments-2")).body.chunks).toMatchObject([{ content: "said" }]);
    expect((await chunks(docs, "att3")).body.chunks).toMatchObject([{ heading_path: ["Page 4"] }]);
    for (const [id, text] of [
      ["comments-2", "said"],
      ["att3", "in a file"],
    ]) {
      const { body } = await fixture.api("GET", `/api/pages/${id}`, { query: { source_id: docs } });
      expect(body.full_content).toBe(text);
    }
  });

  it.each(["current", "previous"])("a list of %s chunks goes on after its cursor", async (of) => {
    const whole = (await chunks(docs, "1", { query: { of } })).body.chunks;
    const first = (await chunks(docs, "1", { query: { of, limit: "2" } })).body;
    const rest = (await chunks(docs, "1", { query: { of, limit: "2", cursor: first.next_cursor } })).body;
    expect(first.chunks).toHaveLength(2);
    expect([...first.chunks, ...rest.chunks]).toEqual(whole);
    const other = of === "current" ? "previous" : "current";
    const mixed = await chunks(docs, "1", { query: { of: other, cursor: first.next_cursor } });
    expect([mixed.status, mixed.body.error.code]).toEqual([400, "invalid_cursor"]);
  });

  it("whoever may read a page sees its chunks, and not those that others may have read before", async () => {
    const own = await chunks(team, "7", anna("search"));
    expect(own.body.chunks).toMatchObject([{ content: "nothing to see", change: "added" }]);
    const before = await chunks(team, "7", { ...anna("search search:all"), query: { of: "previous" } });
    expect([before.status, before.body.error.code]).toEqual([403, "scope_required"]);
    expect(before.text).not.toContain("salaries");
    const all = { query: { of: "previous", visibility: "all" } };
    expect((await chunks(team, "7", { ...anna("search"), ...all })).status).toBe(403);
    expect((await chunks(team, "7", { ...anna("search search:all"), ...all })).body.chunks).toMatchObject([
      { content: "salaries", change: "removed" },
    ]);
    const everybody = { of: "previous", visibility: "anonymous" };
    expect((await chunks(docs, "1", { query: everybody })).status).not.toBe(200);
  });

  it("a page that the reader may not see, a hidden and a deleted one have no chunks, in the words of one that does not exist", async () => {
    const { sql } = fixture.database;
    const absent = await chunks(team, "999", anna("search"));
    expect([absent.status, absent.body.error.code]).toEqual([404, "page_not_found"]);
    expect((await chunks(team, "8", anna("search"))).text).toBe(absent.text);
    const all = (of: string) => ({ ...anna("search search:all"), query: { of, visibility: "all" } });
    expect((await chunks(team, "8", all("previous"))).body.chunks).toMatchObject([{ content: "salaries" }]);
    await sql`update confluence_pages set missing_since = now() where source_id = ${team} and page_id = '8'`;
    for (const of of ["current", "previous"])
      expect((await chunks(team, "8", all(of))).text).toBe(absent.text);
    await sql`update confluence_pages set missing_since = null, is_deleted = true where source_id = ${team} and page_id = '8'`;
    for (const of of ["current", "previous"])
      expect((await chunks(team, "8", all(of))).text).toBe(absent.text);
    const nowhere = await chunks("nothing", "8", anna("search"));
    expect([nowhere.status, nowhere.body.error.code]).toEqual([404, "source_not_found"]);
  });

  it.each<Record<string, string>>([{ of: "both" }, { limit: "0" }, { chunk: "1" }])(
    "a list of chunks rejects %j",
    async (query) => {
      const answer = await chunks(docs, "1", { query });
      expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_request"]);
    },
  );
});
