import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { startConfluenceSite, type RunningSite } from "#infra/local/confluence-site/start.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { makeConfluenceClient } from "#shared/confluence/cloud-client.ts";
import { guardedFetch } from "#shared/confluence/guarded-fetch.ts";
import { addPages, makeTestSite } from "#test/support/confluence-site.ts";

/** The client over real sockets. */
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

function clientFor(baseUrl: string, options: { allowLoopback?: boolean; fetchTimeoutMs?: number } = {}) {
  return makeConfluenceClient({
    baseUrl,
    email: "ada@example.com",
    apiToken: "demo-token",
    allowedHosts: [".atlassian.net", "localtest.example"],
    allowLoopback: true,
    now: () => new Date(),
    random: Math.random,
    sleep: async () => {},
    ...options,
  });
}

async function running(pages: number): Promise<{ running: RunningSite; client: ConfluenceClient }> {
  const { site, clock } = makeTestSite();
  addPages(site, clock, pages);
  const started = await startConfluenceSite({ site });
  closing.push(started.close);
  return { running: started, client: clientFor(`${started.url}/wiki/`, { fetchTimeoutMs: 300 }) };
}

describe("over sockets", () => {
  it("a space is listed, its pages fetched and the site's clock read over sockets", async () => {
    const { client } = await running(3);
    const space = await client.space("DEMO");
    const { pages } = await client.listPages("page", space?.id ?? "", null);
    const bodies = await client.pagesById(
      "page",
      pages.map((page) => page.id),
      { body: "storage" },
    );
    expect(bodies.map((page) => page.body?.value)).toEqual([
      "<p>Text 1</p>",
      "<p>Text 2</p>",
      "<p>Text 3</p>",
    ]);
    expect(client.serverTime()).toEqual(new Date("2026-03-04T10:18:30Z"));
  });

  it("a missing response and a closed connection are transient errors", async () => {
    const { running: site, client } = await running(0);
    site.site.faults.push({ effect: "hang", times: 3, skip: 0 });
    await expect(client.currentUser()).rejects.toMatchObject({ code: "timeout" });
    site.site.faults.push({ effect: "reset", times: 3, skip: 0 });
    await expect(client.currentUser()).rejects.toMatchObject({ code: "connection_failed" });
    site.site.faults.push({ effect: "slow", delay_ms: 20, skip: 0 });
    expect((await client.currentUser()).accountId).not.toBeNull();
  });

  it("an endless response is cut off", async () => {
    const server = createServer((_request, response) => {
      const block = Buffer.alloc(2 ** 20, "x");
      const more = () => {
        while (!response.destroyed && response.write(block));
      };
      response.on("drain", more);
      more();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const client = clientFor(`http://127.0.0.1:${port}`);
    await expect(client.currentUser()).rejects.toMatchObject({ code: "answer_too_large" });
  });

  it("nothing is sent to loopback unless the policy allows it", async () => {
    const { running: site } = await running(0);
    const client = clientFor(site.url, { allowLoopback: false });
    await expect(client.currentUser()).rejects.toMatchObject({ code: "address_refused" });
    expect(site.site.requests).toEqual([]);
  });

  it("a host name is resolved and checked when the connection is made", async () => {
    const { running: site } = await running(0);
    const url = site.url.replace("127.0.0.1", "localhost");
    const init = {
      method: "GET",
      headers: {},
      redirect: "manual",
      signal: AbortSignal.timeout(5000),
    } as const;
    const policy = { allowedHosts: ["localhost"] };
    const refused = guardedFetch({ ...policy, allowLoopback: false })(
      `${url}/wiki/rest/api/user/current`,
      init,
    );
    await expect(refused).rejects.toMatchObject({ code: "address_refused" });
    expect(site.site.requests).toEqual([]);
    const allowed = await guardedFetch({ ...policy, allowLoopback: true })(
      `${url}/wiki/rest/api/user/current`,
      init,
    );
    expect(allowed.status).toBe(200);
  });
});
