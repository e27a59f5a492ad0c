import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { faultSchema } from "#infra/local/confluence-site/faults.ts";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import type { Site } from "#infra/local/confluence-site/site.ts";
import type { Fetch } from "#shared/confluence/guarded-fetch.ts";
import type { CallReport } from "#shared/confluence/http-transport.ts";
import { MAX_RETRY_AFTER_MS } from "#shared/confluence/rate-limit-headers.ts";
import { clientOf, makeTestSite } from "#test/support/confluence-site.ts";

const fail = (site: Site, fault: z.input<typeof faultSchema>) => site.faults.push(faultSchema.parse(fault));

describe("rate limits", () => {
  it.each([
    [12, 12_000],
    ["0", 1000],
    ["99999", MAX_RETRY_AFTER_MS],
    [null, 30_000],
    [{ date_in_seconds: 45 }, 45_000],
  ] as const)(
    "a 429 with Retry-After %j is thrown at once instead of waiting",
    async (retry_after, expected) => {
      const { site } = makeTestSite();
      fail(site, { effect: "rate_limit", retry_after });
      const sleeps: number[] = [];
      const client = clientOf(site, {
        random: () => 0,
        sleep: async (ms) => {
          sleeps.push(ms);
        },
      });
      await expect(client.currentUser()).rejects.toMatchObject({
        name: "RateLimitedError",
        retryAfterMs: expected,
      });
      expect(sleeps).toEqual([]);
      expect(client.callsMade()).toBe(1);
    },
  );

  it("during a pause calls fail without being sent", async () => {
    const { site, clock } = makeTestSite();
    fail(site, { effect: "rate_limit", retry_after: 10 });
    const client = clientOf(site, { random: () => 0 });
    await expect(client.currentUser()).rejects.toMatchObject({ retryAfterMs: 10_000 });
    clock.advance(4000);
    await expect(client.space("DEMO")).rejects.toMatchObject({ code: "rate_limited", retryAfterMs: 6000 });
    expect(site.requests).toHaveLength(1);
    clock.advance(6000);
    expect(await client.space("DEMO")).not.toBeNull();
  });

  it("a 503 with Retry-After is a pause as well", async () => {
    const { site } = makeTestSite();
    fail(site, { effect: "status", status: 503, retry_after: 5 });
    await expect(clientOf(site, { random: () => 0 }).currentUser()).rejects.toMatchObject({
      retryAfterMs: 5000,
    });
  });

  it("being near the rate limit is reported until it is over", async () => {
    const { site } = makeTestSite();
    const client = clientOf(site);
    await client.currentUser();
    expect(client.nearLimit()).toBeNull();
    site.settings.rate_limit = { limit: 100, remaining: 15, near_limit: true, reset_in_seconds: 60 };
    await client.currentUser();
    expect(client.nearLimit()).toEqual({ resetAt: new Date("2026-03-04T10:16:30Z") });
    site.settings.rate_limit = { limit: 100, remaining: 90, near_limit: false, reset_in_seconds: 60 };
    await client.currentUser();
    expect(client.nearLimit()).toBeNull();
  });
});

describe("failures", () => {
  it.each([500, 502, 503, 504, 408])(
    "status %i is retried twice, after short and growing waits",
    async (status) => {
      const { site } = makeTestSite();
      fail(site, { effect: "status", status, retry_after: null, times: 2 });
      const sleeps: number[] = [];
      const client = clientOf(site, {
        random: () => 0,
        sleep: async (ms) => {
          sleeps.push(ms);
        },
      });
      expect((await client.currentUser()).accountId).not.toBeNull();
      expect(sleeps).toEqual([250, 1000]);
      expect(client.callsMade()).toBe(3);
    },
  );

  it("after three attempts a failure is transient", async () => {
    const { site } = makeTestSite();
    fail(site, { effect: "reset", times: 3 });
    const client = clientOf(site);
    await expect(client.currentUser()).rejects.toMatchObject({
      name: "TransientError",
      code: "connection_failed",
    });
    expect(client.callsMade()).toBe(3);
  });

  it("a response that does not arrive in time is a transient error", async () => {
    const { site } = makeTestSite();
    fail(site, { effect: "hang", times: 3 });
    await expect(clientOf(site, { fetchTimeoutMs: 20 }).currentUser()).rejects.toMatchObject({
      name: "TransientError",
      code: "timeout",
    });
    expect(site.requests).toHaveLength(3);
  });

  it("no retry begins when a call has already taken long", async () => {
    const { site, clock } = makeTestSite();
    fail(site, { effect: "status", status: 500, retry_after: null, times: 9 });
    const client = clientOf(site, { sleep: async () => clock.advance(26_000) });
    await expect(client.currentUser()).rejects.toMatchObject({ name: "TransientError" });
    expect(client.callsMade()).toBe(2);
  });

  it("a slow listing is not retried in smaller pages either", async () => {
    const { site, clock } = makeTestSite();
    const slow: Fetch = async () => {
      clock.advance(13_000);
      throw new TypeError("fetch failed");
    };
    const client = clientOf(site, { fetch: slow });
    await expect(client.listPages("page", "1", null)).rejects.toMatchObject({ name: "TransientError" });
    expect(client.callsMade()).toBe(2);
  });

  it.each([
    [401, "credentials_rejected"],
    [403, "forbidden"],
    [404, "not_found"],
    [400, "request_refused"],
    [410, "request_refused"],
  ])("status %i is permanent: %s", async (status, code) => {
    const { site } = makeTestSite();
    fail(site, { effect: "status", status, retry_after: null });
    const client = clientOf(site);
    await expect(client.currentUser()).rejects.toMatchObject({ name: "PermanentError", code });
    expect(client.callsMade()).toBe(1);
  });

  it("a connection that ends within the response is retried", async () => {
    const { site } = makeTestSite();
    let calls = 0;
    const fetch: Fetch = async () => ({
      status: 200,
      headers: { get: () => null },
      body: (async function* () {
        yield Buffer.from('{"type":"known",');
        calls += 1;
        if (calls < 3) throw new Error("terminated");
        yield Buffer.from('"accountId":"a"}');
      })(),
    });
    expect((await clientOf(site, { fetch }).currentUser()).accountId).toBe("a");
    expect(calls).toBe(3);
  });
});

describe("addresses", () => {
  it("an address that is not allowed fails each call, and nothing is sent", async () => {
    const { site } = makeTestSite();
    const client = clientOf(site, { baseUrl: "https://169.254.169.254" });
    await expect(client.currentUser()).rejects.toMatchObject({
      name: "PermanentError",
      code: "address_refused",
    });
    expect(client.callsMade()).toBe(0);
  });

  it("a redirect to another host is not followed", async () => {
    const { site } = makeTestSite();
    fail(site, { effect: "redirect", location: "https://id.atlassian.net/login" });
    const client = clientOf(site);
    await expect(client.currentUser()).rejects.toMatchObject({ code: "address_refused" });
    expect(client.callsMade()).toBe(1);
  });

  it.each([
    ["another scheme", "http://demo.atlassian.net/wiki/rest/api/user/current"],
    ["another port", "https://demo.atlassian.net:8443/wiki/rest/api/user/current"],
    ["another port, without a scheme", "//demo.atlassian.net:8443/wiki/rest/api/user/current"],
    ["a host below it", "https://x.demo.atlassian.net/wiki/rest/api/user/current"],
    ["what is no address", "https://"],
  ])("a redirect to %s is not followed: the credentials go nowhere else", async (_, location) => {
    const { site } = makeTestSite();
    fail(site, { effect: "redirect", location });
    const sent: string[] = [];
    const fetch: Fetch = (url, init) => {
      if (init.headers["authorization"]) sent.push(url);
      return fetchFrom(site)(url, init);
    };
    const client = clientOf(site, { fetch });
    await expect(client.currentUser()).rejects.toMatchObject({ code: "address_refused" });
    expect(sent).toEqual(["https://demo.atlassian.net/wiki/rest/api/user/current"]);
  });

  it.each([200, 201, 299])("a response with %i is read, whatever Location it names", async (status) => {
    const { site } = makeTestSite();
    const fetch: Fetch = async (url, init) => {
      const answer = await fetchFrom(site)(url, init);
      return { ...answer, status, headers: { get: () => "https://elsewhere.example/" } };
    };
    expect((await clientOf(site, { fetch }).currentUser()).accountId).not.toBeNull();
  });

  it("a redirect on the same host is followed, but not in a circle", async () => {
    const { site } = makeTestSite();
    fail(site, { effect: "redirect", location: "/wiki/rest/api/user/current?again=1" });
    expect((await clientOf(site).currentUser()).accountId).not.toBeNull();
    fail(site, { effect: "redirect", location: "/wiki/rest/api/user/current", times: 9 });
    const client = clientOf(site);
    await expect(client.currentUser()).rejects.toMatchObject({ code: "invalid_answer" });
    expect(client.callsMade()).toBe(4);
  });
});

describe("what is sent and reported", () => {
  it("requests have credentials as Basic or Bearer, a user agent, and follow no redirect by themselves", async () => {
    const { site } = makeTestSite();
    const sent: Parameters<Fetch>[1][] = [];
    const fetch: Fetch = async (_url, init) => {
      sent.push(init);
      throw new TypeError("fetch failed");
    };
    await clientOf(site, { fetch, email: "jö@example.com" })
      .currentUser()
      .catch(() => {});
    await clientOf(site, { fetch, email: null })
      .currentUser()
      .catch(() => {});
    expect(sent[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from("jö@example.com:demo-token").toString("base64")}`,
      "user-agent": "confluence-rag-sync",
    });
    expect(sent[3]?.headers["authorization"]).toBe("Bearer demo-token");
    expect(sent.every((init) => init.redirect === "manual")).toBe(true);
  });

  it("every request is reported, retries included, without its query", async () => {
    const { site } = makeTestSite();
    fail(site, { effect: "status", status: 500, retry_after: null });
    fail(site, { effect: "reset" });
    const calls: CallReport[] = [];
    await clientOf(site, { onCall: (call) => calls.push(call) }).space("DEMO");
    expect(calls.map(({ method, path, status }) => [method, path, status])).toEqual([
      ["GET", "/wiki/api/v2/spaces", 500],
      ["GET", "/wiki/api/v2/spaces", null],
      ["GET", "/wiki/api/v2/spaces", 200],
    ]);
  });

  it("no error contains the token", async () => {
    const { site } = makeTestSite();
    const client = clientOf(site, { apiToken: "ATATT-secret" });
    const error: unknown = await client.currentUser().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "credentials_rejected" });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("ATATT");
  });
});
