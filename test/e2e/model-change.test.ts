import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningSite } from "#infra/local/confluence-site/start.ts";
import { makeServiceClient } from "#infra/local/demo/service-client.ts";
import { startLocalRunner, type LocalRunner } from "#infra/local/runner/start.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { embeddedImage } from "#test/support/databases/image.ts";
import { eventually } from "#test/support/eventually.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { createTestSource, expectEnded, startTestSite } from "#test/support/service-with-site.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const PAGES = 40;
/** Of 64 chunks at most; a page has two, the home page one. */
const BATCHES = 2;
const oldModel = fakeEmbedder({ model: "model-a", dimensions: 64 });
const newModel = fakeEmbedder({ model: "model-b", dimensions: 96 });

/** An embedder whose documents wait for `pass`, and that notes what it is asked. */
function gated(model: Embedder) {
  const waiting: (() => void)[] = [];
  const texts: string[] = [];
  const embedder: Embedder = {
    ...model,
    embed: async (asked, options) => {
      if (options?.purpose !== "query") {
        texts.push(...asked);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      return model.embed(asked, options);
    },
  };
  return { embedder, texts, waiting };
}

const silent = (model: Embedder): Embedder => ({
  ...model,
  embed: () => Promise.reject(new Error(`${model.model} is not to be asked`)),
});

describe("a service that is started again with another model", () => {
  let confluence: RunningSite;
  let dataDir: string;
  let database: TestDatabase | null = null;
  beforeAll(async () => {
    confluence = await startTestSite(PAGES);
    dataDir = await mkdtemp(join(tmpdir(), "model-change-"));
    if (process.env.DATABASE_URL) database = await createTestDatabase({ maxConnections: 1 });
  });
  afterAll(async () => {
    await confluence.close();
    await database?.close();
    await rm(dataDir, { recursive: true });
  });

  const start = async (embedder: Embedder) =>
    startLocalRunner({
      dataDir,
      databaseImage: await embeddedImage(),
      schedules: false,
      env: { LOG_LEVEL: "silent", ...(database ? { DATABASE_URL: database.address.url } : {}) },
      services: { embedder },
    });
  const titles = async (runner: LocalRunner, query: string) => {
    const answer = await fetch(`${runner.url}/api/rag/query`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, match_count: 3 }),
    });
    expect(answer.status).toBe(200);
    const body = (await answer.json()) as {
      search_mode: string;
      results: { title: string; similarity: number | null }[];
    };
    expect(body.search_mode).toBe("hybrid");
    // What the vectors of a model found, and not words alone.
    expect(body.results.filter((hit) => hit.similarity !== null).length).toBe(3);
    return body.results.map((hit) => hit.title);
  };
  const expectFound = async (runner: LocalRunner) => {
    for (const number of [1, 7, PAGES]) {
      expect((await titles(runner, `We chose marker${number} for good`))[0]).toBe(`Topic ${number}`);
    }
  };
  const stored = async (runner: LocalRunner) => {
    const rows = await runner.services.sql<{ compared: string; model: string; vectors: number }[]>`
      select s.embedding_model as compared, e.model, count(*)::int as vectors
      from archon_chunk_embeddings e join archon_sources s using (source_id) group by 1, 2 order by 2`;
    return rows.map((row) => ({ ...row }));
  };

  it("after a restart with another model, searches use the old one until every chunk has the new, then only the new, never none", async () => {
    const before = await start(oldModel);
    const service = makeServiceClient(before.url);
    const sourceId = await createTestSource(service, confluence.url, "on_demand");
    const operationId = await service.startSync(sourceId);
    await eventually(async () => expectEnded(await service.operation(operationId)), { withinMs: 60_000 });
    await expectFound(before);
    const [first] = await stored(before);
    const vectors = first?.vectors ?? 0;
    expect(vectors).toBeGreaterThan(PAGES);
    await before.close();

    const { embedder, texts, waiting } = gated(newModel);
    // Asked for a question, the new model fails for now: an answer by it would be none.
    const during = await start({
      ...embedder,
      embed: (asked, options) =>
        options?.purpose === "query"
          ? silent(newModel).embed(asked, options)
          : embedder.embed(asked, options),
      previous: oldModel,
    });
    const changed = during.invoke("change-models", {});
    for (let batch = 0; batch < BATCHES; batch += 1) {
      await eventually(() => expect(waiting.length).toBe(1));
      // Another tick of the schedule finds the source taken.
      await during.invoke("change-models", {});
      expect((await stored(during))[0]).toEqual({ compared: "model-a", model: "model-a", vectors });
      await expectFound(during);
      waiting.shift()?.();
    }
    await changed;
    expect(await stored(during)).toEqual([{ compared: "model-b", model: "model-b", vectors }]);
    expect(texts.length).toBe(vectors);
    await during.close();

    const after = await start({ ...newModel, previous: silent(oldModel) });
    await expectFound(after);
    await after.invoke("change-models", {});
    expect(await stored(after)).toEqual([{ compared: "model-b", model: "model-b", vectors }]);
    await after.close();
  });
});
