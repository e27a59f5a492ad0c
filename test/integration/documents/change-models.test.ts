import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseEnv } from "#shared/env.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { chooseModel } from "#shared/embeddings/embedding-models.ts";
import { PermanentError, RateLimitedError } from "#shared/errors.ts";
import { makeLog } from "#shared/log.ts";
import { changeModels } from "#functions/sync/change-models.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const old = fakeEmbedder({ model: "old", dimensions: 16 });
const next: Embedder = { ...fakeEmbedder({ model: "next", dimensions: 24 }), previous: old };
const CHUNKS = 200;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.clear();
  for (const sourceId of ["a", "b"]) {
    await addSource(database.sql, old, { sourceId });
    for (let page = 0; page < 5; page += 1) {
      const chunks = Array.from({ length: CHUNKS / 2 / 5 }, (_, chunk) => `${sourceId} ${page} ${chunk}`);
      await store(database.sql, old, { sourceId, pageId: `${page}`, chunks });
    }
  }
});
afterAll(() => database.close());

/** One invocation, with time for `batches` pieces of work. */
function tick(options: { embedder?: Embedder; batches?: number; now?: Date } = {}) {
  let left = options.batches ?? 1000;
  const lines: string[] = [];
  const now = () => options.now ?? NOW;
  const result = changeModels(
    {
      sql: database.sql,
      embedder: options.embedder ?? next,
      log: makeLog("info", (line) => lines.push(line), now),
      env: parseEnv({}),
      newId: () => "",
      random: () => 0,
      now,
      vectorNumbersAtOnce: null,
    },
    { remainingMs: () => ((left -= 1) >= 0 ? 60_000 : 0) },
  );
  return { result, lines };
}

function counting(embed: Embedder["embed"] = (texts) => next.embed(texts)) {
  const texts: string[] = [];
  const embedder: Embedder = {
    ...next,
    embed: async (asked, options) => {
      texts.push(...asked);
      return embed(asked, options);
    },
  };
  return { embedder, texts };
}

const models = async () =>
  (
    await database.sql<{ model: string }[]>`
    select distinct model from archon_chunk_embeddings union select embedding_model from archon_sources order by 1`
  ).map((row) => row.model);

describe("the minute's change of models", () => {
  it("the scheduled model change moves every source to the configured model, and then has nothing to do", async () => {
    const { embedder, texts } = counting();
    expect(await tick({ embedder }).result).toEqual({ embedded: CHUNKS, deleted: CHUNKS });
    expect(new Set(texts).size).toBe(CHUNKS);
    expect(texts.length).toBe(CHUNKS);
    expect(await models()).toEqual(["next"]);
    expect(await tick().result).toEqual({ embedded: 0, deleted: 0 });
  });

  it("the scheduled model change continues where the last one ran out of time", async () => {
    const { embedder, texts } = counting();
    let ticks = 0;
    do {
      await tick({ embedder, batches: 3 }).result;
      ticks += 1;
    } while ((await models()).length > 1 && ticks < 50);
    expect(ticks).toBeGreaterThan(3);
    expect(texts.length).toBe(CHUNKS);
  });

  it("the scheduled model change embeds nothing twice when several run at the same time", async () => {
    const { embedder, texts } = counting();
    await Promise.all([tick({ embedder }).result, tick({ embedder }).result, tick({ embedder }).result]);
    await tick({ embedder }).result;
    expect(texts.length).toBe(CHUNKS);
    expect(await models()).toEqual(["next"]);
  });

  it("the scheduled model change takes over from a crashed one once its claim has expired", async () => {
    await database.sql`
      update archon_sources set model_change_claimed_until = ${NOW}::timestamptz + interval '90 seconds'`;
    expect(await tick().result).toEqual({ embedded: 0, deleted: 0 });
    const later = new Date(NOW.getTime() + 90_000);
    expect(await tick({ now: later }).result).toEqual({ embedded: CHUNKS, deleted: CHUNKS });
  });

  it("the scheduled model change waits for the next minute when the model asks for it", async () => {
    let calls = 0;
    const { embedder } = counting((texts) => {
      calls += 1;
      if (calls === 2) throw new RateLimitedError("slow down", 5000);
      return next.embed(texts);
    });
    const { result, lines } = tick({ embedder });
    await result;
    expect(calls).toBe(2);
    expect(lines.join()).toContain("model_change.paused");
    expect(await tick({ embedder }).result).toMatchObject({ deleted: CHUNKS });
  });

  it("the scheduled model change fails when the model refuses a page, names it, and moves the other sources", async () => {
    const { embedder } = counting((texts) => {
      if (texts.some((text) => text.includes("a 3 7"))) throw new PermanentError("text_too_long", "no");
      return next.embed(texts);
    });
    const { result, lines } = tick({ embedder });
    await expect(result).rejects.toMatchObject({ code: "model_change_refused" });
    const refusals = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line.event === "model_change.refused");
    expect(refusals).toMatchObject([{ source_id: "a", page_id: "3", code: "text_too_long" }]);
    const rows = await database.sql`select source_id, embedding_model from archon_sources order by 1`;
    expect([...rows]).toEqual([
      { source_id: "a", embedding_model: "old" },
      { source_id: "b", embedding_model: "next" },
    ]);
  });

  it("the scheduled model change skips a source that is being deleted", async () => {
    await database.sql`update archon_sources set status = 'deleting' where source_id = 'a'`;
    expect(await tick().result).toEqual({ embedded: CHUNKS / 2, deleted: CHUNKS / 2 });
  });

  it("the scheduled model change reverts nothing after a later deployment chose another model, and reports that", async () => {
    const { sql } = database;
    const deploy = ({ model, dimensions }: Embedder) => chooseModel(sql, { model, dimensions, now: NOW });
    try {
      expect(await deploy(old)).toEqual({ replaced: null });
      expect(await deploy(next)).toEqual({ replaced: "old" });
      expect(await deploy(next)).toEqual({ replaced: null });
      await tick().result;
      const outdated = tick({ embedder: old });
      expect(await outdated.result).toEqual({ embedded: 0, deleted: 0 });
      expect(outdated.lines.map((line) => JSON.parse(line) as object)).toMatchObject([
        { event: "model_change.outdated", level: "WARN", model: "old", chosen: "next" },
      ]);
      expect(await models()).toEqual(["next"]);
      // Deployed again, on purpose.
      expect(await deploy(old)).toEqual({ replaced: "next" });
      await tick({ embedder: old }).result;
      expect(await models()).toEqual(["old"]);
    } finally {
      await sql`update embedding_models set chosen_at = null`;
    }
  });

  it("the service has one chosen model, also when ten deployments choose at the same time", async () => {
    const { sql } = database;
    try {
      const deployments = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? old : next));
      await Promise.all(
        deployments.map(({ model, dimensions }) => chooseModel(sql, { model, dimensions, now: NOW })),
      );
      const rows = await sql`select model from embedding_models where chosen_at is not null`;
      expect(rows.length).toBe(1);
    } finally {
      await sql`update embedding_models set chosen_at = null`;
    }
  });
});
