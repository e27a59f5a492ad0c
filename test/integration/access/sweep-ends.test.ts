import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { RateLimitedError, TransientError } from "#shared/errors.ts";
import { STEP_RESERVE_MS } from "#shared/syncs/rights/sweep-source.ts";
import { rightsClient, type RightsClient } from "#test/support/rights-client.ts";
import { makeSweptSource, SOURCE_ID, type SweptSource } from "#test/support/swept-source.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

/** Start, two pages of the listing, then nothing of: ancestors, absent, containers; and the end. */
const STEPS = 7;

describe("where a sweep of rights ends", () => {
  let database: TestDatabase;
  let source: SweptSource;
  let site: RightsClient;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  beforeEach(async () => {
    await database.clear();
    source = await makeSweptSource(database.sql);
    site = rightsClient({ "1": {}, "2": {}, "3": {} }, ACCOUNT_ID);
  });
  afterAll(() => database.close());

  const sweepRow = async () => {
    const [row] = await database.sql`
      select checkpoint ->> 'phase' as phase, started_at, claimed_until, (error ->> 'failures')::int as failures from access_sweeps`;
    return row ?? {};
  };
  const siteRow = async () => {
    const [row] = await database.sql`select status, paused_until from confluence_sites`;
    return row ?? {};
  };
  const failWith = (error: Error) => {
    site.spoil = () => {
      throw error;
    };
  };
  /** Until the sweep may be continued after a failure. */
  const quarter = () => {
    for (let minutes = 0; minutes < 15; minutes += 1) source.minute();
  };

  it("an invocation runs as many steps as it may, and the next continues where it was", async () => {
    expect(await source.step(site, 2)).toBe("more");
    expect(await sweepRow()).toMatchObject({ phase: "listing", claimed_until: null });
    expect(await source.step(site, STEPS - 3)).toBe("more");
    expect(await sweepRow()).toMatchObject({ phase: "closing", claimed_until: null });
    expect(await source.step(site, 1)).toBe("complete");
    expect(await source.step(site, 1)).toBe("not due");
  });

  it("a step is begun only while there is more time left than one takes", async () => {
    const timeLeft = (ms: number) => source.step(site, 1, { remainingMs: () => ms });
    expect(await timeLeft(STEP_RESERVE_MS)).toBe("more");
    expect(site.calls).toEqual([]);
    expect(await timeLeft(STEP_RESERVE_MS + 1)).toBe("more");
    expect(site.calls).not.toEqual([]);
    await source.step(site, STEPS - 2);
    expect(await timeLeft(STEP_RESERVE_MS)).toBe("more");
    expect(await sweepRow()).toMatchObject({ phase: "closing", claimed_until: null });
    expect(await timeLeft(STEP_RESERVE_MS + 1)).toBe("complete");
  });

  it("the last step is begun only if there is still time after all was read", async () => {
    await source.step(site, STEPS - 1);
    const timeAtLast = (ms: number) => {
      let looks = 0;
      return source.step(site, 100, { remainingMs: () => (looks++ === 0 ? 60_000 : ms) });
    };
    expect(await timeAtLast(STEP_RESERVE_MS)).toBe("more");
    expect(await sweepRow()).toMatchObject({ claimed_until: null, started_at: expect.any(Date) });
    expect(await timeAtLast(STEP_RESERVE_MS + 1)).toBe("complete");
  });

  it("a rate limit that is nearly used up pauses the site after the step, and not the step before it", async () => {
    Object.assign(site.client, { nearLimit: () => true });
    expect(await source.step(site, 100)).toBe("more");
    expect(await sweepRow()).toMatchObject({ phase: "listing", claimed_until: null });
    expect((await siteRow())["paused_until"]).toEqual(new Date(source.now().getTime() + 10_000));
    expect(await source.step(site, 100)).toBe("not due");
  });

  it("a rate limit pauses the site for as long as it says, and is no failure of the sweep", async () => {
    failWith(new RateLimitedError("429", 60_000));
    expect(await source.step(site, 100)).toBe("paused");
    expect(await sweepRow()).toMatchObject({ phase: "listing", claimed_until: null, failures: null });
    expect((await siteRow())["paused_until"].getTime()).toBeGreaterThanOrEqual(
      source.now().getTime() + 60_000,
    );
    expect(await source.step(site, 100)).toBe("not due");
    site.spoil = null;
    quarter();
    expect(await source.step(site, 100)).toBe("complete");
  });

  it("a sweep within a sync leaves its rate limit to the sync, and lets the next worker continue", async () => {
    const limit = new RateLimitedError("429", 60_000);
    failWith(limit);
    await expect(source.step(site, 100, { client: site.client })).rejects.toBe(limit);
    expect(await siteRow()).toMatchObject({ paused_until: null });
    site.spoil = null;
    expect(await source.step(site, 100, { client: site.client })).toBe("complete");
  });

  it("an internal error is thrown, and recorded as no failure of the source", async () => {
    const error = new TypeError("a bug");
    failWith(error);
    await expect(source.step(site, 100)).rejects.toBe(error);
    expect(await sweepRow()).toMatchObject({ failures: null });
  });

  it("a step that fails is tried again where it was, five times; then the sweep begins again", async () => {
    await source.step(site, 2);
    const { started_at: startedAt } = await sweepRow();
    failWith(new TransientError("timeout", "no answer"));
    for (let failures = 1; failures <= 5; failures += 1) {
      expect(await source.step(site, 100)).toBe("failed");
      expect(await sweepRow()).toMatchObject({ phase: "listing", started_at: startedAt, failures });
      quarter();
    }
    expect(await source.step(site, 100)).toBe("failed");
    expect(await sweepRow()).toMatchObject({ started_at: null, failures: 6 });
    expect(source.logged).toMatchObject(
      [1, 2, 3, 4, 5, 6].map((failures) => ({
        event: "access_sweep.failed",
        source_id: SOURCE_ID,
        code: "timeout",
        failures,
      })),
    );
    site.spoil = null;
    quarter();
    expect(await source.step(site, 100)).toBe("complete");
    expect(await sweepRow()).toMatchObject({ failures: null });
  });

  it.each([
    ["an account that is anonymous has credentials that are rejected", null, "credentials_expired"],
    ["another account is none whose credentials are rejected", "somebody-else", "active"],
  ])("of a sweep that fails, %s", async (_, accountId, status) => {
    site.account.id = accountId;
    expect(await source.step(site, 100)).toBe("failed");
    expect(await siteRow()).toMatchObject({ status });
  });

  it("a source without a token fails its sweep, which says so", async () => {
    await database.sql`update confluence_sites set encrypted_secret = null`;
    expect(await source.step(site, 100)).toBe("failed");
    expect(source.logged).toMatchObject([
      { event: "access_sweep.failed", code: "credentials_missing" },
      { event: "site.credentials_expired" },
    ]);
    expect(site.calls).toEqual([]);
  });
});
