import { expect, it } from "vitest";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import type { SiteSettings } from "#infra/local/confluence-site/settings.ts";
import { runProbes, type Answer } from "#infra/local/commands/probes.ts";
import { addPages, makeTestSite } from "#test/support/confluence-site.ts";

async function probe(settings: Partial<SiteSettings>) {
  const { site, clock } = makeTestSite({ settings });
  addPages(site, clock, 5);
  const get = async (path: string): Promise<Answer> => {
    const answer = await fetchFrom(site)(`https://demo.atlassian.net${path}`, {
      method: "GET",
      headers: { authorization: `Basic ${Buffer.from("a@example.com:demo-token").toString("base64")}` },
      redirect: "manual",
      signal: AbortSignal.timeout(5000),
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body ?? []) chunks.push(chunk);
    const json: unknown = JSON.parse(Buffer.concat(chunks).toString());
    return { status: answer.status, header: (name) => answer.headers.get(name), json };
  };
  return runProbes({ space: "DEMO", get, now: clock.now });
}

it("finds every assumption held, or untold, on a site that behaves as documented", async () => {
  const results = await probe({ time_zone: "Asia/Kathmandu" });
  expect(results.length).toBeGreaterThan(10);
  expect(results.filter((result) => result.held === false)).toEqual([]);
});

it("tells which assumption does not hold", async () => {
  const results = await probe({ index_lag_seconds: 86_400 });
  const wrong = results.filter((result) => result.held === false).map((result) => result.assumption);
  expect(wrong).toEqual(["a literal of a change's own minute finds it (>=, the account's zone)"]);
});

it("leaves open what the site does not tell", async () => {
  const results = await probe({ time_zone_hidden: true });
  const zone = results.find((result) => result.assumption.includes("time zone"));
  expect(zone?.held).toBeNull();
});
