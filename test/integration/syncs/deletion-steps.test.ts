import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { transaction } from "#shared/db/connect.ts";
import { applyConfirmed } from "#shared/syncs/deletions/apply-confirmed.ts";
import {
  collectCandidates,
  CONFIRM_BATCH,
  confirmNext,
} from "#shared/syncs/deletions/deletion-candidates.ts";
import { checkStep } from "#shared/syncs/deletions/deletion-check-step.ts";
import { FILES_BATCH } from "#shared/syncs/deletions/judge-files.ts";
import { later } from "#shared/syncs/later.ts";
import { runOperation } from "#shared/syncs/operations/run-operation.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { addDemoPages, makeSyncWorld, SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

const MINUTE_MS = 60_000;
/** Pages that go in one transaction. */
const AT_ONCE = 100;
const idsOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix}${1000 + n}`);

describe("steps of a deletion check", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  let check: string;
  /** Content that the site was asked about by id: its kind, and how much at once. */
  let asked: [kind: string, count: number][];
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql);
    check = await world.startCheck();
    asked = [];
  });
  afterAll(() => database.close());

  /** One invocation that does this; the site shows none of the content, unless `change` says otherwise. */
  const inStep = async <T>(
    run: (context: StepContext) => Promise<T>,
    change: Partial<ConfluenceClient> = {},
  ): Promise<T> => {
    const { outside } = world;
    const confluence: typeof outside.confluence = (access) => ({
      ...outside.confluence(access),
      pagesById: async (kind, ids) => {
        asked.push([kind, ids.length]);
        return [];
      },
      typesOfIds: async (ids) => {
        asked.push(["attachment", ids.length]);
        return new Map(ids.map((id) => [id, null]));
      },
      ...change,
    });
    const results: T[] = [];
    const step = async (context: StepContext) => {
      results.push(await run(context));
      return { notBefore: world.now() };
    };
    await runOperation(check, step, { ...outside, confluence }, { remainingMs: () => MINUTE_MS });
    const [result] = results;
    if (results.length === 0) throw new Error("The step was not run");
    return result as T;
  };
  const store = (kind: string, ids: readonly string[], containerId: string | null = null) => database.sql`
    insert into confluence_pages (source_id, page_id, title, version, kind, container_id)
    select ${SOURCE_ID}, id, id, 1, ${kind}, ${containerId} from unnest(${[...ids]}::text[]) id`;
  /** Stored content that was not listed; with an outcome, of so long ago. */
  const addCandidates = async (kind: string, ids: readonly string[], outcome?: string, agoMs = 0) => {
    await store(kind, ids);
    await database.sql`
      insert into sync_work (operation_id, source_id, kind, page_id, state, outcome, reason, state_revision, updated_at)
      select ${check}, source_id, case kind when 'attachment' then kind else 'page' end, page_id, 'candidate', ${outcome ?? null},
        ${outcome ? "trashed" : "not listed"}, state_revision, ${later(world.now(), -agoMs)}
      from confluence_pages where page_id = any(${[...ids]}::text[])`;
  };
  const work = async () =>
    Object.fromEntries(
      (await database.sql`select page_id, state, outcome from sync_work order by page_id`).map(
        ({ page_id, state, outcome }) => [page_id, `${state} ${outcome}`],
      ),
    );
  const deleted = async () => (await database.sql`select from confluence_pages where is_deleted`).length;

  describe("that collect what was not listed", () => {
    const collect = async (...listedKinds: string[]) => {
      const count = await inStep(({ operation }) =>
        transaction(database.sql, (tx) => collectCandidates(tx, { ...operation, listedKinds }, world.now())),
      );
      return [count, Object.keys(await work())];
    };
    beforeEach(async () => {
      await store("page", ["p1"]);
      await store("blogpost", ["b1"]);
      await store("attachment", ["f1"]);
      await store("attachment", ["f2"], "p1");
    });

    it("stored content of the kinds that were listed is collected, and no other", async () => {
      expect(await collect("page")).toEqual([1, ["p1"]]);
    });

    it("files are collected where files were listed, without those on a page that may go with them", async () => {
      expect(await collect("page", "blogpost", "attachment")).toEqual([3, ["b1", "f1", "p1"]]);
    });

    it("a check that does not say what it listed, of an earlier release, listed pages", async () => {
      expect(await collect()).toEqual([1, ["p1"]]);
    });
  });

  describe("that ask for what was not listed", () => {
    const confirm = (change?: Partial<ConfluenceClient>) =>
      inStep(async (context) => {
        const confirmed = await confirmNext(context);
        if (confirmed) await transaction(database.sql, confirmed.save);
        return confirmed !== null;
      }, change);

    it("content is asked for by its kind, one kind in a step, until nothing is left", async () => {
      await addCandidates("page", ["p1"]);
      await addCandidates("blogpost", ["b1", "b2"]);
      expect(await confirm()).toBe(true);
      expect(await work()).toEqual({
        b1: "candidate hidden",
        b2: "candidate hidden",
        p1: "candidate null",
      });
      expect([await confirm(), await confirm()]).toEqual([true, false]);
      expect(new Set(asked.map(([kind, count]) => `${kind} ${count}`))).toEqual(
        new Set(["blogpost 2", "page 1"]),
      );
    });

    it.each([
      ["page", CONFIRM_BATCH],
      ["attachment", FILES_BATCH],
    ])("of kind %s at most %i are asked for in a step", async (kind, most) => {
      await addCandidates(kind, idsOf("1", most + 1));
      expect([await confirm(), await confirm(), await confirm()]).toEqual([true, true, false]);
      expect(Math.max(...asked.map(([, count]) => count))).toBe(most);
      expect(asked.at(-1)).toEqual([kind, 1]);
    });

    it("a page that may be the item which could not be read is no candidate any more", async () => {
      await addCandidates("page", ["p1"]);
      let skipped = 0;
      await confirm({
        drift: () => ({ answers: 0, skipped, example: null }),
        pagesById: async () => {
          skipped += 1;
          return [];
        },
      });
      expect(await work()).toEqual({ p1: "seen null" });
    });
  });

  describe("that delete what was confirmed", () => {
    /** One step; whether it said that it was the last. */
    const apply = (kindsHeld: string[] = [], change?: Partial<ConfluenceClient>) =>
      inStep(async (context) => {
        const ends: boolean[] = [];
        await applyConfirmed(context, kindsHeld, async (_, isDone) => void ends.push(isDone));
        return ends;
      }, change);

    it("a hundred pages go in one step, and the last step says that nothing is left", async () => {
      await addCandidates("page", idsOf("p", AT_ONCE + 1), "deleted");
      expect([await apply(), await deleted()]).toEqual([[false], AT_ONCE]);
      expect([await apply(), await deleted()]).toEqual([[false], AT_ONCE + 1]);
      expect(await apply()).toEqual([true]);
      expect(asked).toEqual([]);
      expect(world.logged.filter(({ event }) => event === "page.deleted")).toHaveLength(AT_ONCE + 1);
    });

    it("of kinds that are held nothing goes, and nothing is asked for again", async () => {
      await addCandidates("page", ["p1"], "deleted");
      await addCandidates("blogpost", ["b1"], "deleted", 5 * MINUTE_MS);
      expect(await apply(["blogpost"])).toEqual([false]);
      expect(await apply(["blogpost"])).toEqual([true]);
      expect(await work()).toEqual({ b1: "candidate deleted", p1: "done deleted" });
      expect(asked).toEqual([]);
    });

    it("what was confirmed a minute ago goes; what was confirmed before is asked for again first", async () => {
      await addCandidates("page", ["p1"], "deleted", MINUTE_MS);
      await addCandidates("page", ["p2"], "deleted", MINUTE_MS + 1);
      expect(await apply()).toEqual([false]);
      expect(await work()).toMatchObject({ p1: "done deleted", p2: "candidate deleted" });
      expect(await apply()).toEqual([false]);
      // It is not visible, which is what counts now.
      expect(await work()).toMatchObject({ p2: "candidate hidden" });
      expect(asked[0]).toEqual(["page", 1]);
      expect([await apply(), await apply()]).toEqual([[false], [true]]);
      expect(await work()).toEqual({ p1: "done deleted", p2: "done hidden" });
    });

    it("at most a hundred are asked for again in a step", async () => {
      await addCandidates("page", idsOf("p", AT_ONCE + 1), "deleted", 2 * MINUTE_MS);
      expect(await apply()).toEqual([false]);
      expect(asked[0]).toEqual(["page", AT_ONCE]);
    });

    it("nothing that was asked for again counts if the account is another one by then", async () => {
      await addCandidates("page", ["p1"], "deleted", 2 * MINUTE_MS);
      let accountId: string | null = (await world.source()).accountId;
      const change: Partial<ConfluenceClient> = {
        currentUser: async () => ({ accountId, displayName: null, timeZone: null }),
        pagesById: async () => {
          accountId = null;
          return [];
        },
      };
      await expect(apply([], change)).rejects.toThrow("was not run");
      expect(await work()).toEqual({ p1: "candidate deleted" });
      expect((await world.progress(check)).error?.code).toBe("credentials_rejected");
    });
  });

  it("a check counts from Confluence's time, and what is stored as expected", async () => {
    await store("page", ["p1", "p2"]);
    const at = new Date("2026-02-03T04:05:06Z");
    await inStep(checkStep, { serverTime: () => at });
    const [row] = await database.sql`
      select confluence_started_at, pages_expected, listed_kinds from archon_progress where operation_id = ${check}`;
    expect(row).toEqual({ confluence_started_at: at, pages_expected: 2, listed_kinds: ["page"] });
  });

  it("a check that misses nothing looks at the account once, and at the space only if it lists nothing", async () => {
    const looks = () => {
      const requests = world.takeRequests();
      return ["/user/current", "/api/v2/spaces"].map(
        (path) => requests.filter((request) => request.path.endsWith(path)).length,
      );
    };
    await world.ended(check);
    expect(looks()).toEqual([1, 1]);
    addDemoPages(world.site, 2);
    world.site.settings.max_page_size = 1;
    await world.check();
    expect(looks()).toEqual([1, 0]);
  });
});
