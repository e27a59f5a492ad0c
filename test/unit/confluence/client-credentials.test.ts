import { describe, expect, it } from "vitest";
import { bearerSource, type CachedToken } from "#shared/confluence/client-credentials.ts";
import { answeredRequests, type Answer } from "#test/support/answered-requests.ts";
import { testClock } from "#test/support/confluence-site.ts";

const MINUTE = 60_000;
const SITE = "https://demo.atlassian.net";
const ANN = { clientId: "ann", clientSecret: "secret of ann" };
const BOB = { clientId: "bob", clientSecret: "secret of bob" };

const token = (name: string, seconds = 3600): Answer => ({
  body: { access_token: name, expires_in: seconds },
});

/** Atlassian's token endpoint, with these answers. */
function endpoint(...answers: (Answer | Error)[]) {
  const clock = testClock();
  const network = answeredRequests(...answers);
  const cache = new Map<string, CachedToken>();
  const services = { fetch: network.fetch, now: clock.now, random: () => 0, cache };
  const sourceOf = (credentials = ANN, baseUrl = SITE) => bearerSource(baseUrl, credentials, services);
  return { ...network, clock, sourceOf };
}

describe("the exchange of client credentials", () => {
  it("credentials are sent to Atlassian, whatever the site, and a redirect is not followed", async () => {
    const { sourceOf, sent } = endpoint(token("t1"));
    expect(await sourceOf()()).toBe("t1");
    const [{ url, method, redirect, headers, body, signal } = expect.fail()] = sent;
    expect({ url, method, redirect, headers }).toEqual({
      url: "https://auth.atlassian.com/oauth/token",
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/json", accept: "application/json" },
    });
    expect(JSON.parse(body ?? "")).toEqual({
      grant_type: "client_credentials",
      client_id: "ann",
      client_secret: "secret of ann",
    });
    expect(signal.aborted).toBe(false);
  });

  it("a site on this machine exchanges them itself", async () => {
    const { sourceOf, sent } = endpoint(token("t1"));
    await sourceOf(ANN, "http://127.0.0.1:4000/ex/confluence/1")();
    expect(sent.map(({ url }) => url)).toEqual(["http://127.0.0.1:4000/oauth/token"]);
  });

  it.each([400, 401, 403])("a %i rejects the credentials", async (status) => {
    const asked = endpoint({ status }).sourceOf()();
    await expect(asked).rejects.toMatchObject({ name: "PermanentError", code: "credentials_rejected" });
  });

  it.each([201, 204, 302, 404, 407, 410, 499])("a %i says nothing about the credentials", async (status) => {
    const asked = endpoint({ ...token("t1"), status }).sourceOf()();
    await expect(asked).rejects.toMatchObject({ name: "PermanentError", code: "invalid_answer" });
  });

  it.each([408, 500, 503, 599])("a %i may pass", async (status) => {
    const asked = endpoint({ status }).sourceOf()();
    await expect(asked).rejects.toMatchObject({ name: "TransientError", code: "confluence_failed" });
  });

  it("a 429 is waited for as long as it says", async () => {
    const asked = endpoint({ status: 429, headers: { "retry-after": "40" } }).sourceOf()();
    await expect(asked).rejects.toMatchObject({ name: "RateLimitedError", retryAfterMs: 40_000 });
  });

  it("a wait until a date is measured by the clock where the answer has none", async () => {
    const headers = { "retry-after": "Wed, 04 Mar 2026 10:16:30 GMT" };
    const asked = endpoint({ status: 429, headers }).sourceOf()();
    await expect(asked).rejects.toMatchObject({ retryAfterMs: MINUTE });
  });

  it("a connection that fails, or breaks off within the answer, may work again", async () => {
    for (const answer of [new TypeError("fetch failed"), { body: new TypeError("terminated") }]) {
      const asked = endpoint(answer).sourceOf()();
      await expect(asked).rejects.toMatchObject({
        name: "TransientError",
        code: "connection_failed",
        cause: expect.any(TypeError),
      });
    }
  });

  it.each([
    ["nothing", null],
    ["no JSON", "<!doctype html>"],
    ["no token", { expires_in: 3600 }],
    ["an empty token", { access_token: "", expires_in: 3600 }],
    ["no end", { access_token: "t1" }],
    ["an end that has passed", { access_token: "t1", expires_in: 0 }],
  ])("an answer with %s is no token", async (_, body) => {
    const { sourceOf } = endpoint({ body });
    await expect(sourceOf()()).rejects.toMatchObject({ name: "PermanentError", code: "invalid_answer" });
  });

  it("an answer is read to 100,000 bytes", async () => {
    const spaces = (bytes: number) => {
      const json = JSON.stringify({ access_token: "t1", expires_in: 3600 });
      return { body: json + " ".repeat(bytes - json.length) };
    };
    expect(await endpoint(spaces(100_000)).sourceOf()()).toBe("t1");
    const tooLong = endpoint(spaces(100_001)).sourceOf()();
    await expect(tooLong).rejects.toMatchObject({ code: "answer_too_large" });
  });
});

describe("a token", () => {
  it("a token is kept until five minutes before its end, and renewed then", async () => {
    const { sourceOf, sent, clock } = endpoint(token("t1", 3600), token("t2", 3600));
    const bearer = sourceOf();
    expect(await bearer()).toBe("t1");
    clock.advance(55 * MINUTE - 1);
    expect(await bearer()).toBe("t1");
    expect(sent).toHaveLength(1);
    clock.advance(1);
    expect(await bearer()).toBe("t2");
    expect(await bearer()).toBe("t2");
    expect(sent).toHaveLength(2);
  });

  it("a token that lives for less than five minutes is used once", async () => {
    const { sourceOf } = endpoint(token("t1", 200), token("t2", 200));
    const bearer = sourceOf();
    expect([await bearer(), await bearer()]).toEqual(["t1", "t2"]);
  });

  it("a token that was refused is replaced, and its replacement kept", async () => {
    const { sourceOf, sent } = endpoint(token("t1"), token("t2"));
    const bearer = sourceOf();
    const refused = await bearer();
    expect(await bearer(refused)).toBe("t2");
    // Another call of the same worker learns later that the old one is refused.
    expect(await bearer(refused)).toBe("t2");
    expect(await bearer()).toBe("t2");
    expect(sent).toHaveLength(2);
  });

  it("a token is shared by clients of the same credentials, and by no others", async () => {
    const { sourceOf, sent } = endpoint(token("t1"), token("t2"), token("t3"), token("t4"));
    expect(await sourceOf(ANN)()).toBe("t1");
    expect(await sourceOf(ANN, "https://other.atlassian.net")()).toBe("t1");
    expect(await sourceOf(BOB)()).toBe("t2");
    expect(await sourceOf({ ...ANN, clientSecret: "rotated" })()).toBe("t3");
    expect(await sourceOf(ANN, "http://localhost:4000")()).toBe("t4");
    expect(sent).toHaveLength(4);
  });

  it("a token that could not be had is asked for again", async () => {
    const { sourceOf } = endpoint({ status: 500 }, token("t1"));
    const bearer = sourceOf();
    await expect(bearer()).rejects.toMatchObject({ code: "confluence_failed" });
    expect(await bearer()).toBe("t1");
  });
});
