import { addPage, addSpace } from "#infra/local/confluence-site/edits.ts";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import type { SiteSettings } from "#infra/local/confluence-site/settings.ts";
import { createSite, type Site } from "#infra/local/confluence-site/site.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { makeConfluenceClient } from "#shared/confluence/cloud-client.ts";
import type { Fetch } from "#shared/confluence/guarded-fetch.ts";
import type { TransportOptions } from "#shared/confluence/http-transport.ts";

/** A clock that stops until it is moved. */
export type TestClock = { now: () => Date; advance: (ms: number) => void };

export function testClock(start = "2026-03-04T10:15:30Z"): TestClock {
  let at = Date.parse(start);
  return {
    now: () => new Date(at),
    advance: (ms) => {
      at += ms;
    },
  };
}

/** A site with one empty space, `DEMO`, in this process. Randomness is a fixed sequence. */
export function makeTestSite(options: { clock?: TestClock; settings?: Partial<SiteSettings> } = {}): {
  site: Site;
  clock: TestClock;
} {
  const clock = options.clock ?? testClock();
  const site = createSite({
    now: clock.now,
    random: fixedRandom(),
    ...(options.settings ? { settings: options.settings } : {}),
  });
  addSpace(site, { key: "DEMO", name: "Demo" });
  return { site, clock };
}

/** Pages `Page 1` … `Page n` of `DEMO`, a minute apart; their ids in order. */
export function addPages(site: Site, clock: TestClock, count: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    clock.advance(60_000);
    return addPage(site, { space: "DEMO", title: `Page ${n + 1}`, body: `<p>Text ${n + 1}</p>` }).id;
  });
}

/** The JSON of a site, changed before the client sees it. */
export function changing(fetch: Fetch, change: (text: string, url: string) => string): Fetch {
  return async (url, init) => {
    const answer = await fetch(url, init);
    const { body } = answer;
    return {
      ...answer,
      body: (async function* () {
        for await (const chunk of body ?? []) yield Buffer.from(change(Buffer.from(chunk).toString(), url));
      })(),
    };
  };
}

/** A client of the site, without a port, that never waits. */
export function clientOf(site: Site, options: Partial<TransportOptions> = {}): ConfluenceClient {
  return makeConfluenceClient({
    baseUrl: site.url,
    email: "ada@example.com",
    apiToken: "demo-token",
    allowedHosts: [".atlassian.net", "api.atlassian.com"],
    allowLoopback: false,
    now: site.now,
    random: fixedRandom(),
    sleep: async () => {},
    fetch: fetchFrom(site),
    ...options,
  });
}

function fixedRandom(): () => number {
  let state = 42;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
