import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addSpace } from "#infra/local/confluence-site/edits.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { store } from "#test/support/stored-pages.ts";

const UPLOAD = { rawBody: "--x", headers: { "content-type": "multipart/form-data" } };

describe.each(["/api/knowledge-items", "/api/knowledge"])("knowledge endpoints under %s", (prefix) => {
  let fixture: ApiFixture;
  let docs: string;
  let team: string;
  beforeAll(async () => {
    fixture = await makeApiFixture();
    addSpace(fixture.site, { key: "TEAM", name: "Team" });
    docs = await fixture.addSource();
    fixture.clock.advance(1000);
    team = await fixture.addSource({ space_key: "TEAM" });
    const { sql } = fixture.database;
    for (const pageId of ["1", "2"]) {
      await store(sql, fixture.embedder, {
        sourceId: docs,
        pageId,
        title: `Page ${pageId}`,
        chunks: [{ content: "one two\nthree", headingPath: ["Top", "Below"] }, "four"],
      });
    }
    await store(sql, fixture.embedder, {
      sourceId: docs,
      pageId: "9",
      title: "Long",
      chunks: ["x".repeat(20_001)],
    });
    await store(sql, fixture.embedder, { sourceId: team, pageId: "1", title: "Same id", chunks: ["five"] });
    await sql`update confluence_pages set url = url || '/team' where source_id = ${team}`;
    await sql`update archon_sources set base_url = 'https://other.example' where source_id = ${team}`;
    await sql`insert into confluence_pages (source_id, page_id, title, version, missing_since) values (${docs}, '3', 'Hidden', 1, now())`;
  });
  afterAll(() => fixture.close());

  const get = (path: string, query?: Record<string, string>) =>
    fixture.api("GET", path, query ? { query } : {});

  it("chunks name the address that their page has now, also as a filter", async () => {
    const url = "https://site.example/wiki/spaces/DOCS/pages/1/team";
    const chunks = async (query?: Record<string, string>) =>
      (await get(`${prefix}/${team}/chunks`, query)).body.chunks.map((chunk: { url: string }) => chunk.url);
    expect(await chunks()).toEqual([url]);
    expect(await chunks({ domain_filter: "/team" })).toEqual([url]);
  });

  it("knowledge items are the sources, with page numbers", async () => {
    const { body } = await get(prefix, { page: "1", per_page: "1" });
    expect(body).toMatchObject({ total: 2, page: 1, per_page: 1, pages: 2 });
    expect(body.items).toEqual([
      expect.objectContaining({
        id: docs,
        source_id: docs,
        title: "Demo",
        // Where the site says that people read it, which is not where its API is asked.
        url: "https://demo.atlassian.net/wiki/spaces/DEMO",
        source_type: "url",
        code_examples: [],
        metadata: expect.objectContaining({
          source_type: "confluence",
          knowledge_type: "technical",
          chunks_count: 5,
          page_count: 3,
        }),
      }),
    ]);
    const second = await get(prefix, { page: "2", per_page: "1" });
    expect(second.body.items.map((item: { id: string }) => item.id)).toEqual([team]);
    expect((await get(prefix, { page: "3", per_page: "1" })).body.items).toEqual([]);
  });

  it("knowledge summaries list sources, last changed first, with per_page at most 100", async () => {
    const { body } = await get(`${prefix}/summary`, { per_page: "5000", ignored: "yes" });
    expect(body).toMatchObject({ total: 2, per_page: 100, pages: 1 });
    expect(body.items[0]).toMatchObject({
      source_id: team,
      status: "active",
      document_count: 1,
      code_examples_count: 0,
      source_type: "url",
    });
  });

  it("knowledge lists move numbers outside their range into it", async () => {
    expect((await get(prefix, { page: "0", per_page: "-3" })).body).toMatchObject({ page: 1, per_page: 1 });
    const chunks = `${prefix}/${docs}/chunks`;
    expect((await get(chunks, { limit: "0", offset: "-5" })).body).toMatchObject({ limit: 1, offset: 0 });
    expect((await get(chunks, { limit: "1000" })).body).toMatchObject({ limit: 100 });
    expect((await get(chunks, { limit: "many" })).status).toBe(400);
  });

  it("knowledge sources have their names", async () => {
    const { body } = await get(`${prefix}/sources`);
    expect(body.map((source: { id: string }) => source.id)).toEqual([docs, team]);
    expect(body[0]).toMatchObject({
      name: "Demo",
      domain: "acme.atlassian.net",
      source_type: "url",
      knowledge_type: "technical",
      status: "active",
      document_count: 3,
    });
  });

  it("knowledge items can be filtered by type and by text", async () => {
    const ids = async (query: Record<string, string>) =>
      (await get(prefix, query)).body.items.map((item: { id: string }) => item.id);
    expect(await ids({ search: "tea" })).toEqual([team]);
    expect(await ids({ search: "%" })).toEqual([]);
    expect(await ids({ knowledge_type: "technical" })).toEqual([docs, team]);
    expect(await ids({ knowledge_type: "business" })).toEqual([]);
  });

  it("a source's chunks are listed in order, by offset", async () => {
    const { body } = await get(`${prefix}/${docs}/chunks`, { limit: "2", offset: "1" });
    expect(body).toMatchObject({ success: true, total: 5, limit: 2, offset: 1, has_more: true });
    expect(body.chunks.map((chunk: { content: string }) => chunk.content)).toEqual([
      "four",
      "one two\nthree",
    ]);
    expect(body.chunks[1]).toMatchObject({
      section: "Top › Below",
      title: "Page 2",
      source_id: docs,
      source_type: "url",
    });
    expect((await get(`${prefix}/${docs}/chunks`, { domain_filter: "nowhere" })).body.total).toBe(0);
    expect((await get(`${prefix}/${docs}/chunks`, { offset: "4" })).body.has_more).toBe(false);
  });

  it("a PUT changes a source's description and keeps what syncs wrote", async () => {
    await fixture.database
      .sql`update archon_sources set metadata = metadata || '{"last_sync_timestamp":"2026-03-01T00:00:00.000Z"}' where source_id = ${docs}`;
    const answer = await fixture.api("PUT", `${prefix}/${docs}`, {
      body: {
        title: "Handbook",
        description: "All we know",
        tags: ["a"],
        knowledge_type: "business",
        update_frequency: 3,
        deletion_strategy: "on_demand",
        unknown: 1,
      },
    });
    expect(answer.body).toMatchObject({ success: true, source_id: docs });
    const [item] = (await get(prefix, { search: "Handbook" })).body.items;
    expect(item).toMatchObject({
      title: "Handbook",
      metadata: {
        description: "All we know",
        tags: ["a"],
        knowledge_type: "business",
        update_frequency: 3,
        deletion_strategy: "weekly_reconciliation",
        last_sync_timestamp: "2026-03-01T00:00:00.000Z",
      },
    });
  });

  it("a refresh starts a sync, and stop cancels it", async () => {
    const started = await fixture.api("POST", `${prefix}/${docs}/refresh`);
    expect([started.status, started.body.success]).toEqual([200, true]);
    const again = await fixture.api("POST", `${prefix}/${docs}/refresh`);
    expect([again.status, again.body.error.code]).toEqual([409, "operation_running"]);
    const stopped = await fixture.api("POST", `${prefix}/stop/${started.body.progressId}`);
    expect(stopped.body).toMatchObject({ success: true, progressId: started.body.progressId });
    const twice = await fixture.api("POST", `${prefix}/stop/${started.body.progressId}`);
    expect([twice.status, twice.body.error.code]).toEqual([404, "operation_not_found"]);
    expect(twice.body.detail.error).toContain("not found");
    const unknown = await fixture.api("POST", `${prefix}/stop/${crypto.randomUUID()}`);
    expect([unknown.status, unknown.body.error.code]).toEqual([404, "operation_not_found"]);
  });

  it.each([
    ["GET", "/chunks"],
    ["PUT", ""],
    ["DELETE", ""],
    ["POST", "/refresh"],
  ])(
    "the knowledge API returns 404 for %s …%s of an unknown source, in both error formats",
    async (method, rest) => {
      const answer = await fixture.api(method, `${prefix}/nothing${rest}`, { body: {} });
      expect([answer.status, answer.body.error.code]).toEqual([404, "source_not_found"]);
      expect(answer.body.detail.error).toBe(answer.body.error.message);
    },
  );

  it.each([
    ["POST", `${prefix}/crawl`],
    ["GET", `${prefix}/some/code-examples`],
    ["POST", "/api/rag/code-examples"],
    ["POST", "/api/code-examples"],
  ])("the knowledge API reports %s %s as not provided", async (method, path) => {
    const answer = await fixture.api(method, path, method === "POST" ? UPLOAD : {});
    expect([answer.status, answer.body.error.code]).toEqual([501, "not_provided"]);
    expect(answer.body.detail.error).toContain("Not provided");
  });

  it("an upload is reported as not provided, in the fields that clients show", async () => {
    const answer = await fixture.api("POST", "/api/documents/upload", UPLOAD);
    expect([answer.status, answer.body.error_details.code]).toEqual([501, "not_provided"]);
    expect(answer.body.error).toContain("Not provided");
    expect(answer.body.detail.error).toBe(answer.body.error);
  });

  it("the database metrics count what is stored", async () => {
    expect((await get("/api/database/metrics")).body).toEqual({
      sources_count: 2,
      pages_count: 4,
      chunks_count: 6,
      code_examples_count: 0,
      average_pages_per_source: 2,
    });
  });

  describe("rag sources and pages", () => {
    it("rag sources lists sources that can be searched, with their word counts", async () => {
      const { body } = await get("/api/rag/sources");
      expect(body).toMatchObject({ success: true, count: 2 });
      const words = body.sources.map((source: { total_words: number }) => source.total_words);
      expect(words).toEqual([9, 1]);
    });

    it("rag pages lists the pages that search finds", async () => {
      const { body } = await get("/api/pages", { source_id: docs });
      expect(body.total).toBe(3);
      expect(body.pages.map((page: { section_title: string }) => page.section_title)).toEqual([
        "Long",
        "Page 1",
        "Page 2",
      ]);
      expect(body.pages[1]).toMatchObject({ id: `${docs}~1`, word_count: 4, char_count: 17, chunk_count: 2 });
      expect((await get("/api/pages", { source_id: docs, section: "Page 2" })).body.total).toBe(1);
    });

    it("the comments on a page, which have its address, are not read in its place", async () => {
      const url = "https://site.example/wiki/spaces/DOCS/pages/9";
      await store(fixture.database.sql, fixture.embedder, {
        sourceId: docs,
        pageId: "comments-9",
        kind: "comments",
        version: 7,
        url,
        chunks: ["said of it"],
      });
      expect((await get("/api/pages/by-url", { url })).body).toMatchObject({ page_id: "9", url });
      expect((await get("/api/pages/comments-9")).body.full_content).toBe("said of it");
      await fixture.database.sql`delete from confluence_pages where page_id = 'comments-9'`;
    });

    it("a rag page is read by url and by id, with a notice for a long one", async () => {
      const url = "https://site.example/wiki/spaces/DOCS/pages/2";
      const byUrl = await get("/api/pages/by-url", { url });
      expect(byUrl.body).toMatchObject({
        page_id: "2",
        source_id: docs,
        url,
        full_content: "one two\nthree\n\nfour",
      });
      expect((await get("/api/pages/2")).text).toBe(byUrl.text);
      expect((await get("/api/pages/9")).body.full_content).toMatch(/20001 characters/);
    });

    it("a page id that exists on two sites is rejected as ambiguous, naming both", async () => {
      const answer = await get("/api/pages/1");
      expect([answer.status, answer.body.error.code]).toEqual([409, "page_ambiguous"]);
      expect(answer.body.detail).toContain(`${docs}~1`);
      expect(answer.body.detail).toContain(`${team}~1`);
      expect((await get("/api/pages/1", { source_id: team })).body.section_title).toBe("Same id");
    });

    it("page ids that exist on two sites are returned with their source, in lists and in search results", async () => {
      const listed = (await get("/api/pages", { source_id: docs })).body.pages;
      expect(listed.map((page: { id: string }) => page.id)).toEqual(["9", `${docs}~1`, "2"]);
      for (const [query, id, title] of [
        ["one two three", `${docs}~1`, "Page 1"],
        ["five", `${team}~1`, "Same id"],
      ] as const) {
        for (const return_mode of ["pages", "chunks"]) {
          const { body } = await fixture.api("POST", "/api/rag/query", { body: { query, return_mode } });
          const hit = body.results.find((result: { title: string }) => result.title === title);
          expect([hit.page_id, hit.metadata?.page_id ?? id]).toEqual([id, id]);
        }
        const page = await get(`/api/pages/${id}`);
        expect(page.body).toMatchObject({ id, page_id: id, section_title: title });
      }
      expect((await get(`/api/pages/${team}~2`)).status).toBe(404);
    });

    it("a page that moved between two spaces of a site is read in its newer version", async () => {
      const { sql } = fixture.database;
      await store(sql, fixture.embedder, { sourceId: docs, pageId: "77", version: 1, chunks: ["old"] });
      await store(sql, fixture.embedder, { sourceId: team, pageId: "77", version: 2, chunks: ["new"] });
      const site = async (source: string, address: string) =>
        sql`update archon_sources set base_url = ${address} where source_id = ${source}`;
      await site(team, "https://acme.atlassian.net");
      const page = await get("/api/pages/77");
      await site(team, "https://other.example");
      await sql`delete from confluence_pages where page_id = '77'`;
      expect(page.body).toMatchObject({ id: "77", source_id: team, full_content: "new" });
    });

    it.each([
      ["/api/pages", {}, 400, "invalid_request"],
      ["/api/pages", { source_id: "nothing" }, 404, "source_not_found"],
      ["/api/pages/by-url", {}, 400, "invalid_request"],
      ["/api/pages/by-url", { url: "https://nowhere.example" }, 404, "page_not_found"],
      ["/api/pages/3", {}, 404, "page_not_found"],
      ["/api/pages/404", {}, 404, "page_not_found"],
    ] as const)("GET %s %j returns %i %s", async (path, query, status, code) => {
      const answer = await get(path, query);
      expect([answer.status, answer.body.error.code]).toEqual([status, code]);
      expect(answer.body.detail).toBe(answer.body.error.message);
    });
  });

  it("a DELETE with a body deletes a source", async () => {
    const answer = await fixture.api("DELETE", `${prefix}/${team}`);
    expect([answer.status, answer.body.success, answer.body.source_id]).toEqual([200, true, team]);
    expect((await get(prefix)).body.total).toBe(1);
    expect((await fixture.api("DELETE", `/api/sources/${docs}`)).body.success).toBe(true);
  });
});
