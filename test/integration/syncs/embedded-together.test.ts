import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { processPageBatch } from "#functions/sync/process-page.ts";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import type { Batch, PageServices } from "#shared/syncs/pages/page-batch.ts";
import { embedGroup } from "#shared/syncs/pages/page-group.ts";
import type { PreparedPage } from "#shared/syncs/pages/prepare-page.ts";
import { fakeEmbedder, TOKENS_OF_A_TEXT } from "#test/support/fake-embedder.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const PAGES = 20;
const model = fakeEmbedder({ dimensions: 16 });
const embedWell: Embedder["embed"] = (texts, options) => model.embed(texts, options);

describe("pages of a batch", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let operationId: string;
  /** The texts of each call that brought vectors. */
  let embedded: string[][];
  let calls: number;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: PAGES });
    operationId = await world.startSync();
    await world.deliverOne("plan");
    embedded = [];
    calls = 0;
  });
  afterAll(() => database.close());

  /** One invocation on all pages of the operation. */
  const invoke = async (embed: Embedder["embed"] = embedWell, remainingMs = () => 60_000) => {
    const counted: Embedder["embed"] = async (texts, options) => {
      calls += 1;
      const vectors = await embed(texts, options);
      embedded.push([...texts]);
      return vectors;
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the world fills in all that a worker uses
    const services = { ...world.services(null), embedder: { ...model, embed: counted } } as PageServices;
    const tasks = [...world.site.pages.keys()].map((page_id) => ({
      operation_id: operationId,
      source_id: SOURCE_ID,
      page_id,
    }));
    const settled = await processPageBatch(tasks, services, { remainingMs });
    expect(settled.every(({ ok }) => ok)).toBe(true);
  };
  const metrics = async () => (await world.progress(operationId)).sync_metrics;
  const texts = () => embedded.flat();

  it("twenty pages are embedded in one request, and each is found by its own words and vectors", async () => {
    await invoke();
    expect(calls).toBe(1);
    expect(await metrics()).toMatchObject({
      pages_added: PAGES,
      embeddings_created: 2 * PAGES,
      embedding_tokens: 2 * PAGES * TOKENS_OF_A_TEXT,
    });
    expect((await world.find("word7")).map((hit) => hit.title)).toEqual(["Page 7"]);
    const rows = await database.sql<{ title: string; content: string; embedding: string }[]>`
      select p.title, c.content, e.embedding::text from confluence_pages p join archon_crawled_pages c using (source_id, page_id)
      join archon_chunk_embeddings e on e.chunk_id = c.id`;
    const inputs = texts();
    const vectors = await model.embed(inputs);
    for (const { title, content, embedding } of rows) {
      const own = inputs.findIndex((input) => input.startsWith(`${title} ›`) && input.endsWith(content));
      const stored = JSON.parse(embedding) as number[];
      expect(stored.map((value) => value.toFixed(3))).toEqual(vectors[own]?.map((value) => value.toFixed(3)));
    }
  });

  it("one text among twenty pages that the model refuses fails its page only, in few requests", async () => {
    await invoke(async (batch) => {
      if (batch.some((text) => text.includes("word7 ")))
        throw new PermanentError("embedding_refused", "too long", { details: { status: 400 } });
      return model.embed(batch);
    });
    expect(await metrics()).toMatchObject({ pages_added: PAGES - 1, pages_failed: 1 });
    expect((await world.progress(operationId)).failed_pages).toMatchObject([
      { page_id: world.page("Page 7").id, code: "embedding_refused" },
    ]);
    expect(calls).toBeLessThanOrEqual(11);
    expect(new Set(texts()).size).toBe(texts().length);
  });

  it.each([
    ["is out of order", new TransientError("embedding_unavailable", "503")],
    ["asks for a pause", new RateLimitedError("429", 1000)],
  ])("when the model %s in the middle, no page fails and nothing is embedded twice", async (_, error) => {
    await invoke(async (batch, { onVectors } = {}) => {
      const first = batch.slice(0, 15);
      onVectors?.(0, await model.embed(first));
      embedded.push(first);
      throw error;
    });
    expect(await metrics()).toMatchObject({ pages_added: 7, pages_failed: 0 });
    world.pass(5 * 60_000);
    await invoke();
    expect(await world.progress(operationId)).toMatchObject({
      status: "completed",
      sync_metrics: { pages_added: PAGES, pages_failed: 0 },
    });
    // The eighth page had one vector of two.
    expect(texts().length).toBe(2 * PAGES + 1);
  });

  it("a limit of the model makes its pages wait, and neither the site's other sources nor its pulse", async () => {
    await invoke(async () => {
      throw new RateLimitedError("429", 10 * 60_000);
    });
    expect(await database.sql`select paused_until from confluence_sites`).toEqual([{ paused_until: null }]);
    const [row] = await database.sql<{ earliest: Date }[]>`
      select min(not_before) as earliest from sync_work where operation_id = ${operationId}`;
    expect(Number(row?.earliest) - world.now().getTime()).toBeGreaterThanOrEqual(10 * 60_000);
    expect(await metrics()).toMatchObject({ pages_added: 0, pages_failed: 0 });
  });

  it("a text that puts the model out of order at each try fails its page only", async () => {
    const failing: Embedder["embed"] = async (batch) => {
      if (batch.some((text) => text.includes("word7 "))) throw new TransientError("embedding_failed", "500");
      return model.embed(batch);
    };
    await invoke(failing);
    expect(await metrics()).toMatchObject({ pages_added: 0, pages_failed: 0 });
    for (let attempt = 2; attempt <= 5; attempt += 1) {
      world.pass(16 * 60_000);
      await invoke(failing);
    }
    expect(await metrics()).toMatchObject({ pages_added: PAGES - 1, pages_failed: 1 });
    expect(new Set(texts()).size).toBe(texts().length);
  });

  it("a worker that is killed between embedding and storing loses nothing", async () => {
    await world.ended(operationId);
    world.pass(60 * 60_000);
    for (let n = 1; n <= PAGES; n += 1)
      editPage(world.site, world.page(`Page ${n}`).id, { body: bodyOf(`sorrel${n}`) });
    operationId = await world.startSync();
    await world.deliverOne("plan");
    const before = world.embedding.calls;
    world.scheduler.crashAt(() => world.embedding.calls > before);
    await world.deliverOne("page");
    world.scheduler.crashAt(null);
    expect(world.embedding.calls).toBe(before + 1);
    expect((await world.find("word7")).map((hit) => hit.title)).toContain("Page 7");
    expect(await world.find("sorrel7")).toEqual([]);
    expect(await world.ended(operationId)).toMatchObject({
      status: "completed",
      sync_metrics: { pages_updated: PAGES, pages_failed: 0 },
    });
    expect((await world.find("sorrel7")).map((hit) => hit.title)).toEqual(["Page 7"]);
  });

  it.each([
    ["pages with their vectors can be stored, and the others are handed back", 2, ["a", "b"], []],
    [
      "before any page has its vectors the first one has failed, and the others are handed back",
      0,
      [],
      ["a"],
    ],
  ])("when the time to embed is up %s", async (_, arrive, stored, lost) => {
    const slow: Embedder["embed"] = async (batch, { onVectors } = {}) => {
      onVectors?.(0, await model.embed(batch.slice(0, arrive)));
      return new Promise(() => {});
    };
    const batch = {
      services: { ...world.services(null), embedder: { ...model, embed: slow } },
      source: await world.source(),
    };
    const group = ["a", "b", "c", "d"].map((pageId) => ({
      page: { sourceId: SOURCE_ID, pageId, chunks: [{ content: pageId, headingPath: [], input: pageId }] },
    }));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all of them that is read
    const { ready, failed, isLate } = await embedGroup(
      batch as unknown as Batch,
      group as unknown as PreparedPage[],
      30,
    );
    expect(ready.map(({ prepared }) => prepared.page.pageId)).toEqual(stored);
    expect(failed.map(({ prepared }) => prepared.page.pageId)).toEqual(lost);
    expect(isLate).toBe(true);
  });

  it("pages are converted but not embedded when no time is left for that, and stored by the next invocation", async () => {
    let remaining = 60_000;
    await invoke(embedWell, () => (remaining -= 2300));
    expect(calls).toBe(1);
    const { pages_added } = await metrics();
    expect(pages_added).toBeGreaterThan(0);
    expect(pages_added).toBeLessThan(PAGES);
    remaining = 9000;
    await invoke(embedWell, () => remaining);
    expect(calls).toBe(1);
    await invoke();
    expect(await metrics()).toMatchObject({ pages_added: PAGES, pages_failed: 0 });
  });

  it("an operation that is cancelled while its pages are embedded stores at most one of them", async () => {
    await invoke(async (batch) => {
      expect((await world.api("POST", `/api/confluence/${SOURCE_ID}/cancel`)).status).toBe(202);
      return model.embed(batch);
    });
    const [stored] =
      await database.sql`select count(*)::int as pages from confluence_pages where version > 0`;
    expect(stored?.pages).toBeLessThanOrEqual(1);
    expect(await world.progress(operationId)).toMatchObject({ status: "cancelled" });
  });

  it("tokens are counted of what is embedded, also of a call that broke off, and of nothing that is reused", async () => {
    await invoke(async (inputs, options) => {
      await embedWell(inputs, options);
      throw new TransientError("embedding_failed", "The model broke off");
    });
    world.pass(60_000);
    await database.sql`update sync_work set not_before = null`;
    expect(await metrics()).toMatchObject({ embedding_tokens: 2 * PAGES * TOKENS_OF_A_TEXT });
    // Nothing came of it: it is paid twice.
    await invoke();
    expect(await metrics()).toMatchObject({
      embeddings_created: 2 * PAGES,
      embedding_tokens: 4 * PAGES * TOKENS_OF_A_TEXT,
    });
    await world.ended(operationId);
    world.pass(60 * 60_000);
    editPage(world.site, world.page("Page 1").id, { body: bodyOf("mace") });
    expect((await world.sync()).sync_metrics).toMatchObject({
      embeddings_created: 1,
      embeddings_reused: 1,
      embedding_tokens: TOKENS_OF_A_TEXT,
    });
  });
});
