import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment, deleteComment } from "#infra/local/confluence-site/comment-edits.ts";
import { purgePage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { purgeFile, trashFile, uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import { makeSyncWorld, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { watchChecks, type WatchedChecks } from "./deletion-cap.ts";

/** Content that is not of the kind that goes: to count it would let too much pass. */
const OTHERS = 30;

describe("the simulation's check of the deletion cap", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(() => database.clear());
  afterAll(() => database.close());

  /** A check with `force`, which the simulation takes for one without. */
  const checkAsIfWithoutForce = async () => {
    const { sql } = database;
    const watched: WatchedChecks = new Map();
    const id = await world.startCheck({ force: true });
    while (world.deliver("check", Number.POSITIVE_INFINITY)) {
      while (await world.scheduler.advance()) {
        await sql`update archon_progress set force = false where operation_id = ${id}`;
        await watchChecks(sql, watched);
        await sql`update archon_progress set force = true where operation_id = ${id}`;
      }
    }
    return world.ended(id);
  };

  const KINDS = {
    page: {
      add: async (count: number) => {
        world = await makeSyncWorld(database.sql, { pages: count, content: CONTENT });
        for (let n = 0; n < OTHERS; n += 1) upload(`file-${n}.mp4`);
      },
      take: (count: number, forGood: boolean) => {
        for (const id of [...world.site.pages.keys()].slice(1, count + 1))
          if (forGood) purgePage(world.site, id, { leavesRecord: false });
          else trashPage(world.site, id);
      },
    },
    attachment: {
      add: async (count: number) => {
        world = await makeSyncWorld(database.sql, { pages: OTHERS, content: CONTENT });
        for (let n = 0; n < count; n += 1) upload(`file-${n}.mp4`);
      },
      take: (count: number, forGood: boolean) => {
        for (const id of [...world.site.attachments.keys()].slice(0, count))
          if (forGood) purgeFile(world.site, id);
          else trashFile(world.site, id);
      },
    },
    comments: {
      add: async (count: number) => {
        world = await makeSyncWorld(database.sql, { pages: OTHERS, content: CONTENT });
        for (let n = 0; n < count; n += 1)
          addComment(world.site, { containerId: world.page("Page 1").id, body: `<p>Remark ${n}</p>` });
      },
      take: (count: number) => {
        for (const id of [...world.site.comments.keys()].slice(0, count)) deleteComment(world.site, id);
      },
    },
  };
  const CONTENT = { blogposts: false, comments: "all", attachments: true } as const;
  const upload = (title: string) =>
    uploadFile(world.site, {
      containerId: world.page("Page 1").id,
      title,
      bytes: Buffer.from("x"),
      mediaType: "video/mp4",
    });

  describe.each(["page", "attachment", "comments"] as const)("of the kind %s", (kind) => {
    const stored = async (count: number) => {
      await KINDS[kind].add(count);
      await world.sync();
      world.pass(60 * 60_000);
    };

    it("the simulation passes ten that are more than a quarter, and eleven that are a quarter", async () => {
      await stored(20);
      KINDS[kind].take(10, false);
      expect((await checkAsIfWithoutForce()).status).toBe("completed");
      await database.clear();
      await stored(44);
      KINDS[kind].take(11, false);
      expect((await checkAsIfWithoutForce()).status).toBe("completed");
    });

    it.each([true, false])("the simulation finds one more than a quarter, purged: %s", async (forGood) => {
      await stored(43);
      KINDS[kind].take(11, forGood);
      await expect(checkAsIfWithoutForce()).rejects.toThrow(`took 11 of 43 (${kind}) without force`);
    });

    it("the simulation counts those apart that are missed for the second time", async () => {
      await stored(43);
      KINDS[kind].take(10, true);
      expect((await checkAsIfWithoutForce()).status).toBe("completed");
      world.pass(60 * 60_000);
      KINDS[kind].take(10, true);
      expect((await checkAsIfWithoutForce()).status).toBe("completed");
      world.pass(60 * 60_000);
      expect((await checkAsIfWithoutForce()).status).toBe("completed");
    });
  });
});
