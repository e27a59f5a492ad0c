import { describe, expect, it } from "vitest";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import { parseBaseUrl } from "#shared/confluence/address-guard.ts";
import type { Fetch } from "#shared/confluence/guarded-fetch.ts";
import { nextCursor } from "#shared/confluence/next-cursor.ts";
import { clientOf, makeTestSite } from "#test/support/confluence-site.ts";

const SPACE = "98305";
const GATEWAY = "https://api.atlassian.com/ex/confluence/1a2b-3c";
const SITE = "https://site.atlassian.net/wiki";

describe("a next link", () => {
  it.each([GATEWAY, SITE])(
    "a next link may name the address that was called, or the site's own: %s",
    (base) => {
      const link = `${new URL(base).origin}/wiki/api/v2/pages?cursor=abc`;
      expect(nextCursor(link, null, [GATEWAY, SITE])).toBe("abc");
    },
  );

  it.each([null, ""])("a listing whose next link is %j has ended", (link) => {
    expect(nextCursor(link, "sent", [GATEWAY, SITE])).toBeNull();
  });

  it.each([
    ["what is no address", "https://", "cannot be read"],
    ["another host", "https://elsewhere.example/?cursor=abc", "another host"],
    ["another port", "https://site.atlassian.net:8443/?cursor=abc", "another host"],
    ["another scheme", "http://site.atlassian.net/?cursor=abc", "another host"],
    ["no cursor", "/wiki/api/v2/pages", "has no cursor"],
    ["an empty cursor", "/wiki/api/v2/pages?cursor=", "has no cursor"],
    ["the cursor that was sent", "/wiki/api/v2/pages?cursor=sent", "its own cursor"],
  ])("a next link with %s is an error, not the end", (_, link, message) => {
    expect(() => nextCursor(link, "sent", [GATEWAY, SITE])).toThrow(message);
  });
});

describe("a listing that fails", () => {
  const limitsOf = async (status: number) => {
    const { site } = makeTestSite();
    site.faults.push({ effect: "status", status, retry_after: null, times: 100, skip: 0 });
    await expect(clientOf(site).listPages("page", SPACE, null)).rejects.toThrow();
    return site.requests.map(({ query }) => new URLSearchParams(query).get("limit"));
  };

  it("a failing listing is retried in halves down to 25, and there twice more", async () => {
    expect(await limitsOf(500)).toEqual(["250", "125", "62", "31", "25", "25", "25"]);
  });

  it.each([400, 403, 404, 429])(
    "a listing that fails with %i, which its size does not cause, is requested once",
    async (status) => {
      expect(await limitsOf(status)).toEqual(["250"]);
    },
  );
});

describe("what an answer tells", () => {
  it.each([
    [200, 200],
    [201, null],
  ])(
    "a hit with %i labels returns all of them, or that there are more than the response contains",
    async (count, known) => {
      const { site } = makeTestSite();
      const labels = Array.from({ length: count }, (_, n) => `label-${n}`);
      addPage(site, { space: "DEMO", title: "Labelled", body: "<p/>", labels });
      const [hit] = (await clientOf(site).searchContent('space = "DEMO" and type = page', null, ["page"]))
        .pages;
      expect(hit?.labels?.length ?? null).toBe(known);
    },
  );

  it("a current user is an account only if it is not anonymous", async () => {
    const fetch: Fetch = async () => ({
      status: 200,
      headers: { get: () => null },
      body: (async function* () {
        yield Buffer.from('{"type":"anonymous","accountId":"somebody"}');
      })(),
    });
    expect((await clientOf(makeTestSite().site, { fetch }).currentUser()).accountId).toBeNull();
  });

  it("the site's clock stays known when a later response has no Date", async () => {
    const { site } = makeTestSite();
    let tells = true;
    const fetch: Fetch = async (url, init) => {
      const answer = await fetchFrom(site)(url, init);
      const get = (name: string) => (tells || name !== "date" ? answer.headers.get(name) : null);
      return { ...answer, headers: { get } };
    };
    const client = clientOf(site, { fetch });
    await client.currentUser();
    const told = client.serverTime();
    tells = false;
    await client.currentUser();
    expect(told).not.toBeNull();
    expect(client.serverTime()).toEqual(told);
  });
});

it.each(["https://user@site.atlassian.net", "https://:secret@site.atlassian.net"])(
  "a base URL with a user or a password is rejected: %s",
  (address) => {
    const policy = { allowedHosts: [".atlassian.net"], allowLoopback: false };
    expect(() => parseBaseUrl(address, policy)).toThrow(
      expect.objectContaining({ code: "invalid_base_url" }),
    );
  },
);
