import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { seenContent } from "#test/support/passed-nodes.ts";
import { rightsClient } from "#test/support/rights-client.ts";
import { makeSweptSource, SOURCE_ID } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

/** `npm run bench -- access` has 10,000. */
const DESCENDANTS = 2000;

describe("a restriction over many pages", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.close());

  /** Where each row is, and the transaction that wrote it. */
  const written = async (table: string, order: string) =>
    database.sql<{ xmin: string }[]>`
      select ctid::text, xmin::text from ${database.sql(table)} order by ${database.sql(order)}`;

  it("case 33: a restriction over 2,000 pages counts in one transaction, and no chunk or vector is written", async () => {
    const { sql } = database;
    const source = await makeSweptSource(sql);
    await registerModel(sql, { model: "none", dimensions: 3, now: source.now() });
    const site = rightsClient({ "1": {}, "2": { parentId: "1" } }, ACCOUNT_ID);
    for (let id = 3; id < DESCENDANTS + 2; id += 1)
      site.contents.set(String(id), { type: "page", parentId: id % 2 ? "1" : "2", users: [], groups: [] });
    site.pageSize = 200;
    await source.sweep(site);
    await sql`
      insert into confluence_pages (source_id, page_id, title, version, url, shows_unguarded)
      select ${SOURCE_ID}, id::text, id::text, 1, '', false from generate_series(1, ${DESCENDANTS + 1}) id`;
    await sql`
      insert into archon_crawled_pages (source_id, page_id, url, chunk_number, content, input_hash, search_vector, created_at)
      select source_id, page_id, '', 0, title, title, '', now() from confluence_pages`;
    await sql`
      insert into archon_chunk_embeddings (chunk_id, model, source_id, embedding)
      select id, 'none', source_id, '[1,2,3]' from archon_crawled_pages`;
    const member = { accountId: "w", groups: ["staff"] };
    expect(await seenContent(sql, SOURCE_ID, member)).toHaveLength(DESCENDANTS + 1);
    const chunks = await written("archon_crawled_pages", "id");
    const vectors = await written("archon_chunk_embeddings", "chunk_id");
    const { parentId, ...page } = site.contents.get("1") ?? { parentId: null, type: "page", groups: [] };
    site.contents.set("1", { ...page, parentId, users: ["u"] });
    for (let minutes = 0; minutes < 16; minutes += 1) source.minute();
    await source.step(site);
    await source.step(site);
    expect(await seenContent(sql, SOURCE_ID, member)).toEqual([]);
    const pages = await sql<{ xmin: string; access_node: number }[]>`
      select distinct xmin::text, access_node from confluence_pages`;
    expect(pages).toHaveLength(1);
    expect(pages[0]?.access_node).not.toBeNull();
    expect(new Set((await written("content_access", "content_id")).map(({ xmin }) => xmin)).size).toBe(1);
    expect(await written("archon_crawled_pages", "id")).toEqual(chunks);
    expect(await written("archon_chunk_embeddings", "chunk_id")).toEqual(vectors);
  });

  it("a sweep takes a call for each page of the listing, and few more", async () => {
    const { sql } = database;
    const [row] = await sql<{ counters: Record<string, number> }[]>`select counters from access_sweeps`;
    expect(row?.counters.contents).toBe(DESCENDANTS + 1);
    expect(row?.counters.calls).toBeLessThanOrEqual(DESCENDANTS / 50);
  });
});
