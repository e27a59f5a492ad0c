import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { setSpaceReaders } from "#infra/local/confluence-site/directory-edits.ts";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { RateLimitedError, TransientError } from "#shared/errors.ts";
import { sweepSources } from "#shared/syncs/rights/sweep-sources.ts";
import { addSpacesWithSources } from "#test/support/site-sources.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";
import { makeSyncWorld, type SyncWorld } from "#test/support/sync-world.ts";

const MINUTE_MS = 60_000;
const SPACES = ["A", "B", "C", "D", "E", "F"];

describe("sweeps of many spaces of one site", () => {
  let database: TestDatabase;
  let world: SyncWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeSyncWorld(database.sql);
    await addSpacesWithSources(world, SPACES, { synced: false });
    await database.sql`update archon_sources set access = 'unrestricted' where space_key = any(${SPACES})`;
    world.takeRequests();
  });
  afterAll(() => database.close());

  /** One invocation with so much time. `change` is what the client of each source is. */
  const invoke = async ({
    remainingMs = () => MINUTE_MS,
    change = (client) => client,
  }: Partial<{ remainingMs: () => number; change: (client: ConfluenceClient) => ConfluenceClient }> = {}) => {
    const { outside } = world;
    const confluence: typeof outside.confluence = (site) => change(outside.confluence(site));
    return sweepSources({ ...outside, confluence }, { remainingMs });
  };
  const verified = async () => {
    const rows = await database.sql<{ count: number }[]>`
      select count(access_verified_at)::int as count from archon_sources`;
    return rows[0]?.count;
  };
  /** With one space, which is swept first. */
  const addOtherSite = async () => {
    const baseUrl = "https://other.example";
    await addSpacesWithSources(world, ["0G"], { baseUrl, synced: false });
    await database.sql`update archon_sources set access = 'unrestricted' where space_key = '0G'`;
    await database.sql`update confluence_sites set api_base = ${world.site.url} where base_url = ${baseUrl}`;
  };
  const spaceIdOf = async (key: string) => {
    const rows = await database.sql<{ id: string }[]>`
      select space_id as id from archon_sources where space_key = ${key}`;
    return rows[0]?.id;
  };
  const errors = async () => {
    const rows = await database.sql<{ code: string }[]>`
      select error ->> 'code' as code from access_sweeps where error is not null order by source_id`;
    return rows.map(({ code }) => code);
  };
  it("what is the same for all of them is read once; its account is looked at before and after", async () => {
    expect(await invoke()).toEqual({ swept: 6, completed: 6, failed: 0 });
    const requests = world.takeRequests();
    const count = (path: string) => requests.filter((request) => request.path.includes(path)).length;
    // Before, and when the first of the four that read at the same time has found nothing more to read, and the last.
    expect(count("/user/current")).toBeLessThanOrEqual(1 + 4);
    expect(count("/space-role-mode")).toBe(1);
    expect(count("/permissions")).toBe(SPACES.length);
    // Who reads each, how much is in it, and all of it; whether any space has folders.
    expect(requests.length - count("/user/current")).toBe(1 + 1 + 3 * SPACES.length);
    expect(await verified()).toBe(SPACES.length);
  });

  it("an account that becomes anonymous after a listing proves none of them", async () => {
    const change = (client: ConfluenceClient): ConfluenceClient => ({
      ...client,
      searchRights: async (cql, cursor) => {
        const found = await client.searchRights(cql, cursor);
        world.site.settings.answer_as_anonymous = true;
        return found;
      },
    });
    const { swept, completed, failed } = await invoke({ change });
    // A space whose turn comes after its site's credentials were marked is not swept.
    expect([swept > 0, failed, completed]).toEqual([true, swept, 0]);
    expect(await verified()).toBe(0);
    expect(await errors()).toContain("credentials_rejected");
  });

  it("an account that is anonymous when they are closed proves none of them", async () => {
    let looks = 0;
    const change = (client: ConfluenceClient): ConfluenceClient => ({
      ...client,
      currentUser: async () => {
        looks += 1;
        const user = await client.currentUser();
        return looks > 1 ? { ...user, accountId: null } : user;
      },
    });
    const { swept, completed, failed } = await invoke({ change });
    expect([swept > 0, failed, completed]).toEqual([true, swept, 0]);
    expect(await verified()).toBe(0);
  });

  it("a look at the site that fails stops those that waited for it, and the next space takes it again", async () => {
    let looks = 0;
    const change = (client: ConfluenceClient): ConfluenceClient => ({
      ...client,
      spaceRoles: async () => {
        looks += 1;
        if (looks === 1) throw new TransientError("confluence_failed", "500");
        return client.spaceRoles();
      },
    });
    const { completed, failed } = await invoke({ change });
    expect(failed).toBeGreaterThan(0);
    expect([completed, looks]).toEqual([SPACES.length - failed, 2]);
    expect(completed).toBeGreaterThan(0);
    world.pass(2 * MINUTE_MS);
    await invoke();
    expect(await verified()).toBe(SPACES.length);
  });

  it("what is known of one site says nothing about another", async () => {
    await addOtherSite();
    expect(await invoke()).toEqual({ swept: 7, completed: 7, failed: 0 });
    expect(world.takeRequests().filter(({ path }) => path.includes("/space-role-mode"))).toHaveLength(2);
  });

  it("what is known by a token says nothing about the one that replaces it", async () => {
    let reads = 0;
    const change = (client: ConfluenceClient): ConfluenceClient => ({
      ...client,
      spaceRoles: async () => {
        reads += 1;
        await database.sql`update confluence_sites set encrypted_secret = encrypted_secret || ' '`;
        return null;
      },
      currentUser: async () => ({ accountId: ACCOUNT_ID, displayName: null, timeZone: null }),
    });
    await invoke({ change });
    expect(reads).toBeGreaterThan(1);
  });

  it("a space that is out of sight is named as the reason, and stops no other", async () => {
    setSpaceReaders(world.site, "B", { withAccount: false });
    expect(await invoke()).toEqual({ swept: 6, completed: 5, failed: 1 });
    expect(await errors()).toEqual(["space_unavailable"]);
  });

  it("a call that hangs keeps none but its own source waiting", async () => {
    const hanging = await spaceIdOf("A");
    let remaining = MINUTE_MS;
    let answer = () => {};
    const hangs = new Promise<void>((resolve) => (answer = resolve));
    const change = (client: ConfluenceClient): ConfluenceClient => ({
      ...client,
      spaceReaders: async (spaceId, roles) => {
        if (spaceId === hanging) await hangs;
        return client.spaceReaders(spaceId, roles);
      },
    });
    const invocation = invoke({ change, remainingMs: () => remaining });
    await vi.waitUntil(async () => (await verified()) === SPACES.length - 1, { timeout: 30_000 });
    remaining = 19_000;
    answer();
    expect(await invocation).toMatchObject({ completed: SPACES.length - 1, failed: 0 });
    expect(await invoke()).toMatchObject({ completed: 1, failed: 0 });
  });

  it("a site that does not answer when its sweeps are closed keeps no other site's waiting", async () => {
    await addOtherSite();
    let answer = () => {};
    const hangs = new Promise<void>((resolve) => (answer = resolve));
    let isRead = false;
    const change = (client: ConfluenceClient): ConfluenceClient => {
      let space: string | null = null;
      return {
        ...client,
        spaceReaders: async (spaceId, roles) => {
          space = spaceId;
          return client.spaceReaders(spaceId, roles);
        },
        currentUser: async () => {
          if (space === (await spaceIdOf("0G"))) {
            isRead = true;
            await hangs;
          }
          return client.currentUser();
        },
      };
    };
    const invocation = invoke({ change });
    await vi.waitUntil(async () => isRead && (await verified()) === SPACES.length, { timeout: 30_000 });
    answer();
    expect(await invocation).toEqual({ swept: 7, completed: 7, failed: 0 });
  });

  it("a limit that is met when sweeps are closed is met once", async () => {
    let looks = 0;
    const change = (client: ConfluenceClient): ConfluenceClient => ({
      ...client,
      currentUser: async () => {
        looks += 1;
        if (looks > 1) throw new RateLimitedError("429", MINUTE_MS);
        return client.currentUser();
      },
    });
    const paused = () => world.logged.filter(({ event }) => event === "source.paused").length;
    expect(await invoke({ change })).toMatchObject({ completed: 0, failed: 0 });
    // Of the four that read at the same time, each closes what it finds.
    expect(looks).toBeLessThanOrEqual(1 + 4);
    expect(paused()).toBeLessThanOrEqual(4);
    world.pass(2 * MINUTE_MS);
    expect(await invoke()).toEqual({ swept: 6, completed: 6, failed: 0 });
  });

  it("what was read when an invocation's time is over is closed by the next, and not read again", async () => {
    const begun: string[] = [];
    const change = (client: ConfluenceClient): ConfluenceClient => ({
      ...client,
      spaceReaders: async (spaceId, roles) => {
        begun.push(spaceId);
        return client.spaceReaders(spaceId, roles);
      },
    });
    // Until the fifth space begins: then there is time for no step.
    const remainingMs = () => (begun.length < 5 ? MINUTE_MS : 19_000);
    await invoke({ change, remainingMs });
    expect(await verified()).toBeLessThan(SPACES.length);
    await invoke({ change });
    expect(await verified()).toBe(SPACES.length);
    expect(begun.toSorted()).toEqual([...new Set(begun)].toSorted());
  });

  it.each([
    ["is enough, all are closed", 30_001, (completed: number) => completed === SPACES.length],
    ["is not, those are that were read, and no further one is begun", 30_000, (n: number) => n > 0 && n <= 4],
  ])(
    "of an invocation's time ten seconds are kept to close what was read; where the rest %s",
    async (_, ms, holds) => {
      const { completed, failed } = await invoke({ remainingMs: () => ms });
      expect([holds(completed), failed]).toEqual([true, 0]);
      expect(await invoke()).toEqual({
        swept: SPACES.length - completed,
        completed: SPACES.length - completed,
        failed: 0,
      });
    },
  );

  it("an internal error with one space stops none of the others, and is thrown at the end", async () => {
    const broken = await spaceIdOf("C");
    const error = new TypeError("a bug");
    const change = (client: ConfluenceClient): ConfluenceClient => ({
      ...client,
      spaceReaders: async (spaceId, roles) => {
        if (spaceId === broken) throw error;
        return client.spaceReaders(spaceId, roles);
      },
    });
    await expect(invoke({ change })).rejects.toMatchObject({ errors: [error] });
    expect(await verified()).toBe(SPACES.length - 1);
    expect(await errors()).toEqual([]);
  });
});
