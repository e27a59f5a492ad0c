import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { handleRequest } from "#infra/local/confluence-site/handle-request.ts";
import { SAMPLE_FOLDER } from "#infra/local/confluence-site/sample-folder.ts";
import { startConfluenceSite, type RunningSite } from "#infra/local/confluence-site/start.ts";
import { addPages, makeTestSite, type TestClock } from "#test/support/confluence-site.ts";

const BASIC = `Basic ${Buffer.from("ada@example.com:demo-token").toString("base64")}`;

let running: RunningSite;
let clock: TestClock;
let ids: string[];

beforeEach(async () => {
  const made = makeTestSite();
  clock = made.clock;
  ids = addPages(made.site, clock, 5);
  running = await startConfluenceSite({ site: made.site });
});

afterEach(() => running.close());

const listingSchema = z.object({
  results: z.array(
    z.looseObject({ id: z.string(), title: z.string().optional(), status: z.string().optional() }),
  ),
  _links: z.object({ next: z.string().optional() }),
});

async function get(path: string, authorization: string | null = BASIC) {
  const response = await fetch(`${running.url}${path}`, { headers: authorization ? { authorization } : {} });
  return { status: response.status, headers: response.headers, json: await response.json() };
}

async function listed(path: string) {
  const { status, json } = await get(path);
  expect(status).toBe(200);
  return listingSchema.parse(json);
}

async function admin(command: string, body: object): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${running.url}/admin/${command}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
}

describe("who asks", () => {
  it.each([
    ["Basic with the token", BASIC, 200],
    ["Bearer", "Bearer demo-token", 200],
    ["a wrong token", `Basic ${Buffer.from("ada@example.com:wrong").toString("base64")}`, 401],
    ["a wrong Bearer", "Bearer wrong", 401],
    ["no credentials", null, 401],
  ])("the simulated site decides by the credentials: %s", async (_name, authorization, status) => {
    expect((await get("/wiki/api/v2/spaces", authorization)).status).toBe(status);
  });

  it("a wrong token may be treated as anonymous instead: the listing has only public pages, with 200", async () => {
    await admin("settings", { wrong_token: "anonymous", anonymous_access: true });
    await admin("restrict", { id: ids[0], visible_to: "account" });
    const { json } = await get("/wiki/api/v2/pages", "Basic eDp5");
    expect(listingSchema.parse(json).results).toHaveLength(4);
    expect((await get("/wiki/rest/api/user/current", "Basic eDp5")).json).toMatchObject({
      type: "anonymous",
    });
    expect((await listed("/wiki/api/v2/pages")).results).toHaveLength(5);
  });

  it("without anonymous access an anonymous request fails in v1 too", async () => {
    expect((await get("/wiki/rest/api/content/search?cql=space=DEMO", null)).status).toBe(403);
    expect((await get("/wiki/rest/api/user/current", null)).json).toMatchObject({ type: "anonymous" });
  });
});

describe("what is seen", () => {
  it("pages are listed as current and archived, unless a status is requested", async () => {
    await admin("trash", { id: ids[0] });
    await admin("archive", { id: ids[1] });
    await admin("purge", { id: ids[2], leaves_record: true });
    await admin("purge", { id: ids[3] });
    const statuses = async (query: string) =>
      new Set((await listed(`/wiki/api/v2/pages?${query}`)).results.map((page) => page.status));
    expect(await statuses("")).toEqual(new Set(["archived", "current"]));
    expect(await statuses("status=current")).toEqual(new Set(["current"]));
    expect(await statuses("status=trashed,deleted")).toEqual(new Set(["deleted", "trashed"]));
    const repeated = "status=current&status=archived&status=trashed&status=deleted";
    expect((await statuses(repeated)).size).toBe(4);
    expect((await get(`/wiki/api/v2/pages/${ids[3]}`)).status).toBe(404);
  });

  it("a hidden page looks like one that is gone, with all pages below it", async () => {
    await admin("move", { id: ids[1], parent_id: ids[0] });
    await admin("restrict", { id: ids[0] });
    expect((await get(`/wiki/api/v2/pages/${ids[0]}`)).status).toBe(404);
    expect((await get(`/wiki/api/v2/pages/${ids[1]}`)).status).toBe(404);
    expect((await listed(`/wiki/api/v2/pages?id=${ids.join(",")}`)).results).toHaveLength(3);
    await admin("restrict", { id: ids[0], visible_to: "everyone" });
    expect((await listed(`/wiki/api/v2/pages?id=${ids.join(",")}`)).results).toHaveLength(5);
  });

  it("a hidden space lists nothing, with 200, and is 404 itself", async () => {
    await admin("space", { key: "DEMO", visible: false });
    expect((await listed("/wiki/api/v2/pages?space-id=98305")).results).toEqual([]);
    expect((await listed("/wiki/api/v2/spaces?keys=DEMO")).results).toEqual([]);
    expect((await get("/wiki/api/v2/spaces/98305")).status).toBe(404);
    expect((await get("/wiki/api/v2/spaces/98305/pages")).status).toBe(404);
  });

  it("a move takes the pages below along, to another space too, and makes no version", async () => {
    await admin("add_space", { key: "NEXT", name: "Next" });
    await admin("move", { id: ids[1], parent_id: ids[0] });
    const { json } = await admin("move", { id: ids[0], to_space: "NEXT" });
    expect(json).toMatchObject({ version: 1 });
    expect((await listed("/wiki/api/v2/pages?space-id=98305")).results).toHaveLength(3);
    expect((await get(`/wiki/rest/api/content/search?cql=space=NEXT`)).json).toMatchObject({ size: 2 });
  });

  it("the simulated site refuses what Confluence would refuse", async () => {
    expect((await admin("add", { space: "DEMO", title: "Page 1", body: "" })).status).toBe(400);
    expect((await admin("add", { space: "NONE", title: "X", body: "" })).status).toBe(404);
    expect((await admin("restore", { id: ids[0] })).status).toBe(409);
    await admin("move", { id: ids[1], parent_id: ids[0] });
    expect((await admin("move", { id: ids[0], parent_id: ids[1] })).status).toBe(400);
    expect((await admin("edit", { title: "Page 3", colour: "red" })).status).toBe(400);
    expect((await admin("explode", {})).status).toBe(404);
  });

  it.each([
    ["half a surrogate pair", "Led\ud83dger"],
    ["U+0000", "Led\u0000ger"],
  ])("%s in titles, labels and names of spaces is served as a JSON escape", async (_name, odd) => {
    await admin("add_space", { key: "ODD", name: odd });
    const body = `<p><ac:link ac:anchor="${odd}"><ri:page ri:content-title="Page 1"/></ac:link></p>`;
    const { json } = await admin("add", { space: "DEMO", title: odd, body, labels: [odd] });
    const { id } = z.object({ id: z.string() }).parse(json);
    const cql = encodeURIComponent("space = DEMO and type = page");
    const texts = async (path: string) => {
      const response = await fetch(`${running.url}${path}`, { headers: { authorization: BASIC } });
      expect([path, response.status]).toEqual([path, 200]);
      return response.text();
    };
    for (const path of [
      "/wiki/api/v2/pages",
      `/wiki/api/v2/pages/${id}?include-labels=true&body-format=export_view`,
      `/wiki/rest/api/content/search?cql=${cql}&expand=version,ancestors,metadata.labels`,
      "/wiki/api/v2/spaces",
      "/admin/pages",
    ]) {
      expect(await texts(path)).toContain(JSON.stringify(odd));
    }
  });

  it.each([
    "/wiki/api/v2/pages?limit=0",
    "/wiki/api/v2/pages?limit=251",
    "/wiki/api/v2/pages?status=lost",
    "/wiki/api/v2/pages?body-format=export_view",
    "/wiki/api/v2/pages?sort=colour",
    "/wiki/api/v2/pages?cursor=abc",
    "/wiki/api/v2/pages?id=x",
    `/wiki/api/v2/pages?id=${Array.from({ length: 251 }, (_, n) => n).join(",")}`,
    "/wiki/rest/api/content/search",
    "/wiki/rest/api/content/search?cql=space",
    "/wiki/rest/api/content/search?cql=space%3DDEMO&cursor=abc",
  ])("%s is a bad request", async (path) => {
    expect((await get(path)).status).toBe(400);
  });

  it.each([
    "/wiki/api/v2/pages/1",
    "/wiki/api/v2/spaces/1",
    "/wiki/api/v2/labels/1/pages",
    "/wiki/nothing",
    "/",
  ])("%s is not found", async (path) => {
    expect((await get(path)).status).toBe(404);
  });
});

describe("cursors", () => {
  it("a v2 cursor names the last item: pages added or removed meanwhile do not shift the listing", async () => {
    const first = await listed("/wiki/api/v2/pages?space-id=98305&limit=2&sort=id");
    expect(first._links.next).toMatch(/^\/wiki\/api\/v2\/pages\?space-id=98305&limit=2&sort=id&cursor=/);
    await admin("trash", { id: ids[0] });
    const second = await listed(first._links.next ?? "");
    expect(second.results.map((page) => page.id)).toEqual(ids.slice(2, 4));
    const last = await listed(second._links.next ?? "");
    expect(last.results.map((page) => page.id)).toEqual(ids.slice(4));
    expect(last._links.next).toBeUndefined();
  });

  it("a v2 response has its next link in the Link header too", async () => {
    const { headers } = await get("/wiki/api/v2/pages?limit=2");
    expect(headers.get("link")).toMatch(/^<\/wiki\/api\/v2\/pages\?.*>; rel="next"$/);
  });

  it("a v1 next link begins without /wiki", async () => {
    const cql = encodeURIComponent("space = DEMO order by lastmodified asc");
    const first = await listed(`/wiki/rest/api/content/search?cql=${cql}&limit=3`);
    expect(first._links.next).toMatch(/^\/rest\/api\/content\/search\?/);
    const second = await listed(`/wiki${first._links.next}`);
    expect([...first.results, ...second.results].map((page) => page.id)).toEqual(ids);
  });

  it("with paging by count, a hit that moves to the end hides another one", async () => {
    await admin("settings", { search_paging: "offset" });
    const cql = encodeURIComponent("space = DEMO order by lastmodified asc");
    const first = await listed(`/wiki/rest/api/content/search?cql=${cql}&limit=2`);
    clock.advance(60_000);
    await admin("edit", { id: ids[0], body: "<p>again</p>" });
    const second = await listed(`/wiki${first._links.next}`);
    expect(second.results.map((page) => page.id)).toEqual(ids.slice(3));
  });

  it("larger limits are reduced silently", async () => {
    await admin("settings", { max_page_size: 2 });
    const page = await listed("/wiki/api/v2/pages?limit=250");
    expect(page.results).toHaveLength(2);
    expect(page._links.next).toBeDefined();
  });
});

describe("switches", () => {
  it("faults can be set to return 429 and 500 for the next requests, some paths, or a share of them", async () => {
    await admin("fault", { effect: "rate_limit", retry_after: 7, times: 2, path: "/v2/spaces" });
    const spaces = async () => await get("/wiki/api/v2/spaces");
    expect((await get("/wiki/api/v2/pages")).status).toBe(200);
    const limited = await spaces();
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "7"]);
    expect([(await spaces()).status, (await spaces()).status]).toEqual([429, 200]);
    await admin("fault", { effect: "rate_limit", retry_after: { date_in_seconds: 60 } });
    expect((await spaces()).headers.get("retry-after")).toBe("Wed, 04 Mar 2026 10:21:30 GMT");
    await admin("fault", { effect: "rate_limit" });
    expect((await spaces()).headers.get("retry-after")).toBeNull();
    await admin("fault", { effect: "status", status: 500, share: 0.5 });
    const statuses = [];
    for (let n = 0; n < 40; n += 1) statuses.push((await spaces()).status);
    const failed = statuses.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThan(8);
    expect(failed).toBeLessThan(32);
    await admin("clear_faults", {});
    expect((await spaces()).status).toBe(200);
  });

  it("faults can truncate or empty a listing, or break its JSON", async () => {
    await admin("fault", { effect: "drop_next" });
    expect((await listed("/wiki/api/v2/pages?limit=2"))._links.next).toBeUndefined();
    await admin("fault", { effect: "empty_listing" });
    expect((await listed("/wiki/api/v2/pages?limit=2")).results).toEqual([]);
    await admin("fault", { effect: "not_json" });
    const response = await fetch(`${running.url}/wiki/api/v2/pages`, { headers: { authorization: BASIC } });
    expect(await response.text()).toContain("<!doctype html>");
  });

  it("settings control rate limit headers, the clock and the lag of the search", async () => {
    await admin("settings", {
      rate_limit: { limit: 100, remaining: 5, near_limit: true, reset_in_seconds: 60 },
      index_lag_seconds: 30,
    });
    await admin("edit", { id: ids[0], body: "<p>new</p>" });
    const found = async () => {
      const cql = encodeURIComponent('lastmodified > "2026-03-04 11:20"');
      return (await listed(`/wiki/rest/api/content/search?cql=${cql}`)).results.length;
    };
    clock.advance(60_000);
    await admin("edit", { id: ids[1], body: "<p>new</p>" });
    expect(await found()).toBe(0);
    const { json } = await admin("advance_clock", { seconds: 30 });
    expect(json).toEqual({ now: "2026-03-04T10:22:00.000Z" });
    expect(await found()).toBe(1);
    const { headers } = await get("/wiki/api/v2/spaces");
    expect(headers.get("date")).toBe("Wed, 04 Mar 2026 10:22:00 GMT");
    expect(headers.get("x-ratelimit-nearlimit")).toBe("true");
    expect(headers.get("x-ratelimit-reset")).toBe("2026-03-04T10:23:00Z");
  });

  it("an invalid setting is rejected and changes nothing", async () => {
    const { status, json } = await admin("settings", { time_zone: "Mars/Olympus" });
    expect(status).toBe(400);
    expect(JSON.stringify(json)).toContain("not an IANA time zone");
    expect(running.site.settings.time_zone).toBe("Europe/Berlin");
    await admin("settings", { token: "other" });
    expect(running.site.settings).toMatchObject({ token: "other", time_zone: "Europe/Berlin" });
  });

  it("requests are logged, except those to /admin", async () => {
    await get("/wiki/api/v2/pages?limit=1");
    await get("/wiki/api/v2/pages/1");
    const { json } = await get("/admin/requests");
    expect(json).toEqual({
      requests: [
        {
          at: "2026-03-04T10:20:30.000Z",
          method: "GET",
          path: "/wiki/api/v2/pages",
          query: "limit=1",
          status: 200,
        },
        {
          at: "2026-03-04T10:20:30.000Z",
          method: "GET",
          path: "/wiki/api/v2/pages/1",
          query: "",
          status: 404,
        },
      ],
    });
    await admin("clear_requests", {});
    expect((await get("/admin/requests")).json).toEqual({ requests: [] });
  });
});

describe("a large space", () => {
  it("a space of 10,000 pages is listed and searched in a few milliseconds per request", () => {
    const made = makeTestSite();
    addPages(made.site, made.clock, 10_000);
    const ask = (target: string) => {
      const { body } = handleRequest(made.site, {
        method: "GET",
        target,
        headers: { authorization: BASIC },
        body: "",
      });
      return listingSchema.parse(JSON.parse(body));
    };
    const follow = (start: string, prefix: string) => {
      let [calls, found] = [0, 0];
      const began = performance.now();
      for (let target: string | undefined = start; target !== undefined; calls += 1) {
        const page = ask(target);
        found += page.results.length;
        target = page._links.next === undefined ? undefined : `${prefix}${page._links.next}`;
      }
      return { found, calls, perCall: (performance.now() - began) / calls };
    };
    const byId = follow("/wiki/api/v2/pages?space-id=98305&status=current&limit=250&sort=id", "");
    expect(byId).toMatchObject({ found: 10_000, calls: 40 });
    const cql = encodeURIComponent("space = DEMO and type = page order by lastmodified asc");
    const bySearch = follow(
      `/wiki/rest/api/content/search?cql=${cql}&limit=250&expand=version,ancestors`,
      "/wiki",
    );
    expect(bySearch).toMatchObject({ found: 10_000, calls: 40 });
    // Generous for a busy machine; it would be seconds if a request took time by the square of the space.
    expect(Math.max(byId.perCall, bySearch.perCall)).toBeLessThan(250);
  });
});

describe("the command", () => {
  const main = fileURLToPath(import.meta.resolve("#infra/local/confluence-site/main.ts"));

  async function run(...args: string[]) {
    const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    return { child, output: () => output };
  }

  it("npm run confluence serves a folder, prints its address, spaces and counts, and ends on SIGTERM", async () => {
    const { child, output } = await run("--dir", SAMPLE_FOLDER, "--port", "0");
    while (!/ pages.*\n/.test(output())) await once(child.stdout, "data");
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output())?.[0] ?? "";
    expect(output()).toMatch(/DEMO {2}Lanternfish Engineering: \d+ pages and 1 blog post/);
    expect((await fetch(`${url}/wiki/api/v2/spaces`, { headers: { authorization: BASIC } })).status).toBe(
      200,
    );
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it.each([
    [["--help"], 0, "npm run confluence"],
    [["--dir", "/nowhere/at/all", "--port", "0"], 2, "/nowhere/at/all is not a folder"],
    [["--dir", "sql", "--port", "0"], 1, "There are no pages in sql"],
    [["--port", "abc"], 2, "--port abc is not a whole number from 0 to 65535"],
    [["--colour"], 2, "Unknown option"],
  ])("npm run confluence -- %j exits with %i and a message", async (args, code, message) => {
    const { child, output } = await run(...args);
    expect(await once(child, "close")).toEqual([code, null]);
    expect(output()).toContain(message);
    expect(output()).not.toContain("    at ");
  });
});
