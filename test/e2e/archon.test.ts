import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import type { RunningSite } from "#infra/local/confluence-site/start.ts";
import { ACTIVE_STATUSES, makeArchonClient } from "#test/support/archon-client.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import {
  createTestSource,
  pageByTitle,
  startServiceWithSite,
  startTestSite,
  type ServiceWithSite,
} from "#test/support/service-with-site.ts";
import { eventually } from "#test/support/eventually.ts";

/** With the home page: enough for a deletion check to be held. */
const PAGES = 13;

/** Archon's calls as its clients make them, on two sites whose pages have the same ids. */
describe("Archon's own clients", () => {
  let at: ServiceWithSite;
  let other: RunningSite;
  let sources: { id: string; site: RunningSite }[];
  let archon: ReturnType<typeof makeArchonClient>;
  /** Syncs are as slow as models are while this is above 0. */
  let delayMs = 0;
  beforeAll(async () => {
    const embedder = fakeEmbedder();
    at = await startServiceWithSite({
      pages: PAGES - 1,
      runner: {
        services: {
          embedder: {
            ...embedder,
            embed: async (texts, options) => {
              await new Promise((resolve) => setTimeout(resolve, delayMs));
              return embedder.embed(texts, options);
            },
          },
        },
      },
    });
    other = await startTestSite(PAGES - 1);
    archon = makeArchonClient(at.runner.url);
    const second = await createTestSource(at.service, other.url, "on_demand");
    sources = [
      { id: at.sourceId, site: at.confluence },
      { id: second, site: other },
    ];
    for (const { id } of sources) {
      const { progressId } = await archon.ui(`/api/knowledge-items/${id}/refresh`, { method: "POST" });
      const ending = await archon.follow(progressId);
      if ("error" in ending || ending.status !== "completed") throw new Error(JSON.stringify(ending));
    }
  });
  afterAll(async () => {
    await at.close();
    await other.close();
  });

  describe("tools", () => {
    it("Archon's rag_get_available_sources lists the sources", async () => {
      const { body } = await archon.tool("/api/rag/sources");
      expect(body.sources.map((source: { source_id: string }) => source.source_id)).toEqual(
        sources.map(({ id }) => id),
      );
      expect(body.sources[0]).toMatchObject({
        title: expect.any(String),
        summary: expect.any(String),
        metadata: { tags: [], knowledge_type: "technical" },
        total_words: expect.any(Number),
      });
    });

    it("Archon's rag_list_pages_for_source and rag_read_full_page read every page of both sites, by id and by url", async () => {
      for (const { id, site } of sources) {
        const { body } = await archon.tool("/api/pages", { params: { source_id: id } });
        expect([body.total, body.source_id, body.pages.length]).toEqual([PAGES, id, PAGES]);
        for (const listed of body.pages) {
          const byId = await archon.tool(`/api/pages/${listed.id}`);
          const byUrl = await archon.tool("/api/pages/by-url", { params: { url: listed.url } });
          expect(byId.error).toBeNull();
          expect(byUrl.body).toEqual(byId.body);
          expect(byId.body).toMatchObject({
            source_id: id,
            section_title: listed.section_title,
            word_count: listed.word_count,
            full_content: expect.any(String),
          });
          expect(byId.body.url.startsWith(site.url)).toBe(true);
        }
      }
      const section = { source_id: at.sourceId, section: "Topic 3" };
      expect((await archon.tool("/api/pages", { params: section })).body.total).toBe(1);
    });

    it.each(["pages", "chunks"])(
      "Archon's rag_search_knowledge_base finds results in %s, and the page of each result",
      async (mode) => {
        for (const { id } of sources) {
          const request = { query: "marker7", match_count: 5, return_mode: mode, source: id };
          const { body } = await archon.tool("/api/rag/query", { json: request });
          expect(body.return_mode).toBe(mode);
          expect(body.results).toHaveLength(5);
          for (const result of body.results) {
            const pageId = mode === "pages" ? result.page_id : result.metadata.page_id;
            const { body: page } = await archon.tool(`/api/pages/${pageId}`);
            expect([page.source_id, page.section_title]).toEqual([id, result.title]);
          }
          expect(body.results[0]).toMatchObject(
            mode === "pages"
              ? {
                  url: expect.any(String),
                  section_title: expect.any(String),
                  word_count: expect.any(Number),
                  chunk_matches: expect.any(Number),
                  aggregate_similarity: expect.any(Number),
                  average_similarity: expect.any(Number),
                  source_id: id,
                }
              : {
                  id: expect.any(String),
                  content: expect.any(String),
                  similarity_score: expect.any(Number),
                  metadata: { source_id: id, title: expect.any(String), url: expect.any(String) },
                },
          );
        }
      },
    );

    it("errors for Archon's tools say what to do", async () => {
      const search = (json: object) => archon.tool("/api/rag/query", { json });
      expect((await search({ query: "x", source: "nothing" })).error).toContain("GET /api/rag/sources");
      expect((await search({ query: " " })).error).toMatch(/^HTTP 422: .*must not be empty/);
      expect((await archon.tool("/api/rag/code-examples", { json: { query: "x" } })).error).toContain(
        "Not provided",
      );
    });

    it("health checks of Archon's MCP server and UI succeed", async () => {
      const { body } = await archon.tool("/api/health");
      expect(["healthy", "online", "initializing"]).toContain(body.status);
    });
  });

  describe("the UI", () => {
    const chunksOf = (id: string, query: string) => archon.ui(`/api/knowledge-items/${id}/chunks?${query}`);
    const post = (path: string) => archon.ui(path, { method: "POST" });
    const active = async () => (await archon.ui("/api/progress/")).operations;

    it("Archon's UI shows cards that can be refreshed and opened", async () => {
      const query = "page=1&per_page=1000&knowledge_type=technical&search=team&tags=a&tags=b";
      const body = await archon.ui(`/api/knowledge-items/summary?${query}`);
      expect(body).toMatchObject({ total: 2, page: 1, per_page: 100, pages: 1 });
      for (const item of body.items) {
        expect(item.source_type).toBe("url");
        expect(new URL(item.url).hostname).toBe("127.0.0.1");
        expect(item).toMatchObject({
          title: "Team",
          status: "active",
          document_count: PAGES,
          code_examples_count: 0,
          knowledge_type: "technical",
          created_at: expect.any(String),
          updated_at: expect.any(String),
          metadata: { knowledge_type: "technical", tags: [], original_url: item.url },
        });
      }
      const named = await archon.ui("/api/knowledge-items/sources");
      expect(named.map((source: { id: string }) => source.id)).toEqual(sources.map(({ id }) => id));
    });

    it("Archon's UI reads a source's chunks page by page", async () => {
      const seen = new Set<string>();
      for (let offset = 0; ;) {
        const page = await chunksOf(at.sourceId, `limit=10&offset=${offset}`);
        for (const chunk of page.chunks) {
          expect(chunk).toMatchObject({
            content: expect.any(String),
            title: expect.any(String),
            section: expect.any(String),
            url: expect.any(String),
            metadata: expect.any(Object),
          });
          seen.add(chunk.id);
        }
        offset += page.chunks.length;
        if (!page.has_more) {
          expect([offset, seen.size]).toEqual([page.total, page.total]);
          break;
        }
      }
      expect(await chunksOf(at.sourceId, "limit=0&offset=-5")).toMatchObject({ limit: 1, offset: 0 });
    });

    it("Archon's UI searches with its own options", async () => {
      const body = { query: "marker7", knowledge_type: "technical", sources: [at.sourceId], limit: 3 };
      const found = await archon.ui("/api/knowledge-items/search", { method: "POST", body });
      expect(found).toMatchObject({ query: "marker7", total: expect.any(Number) });
      expect(found.results).toHaveLength(3);
      expect(found.results[0]).toMatchObject({ source_id: at.sourceId, title: "Topic 7" });
    });

    it("Archon's UI changes a source's title and tags", async () => {
      const body = { title: "Renamed", tags: ["a"], knowledge_type: "business", metadata: { tags: ["a"] } };
      await archon.ui(`/api/knowledge-items/${at.sourceId}`, { method: "PUT", body });
      const { items } = await archon.ui("/api/knowledge-items/summary?knowledge_type=business");
      expect(items).toEqual([expect.objectContaining({ title: "Renamed", source_id: at.sourceId })]);
    });

    it("Archon's UI follows a refresh to its end, and then lists no running operation", async () => {
      expect(await archon.ui("/api/progress/")).toMatchObject({ operations: [], count: 0 });
      delayMs = 300;
      at.confluence.site.settings.token = "demo-token";
      await at.runner.services.sql`update confluence_pages set representation_revision = 0`;
      const { operation_id } = await archon.ui(`/api/confluence/${at.sourceId}/sync`, {
        method: "POST",
        body: { mode: "full" },
      });
      const [running] = await eventually(async () => {
        const operations = await active();
        expect(operations).toHaveLength(1);
        return operations;
      });
      expect(running).toMatchObject({
        operation_id,
        operation_type: "confluence_sync",
        source_id: at.sourceId,
        progress: expect.any(Number),
        message: expect.any(String),
      });
      expect(ACTIVE_STATUSES).toContain(running.status);
      delayMs = 0;
      expect(await archon.follow(operation_id)).toMatchObject({ status: "completed" });
      expect(await active()).toEqual([]);
      expect(await archon.ui(`/api/crawl-progress/${operation_id}`)).toMatchObject({ status: "completed" });
    });

    it("Archon's UI stops a refresh, sees it cancelled, and ignores that there is nothing more to stop", async () => {
      delayMs = 2000;
      const { progressId } = await post(`/api/knowledge-items/${at.sourceId}/refresh`);
      const again = post(`/api/knowledge-items/${at.sourceId}/refresh`);
      await expect(again).rejects.toMatchObject({
        status: 409,
        message: expect.stringMatching(/runs|running/),
      });
      const stopped = await post(`/api/knowledge-items/stop/${progressId}`);
      expect(stopped).toMatchObject({ success: true, message: expect.any(String) });
      delayMs = 0;
      expect(await archon.follow(progressId)).toEqual({ status: "cancelled", requests: 1 });
      await expect(post(`/api/knowledge-items/stop/${progressId}`)).rejects.toMatchObject({ status: 404 });
    });

    it("Archon's UI shows why a sync failed", async () => {
      at.confluence.site.settings.token = "another-token";
      const { progressId } = await post(`/api/knowledge-items/${at.sourceId}/refresh`);
      const ending = await archon.follow(progressId);
      at.confluence.site.settings.token = "demo-token";
      expect(ending).toMatchObject({ error: expect.stringContaining("credentials") });
      expect(await active()).toEqual([]);
    });

    it("Archon's UI shows why a deletion check is on hold", async () => {
      for (let number = 1; number < PAGES; number += 1) {
        trashPage(other.site, pageByTitle(other.site, `Topic ${number}`).id);
      }
      const { operation_id } = await post(`/api/confluence/${sources[1]?.id}/deletion-check`);
      expect(await archon.follow(operation_id)).toMatchObject({
        error: expect.stringContaining("No page was deleted or hidden"),
      });
      expect(await active()).toEqual([]);
    });

    it("Archon's UI shows an error text for features that this service lacks", async () => {
      const form = new FormData();
      form.append("file", new Blob(["text"]), "notes.txt");
      const item = `/api/knowledge-items/${at.sourceId}`;
      for (const [path, init] of [
        ["/api/knowledge-items/crawl", { method: "POST", body: { url: "https://example.com" } }],
        ["/api/documents/upload", { method: "POST", body: form }],
        [`${item}/code-examples?limit=20&offset=0`, {}],
        [item, {}],
        ["/api/settings/credentials", {}],
      ] as const) {
        const error = await archon.ui(path, init).catch((reason: unknown) => reason);
        expect([path, error]).toEqual([
          path,
          expect.objectContaining({ message: expect.not.stringContaining("[object Object]") }),
        ]);
      }
      // What uploads in one of its versions reads `error` itself.
      const upload = await fetch(`${at.runner.url}/api/documents/upload`, { method: "POST", body: form });
      expect(await upload.json()).toMatchObject({ error: expect.stringContaining("Not provided") });
    });

    it("Archon's UI deletes a source", async () => {
      const gone = await archon.ui(`/api/knowledge-items/${at.sourceId}`, { method: "DELETE" });
      expect(gone).toMatchObject({ success: true, message: expect.any(String) });
      expect((await archon.ui("/api/knowledge-items/summary")).total).toBe(1);
    });
  });
});
