import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routes } from "#infra/routes.ts";
import { eventually } from "#test/support/eventually.ts";
import {
  expectEnded,
  SPACE,
  startServiceWithSite,
  startTestSite,
  type ServiceWithSite,
} from "#test/support/service-with-site.ts";

describe("story 3.4: REST API", () => {
  let at: ServiceWithSite;
  beforeAll(async () => {
    at = await startServiceWithSite({ pages: 4 });
    await at.sync();
  });
  afterAll(() => at.close());
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(at.runner.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      json: text === "" ? null : (JSON.parse(text) as Record<string, never>),
    };
  };

  it("3.4 AC1: the routes of the specification exist", () => {
    const paths = routes.map((route) => `${route.method} ${route.path}`);
    expect(paths).toEqual(
      expect.arrayContaining([
        "POST /api/confluence/sources",
        "GET /api/confluence/sources",
        "POST /api/confluence/{source_id}/sync",
        "GET /api/confluence/{source_id}/status",
        "DELETE /api/confluence/{source_id}",
        "GET /api/confluence/{source_id}/pages",
      ]),
    );
  });

  it("3.4 AC2: POST sources with base_url, api_token and space_key creates a source after checking the site", async () => {
    const site = await startTestSite(1);
    try {
      const request = {
        base_url: site.url,
        email: "a@example.com",
        api_token: "demo-token",
        space_key: SPACE,
      };
      const made = await call("POST", "/api/confluence/sources", request);
      expect(made).toMatchObject({ status: 201, json: { source_id: expect.any(String) } });
      expect(made.text).not.toContain("demo-token");
      expect((await call("POST", "/api/confluence/sources", request)).status).toBe(409);
      expect(
        (await call("POST", "/api/confluence/sources", { ...request, space_key: "NOWHERE" })).status,
      ).toBe(422);
      expect((await call("POST", "/api/confluence/sources", { ...request, api_token: "wrong" })).status).toBe(
        422,
      );
    } finally {
      await site.close();
    }
  });

  it("3.4 AC3: GET sources shows each with its sync status", async () => {
    const { json } = await call("GET", "/api/confluence/sources");
    const mine = ((json?.sources ?? []) as { source_id: string }[]).find(
      (source) => source.source_id === at.sourceId,
    );
    expect(mine).toMatchObject({ status: "active", space_key: SPACE });
    expect(JSON.stringify(mine)).toContain("last_sync");
  });

  it("3.4 AC4: POST sync returns an operation_id, or that of the operation already running", async () => {
    const [first, second] = await Promise.all([
      call("POST", `/api/confluence/${at.sourceId}/sync`, {}),
      call("POST", `/api/confluence/${at.sourceId}/sync`, {}),
    ]);
    expect([first.status, second.status].sort()).toEqual([202, 409]);
    await eventually(async () => expectEnded(await at.service.latestOperation(at.sourceId)));
  });

  it("3.4 AC5: GET status returns the progress of the running or last operation", async () => {
    const { json } = await call("GET", `/api/confluence/${at.sourceId}/status`);
    expect(json).toMatchObject({ status: "completed", percent: 100, sync_metrics: { pages_failed: 0 } });
  });

  it("3.4 AC7: GET pages lists pages with their metadata", async () => {
    const { json } = await call("GET", `/api/confluence/${at.sourceId}/pages?limit=2`);
    expect(json?.pages).toHaveLength(2);
    expect(((json?.pages ?? []) as object[])[0]).toMatchObject({
      page_id: expect.any(String),
      title: expect.any(String),
      version: 1,
      chunk_count: expect.any(Number),
      url: expect.stringContaining("http"),
    });
    expect(json?.next_cursor).toEqual(expect.any(String));
  });

  it("3.4 IV1: the /api/knowledge/* endpoints work", async () => {
    for (const prefix of ["/api/knowledge", "/api/knowledge-items"]) {
      const items = await call("GET", prefix === "/api/knowledge" ? "/api/knowledge" : prefix);
      expect(items.status).toBe(200);
      const chunks = await call("GET", `${prefix}/${at.sourceId}/chunks`);
      expect(chunks).toMatchObject({ status: 200, json: { success: true, source_id: at.sourceId } });
    }
    const search = await call("POST", "/api/knowledge-items/search", { query: "marker2" });
    expect(search).toMatchObject({ status: 200, json: { success: true } });
  });

  it("3.4 IV2: the operation is tracked in archon_progress with operation_type confluence_sync", async () => {
    const operation = await at.sync();
    const rows = await at.runner.services.sql`
      select operation_type, status from archon_progress where source_id = ${at.sourceId} order by created_at desc limit 1`;
    expect(rows[0]).toEqual({ operation_type: "confluence_sync", status: operation.status });
  });

  it("3.4 IV3: responses carry an ETag, and a client that sends it gets 304 without a body", async () => {
    for (const path of [
      "/api/confluence/sources",
      `/api/confluence/${at.sourceId}/pages`,
      `/api/confluence/${at.sourceId}/status`,
    ]) {
      const first = await call("GET", path);
      const tag = first.headers.get("etag") ?? "";
      expect(tag).toMatch(/^"[^"]+"$/);
      const again = await call("GET", path, undefined, { "if-none-match": `W/${tag}, "other"` });
      expect(again).toMatchObject({ status: 304, text: "" });
    }
  });

  it("3.4 AC6: DELETE source deletes all its data", async () => {
    expect((await call("DELETE", `/api/confluence/${at.sourceId}`)).status).toBe(204);
    expect((await call("GET", `/api/confluence/${at.sourceId}/status`)).status).toBe(404);
    expect((await at.service.search("marker2", 5)).length).toBe(0);
    await at.runner.invoke("sweep", {});
    const [row] = await at.runner.services.sql`
      select (select count(*)::int from archon_sources where source_id = ${at.sourceId}) as sources,
        (select count(*)::int from confluence_pages where source_id = ${at.sourceId}) as pages,
        (select count(*)::int from archon_crawled_pages where source_id = ${at.sourceId}) as chunks,
        (select count(*)::int from archon_chunk_embeddings where source_id = ${at.sourceId}) as vectors`;
    expect(row).toEqual({ sources: 0, pages: 0, chunks: 0, vectors: 0 });
  });
});
