import { expect, it } from "vitest";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import type { Fault } from "#infra/local/confluence-site/faults.ts";
import type { SiteSettings } from "#infra/local/confluence-site/settings.ts";
import type { ProbeResponse } from "#infra/local/commands/probe-result.ts";
import { runProbes } from "#infra/local/commands/probes.ts";
import { addFolder, addPage } from "#infra/local/confluence-site/edits.ts";
import type { Site } from "#infra/local/confluence-site/site.ts";
import { addPages, makeTestSite } from "#test/support/confluence-site.ts";

async function probe(
  settings: Partial<SiteSettings>,
  faults: Fault[] = [],
  change: (site: Site) => void = () => {},
) {
  const { site, clock } = makeTestSite({ settings });
  addPages(site, clock, 5);
  change(site);
  site.faults.push(...faults);
  const send = async (path: string, body?: unknown): Promise<ProbeResponse> => {
    const answer = await fetchFrom(site)(`https://demo.atlassian.net${path}`, {
      method: body === undefined ? "GET" : "POST",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { authorization: `Basic ${Buffer.from("a@example.com:demo-token").toString("base64")}` },
      redirect: "manual",
      signal: AbortSignal.timeout(5000),
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body ?? []) chunks.push(chunk);
    const json: unknown = JSON.parse(Buffer.concat(chunks).toString());
    return { status: answer.status, header: (name) => answer.headers.get(name), json };
  };
  return runProbes({ space: "DEMO", get: send, post: send, now: clock.now });
}

it("the probes find every assumption held, or unknown, on a site that behaves as documented", async () => {
  const results = await probe({ time_zone: "Asia/Kathmandu" });
  expect(results.length).toBeGreaterThan(10);
  expect(results.filter((result) => result.held === false)).toEqual([]);
});

it("the probes report which assumption does not hold", async () => {
  const results = await probe({ index_lag_seconds: 86_400 });
  const wrong = results.filter((result) => result.held === false).map((result) => result.assumption);
  expect(wrong).toEqual(["a literal of a change's own minute finds it (>=, the account's zone)"]);
});

it("the probes leave open what the site does not report", async () => {
  const results = await probe({ time_zone_hidden: true });
  const zone = results.find((result) => result.assumption.includes("time zone"));
  expect(zone?.held).toBeNull();
});

it("the probes name each scope that the token lacks, and fail on those that a sync requires", async () => {
  const lacks = (path: string): Fault => ({
    effect: "scope_missing",
    said_in: "both",
    path,
    times: 100,
    skip: 0,
  });
  const results = await probe({}, [lacks("/content/labels"), lacks("/content/search")]);
  const missing = results.filter((result) => result.seen.startsWith("missing"));
  expect(missing.map((result) => [result.held, result.assumption])).toEqual([
    [false, expect.stringContaining("read:content-details:confluence (required)")],
    [null, expect.stringContaining("read:label:confluence (optional)")],
  ]);
});

it("the probes report how the site tells who may see what, and leave open what it does not tell", async () => {
  const fill = (site: Site) => {
    const { id: parentId } = addFolder(site, { space: "DEMO", title: "Runbooks" });
    addPage(site, { space: "DEMO", title: "Restart", body: "<p/>", parentId });
  };
  const seen = async (settings: Partial<SiteSettings>, faults: Fault[] = []) =>
    (await probe(settings, faults, fill))
      .filter(({ assumption }) => assumption.endsWith(" (optional)"))
      .map(({ held, seen: found }) => [held, found.replace(/\d{4,}/, "N")]);
  expect(await seen({})).toEqual([
    [true, "6 of 6, no next link"],
    [true, "status 200"],
    [true, "group, user"],
    [true, "PRE_ROLES"],
    [true, "1 groups"],
    [true, "status 200"],
    [true, "status 200"],
    [true, "folder N, status 200"],
    [true, "page N, 1 ancestors"],
  ]);
  const fails = (path: string): Fault => ({
    effect: "status",
    status: 403,
    retry_after: null,
    path,
    skip: 0,
  });
  const faults = ["byOperation/read", "/permissions", "accessType"].map(fails);
  const settings = {
    restrictions_page_size: 2,
    role_mode: "none",
    administrator: false,
    ancestors_are: "pages",
  } as const;
  expect(await seen({ ...settings, folder_checks: false }, faults)).toEqual([
    [true, "2 of 2, then a next link"],
    [null, "status 403"],
    [null, "status 403"],
    [null, "status 404"],
    [null, "0 groups"],
    [null, "status 403"],
    [null, "folder N, status 404"],
    [null, "page N, 0 ancestors"],
  ]);
});
