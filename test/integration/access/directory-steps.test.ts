import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addGroup } from "#infra/local/confluence-site/directory-edits.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { refreshDirectories } from "#shared/syncs/rights/refresh-directories.ts";
import { sweepSources } from "#shared/syncs/rights/sweep-sources.ts";
import { makeAccessWorld, type AccessWorld } from "#test/support/access-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const MINUTE_MS = 60_000;
/** With less time left no group and no accounts are read. */
const RESERVE_MS = 20_000;

type Calls = Partial<Pick<ConfluenceClient, "groupMembers" | "accounts" | "licensedGroups" | "currentUser">>;

describe("reading the directory of a site", () => {
  let database: TestDatabase;
  let world: AccessWorld;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    world = await makeAccessWorld(database.sql);
    // So that the rights of the space name groups.
    await sweepSources(world.outside, { remainingMs: () => MINUTE_MS });
  });
  afterAll(() => database.close());

  /** As if the directory had never been read. */
  const forget = async () => {
    await database.sql`delete from directory_groups`;
    await database.sql`delete from directory_accounts`;
    await database.sql`update confluence_sites set directory_verified_at = null`;
  };
  /** One invocation. `change`: calls that the site answers otherwise. */
  const refresh = (
    change: (client: ConfluenceClient) => Calls = () => ({}),
    remainingMs = () => MINUTE_MS,
  ) => {
    const { outside } = world;
    const confluence: typeof outside.confluence = (access) => {
      const client = outside.confluence(access);
      return { ...client, ...change(client) };
    };
    return refreshDirectories({ ...outside, confluence }, { remainingMs });
  };
  const throws = (error: Error) => async (): Promise<never> => {
    throw error;
  };
  const site = async () => {
    const [row] = await database.sql`
      select status, directory_verified_at as verified_at, directory_claimed_until as claimed_until, paused_until,
        directory_error ->> 'code' as code from confluence_sites`;
    return row ?? {};
  };
  const groups = async () => {
    const rows = await database.sql<{ state: string; count: number }[]>`
      select state, count(*)::int as count from directory_groups group by state order by state`;
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  };
  const accounts = async () => (await database.sql`select from directory_accounts`).length;
  const logged = (event: string) =>
    world.logged.filter((line) => line.event === event).map((line) => line.fields);

  it("a directory is complete when its groups and all their members were read", async () => {
    expect(await refresh()).toEqual({ refreshed: 1, failed: 0 });
    expect(await site()).toMatchObject({ verified_at: expect.any(Date), claimed_until: null, code: null });
    expect(await accounts()).toBeGreaterThanOrEqual(4);
    const { known = 0 } = await groups();
    expect(logged("directory.refreshed")).toMatchObject([{ site_id: expect.any(String), groups: known }]);
    expect(await refresh()).toEqual({ refreshed: 0, failed: 0 });
  });

  it("groups that give a licence are marked as such, and others are not", async () => {
    await refresh();
    const client = world.outside.confluence({ baseUrl: world.site.url, email: null, apiToken: "demo-token" });
    const rows = await database.sql<{ group_id: string; is_licensed: boolean }[]>`
      select group_id, is_licensed from directory_groups order by is_licensed`;
    expect(rows.filter((row) => row.is_licensed).map((row) => row.group_id)).toEqual(
      await client.licensedGroups(),
    );
    expect(rows.some((row) => !row.is_licensed)).toBe(true);
  });

  it.each(["not_found", "forbidden"])(
    "a group whose members are %s lets nobody in, and the others are read",
    async (code) => {
      const [staff] = [...world.site.directory.groups.values()].filter(({ name }) => name === "staff");
      const change = (client: ConfluenceClient): Calls => ({
        groupMembers: async (id) =>
          id === staff?.id ? throws(new PermanentError(code, "no"))() : client.groupMembers(id),
      });
      expect(await refresh(change)).toEqual({ refreshed: 1, failed: 0 });
      expect(await groups()).toMatchObject({ unreadable: 1, known: expect.any(Number) });
    },
  );

  it.each<[string, Error, string]>([
    ["fails", new TransientError("confluence_failed", "500"), "active"],
    ["answers in no form that can be read", new PermanentError("invalid_answer", "?"), "active"],
    ["rejects the credentials", new PermanentError("credentials_rejected", "401"), "credentials_expired"],
  ])("a directory whose site %s is recorded as failed", async (_, error, status) => {
    expect(await refresh(() => ({ groupMembers: throws(error) }))).toEqual({ refreshed: 0, failed: 1 });
    const code = (error as PermanentError).code;
    expect(await site()).toMatchObject({ status, verified_at: null, claimed_until: null, code });
    expect(logged("directory.failed")).toMatchObject([{ site_id: expect.any(String), code }]);
    expect(logged("directory.refreshed")).toEqual([]);
  });

  it("the groups of an account that is not the known one are not asked for", async () => {
    let asked = 0;
    const change = (client: ConfluenceClient): Calls => ({
      currentUser: async () => ({ ...(await client.currentUser()), accountId: "somebody-else" }),
      licensedGroups: async () => {
        asked += 1;
        return client.licensedGroups();
      },
    });
    expect(await refresh(change)).toEqual({ refreshed: 0, failed: 1 });
    expect([asked, (await site())["code"]]).toEqual([0, "account_changed"]);
  });

  it("a limit pauses the site, and the directory is read when it has passed", async () => {
    await refresh(() => ({ accounts: throws(new RateLimitedError("429", MINUTE_MS)) }));
    const { paused_until: until, ...others } = await site();
    expect(others).toMatchObject({ code: null, claimed_until: null, verified_at: null });
    expect(until.getTime()).toBeGreaterThanOrEqual(world.now().getTime() + MINUTE_MS);
    expect(logged("directory.failed")).toEqual([]);
    expect(await refresh()).toEqual({ refreshed: 0, failed: 0 });
    world.pass(2 * MINUTE_MS);
    expect(await refresh()).toEqual({ refreshed: 1, failed: 0 });
  });

  it("an internal error is thrown, and recorded as no failure of the site", async () => {
    const error = new TypeError("a bug");
    await expect(refresh(() => ({ groupMembers: throws(error) }))).rejects.toBe(error);
    expect(await site()).toMatchObject({ code: null });
  });

  describe("in an invocation whose time ends", () => {
    it("no directory is begun, and the next invocation reads it", async () => {
      world.takeRequests();
      expect(await refresh(undefined, () => RESERVE_MS - 1)).toEqual({ refreshed: 0, failed: 0 });
      expect([await site(), await groups()]).toMatchObject([{ claimed_until: null }, {}]);
      expect(world.takeRequests()).toEqual([]);
      expect(await refresh(undefined, () => RESERVE_MS)).toEqual({ refreshed: 1, failed: 0 });
    });

    it("the groups that were read are not read again by the next", async () => {
      for (let n = 0; n < 8; n += 1) {
        const { id } = addGroup(world.site, { name: `more-${n}`, members: ["u"] });
        await database.sql`
          update access_nodes set groups = groups || ${id}::text where content_id is null`;
      }
      const read: string[] = [];
      const change = (client: ConfluenceClient): Calls => ({
        groupMembers: async (id) => {
          read.push(id);
          return client.groupMembers(id);
        },
      });
      expect(await refresh(change, () => (read.length < 5 ? MINUTE_MS : RESERVE_MS - 1))).toEqual({
        refreshed: 0,
        failed: 0,
      });
      expect(await site()).toMatchObject({ verified_at: null, claimed_until: null });
      expect([(await groups())["known"], await accounts()]).toEqual([read.length, 0]);
      expect(logged("directory.refreshed")).toEqual([]);
      const first = read.length;
      expect(await refresh(change)).toEqual({ refreshed: 1, failed: 0 });
      expect(read.length).toBeGreaterThan(first);
      expect(read.toSorted()).toEqual([...new Set(read)].toSorted());
    });

    it("a directory is not complete while a single group is left, whatever else is known", async () => {
      await refresh();
      const all = await groups();
      await database.sql`delete from directory_groups where not is_licensed`;
      let looks = 0;
      const remainingMs = () => (looks++ === 0 ? MINUTE_MS : RESERVE_MS - 1);
      expect(await refresh(undefined, remainingMs)).toEqual({ refreshed: 0, failed: 0 });
      expect(await groups()).not.toEqual(all);
      expect(await refresh()).toEqual({ refreshed: 1, failed: 0 });
      expect(await groups()).toEqual(all);
    });

    it("accounts that were not read are read by the next, and groups that were are not", async () => {
      await refresh();
      const all = await groups();
      await forget();
      const calls = { groups: 0, accounts: 0 };
      const change = (client: ConfluenceClient): Calls => ({
        groupMembers: async (id) => {
          const members = await client.groupMembers(id);
          calls.groups += 1;
          return members;
        },
        accounts: async (ids) => {
          calls.accounts += 1;
          return client.accounts(ids);
        },
      });
      const remainingMs = () => (calls.groups === all["known"] ? RESERVE_MS - 1 : MINUTE_MS);
      expect(await refresh(change, remainingMs)).toEqual({ refreshed: 0, failed: 0 });
      expect(await groups()).toEqual(all);
      expect([calls.accounts, (await site())["claimed_until"]]).toEqual([0, null]);
      expect(await refresh(change)).toEqual({ refreshed: 1, failed: 0 });
      expect(calls).toEqual({ groups: all["known"], accounts: 1 });
    });
  });
});
