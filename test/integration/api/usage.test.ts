import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { parseEnv } from "#shared/env.ts";
import { makeApiClient, type ApiClient } from "#test/support/api-client.ts";
import { fakeEmbedder, TOKENS_OF_A_TEXT } from "#test/support/fake-embedder.ts";
import { addSource } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const DAY_MS = 24 * 60 * 60_000;
const PAGES = 4;
const TITAN = "amazon.titan-embed-text-v2:0@64";

describe("what operations have used", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  /** The day of the first sync. */
  let first: string;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    first = today();
    await world.sync();
    world.pass(2 * DAY_MS);
    editPage(world.site, world.page("Page 1").id, { body: bodyOf("mace") });
    world.site.faults.push({ effect: "rate_limit", retry_after: 60, times: 1, skip: 0 });
    await world.sync();
    await world.check({ dryRun: true });
  });
  afterAll(() => database.close());

  const today = () => world.now().toISOString().slice(0, 10);
  const usage = async (query: Record<string, string> = {}, api: ApiClient = world.api) =>
    (await api("GET", "/api/usage", { query })).body;
  const priced = (price: string) =>
    makeApiClient({ ...world.services(null), env: parseEnv({ EMBEDDINGS_TOKEN_PRICE: price }) });
  const none = {
    operations: 0,
    embeddings_created: 0,
    embeddings_reused: 0,
    embedding_tokens: 0,
    dollars: 0,
    api_calls_made: 0,
    rate_limited_calls: 0,
  };

  it("each day tells what the operations that ended on it have embedded and called, and the days between are empty", async () => {
    const body = await usage({ days: "3" }, await priced("2"));
    const tokens = 2 * PAGES * TOKENS_OF_A_TEXT;
    expect(body).toMatchObject({
      since: `${first}T00:00:00.000Z`,
      model: "fake-embedder",
      dollars_per_million_tokens: 2,
    });
    expect(body.days).toEqual([
      {
        ...none,
        day: first,
        operations: 1,
        embeddings_created: 2 * PAGES,
        embedding_tokens: tokens,
        dollars: expect.closeTo((2 * tokens) / 1e6, 12),
        api_calls_made: expect.any(Number),
      },
      { ...none, day: expect.any(String) },
      {
        ...none,
        day: today(),
        operations: 2,
        embeddings_created: 1,
        embeddings_reused: 1,
        embedding_tokens: TOKENS_OF_A_TEXT,
        dollars: expect.closeTo((2 * TOKENS_OF_A_TEXT) / 1e6, 12),
        api_calls_made: expect.any(Number),
        rate_limited_calls: 1,
      },
    ]);
    expect(body.totals).toEqual({
      operations: 3,
      embeddings_created: 2 * PAGES + 1,
      embeddings_reused: 1,
      embedding_tokens: tokens + TOKENS_OF_A_TEXT,
      dollars: expect.closeTo((2 * (tokens + TOKENS_OF_A_TEXT)) / 1e6, 12),
      api_calls_made: body.days[0].api_calls_made + body.days[2].api_calls_made,
      rate_limited_calls: 1,
    });
    const [calls] = await database.sql<{ made: number }[]>`
      select sum((counters ->> 'api_calls_made')::int)::int as made from archon_progress`;
    expect(body.totals.api_calls_made).toBe(calls?.made);
  });

  it("the last days are counted, today included, thirty unless it is said", async () => {
    expect((await usage({ days: "1" })).days).toMatchObject([{ day: today(), operations: 2 }]);
    expect((await usage()).days).toHaveLength(30);
    expect((await usage({ days: "2" })).totals.operations).toBe(2);
  });

  it("dollars are at the list price of the model, and unknown where that is unknown", async () => {
    expect(await usage()).toMatchObject({
      model: "fake-embedder",
      dollars_per_million_tokens: null,
      totals: { dollars: null },
    });
    await registerModel(database.sql, { model: TITAN, dimensions: 64, now: world.now() });
    await database.sql`update archon_sources set embedding_model = ${TITAN}`;
    const { totals, ...body } = await usage();
    expect(body).toMatchObject({ model: TITAN, dollars_per_million_tokens: 0.02 });
    expect(totals.dollars).toBeCloseTo((0.02 * totals.embedding_tokens) / 1e6, 12);
  });

  it("one source is counted alone, and several models have no common price", async () => {
    const { sql } = database;
    await addSource(sql, fakeEmbedder({ model: TITAN }), { sourceId: "other" });
    await sql`
      insert into archon_progress (operation_id, source_id, operation_type, status, actor, counters, created_at, finished_at, updated_at)
      values (gen_random_uuid(), 'other', 'confluence_sync', 'completed', 'api', '{"embedding_tokens": 3000000000}', ${world.now()}, ${world.now()},
        ${world.now()})`;
    expect(await usage({ source_id: "other" })).toMatchObject({
      model: TITAN,
      totals: { operations: 1, embedding_tokens: 3_000_000_000, dollars: 60 },
    });
    expect((await usage({ source_id: SOURCE_ID })).totals.operations).toBe(3);
    expect(await usage()).toMatchObject({
      model: null,
      dollars_per_million_tokens: null,
      totals: { operations: 4, dollars: null },
    });
  });

  it("an operation that runs is not counted before its end", async () => {
    await world.startSync();
    await world.drain();
    await database.sql`update archon_progress set finished_at = null, status = 'processing' where finished_at = (
      select max(finished_at) from archon_progress)`;
    expect((await usage()).totals.operations).toBe(3);
  });

  it.each<[Record<string, string>, number, string]>([
    [{ days: "0" }, 400, "invalid_request"],
    [{ days: "366" }, 400, "invalid_request"],
    [{ day: "1" }, 400, "invalid_request"],
    [{ source_id: "nothing" }, 404, "source_not_found"],
  ])("usage of %j is refused", async (query, status, code) => {
    const answer = await world.api("GET", "/api/usage", { query });
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });
});
