import { expect, it } from "vitest";
import { corsHeaders, preflightHeaders } from "#functions/runtime/cors.ts";

const ORIGIN = "https://app.example.com";
const ALLOWED = ["https://other.example.com", ORIGIN];

it("no cross-origin header is sent where no origin is configured", () => {
  expect(corsHeaders(ORIGIN, [])).toEqual({});
  expect(preflightHeaders(ORIGIN, [])).toBeNull();
});

it.each([undefined, "null", "https://evil.example", "https://app.example.com.evil.example"])(
  "the origin %s is not let in, and caches keep its responses apart from those of others",
  (origin) => {
    expect(corsHeaders(origin, ALLOWED)).toEqual({ vary: "Origin" });
    expect(preflightHeaders(origin, ALLOWED)).toBeNull();
  },
);

it("pages of a configured origin read responses and their headers, and send what the API takes", () => {
  const headers = corsHeaders(ORIGIN, ALLOWED);
  expect(headers).toMatchObject({ vary: "Origin", "access-control-allow-origin": ORIGIN });
  for (const name of ["ETag", "Retry-After", "Location", "X-Request-Id"])
    expect(headers["access-control-expose-headers"]?.split(", ")).toContain(name);
  const preflight = preflightHeaders(ORIGIN, ALLOWED);
  expect(preflight).toMatchObject({ vary: "Origin", "access-control-allow-origin": ORIGIN });
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"])
    expect(preflight?.["access-control-allow-methods"]?.split(", ")).toContain(method);
  for (const name of [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "Mcp-Protocol-Version",
  ])
    expect(preflight?.["access-control-allow-headers"]?.split(", ")).toContain(name);
});
