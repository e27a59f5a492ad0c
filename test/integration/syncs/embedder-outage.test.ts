import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { RECOVERED } from "#shared/syncs/operations/failing.ts";
import { warningsOfSource } from "#test/support/source-warnings.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const PATH = `/api/confluence/${SOURCE_ID}`;

describe("an embedding model that fails", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 3 });
    await world.sync();
    world.pass(60 * 60_000);
    for (const n of [1, 2, 3])
      editPage(world.site, world.page(`Page ${n}`).id, { body: bodyOf(`sorrel${n}`) });
    Object.assign(world.embedding, { failures: 100_000, permanent: false });
  });
  afterAll(() => database.close());

  const shown = async () => ({
    source: await warningsOfSource(world.api, PATH),
    status: (await world.api("GET", `${PATH}/status`)).body.warnings,
  });
  const log = async (): Promise<string[]> => (await world.api("GET", `${PATH}/status`)).body.logs;

  it("a failing embedding model is a warning on the source while its pages cannot be embedded, and none once they can", async () => {
    const id = await world.startSync();
    await world.drain();
    const { next_attempt_at: next } =
      world.logged.find(({ event }) => event === "page.retrying")?.fields ?? {};
    const warning = {
      code: "embedding_failing",
      message: expect.stringMatching(/^The embedding model is failing: .*\(embedding_failed\)/),
    };
    expect(await shown()).toEqual({ source: [warning], status: [warning] });
    expect((await shown()).source[0]?.message).toContain(next);
    // The next attempt fetches its bodies, which says nothing of the model.
    await world.minute();
    await world.minute();
    expect(world.logged.filter(({ event }) => event === "page.retrying").length).toBeGreaterThan(3);
    expect(await shown()).toEqual({ source: [warning], status: [warning] });
    expect(await log()).not.toContain(RECOVERED);
    world.embedding.failures = 0;
    expect(await world.ended(id)).toMatchObject({ status: "completed", sync_metrics: { pages_updated: 3 } });
    expect(await shown()).toEqual({ source: [], status: [] });
    expect((await log()).filter((message) => message === RECOVERED)).toHaveLength(1);
  });

  it("a failing embedding model has one line in the operation's log for all pages that fail side by side", async () => {
    await world.startSync();
    await world.drain();
    expect((await log()).filter((message) => message.includes("embedding"))).toHaveLength(1);
  });

  it("a failing embedding model is named by the warning of failed pages when the operation has given them up", async () => {
    expect(await world.sync()).toMatchObject({ status: "completed_with_errors" });
    expect((await shown()).source).toEqual([
      { code: "pages_failed", message: expect.stringMatching(/^3 pages .* \(most often embedding_failed\)/) },
    ]);
  });
});
