import { describe, expect, it } from "vitest";
import type { ErrorShape } from "#functions/runtime/http-contract.ts";
import { errorResponse, isLostConnection } from "#functions/runtime/http-errors.ts";
import { UserError } from "#shared/errors.ts";

describe("an error", () => {
  it("a configuration error tells the client nothing about it", () => {
    const error = new UserError(500, "secret_unreadable", "Secret arn:aws:x cannot be read", {
      details: { arn: "arn:aws:x" },
    });
    const { response, fault } = errorResponse(error, "standard", "r1");
    expect(JSON.stringify(response)).not.toContain("arn:aws");
    expect([response.status, fault]).toEqual([500, true]);
  });

  it("an error that the client can fix says how", () => {
    const { response, fault } = errorResponse(
      new UserError(422, "wrong_space", "Not that one"),
      "standard",
      "r1",
    );
    expect(response).toMatchObject({ status: 422, body: { error: { code: "wrong_space" } } });
    expect(fault).toBe(false);
  });

  it.each([
    [new UserError(503, "timeout", "Too late"), true],
    [new UserError(502, "confluence_unreachable", "It fails"), true],
    [new UserError(501, "not_provided", "There is no such part"), false],
    [new UserError(499, "gone", "Nobody waits"), false],
    [new Error("A bug"), true],
    ["thrown text", true],
  ])("%s is a fault of the service: %s", (error, fault) => {
    expect(errorResponse(error, "standard", "r1").fault).toBe(fault);
  });

  it("an error inside tells the client the request id, by which the log is found", () => {
    const { response, code } = errorResponse(new Error("select secrets"), "standard", "request-7");
    expect([response.status, code]).toEqual([500, "internal_error"]);
    expect(response.body).toEqual({
      error: { code: "internal_error", message: expect.stringMatching(/ request-7$/) as string },
    });
    expect(response.headers).toEqual({});
  });

  it("a method that a path does not accept is answered with those that it does", () => {
    const error = new UserError(405, "method_not_allowed", "No", { details: { allow: ["GET", "PATCH"] } });
    expect(errorResponse(error, "standard", "r1").response.headers).toEqual({ allow: "GET, PATCH" });
    const other = new UserError(409, "other", "No", { details: { allow: "everything" } });
    expect(errorResponse(other, "standard", "r1").response.headers).toEqual({});
  });
});

it.each<[string, unknown, string | undefined]>([
  ["that passes says when to try again", new UserError(503, "timeout", "Too late"), "2"],
  [
    "that says how long it lasts, says it to the client",
    new UserError(503, "confluence_rate_limited", "Wait", { details: { retry_after_seconds: 7 } }),
    "7",
  ],
  [
    "that says in words how long it lasts, says when to try again all the same",
    new UserError(503, "directory_unavailable", "Wait", { details: { retry_after_seconds: "soon" } }),
    "2",
  ],
  [
    "of a limit that is no outage says how long to wait",
    new UserError(429, "too_many", "Wait", { details: { retry_after_seconds: 0 } }),
    "0",
  ],
  ["of a lost database says when to try again", Object.assign(new Error(), { code: "57P01" }), "2"],
  ["that does not pass asks for no other attempt", new UserError(409, "source_exists", "No"), undefined],
  ["inside asks for no other attempt", new Error("A bug"), undefined],
])("an error %s", (_, error, retryAfter) => {
  expect(errorResponse(error, "standard", "r1").response.headers["retry-after"]).toBe(retryAfter);
});

it("an error has the format that the route's clients know", () => {
  const error = new UserError(404, "page_not_found", "Page 1 not found", { details: { page: "1" } });
  const shown = { code: "page_not_found", message: "Page 1 not found", details: { page: "1" } };
  const bodyOf = (shape: ErrorShape) => errorResponse(error, shape, "r1").response.body;
  expect(bodyOf("standard")).toEqual({ error: shown });
  expect(bodyOf("detail")).toEqual({ error: shown, detail: { error: shown.message } });
  expect(bodyOf("detail_text")).toEqual({ error: shown, detail: shown.message });
  expect(bodyOf("error_text")).toEqual({
    error: shown.message,
    error_details: shown,
    detail: { error: shown.message },
  });
});

it("an error without details has none in any format", () => {
  const error = new UserError(404, "page_not_found", "Page 1 not found");
  const shown = { code: "page_not_found", message: "Page 1 not found" };
  const bodyOf = (shape: ErrorShape) => errorResponse(error, shape, "r1").response.body;
  expect(bodyOf("standard")).toStrictEqual({ error: shown });
  expect(bodyOf("error_text")).toStrictEqual({
    error: shown.message,
    error_details: shown,
    detail: { error: shown.message },
  });
  expect(bodyOf("json_rpc")).toStrictEqual({
    jsonrpc: "2.0",
    id: null,
    error: { code: -32_600, message: shown.message, data: { code: shown.code } },
  });
});

it.each([
  ["a body that is no JSON", new UserError(400, "malformed_json", "No JSON"), -32_700],
  [
    "a request that is refused",
    new UserError(403, "scope_required", "No", { details: { scope: "search" } }),
    -32_600,
  ],
  ["an error inside", new Error("A bug"), -32_603],
  ["an outage", new UserError(503, "database_unavailable", "Later"), -32_603],
])("%s has its own code of JSON-RPC, and the service's code beside it", (_, error, code) => {
  const { response, code: own } = errorResponse(error, "json_rpc", "r1");
  expect(response.body).toMatchObject({ jsonrpc: "2.0", id: null, error: { code, data: { code: own } } });
});

it("an error of JSON-RPC has the details in its data", () => {
  const details = { scope: "search" };
  const { response } = errorResponse(
    new UserError(403, "scope_required", "No", { details }),
    "json_rpc",
    "r1",
  );
  expect(response.body).toMatchObject({ error: { data: { code: "scope_required", details } } });
});

describe("an error of the database", () => {
  const coded = (code: string) => Object.assign(new Error("10.1.2.3 said no"), { code });

  it.each([
    "CONNECTION_CLOSED",
    "CONNECTION_ENDED",
    "CONNECTION_DESTROYED",
    "ECONNRESET",
    "EPIPE",
    "57P01",
    "57P02",
  ])("%s is a connection that was lost, so that a read is tried again", (code) => {
    expect(isLostConnection(coded(code))).toBe(true);
    expect(errorResponse(coded(code), "standard", "r1").code).toBe("database_unavailable");
  });

  it.each([
    "CONNECT_TIMEOUT",
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ETIMEDOUT",
    "57P03",
    "53300",
    "57014",
    "55P03",
    "28P01",
    "40001",
    "40P01",
  ])("%s is a database that does not respond now, which the client is told without its address", (code) => {
    const { response, fault } = errorResponse(coded(code), "standard", "r1");
    expect(response).toMatchObject({ status: 503, body: { error: { code: "database_unavailable" } } });
    expect(JSON.stringify(response)).not.toContain("10.1.2.3");
    expect(fault).toBe(true);
    expect(isLostConnection(coded(code))).toBe(false);
  });

  it.each(["42P01", "23505", "CONNECTION"])("%s is an error inside", (code) => {
    expect(errorResponse(coded(code), "standard", "r1").response.status).toBe(500);
    expect(isLostConnection(coded(code))).toBe(false);
  });
});
