import { describe, expect, it } from "vitest";
import type { ProbeRequest } from "#shared/confluence/client.ts";
import { probeRequest, probeScopes } from "#shared/confluence/probe-scopes.ts";
import { SCOPED_CALLS, SCOPES } from "#shared/confluence/scopes.ts";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { testClock } from "#test/support/confluence-site.ts";

const KNOWN = { accountId: "ann", spaceId: "10", pageId: "20" };

/** Tries the scopes of a client that answers each request so. */
async function probed(answer: (request: ProbeRequest) => unknown, clock = testClock()) {
  const tried: ProbeRequest[] = [];
  const client = {
    probe: async (request: ProbeRequest) => {
      tried.push(request);
      await answer(request);
    },
  };
  const scopes = await probeScopes(client, KNOWN, clock.now);
  return { ...scopes, tried };
}

const refusing = (code: string, ...paths: string[]) => {
  return ({ path }: ProbeRequest) => {
    if (paths.some((part) => path.endsWith(part))) throw new PermanentError(code, "refused");
  };
};

describe("the calls by which scopes are tried", () => {
  it("each scope is tried by one call, the first that needs it", async () => {
    const { tried, refused, limited } = await probed(() => {});
    expect({ refused, limited }).toEqual({ refused: [], limited: null });
    expect(tried).toHaveLength(Object.keys(SCOPES).length);
    expect(tried.map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining([
        "GET /wiki/rest/api/user/current",
        "GET /wiki/api/v2/spaces",
        "GET /wiki/api/v2/pages",
        "GET /wiki/api/v2/spaces/10/content/labels",
        "GET /wiki/api/v2/attachments/20",
        "POST /wiki/api/v2/users-bulk",
        "GET /wiki/rest/api/group",
        "GET /wiki/api/v2/space-role-mode",
        "GET /wiki/api/v2/embeds/20",
      ]),
    );
  });

  const requests = () => SCOPED_CALLS.map((call) => [call.call, probeRequest(call, KNOWN)] as const);

  it("a listing is asked for one item, a search for pages", () => {
    const asked = requests().filter(([, { query }]) => Object.keys(query).length > 0);
    expect(Object.fromEntries(asked.map(([call, { query }]) => [call, query]))).toEqual({
      "GET /wiki/rest/api/content/search": { limit: "1", cql: "type=page" },
      "GET /wiki/rest/api/search": { limit: "1", cql: "type=page" },
      "GET /wiki/api/v2/spaces": { limit: "1" },
      "GET /wiki/api/v2/pages": { limit: "1" },
      "GET /wiki/api/v2/spaces/{id}/content/labels": { limit: "1" },
      "GET /wiki/api/v2/labels/{id}/pages": { limit: "1" },
      "GET /wiki/api/v2/blogposts": { limit: "1" },
      "GET /wiki/api/v2/labels/{id}/blogposts": { limit: "1" },
      "GET /wiki/rest/api/group": { limit: "1" },
      "GET /wiki/api/v2/space-roles": { limit: "1" },
    });
  });

  it("a call that sends something asks about the known page or account, and the others send nothing", () => {
    const bodies = requests().flatMap(([call, { method, body }]) =>
      method === "POST" ? [[call, body]] : [],
    );
    expect(Object.fromEntries(bodies)).toEqual({
      "POST /wiki/api/v2/content/convert-ids-to-types": { contentIds: ["20"] },
      "POST /wiki/api/v2/users-bulk": { accountIds: ["ann"] },
      "POST /wiki/rest/api/content/{id}/permission/check": {
        subject: { type: "user", identifier: "ann" },
        operation: "read",
      },
    });
    const others = requests().filter(([, { method }]) => method === "GET");
    expect(others).toHaveLength(SCOPED_CALLS.length - 3);
    expect(others.every(([, request]) => !("body" in request))).toBe(true);
  });
});

describe("what trying scopes finds", () => {
  it.each(["scope_missing", "credentials_rejected", "forbidden"])(
    "calls that fail with %s are refused, in the order in which the scopes are described",
    async (code) => {
      const { refused } = await probed(refusing(code, "/group", "/users-bulk", "/v2/spaces"));
      expect(refused.map(({ call, error }) => [call.scope, error.code])).toEqual([
        ["read:space:confluence", code],
        ["read:user:confluence", code],
        ["read:group:confluence", code],
      ]);
    },
  );

  it.each(["not_found", "request_refused", "invalid_answer"])(
    "a call that fails with %s is not refused, and the others are tried",
    async (code) => {
      const { refused, tried } = await probed(refusing(code, "/current"));
      expect(refused).toEqual([]);
      expect(tried).toHaveLength(Object.keys(SCOPES).length);
    },
  );

  it("a call that may work again is not refused", async () => {
    const { refused, limited } = await probed(() => {
      throw new TransientError("timeout", "late");
    });
    expect({ refused, limited }).toEqual({ refused: [], limited: null });
  });

  it("nothing more is tried after a 429, which is told with what was refused before it", async () => {
    const { refused, limited, tried } = await probed(({ path }) => {
      if (path.endsWith("/current")) throw new PermanentError("scope_missing", "refused");
      throw new RateLimitedError("too many", 7000);
    });
    expect(limited).toMatchObject({ retryAfterMs: 7000 });
    expect(refused.map(({ call }) => call.call)).toEqual(["GET /wiki/rest/api/user/current"]);
    expect(tried.length).toBeLessThan(Object.keys(SCOPES).length);
  });

  it("at most five calls are made at once", async () => {
    let open = 0;
    let most = 0;
    await probed(async () => {
      open += 1;
      most = Math.max(most, open);
      await Promise.resolve();
      open -= 1;
    });
    expect(most).toBe(5);
  });

  it("a call begins until eight seconds have passed, and none after them", async () => {
    const triedBefore = async (ms: number) => {
      const clock = testClock();
      let isFirst = true;
      const { tried } = await probed(() => {
        if (isFirst) clock.advance(ms);
        isFirst = false;
      }, clock);
      return tried.length;
    };
    expect(await triedBefore(8000)).toBe(Object.keys(SCOPES).length);
    expect(await triedBefore(8001)).toBe(1);
  });

  it("a fault of this program is no finding", async () => {
    const failing = probed(() => {
      throw new TypeError("a mistake");
    });
    await expect(failing).rejects.toThrow("a mistake");
  });
});
