import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { purgePage, restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, type SyncWorld } from "#test/support/sync-world.ts";

describe("an account that stops being the known one while a deletion check runs", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let check: string;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql, { pages: 12 });
    await world.sync();
    world.pass(60 * 60_000);
    world.site.settings.anonymous_access = true;
    restrictPage(world.site, id(2), "account");
    trashPage(world.site, id(3));
    purgePage(world.site, id(4), { leavesRecord: false });
    check = await world.startCheck();
  });
  afterAll(() => database.close());

  const id = (n: number) => world.page(`Page ${n}`).id;
  const rows = () => database.sql`
    select page_id, is_deleted, missing_since, chunk_count from confluence_pages order by page_id`;
  const phase = async () => {
    const [row] =
      await database.sql`select checkpoint ->> 'phase' as phase from archon_progress where operation_id = ${check}`;
    return String(row?.phase);
  };
  const unanswered = async () => {
    const open =
      await database.sql`select 1 from sync_work where operation_id = ${check} and state = 'candidate' and outcome is null`;
    return open.length;
  };

  const moments: [string, () => Promise<boolean>][] = [
    ["the candidates are looked for", async () => (await phase()) === "finding candidates"],
    ["the candidates are asked for by id", async () => (await phase()) === "confirming"],
    [
      "the decision, after the last answer by id",
      async () => (await phase()) === "confirming" && (await unanswered()) === 0,
    ],
  ];

  it.each(moments)(
    "a deletion check whose account becomes anonymous before %s changes nothing",
    async (_, reached) => {
      const before = await rows();
      await world.deliverUntil("check", reached);
      world.site.settings.answer_as_anonymous = true;
      world.pass(7 * 60_000);
      expect(await world.ended(check)).toMatchObject({
        status: "failed",
        error: { code: "credentials_rejected" },
      });
      expect(await rows()).toEqual(before);
      expect((await world.source()).metadata.last_deletion_check).toBeNull();
    },
  );

  it.each(moments)(
    "a deletion check whose account becomes another one before %s changes nothing",
    async (_, reached) => {
      const before = await rows();
      await world.deliverUntil("check", reached);
      await database.sql`update confluence_sites set account_id = 'somebody-else'`;
      world.pass(7 * 60_000);
      expect(await world.ended(check)).toMatchObject({
        status: "failed",
        error: { code: "account_changed" },
      });
      expect(await rows()).toEqual(before);
    },
  );

  it("a deletion check that verifies the account each time deletes and hides what is gone", async () => {
    expect(await world.ended(check)).toMatchObject({
      status: "completed",
      sync_metrics: { pages_deleted: 1, pages_hidden: 1 },
    });
  });
});
