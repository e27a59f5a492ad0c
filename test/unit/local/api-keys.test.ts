import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readApiKeys } from "#infra/local/runner/api-keys.ts";

const folder = mkdtempSync(join(tmpdir(), "api-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));

const KEY = "a-key-of-some-length";
const digest = (text: string) => createHash("sha256").update(text).digest("hex");

function read(content: unknown, apiKey?: string) {
  const path = join(folder, "keys.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return readApiKeys({ API_KEY: apiKey, API_KEYS_FILE: path });
}

describe("API_KEYS_FILE", () => {
  it("API_KEYS_FILE gives each key a name and scopes, beside API_KEY, which has every scope", () => {
    const keys = read(
      [
        { name: "chat", key: KEY, scopes: ["search", "search:on-behalf-of"] },
        { name: "ops", sha256: digest("another").toUpperCase(), scopes: ["sources:read"] },
      ],
      "own",
    );
    expect(keys).toMatchObject([
      { name: "API_KEY", sha256: digest("own") },
      { name: "chat", sha256: digest(KEY), scopes: ["search", "search:on-behalf-of"] },
      { name: "ops", sha256: digest("another"), scopes: ["sources:read"] },
    ]);
    expect(keys[0]?.scopes).toContain("search:all");
    expect(readApiKeys({ API_KEY: undefined, API_KEYS_FILE: undefined })).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ["is not JSON", "{", /is not JSON/],
    ["is no list", {}, /keys: .*array/],
    ["is empty", [], /keys: /],
    ["has an unknown scope", [{ name: "a", key: KEY, scopes: ["admin"] }], /keys\.0\.scopes\.0/],
    ["has a key without scopes", [{ name: "a", key: KEY, scopes: [] }], /keys\.0\.scopes/],
    ["has a short key", [{ name: "a", key: "short", scopes: ["search"] }], /keys\.0\.key/],
    ["has neither key nor digest", [{ name: "a", scopes: ["search"] }], /either `key` or `sha256`/],
    ["has both", [{ name: "a", key: KEY, sha256: digest(KEY), scopes: ["search"] }], /either/],
    ["has an unknown field", [{ name: "a", key: KEY, scopes: ["search"], role: "x" }], /role/],
    ["names a key as API_KEY", [{ name: "API_KEY", key: KEY, scopes: ["search"] }], /reserved/],
    [
      "has a name twice",
      ["1", "2"].map((n) => ({ name: "a", key: KEY + n, scopes: ["search"] })),
      /two keys have one name/,
    ],
    ["has a key twice", ["a", "b"].map((name) => ({ name, key: KEY, scopes: ["search"] })), /one key/],
  ])("API_KEYS_FILE that %s is refused, with the fault and without a key", (_, content, fault) => {
    expect(() => read(content)).toThrow(fault);
    expect(() => read(content)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(KEY) }),
    );
    expect(() => read(content)).toThrow(/API_KEYS_FILE .*keys\.json/);
  });

  it("API_KEYS_FILE that is not there is refused, naming it", () => {
    const path = join(folder, "missing.json");
    expect(() => readApiKeys({ API_KEY: undefined, API_KEYS_FILE: path })).toThrow(
      /missing\.json: cannot be read/,
    );
  });
});
