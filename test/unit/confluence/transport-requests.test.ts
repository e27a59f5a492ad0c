import { describe, expect, it } from "vitest";
import type { CallReport, TransportOptions } from "#shared/confluence/http-transport.ts";
import { RETRY_BUDGET_MS } from "#shared/confluence/http-transport.ts";
import { answeredRequests, type Answer } from "#test/support/answered-requests.ts";
import { clientOf, makeTestSite } from "#test/support/confluence-site.ts";

const BASE = "https://demo.atlassian.net";
const USER = { body: { type: "known", accountId: "ann" } };

/** A client whose network gives these answers, and the calls that it reports. */
function answered(answers: (Answer | Error)[], options: Partial<TransportOptions> = {}) {
  const { site, clock } = makeTestSite();
  const network = answeredRequests(...answers);
  const calls: CallReport[] = [];
  const onCall = (call: CallReport) => calls.push(call);
  const client = clientOf(site, { fetch: network.fetch, random: () => 0, onCall, ...options });
  return { ...network, calls, client, clock };
}

describe("a request", () => {
  it("says what it accepts, and has no body where there is nothing to send", async () => {
    const { client, sent } = answered([USER]);
    await client.currentUser();
    expect(sent).toMatchObject([{ method: "GET", redirect: "manual" }]);
    expect(sent[0]?.headers).toEqual({
      authorization: expect.stringMatching(/^Basic /),
      accept: "application/json",
      "user-agent": "confluence-rag-sync",
    });
    expect(sent[0]).not.toHaveProperty("body");
  });

  it("sends its body as JSON and says so", async () => {
    const { client, sent } = answered([{ body: { results: [] } }]);
    await client.userNames(["ann"]);
    expect(sent).toMatchObject([{ method: "POST", url: `${BASE}/wiki/api/v2/users-bulk` }]);
    expect(sent[0]?.headers).toMatchObject({
      "content-type": "application/json",
      accept: "application/json",
      authorization: expect.any(String),
    });
    expect(JSON.parse(sent[0]?.body ?? "")).toEqual({ accountIds: ["ann"] });
  });

  it("a request has lists joined by commas, and no parameter that is not given", async () => {
    const { client, sent } = answered([{ body: { results: [], _links: {} } }]);
    await client.pagesById("page", ["1", "2"], { body: null });
    const { pathname, searchParams } = new URL(sent[0]?.url ?? "");
    expect(pathname).toBe("/wiki/api/v2/pages");
    expect(Object.fromEntries(searchParams)).toEqual({
      id: "1,2",
      status: "current,archived,trashed,deleted",
      limit: "250",
    });
  });

  it("a request is reported with how long it took and what is left of the limit", async () => {
    const { site, clock } = makeTestSite();
    const headers = { "x-ratelimit-nearlimit": "true" };
    const { fetch } = answeredRequests({ ...USER, headers });
    const calls: CallReport[] = [];
    const slow: typeof fetch = async (url, init) => {
      clock.advance(1500);
      return fetch(url, init);
    };
    await clientOf(site, { fetch: slow, onCall: (call) => calls.push(call) }).currentUser();
    expect(calls).toEqual([
      {
        method: "GET",
        path: "/wiki/rest/api/user/current",
        status: 200,
        durationMs: 1500,
        nearLimit: { resetAt: null },
      },
    ]);
  });
});

describe("a redirect on the same host", () => {
  const to = (location: string, status = 302): Answer => ({ status, headers: { location } });

  it.each([300, 301, 307, 308, 399])(
    "a redirect on the same host of %i is followed, with the same credentials and body",
    async (status) => {
      const { client, sent, read } = answered([to("/wiki/elsewhere", status), { body: { results: [] } }]);
      await client.userNames(["ann"]);
      expect(sent.map(({ url }) => new URL(url).pathname)).toEqual([
        "/wiki/api/v2/users-bulk",
        "/wiki/elsewhere",
      ]);
      expect(sent[1]).toMatchObject({ headers: sent[0]?.headers ?? {}, body: sent[0]?.body });
      // To its end, so that its connection can carry the next request.
      expect(read()).toBe(2);
    },
  );

  it("a redirect on the same host may lead on three times", async () => {
    const three = [to("/1"), to("/2"), to("/3")];
    expect((await answered([...three, USER]).client.currentUser()).accountId).toBe("ann");
    const { client, sent } = answered([...three, to("/4"), USER]);
    await expect(client.currentUser()).rejects.toMatchObject({ code: "invalid_answer" });
    expect(sent).toHaveLength(4);
  });

  it("a redirect on the same host that leads nowhere is refused as its status", async () => {
    const asked = answered([{ status: 302 }]).client.currentUser();
    await expect(asked).rejects.toMatchObject({ code: "request_refused", details: { status: 302 } });
  });

  it.each([400, 410])("a redirect on the same host is none if the status is %i", async (status) => {
    const { client, sent } = answered([to("/wiki/elsewhere", status), USER]);
    await expect(client.currentUser()).rejects.toMatchObject({ code: "request_refused" });
    expect(sent).toHaveLength(1);
  });
});

describe("what a refusal means", () => {
  const SCOPE = "Unauthorized; scope does not match";

  it("a 401 that says so lacks a scope, in whatever status else the words are", async () => {
    const missing = answered([{ status: 401, body: SCOPE }]).client.currentUser();
    await expect(missing).rejects.toMatchObject({
      code: "scope_missing",
      details: { status: 401, scope: "read:content-details:confluence" },
    });
    const forbidden = answered([{ status: 403, body: SCOPE }]).client.currentUser();
    await expect(forbidden).rejects.toMatchObject({ code: "forbidden" });
  });

  it("every refusal is read to its end", async () => {
    const { client, read } = answered([{ status: 404, body: "no" }]);
    await client.currentUser().catch(() => {});
    expect(read()).toBe(1);
  });

  it("calls that got a 429 are counted, and no others", async () => {
    const retry = { headers: { "retry-after": "1" } };
    const { client, clock } = answered([USER, { status: 429, ...retry }, { status: 503, ...retry }, USER]);
    const after: number[] = [];
    for (let call = 0; call < 4; call += 1) {
      await client.currentUser().catch(() => {});
      clock.advance(1000);
      after.push(client.rateLimitedCalls());
    }
    expect([after, client.callsMade()]).toEqual([[0, 1, 1, 1], 4]);
  });

  it("a 503 is a pause only if it says how long", async () => {
    const { client, sent } = answered([{ status: 503 }, USER]);
    expect((await client.currentUser()).accountId).toBe("ann");
    expect(sent).toHaveLength(2);
    const failing = answered([{ status: 500, headers: { "retry-after": "9" } }]);
    await expect(failing.client.currentUser()).rejects.toMatchObject({ code: "confluence_failed" });
    expect(failing.sent).toHaveLength(3);
  });
});

describe("time limits", () => {
  it("up to half of the wait before a retry is taken off at random, so that workers do not retry together", async () => {
    const waitsAt = async (random: number) => {
      const waits: number[] = [];
      const sleep = async (ms: number) => waits.push(ms);
      const { client } = answered([{ status: 500 }], { random: () => random, sleep });
      await client.currentUser().catch(() => {});
      return waits;
    };
    expect(await waitsAt(0.5)).toEqual([187.5, 750]);
    expect(await waitsAt(1)).toEqual([125, 500]);
  });

  it("no retry begins once the time for retries has passed to the millisecond", async () => {
    const triesAfter = async (ms: number) => {
      const asked: ReturnType<typeof answered> = answered([{ status: 500 }], {
        sleep: async () => asked.clock.advance(ms),
        now: () => asked.clock.now(),
      });
      await expect(asked.client.currentUser()).rejects.toMatchObject({ name: "TransientError" });
      return asked.sent.length;
    };
    expect(await triesAfter(RETRY_BUDGET_MS)).toBe(2);
    expect(await triesAfter(RETRY_BUDGET_MS - 1)).toBe(3);
  });

  it("a listing is asked for in smaller pages until then", async () => {
    const triesOf = async (ms: number) => {
      const { site, clock } = makeTestSite();
      const { fetch, sent } = answeredRequests(new TypeError("fetch failed"));
      const slow: typeof fetch = async (url, init) => {
        clock.advance(ms);
        return fetch(url, init);
      };
      const listed = clientOf(site, { fetch: slow }).listPages("page", "1", null);
      await expect(listed).rejects.toMatchObject({ name: "TransientError" });
      return sent.length;
    };
    expect(await triesOf(RETRY_BUDGET_MS / 2)).toBe(2);
    expect(await triesOf(RETRY_BUDGET_MS / 2 - 1)).toBe(3);
  });

  it("a call with a shorter limit of its own ends with the client's, if that is shorter still", async () => {
    const { site } = makeTestSite();
    // Responds if it is waited for.
    const { fetch } = answeredRequests({ body: {} });
    const late: typeof fetch = (url, init) =>
      new Promise((resolve, reject) => {
        const answer = setTimeout(() => resolve(fetch(url, init)), 4000);
        init.signal.addEventListener("abort", () => {
          clearTimeout(answer);
          reject(new DOMException("late", "TimeoutError"));
        });
      });
    const client = clientOf(site, { fetch: late, fetchTimeoutMs: 20 });
    const request = { method: "GET", path: "/wiki/api/v2/pages", query: {} } as const;
    await expect(client.probe(request)).rejects.toMatchObject({ code: "timeout" });
    const file = { containerId: "1", id: "att2", version: 1 };
    await expect(client.attachmentAddress(file)).rejects.toMatchObject({ code: "timeout" });
    expect(client.callsMade()).toBe(4);
  });
});
