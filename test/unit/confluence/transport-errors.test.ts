import { describe, expect, it } from "vitest";
import { AddressRefusedError } from "#shared/confluence/address-guard.ts";
import { isScopeFailure, lossWithout, SCOPED_CALLS, scopedCall } from "#shared/confluence/scopes.ts";
import { connectionError, scopeError, statusError } from "#shared/confluence/transport-errors.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";

const PATH = "/wiki/api/v2/pages/10";
const URL_OF_PAGE = new URL(`https://demo.atlassian.net${PATH}?body-format=storage`);

describe("a status", () => {
  it.each([408, 500, 501, 503, 599])("%i may pass, and is told with its path, not its query", (status) => {
    expect(statusError(status, URL_OF_PAGE)).toMatchObject({
      name: "TransientError",
      code: "confluence_failed",
      details: { status, path: PATH },
    });
  });

  it.each([
    [400, "request_refused"],
    [401, "credentials_rejected"],
    [403, "forbidden"],
    [404, "not_found"],
    [407, "request_refused"],
    [409, "request_refused"],
    [499, "request_refused"],
    [304, "request_refused"],
  ])("%i is permanent: %s", (status, code) => {
    expect(statusError(status, URL_OF_PAGE)).toMatchObject({
      name: "PermanentError",
      code,
      details: { status, path: PATH },
    });
  });
});

describe("a request without a response", () => {
  const { signal } = new AbortController();

  it("a request without a response whose address was refused is permanent, however deep the refusal is", () => {
    const refused = new AddressRefusedError("evil.example");
    for (const error of [
      refused,
      new TypeError("fetch failed", { cause: new Error("", { cause: refused }) }),
    ]) {
      expect(connectionError(error, AbortSignal.abort(), URL_OF_PAGE)).toMatchObject({
        name: "PermanentError",
        code: "address_refused",
        message: expect.stringContaining("evil.example"),
        cause: error,
      });
    }
  });

  it("a request without a response that took too long, or whose connection broke, may work again", () => {
    const error = new TypeError("fetch failed");
    const details = { path: PATH };
    expect(connectionError(error, AbortSignal.abort(), URL_OF_PAGE)).toMatchObject({
      name: "TransientError",
      code: "timeout",
      cause: error,
      details,
    });
    for (const thrown of [error, "no error"]) {
      expect(connectionError(thrown, signal, URL_OF_PAGE)).toMatchObject({
        name: "TransientError",
        code: "connection_failed",
        cause: thrown,
        details,
      });
    }
  });

  it("a request without a response that has its error already keeps it", () => {
    const permanent = new PermanentError("invalid_answer", "not JSON");
    const transient = new TransientError("confluence_failed", "500");
    for (const error of [permanent, transient])
      expect(connectionError(error, AbortSignal.abort(), URL_OF_PAGE)).toBe(error);
  });
});

describe("a token without a scope", () => {
  it.each([
    ["GET /wiki/api/v2/pages/{id}", "read:page:confluence", PATH],
    ["GET /wiki/api/v2/pages", "read:page:confluence", "/wiki/api/v2/pages"],
    ["GET /wiki/api/v2/folders/{id}", "read:folder:confluence", "/wiki/api/v2/folders/1"],
    ["GET /wiki/rest/api/group", "read:group:confluence", "/ex/confluence/1a2b/wiki/rest/api/group"],
    [
      "GET /wiki/rest/api/content/{id}/child/attachment/{id}/download",
      "read:attachment:confluence",
      "/wiki/rest/api/content/10/child/attachment/att11/download",
    ],
  ])("a token without a scope is told the call %s and its scope %s", (call, scope, path) => {
    expect(scopeError(new URL(`https://api.atlassian.com${path}`))).toMatchObject({
      name: "PermanentError",
      code: "scope_missing",
      message: expect.stringContaining(`${scope}, which ${call} needs`),
      details: { status: 401, path, call, scope },
    });
  });

  it.each(["/wiki/api/v2/pages/10/children", "/wiki/api/v2/novelties", "/wiki/api/v2/pages/"])(
    "a token without a scope of a call that no sync makes is told the path alone: %s",
    (path) => {
      expect(scopedCall(path)).toBeNull();
      expect(scopeError(new URL(`https://demo.atlassian.net${path}`)).details).toEqual({
        status: 401,
        path,
        call: path,
        scope: null,
      });
    },
  );

  it("every call of a sync is found by its path, and no other in its place", () => {
    for (const known of SCOPED_CALLS) {
      const path = known.call.replace(/^[A-Z]+ /, "").replaceAll("{id}", "10");
      expect(scopedCall(path)).toBe(known);
    }
  });

  it.each([
    ["in the header", { "x-failure-category": "FAILURE_CLIENT_SCOPE_CHECK" }, "", true],
    ["in the header, among others", { "x-failure-category": "x; failure_client_scope_check" }, "", true],
    ["in the body", {}, '{"message":"Unauthorized; Scope does not match"}', true],
    ["in neither", { "x-failure-category": "FAILURE_CLIENT_AUTH" }, "Unauthorized", false],
    ["nowhere", {}, "", false],
  ])("a token without a scope may be told %s", (_, headers: Record<string, string>, body, expected) => {
    expect(isScopeFailure((name) => headers[name] ?? null, body)).toBe(expected);
  });

  it("loses what the scope is for", () => {
    expect(lossWithout("read:user:confluence")).toBe("mentioned people are stored without their names");
    expect(lossWithout("read:whiteboard:confluence")).toContain("whiteboards");
    for (const scope of [null, "read:novelty:confluence", "read:page:confluence"])
      expect(lossWithout(scope)).toBe("what it is needed for fails");
  });
});
