import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID } from "#test/support/sync-world.ts";

describe("a source without a token", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.close());

  it("a source without a token requires a new one, sends nothing and loses nothing", async () => {
    const world = await makeSyncWorld(database.sql, { pages: 2 });
    await world.sync();
    await database.sql`update confluence_sites set encrypted_secret = null`;
    world.takeRequests();
    expect(await world.sync()).toMatchObject({
      status: "failed",
      error: { code: "credentials_missing", message: expect.stringContaining(SOURCE_ID) },
    });
    expect(world.takeRequests()).toEqual([]);
    expect((await world.source()).status).toBe("credentials_expired");
    expect(await world.find("word1")).toHaveLength(1);
  });
});
