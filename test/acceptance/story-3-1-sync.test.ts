import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { getSource } from "#shared/sources/sources.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { eventually } from "#test/support/eventually.ts";
import {
  expectEnded,
  pageByTitle,
  SPACE,
  startServiceWithSite,
  topicBody,
  type ServiceWithSite,
} from "#test/support/service-with-site.ts";

describe("story 3.1: incremental sync", () => {
  let at: ServiceWithSite;
  beforeAll(async () => {
    at = await startServiceWithSite({ pages: 6 });
  });
  afterAll(() => at.close());
  const sql = () => at.runner.services.sql;
  const metadata = async () => {
    const [row] = await sql()`select metadata from archon_sources where source_id = ${at.sourceId}`;
    return row?.metadata as Record<string, unknown>;
  };
  const requests = () => at.confluence.site.requests;

  it("3.1 AC1: a sync service for Confluence brings a space into the index", async () => {
    const operation = await at.sync();
    expect(operation).toMatchObject({ status: "completed", sync_metrics: { pages_added: 7 } });
  });

  it("3.1 AC2: syncSpace(source_id, space_key) orchestrates a full sync, and refuses another source's space", async () => {
    const { services } = at.runner;
    await expect(syncSpace(at.sourceId, "OTHER", { actor: "manual" }, services)).rejects.toThrow(
      /syncs space TEAM/,
    );
    const { operationId } = await syncSpace(at.sourceId, SPACE, { mode: "full", actor: "manual" }, services);
    const operation = await eventually(async () => expectEnded(await at.service.operation(operationId)));
    expect(operation).toMatchObject({
      status: "completed",
      pages_listed: 7,
      sync_metrics: { pages_unchanged: 7 },
    });
  });

  it("3.1 AC3: CQL with space and lastModified, in the account's zone, fetches changed pages", async () => {
    requests().length = 0;
    await at.sync();
    const cql = requests()
      .filter((request) => request.path.endsWith("/content/search"))
      .map((request) => new URLSearchParams(request.query).get("cql"));
    expect(cql.length).toBeGreaterThan(0);
    for (const query of cql) {
      expect(query).toMatch(
        /^space = "TEAM" and type in \(page, blogpost, comment, attachment, folder\) and lastModified >= "\d{4}-\d\d-\d\d \d\d:\d\d"/,
      );
    }
  });

  it("3.1 AC4: last_sync_timestamp is kept in archon_sources.metadata and moves with each sync", async () => {
    const before = Date.parse(String((await metadata()).last_sync_timestamp));
    expect(before).toBeGreaterThan(Date.now() - 600_000);
    await at.sync();
    expect(Date.parse(String((await metadata()).last_sync_timestamp))).toBeGreaterThanOrEqual(before);
  });

  it("3.1 AC5: each changed page goes through the processor to the storage service, its metadata to confluence_pages", async () => {
    const page = pageByTitle(at.confluence.site, "Topic 2");
    editPage(at.confluence.site, page.id, { body: topicBody(2, "tamarind") });
    await at.sync();
    const [row] = await sql()`
      select title, version, chunk_count, parent_id is not null as has_parent, url like 'http%' as has_url, content_hash is not null as hashed
      from confluence_pages where source_id = ${at.sourceId} and page_id = ${page.id}`;
    expect(row).toEqual({
      title: "Topic 2",
      version: 2,
      chunk_count: expect.any(Number),
      has_parent: true,
      has_url: true,
      hashed: true,
    });
    const hits = await at.service.search("tamarind", 3);
    expect(hits[0]).toMatchObject({ page_id: page.id, heading_path: ["Decision"] });
  });

  it("3.1 AC6: creates, updates and deletes follow from comparing versions", async () => {
    const page = pageByTitle(at.confluence.site, "Topic 3");
    await sql()`update confluence_pages set version = 99 where source_id = ${at.sourceId} and page_id = ${page.id}`;
    editPage(at.confluence.site, page.id, { body: topicBody(3, "older") });
    expect((await at.sync()).sync_metrics).toMatchObject({ pages_updated: 0 });
    await sql()`update confluence_pages set version = 1 where source_id = ${at.sourceId} and page_id = ${page.id}`;
    expect((await at.sync()).sync_metrics).toMatchObject({ pages_updated: 1 });
  });

  it("3.1 AC7: metrics count pages added, updated, deleted, the duration and the calls made", async () => {
    const { sync_metrics } = await at.sync();
    expect(sync_metrics).toMatchObject({
      pages_added: 0,
      pages_updated: 0,
      pages_deleted: 0,
      duration: expect.any(Number),
      api_calls_made: expect.any(Number),
    });
    expect(sync_metrics.api_calls_made).toBeGreaterThan(0);
    expect(sync_metrics.api_calls_made).toBeLessThanOrEqual(5);
  });

  it("3.1 IV1: later syncs fetch only pages modified since", async () => {
    const page = pageByTitle(at.confluence.site, "Topic 4");
    editPage(at.confluence.site, page.id, { body: topicBody(4, "sorrel") });
    requests().length = 0;
    await at.sync();
    const bodies = requests().filter((request) => request.query.includes("body-format="));
    expect(bodies.map((request) => new URLSearchParams(request.query).get("id"))).toEqual([page.id]);
  });

  it("3.1 IV2: the storage service keeps Confluence's Markdown in chunks", async () => {
    const page = pageByTitle(at.confluence.site, "Topic 5");
    editPage(at.confluence.site, page.id, {
      body: `<h2>Code</h2><ac:structured-macro ac:name="code"><ac:parameter ac:name="language">sql</ac:parameter><ac:plain-text-body><![CDATA[select 1;]]></ac:plain-text-body></ac:structured-macro><h2>Table</h2><table><tbody><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></tbody></table>`,
    });
    await at.sync();
    const rows = await sql()<{ content: string; heading_path: string[] }[]>`
      select content, heading_path from archon_crawled_pages where source_id = ${at.sourceId} and page_id = ${page.id} order by chunk_number`;
    const text = rows.map((row) => row.content).join("\n");
    expect(text).toContain("```sql\nselect 1;\n```");
    expect(text).toMatch(/\| A \| B \|/);
  });

  it("3.1 IV3: metrics are stored in archon_sources.metadata->>'sync_metrics'", async () => {
    const operation = await at.sync();
    const [row] = await sql()`
      select (metadata ->> 'sync_metrics')::jsonb as metrics from archon_sources where source_id = ${at.sourceId}`;
    expect(row?.metrics).toEqual(operation.sync_metrics);
    expect((await getSource(sql(), at.sourceId))?.metadata.sync_metrics).toEqual(operation.sync_metrics);
  });
});
