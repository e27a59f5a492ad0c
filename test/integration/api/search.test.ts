import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { observeSql } from "#infra/local/runner/observe-sql.ts";
import { embeddingInput } from "#shared/chunking/embedding-input.ts";
import { changeModel } from "#shared/documents/change-model.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { RateLimitedError, TransientError } from "#shared/errors.ts";
import { makeApiClient } from "#test/support/api-client.ts";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { NOW, store } from "#test/support/stored-pages.ts";

const PATH = "/api/rag/query";

describe("search", () => {
  let fixture: ApiFixture;
  let sourceId: string;
  beforeAll(async () => {
    fixture = await makeApiFixture();
  });
  beforeEach(async () => {
    await fixture.reset();
    sourceId = await fixture.addSource();
    const { sql } = fixture.database;
    await store(sql, fixture.embedder, {
      sourceId,
      pageId: "1",
      title: "Home",
      chunks: ["Welcome to the handbook"],
    });
    await store(sql, fixture.embedder, {
      sourceId,
      pageId: "2",
      parentId: "1",
      title: "Signing keys",
      labels: ["security"],
      chunks: [
        { content: "Rotate the signing key every ninety days", headingPath: ["Rotation"] },
        { content: "The signing key is kept in the vault", headingPath: ["Storage"] },
      ],
    });
  });
  afterAll(() => fixture.close());

  const query = (body: unknown) => fixture.api("POST", PATH, { body });

  it("search returns chunks with page, ancestors, heading, score and match type", async () => {
    const { status, body } = await query({ query: "rotate signing key", match_count: 1 });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      success: true,
      query: "rotate signing key",
      source: null,
      match_count: 1,
      search_mode: "hybrid",
      return_mode: "chunks",
      reranking_applied: false,
    });
    expect(body.total_found).toBeGreaterThanOrEqual(1);
    expect(body.results).toHaveLength(1);
    expect(body.results[0]).toMatchObject({
      source_id: sourceId,
      page_id: "2",
      title: "Signing keys",
      url: "https://site.example/wiki/spaces/DOCS/pages/2",
      ancestors: [{ page_id: "1", title: "Home" }],
      heading_path: ["Rotation"],
      content: "Rotate the signing key every ninety days",
      match_type: "hybrid",
      labels: ["security"],
      metadata: { source_id: sourceId, page_id: "2", section: "Rotation" },
    });
    expect(body.results[0].similarity_score).toBe(body.results[0].score);
    expect(body.results[0].snippet).toContain("<mark>");
  });

  it("search returns pages, each once, with the chunks that matched", async () => {
    const { body } = await query({ query: "signing key", return_mode: "pages" });
    const found = body.results.filter((page: { page_id: string }) => page.page_id === "2");
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ title: "Signing keys", chunk_matches: 2 });
    expect(found[0].chunks.map((chunk: { content: string }) => chunk.content).sort()).toEqual([
      "Rotate the signing key every ninety days",
      "The signing key is kept in the vault",
    ]);
    expect(found[0].word_count).toBe(15);
  });

  describe.each(["/api/knowledge-items/search", "/api/knowledge/search"])(
    "as Archon's UI asks %s",
    (path) => {
      const search = (body: object) => fixture.api("POST", path, { body });

      it("Archon's search returns what /api/rag/query does, and the number of results", async () => {
        const body = { query: "signing key", match_count: 2 };
        const answer = await search(body);
        const { total, ...rest } = answer.body;
        expect(rest).toEqual((await query(body)).body);
        expect(total).toBe(answer.body.total_found);
      });

      it("Archon's search accepts its own options, and ignores unknown ones", async () => {
        const found = async (options: object) => {
          const { status, body } = await search({ query: "signing key handbook", ...options });
          expect(status).toBe(200);
          return body.results.length;
        };
        expect(await found({ limit: 2, unknown: true })).toBe(2);
        expect(await found({ limit: 0 })).toBe(1);
        expect(await found({ match_count: 1000 })).toBe(3);
        expect(await found({ sources: [sourceId, "another"] })).toBe(3);
        expect(await found({ sources: [] })).toBe(3);
        expect(await found({ sources: ["another"] })).toBe(0);
        expect(await found({ source: "another" })).toBe(0);
        expect(await found({ knowledge_type: "technical" })).toBe(3);
        expect(await found({ knowledge_type: "business" })).toBe(0);
        expect(await found({ knowledge_type: "business", sources: [sourceId] })).toBe(0);
      });
    },
  );

  it("search filters by source, space, label and time", async () => {
    const pages = async (filter: object) =>
      (await query({ query: "signing key handbook", ...filter })).body.results.map(
        (hit: { page_id: string }) => hit.page_id,
      );
    expect(new Set(await pages({ source: sourceId }))).toEqual(new Set(["1", "2"]));
    expect(new Set(await pages({ space_key: "DEMO" }))).toEqual(new Set(["1", "2"]));
    // Confluence does not tell keys by case, nor does creating a source.
    expect(new Set(await pages({ space_key: "demo" }))).toEqual(new Set(["1", "2"]));
    expect(new Set(await pages({ labels: ["security", "other"] }))).toEqual(new Set(["2"]));
    expect(await pages({ labels: ["other"] })).toEqual([]);
    expect(await pages({ updated_since: "2030-01-01T00:00:00Z" })).toEqual([]);
  });

  it.each([
    "signing -key OR (vault",
    '"signing key" "',
    "signing AND key NOT :* <-> & | ! ( ) \\ ' $$",
    "😀 signing key 😀",
    "signing\u200bkey signing key \ud800",
    "signing_key signing key \ud83d",
    "SIGNING KEY??? " + "and so on ".repeat(390),
    "%_signing key%'; --",
  ])("search finds results for an unusual query without failing: %j", async (question) => {
    for (const matchCount of [1, 50]) {
      const { status, body } = await query({
        query: question,
        match_count: matchCount,
        return_mode: "pages",
      });
      expect(status).toBe(200);
      expect(body.results[0].page_id).toBe("2");
    }
  });

  it.each(["the of and", "?!...", "😀", "-", "\u200b", "名前", '"', "a".repeat(4000)])(
    "search returns the nearest chunks when a query has no words that could match: %j",
    async (question) => {
      const { status, body } = await query({ query: question });
      expect([status, body.results.length > 0]).toEqual([200, true]);
    },
  );

  it("search returns an empty list only when nothing matches", async () => {
    await fixture.database.sql`delete from confluence_pages`;
    const { status, body } = await query({ query: "anything" });
    expect([status, body.success, body.results, body.total_found]).toEqual([200, true, [], 0]);
  });

  it.each([
    [{ query: "  " }, 422, "empty_query"],
    [{ query: "x", source: "nothing" }, 404, "source_not_found"],
    [{ query: "x", space_key: "NOWHERE" }, 404, "source_not_found"],
    [{}, 400, "invalid_request"],
    [{ query: "x", match_count: 0 }, 400, "invalid_request"],
    [{ query: "x", match_count: 1e9 }, 400, "invalid_request"],
    [{ query: "x", return_mode: "books" }, 400, "invalid_request"],
    [{ query: "x", limit: 3 }, 400, "invalid_request"],
    [{ query: "x", updated_since: "yesterday" }, 400, "invalid_request"],
    [{ query: "x", updated_since: "0000-01-01T00:00:00Z" }, 400, "invalid_request"],
    [{ query: "x", labels: ["\u0000"] }, 400, "invalid_request"],
    [{ query: "x".repeat(4001) }, 400, "invalid_request"],
  ])("search of %j returns %i %s, in both error formats", async (body, status, code) => {
    const answer = await query(body);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(answer.body.detail).toEqual({ error: answer.body.error.message });
  });

  it("search returns 503 with Retry-After when the embedding model cannot be reached", async () => {
    for (const [error, retryAfter] of [
      [new RateLimitedError("slow down", 5500), "6"],
      [new TransientError("timeout", "no answer from https://internal.example"), "2"],
    ] as const) {
      const before = fixture.logLines().length;
      const failing = { ...fixture.embedder, embed: () => Promise.reject(error) };
      const api = await makeApiClient({ ...fixture.services, embedder: failing });
      const answer = await api("POST", PATH, { body: { query: "signing key" } });
      expect([answer.status, answer.body.error.code]).toEqual([503, "embedding_unavailable"]);
      expect(answer.headers["retry-after"]).toBe(retryAfter);
      expect(answer.text).not.toContain("internal.example");
      const failed = fixture
        .logLines()
        .slice(before)
        .filter(({ event }) => event === "search.failed");
      expect(failed).toMatchObject([{ level: "ERROR", code: "embedding_unavailable" }]);
    }
  });

  it.each([
    // The first asks what the reader may see.
    ["chunks", { query: "signing key" }, 200, 2],
    ["pages", { query: "signing key", return_mode: "pages", labels: ["security"] }, 200, 2],
    // The third looks whether the words are misspelled.
    ["nothing found", { query: "signing key", labels: ["other"] }, 200, 3],
    // Of one source: the second asks what the reader may see of the others, whose ids may be the same.
    ["no such source", { query: "signing key", source: "nothing" }, 404, 3],
  ])(
    "a search (%s) of %j, status %i, sends %i statements, and embeds a query once",
    async (_, body, status, sent) => {
      const statements: string[] = [];
      let embedded = 0;
      const embedder = {
        ...fixture.embedder,
        embed: (texts: readonly string[]) => {
          embedded += texts.length;
          return fixture.embedder.embed(texts);
        },
      };
      const sql = observeSql(fixture.database.sql, { onStatement: ({ text }) => void statements.push(text) });
      const api = await makeApiClient({ ...fixture.services, embedder, sql });
      expect((await api("POST", PATH, { body })).status).toBe(status);
      expect([statements.length, embedded]).toEqual([sent, 1]);
      expect((await api("POST", PATH, { body })).status).toBe(status);
      expect([statements.length, embedded]).toEqual([2 * sent, 1]);
    },
  );

  it("search continues with the model that sources still use while the new one cannot be reached", async () => {
    const failing = {
      ...fakeEmbedder({ model: "next" }),
      embed: () => Promise.reject(new TransientError("timeout", "no answer")),
      previous: fixture.embedder,
    };
    const api = await makeApiClient({ ...fixture.services, embedder: failing });
    const answer = await api("POST", PATH, { body: { query: "signing key", match_count: 1 } });
    expect([answer.status, answer.body.search_mode]).toEqual([200, "hybrid"]);
    await registerModel(fixture.database.sql, { model: "next", dimensions: 64, now: NOW });
    await fixture.database.sql`update archon_sources set embedding_model = 'next'`;
    expect((await api("POST", PATH, { body: { query: "signing key" } })).status).toBe(503);
  });

  it("search continues by words, and says so, while an index of a model that is gone is embedded again", async () => {
    const next = fakeEmbedder({ model: "next" });
    const services = { ...fixture.services, embedder: next };
    const api = await makeApiClient(services);
    const ask = async () =>
      (await api("POST", PATH, { body: { query: "signing key", match_count: 1 } })).body;
    const changing = await ask();
    expect(changing).toMatchObject({
      search_mode: "keyword",
      warnings: [{ code: "embedding_model_changing", message: expect.stringMatching(/^1 of 1 .* next$/) }],
    });
    expect(changing.results).toHaveLength(1);
    await changeModel(fixture.database.sql, next, {
      sourceId,
      input: embeddingInput,
      inTime: () => true,
      now: NOW,
    });
    const changed = await ask();
    expect(changed).toMatchObject({ search_mode: "hybrid", warnings: [] });
    expect(changed.results).toHaveLength(1);
  });
});
