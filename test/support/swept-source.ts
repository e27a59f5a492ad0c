import type postgres from "postgres";
import { ACCOUNT_ID } from "#infra/local/confluence-site/site.ts";
import { addMissingSweeps } from "#shared/access/sweeps/sweep-rows.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";
import { getSource, insertSource } from "#shared/sources/sources.ts";
import { sweepSource, type SweepOptions, type SweepOutcome } from "#shared/syncs/rights/sweep-source.ts";
import { SPACE_ID, type RightsClient, type ToldContent } from "#test/support/rights-client.ts";

export const SOURCE_ID = "source-1";

export type SweptSource = {
  now: () => Date;
  minute: () => void;
  /** Steps of the sweep that is due; there is time for as many as are wanted unless the options say otherwise. */
  step: (site: RightsClient, maxSteps?: number, options?: Partial<SweepOptions>) => Promise<SweepOutcome>;
  /** A quarter of an hour later: a whole sweep. */
  sweep: (site: RightsClient) => Promise<SweepOutcome>;
  /** A quarter of an hour later: a sweep as far as the end of its listing. */
  list: (site: RightsClient) => Promise<void>;
  /** Lines of the sweeps' log. */
  logged: Record<string, unknown>[];
};

/** Changes what a site tells of some content. */
export function change(site: RightsClient, id: string, content: Partial<ToldContent>): void {
  const before = site.contents.get(id);
  if (!before) throw new Error(`No content ${id}`);
  site.contents.set(id, { ...before, ...content });
}

/** What a sync reads rights with. */
export async function rightsReader(sql: postgres.Sql, { client }: RightsClient, now: () => Date) {
  const source = await getSource(sql, SOURCE_ID);
  if (!source) throw new Error("The source is gone");
  return { client, source, services: { now, sql } };
}

/** A source that carries rights over, and a clock. */
export async function makeSweptSource(sql: postgres.Sql): Promise<SweptSource> {
  let clock = new Date("2026-11-27T08:00:00Z");
  const source = {
    sourceId: SOURCE_ID,
    title: "Demo",
    baseUrl: "https://example.atlassian.net",
    spaceKey: "DEMO",
    spaceId: SPACE_ID,
    spaceName: "Demo",
    accountId: ACCOUNT_ID,
    email: null,
    encryptedToken: "token",
    syncIntervalMinutes: null,
    searchLanguage: "english",
    embeddingModel: "fake-embedder",
    deletionStrategy: "on_demand",
    access: "per_user",
  } as const;
  await insertSource(sql, source, clock);
  await addMissingSweeps(sql, clock);
  const minute = () => {
    clock = new Date(clock.getTime() + 60_000);
  };
  const now = () => clock;
  const logged: SweptSource["logged"] = [];
  const log = makeLog("info", (line) => logged.push(JSON.parse(line)), now);
  const step: SweptSource["step"] = async ({ client }, maxSteps = 1, options = {}) => {
    const services = {
      sql,
      log,
      now,
      random: () => 0.5,
      env: parseEnv({}),
      cipher: { encrypt: async (text: string) => text, decrypt: async (text: string) => text },
      confluence: () => client,
    };
    return sweepSource(SOURCE_ID, services, { remainingMs: () => 60_000, maxSteps, ...options });
  };
  const sweep: SweptSource["sweep"] = async (site) => {
    for (let minutes = 0; minutes < 16; minutes += 1) minute();
    return step(site, 1000);
  };
  const list: SweptSource["list"] = async (site) => {
    for (let minutes = 0; minutes < 16; minutes += 1) minute();
    const pages = Math.ceil(site.contents.size / site.pageSize);
    const outcome = await step(site, 1 + pages);
    if (outcome !== "more") throw new Error(`The sweep is ${outcome}`);
  };
  return { now, minute, step, sweep, list, logged };
}
