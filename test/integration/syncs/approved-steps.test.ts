import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addComment, deleteComment } from "#infra/local/confluence-site/comment-edits.ts";
import { restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { approvedDeletionsStep } from "#shared/syncs/deletions/approved-deletions-step.ts";
import { runOperation } from "#shared/syncs/operations/run-operation.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const HOUR_MS = 60 * 60_000;

describe("deletions that a check held", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(() => database.clear());
  afterAll(() => database.close());

  const id = (n: number) => world.page(`Page ${n}`).id;
  const gone = async () =>
    (await database.sql`select from confluence_pages where is_deleted or missing_since is not null`).length;

  describe("and a person approved", () => {
    let held: string;
    let approved: string;
    beforeEach(async () => {
      await database.sql`truncate idempotent_requests`;
      world = await makeSyncWorld(database.sql, { pages: 13 });
      await world.sync();
      for (let n = 1; n <= 9; n += 1) trashPage(world.site, id(n));
      for (let n = 10; n <= 12; n += 1) restrictPage(world.site, id(n), "nobody");
      held = (await world.check()).operation_id;
      // All but one, which stays held.
      const page_ids = Array.from({ length: 11 }, (_, n) => id(n + 1));
      const path = `/api/confluence/${SOURCE_ID}/held-deletions/approve`;
      approved = (await world.api("POST", path, { body: { operation_id: held, page_ids } })).body
        .operation_id;
      world.logged.length = 0;
    });
    const messages = async () => {
      const [row] = await database.sql<{ log: { message: string }[] }[]>`
        select log from archon_progress where operation_id = ${held}`;
      return (row?.log ?? []).map(({ message }) => message).filter((text) => text.includes("approved"));
    };

    it("are told once, with how many pages went, and each is logged once", async () => {
      await world.ended(approved);
      expect(await messages()).toEqual([expect.stringMatching(/^11 deletions were approved: 11 pages /)]);
      const lines = (event: string) => world.logged.filter((line) => line.event === event);
      const about = { source_id: SOURCE_ID, operation_id: approved, page_id: expect.any(String) };
      expect(lines("page.deleted").map(({ fields }) => fields)).toEqual(
        Array.from({ length: 9 }, () => ({
          ...about,
          title: expect.stringMatching(/^Page \d$/),
          reason: "trashed",
          actor: "api",
          deletion_timestamp: expect.any(String),
        })),
      );
      expect(lines("page.hidden").map(({ fields }) => fields)).toEqual(
        Array.from({ length: 2 }, () => about),
      );
    });

    it("change nothing if the account is anonymous by the time the pages were asked for", async () => {
      const { outside } = world;
      let isAnonymous = false;
      const confluence: typeof outside.confluence = (access) => {
        const client = outside.confluence(access);
        return {
          ...client,
          currentUser: async () => {
            const user = await client.currentUser();
            return isAnonymous ? { ...user, accountId: null } : user;
          },
          pagesById: async () => {
            isAnonymous = true;
            return [];
          },
        };
      };
      const services = { ...outside, confluence };
      await runOperation(approved, approvedDeletionsStep, services, { remainingMs: () => 60_000 });
      expect(await world.progress(approved)).toMatchObject({
        status: "failed",
        error: { code: "credentials_rejected" },
      });
      expect([await gone(), await messages()]).toEqual([0, []]);
    });
  });

  it("are told together, pages and comments", async () => {
    const content = { blogposts: false, comments: "all", attachments: false } as const;
    world = await makeSyncWorld(database.sql, { pages: 20, content });
    const comments = Array.from({ length: 12 }, (_, n) =>
      addComment(world.site, { containerId: id(20), body: `<p>Remark ${n}</p>` }),
    );
    await world.sync();
    world.pass(HOUR_MS);
    for (let n = 1; n <= 11; n += 1) trashPage(world.site, id(n));
    for (const comment of comments) deleteComment(world.site, comment.id);
    const check = await world.check();
    expect(check).toMatchObject({
      status: "held",
      error: { message: expect.stringMatching(/11 of 20 pages .*force\. 12 of 12 comments /) },
    });
    expect((await world.source()).metadata.deletions_held).toMatchObject({ candidates: 23, pages: 32 });
    const events = await database.sql`select detail from event_outbox where event_type = 'deletions.held'`;
    expect(events.map(({ detail }) => detail)).toEqual([
      { source_id: SOURCE_ID, operation_id: check.operation_id, candidates: 23, pages: 32 },
    ]);
    expect(
      world.logged.filter(({ event }) => event === "deletions.held").map(({ fields }) => fields),
    ).toEqual(events.map(({ detail }) => detail));
  });
});
