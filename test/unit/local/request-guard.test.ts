import { describe, expect, it } from "vitest";
import { readApiKeys } from "#infra/local/runner/api-keys.ts";
import { refuseForeignPages, requireApiKey } from "#infra/local/runner/request-guard.ts";

const signed =
  "AWS4-HMAC-SHA256 Credential=k3y/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0";

const keys = readApiKeys({ API_KEY: "k3y", API_KEYS_FILE: undefined });

describe("the API key", () => {
  it.each([
    { authorization: "Bearer k3y" },
    { authorization: "bearer k3y" },
    { "x-api-key": "k3y" },
    { authorization: signed },
  ])("the API key is accepted in %j", (headers) => {
    expect(() => requireApiKey(keys, headers)).not.toThrow();
  });

  it.each([
    {},
    { authorization: "Bearer" },
    { authorization: "Bearer k3" },
    { authorization: "Basic k3y" },
    { authorization: "Bearer other", "x-api-key": "k3y" },
    { "x-api-key": "" },
    { "x-api-key": "k3y2" },
    { authorization: signed.replace("k3y", "other") },
  ])("the API key is missing or wrong in %j", (headers) => {
    expect(() => requireApiKey(keys, headers)).toThrow(
      expect.objectContaining({ status: 401, code: "unauthorized" }),
    );
  });
});

describe("a page of another origin", () => {
  it.each<Record<string, string>>([
    { host: "127.0.0.1:3000" },
    { host: "localhost:3000" },
    { host: "[::1]:3000" },
    { host: "127.0.0.1:3000", origin: "http://127.0.0.1:3000" },
    { host: "127.0.0.1:3000", "sec-fetch-site": "same-origin", "sec-fetch-dest": "empty" },
    { host: "127.0.0.1:3000", "sec-fetch-site": "none", "sec-fetch-dest": "document" },
    { host: "127.0.0.1:3000", "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" },
  ])("a request that is not from a page of another origin is accepted: %j", (headers) => {
    expect(() => refuseForeignPages(headers)).not.toThrow();
  });

  it.each<Record<string, string>>([
    {},
    { host: "rebound.example" },
    { host: "127.0.0.1.rebound.example:3000" },
    { host: "127.0.0.1:3000", origin: "https://evil.example" },
    { host: "127.0.0.1:3000", origin: "http://127.0.0.1:8080" },
    { host: "127.0.0.1:3000", origin: "null" },
    { host: "127.0.0.1:3000", "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" },
    { host: "127.0.0.1:3000", "sec-fetch-site": "same-site", "sec-fetch-dest": "object" },
    { host: "127.0.0.1:3000", "sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe" },
  ])("a page of another origin is refused: %j", (headers) => {
    expect(() => refuseForeignPages(headers)).toThrow(expect.objectContaining({ status: 403 }));
  });
});
