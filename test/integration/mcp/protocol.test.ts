import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeApiFixture, type ApiFixture } from "#test/support/api-fixture.ts";
import { connectMcp, ERAS } from "#test/support/mcp-client.ts";
import { store } from "#test/support/stored-pages.ts";

let fixture: ApiFixture;

beforeAll(async () => {
  fixture = await makeApiFixture();
  const sourceId = await fixture.addSource();
  await store(fixture.database.sql, fixture.embedder, {
    sourceId,
    pageId: "1",
    title: "Airships",
    chunks: ["airships are moored at a mast"],
  });
}, 60_000);
afterAll(() => fixture.close());

describe("POST /mcp", () => {
  it.each(ERAS)("serves its tools to the official client of the %s era", async (era) => {
    const client = await connectMcp(fixture.api, { era });
    expect(client.getProtocolEra()).toBe(era);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("search_confluence");
    const found = await client.callTool({ name: "search_confluence", arguments: { query: "airships" } });
    expect(found.structuredContent).toMatchObject({ results: [{ n: 1, title: "Airships", page_id: "1" }] });
    await client.close();
  });
});
