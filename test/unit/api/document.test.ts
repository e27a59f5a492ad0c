import { globSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { routes } from "#infra/routes.ts";
import { contracts } from "#functions/api/contract/all.ts";
import { makeDocument } from "#functions/api/contract/document.ts";
import { errorCodes } from "#functions/runtime/error-codes.ts";
import { requireDocumented } from "#test/support/documented-response.ts";

const operation = z.object({ operationId: z.string(), security: z.array(z.unknown()).optional() });
const document = z
  .looseObject({
    openapi: z.string(),
    paths: z.record(z.string(), z.record(z.string(), operation)),
  })
  .parse(JSON.parse(JSON.stringify(makeDocument())));
const documented = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
);

describe("the document", () => {
  it("the OpenAPI document describes every route, and every operation is routed", () => {
    const routed = routes.map((route) => `${route.method} ${route.path}`);
    expect(documented.toSorted()).toEqual(routed.toSorted());
  });

  it("the OpenAPI document has the scope of each route from its contract", () => {
    for (const contract of contracts) {
      for (const path of contract.paths) {
        const route = routes.find(
          (candidate) => candidate.method === contract.method && candidate.path === path,
        );
        expect([path, route?.scope]).toEqual([path, contract.scope]);
      }
    }
  });

  it("the OpenAPI document requires credentials except on public routes, and the hook's secret for deliveries", () => {
    for (const [path, item] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        const route = routes.find(
          (candidate) => candidate.path === path && candidate.method === method.toUpperCase(),
        );
        const own = { public: 0, issuer: 0, hook: 3 } as Record<string, number>;
        expect([path, operation.security?.length]).toEqual([path, own[route?.scope ?? ""]]);
      }
    }
  });

  it("each operation of the OpenAPI document has its own name", () => {
    const ids = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map((operation) => operation.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("the document is OpenAPI 3.1, and each of its references resolves", () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const text = JSON.stringify(document);
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      expect(text).toContain(`"${name}":{`);
    }
  });

  it("the OpenAPI document has patterns that request generators can parse", () => {
    const patterns = [...JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
      ([, json = ""]) => z.string().parse(JSON.parse(json)),
    );
    expect(patterns.length).toBeGreaterThan(10);
    // ECMA-262's \0 is no escape of other dialects.
    expect(patterns.filter((pattern) => pattern.includes("\\0"))).toEqual([]);
    for (const pattern of patterns) expect(() => new RegExp(pattern, "u")).not.toThrow();
  });

  it("the OpenAPI document lists every error code that functions return, with its status", () => {
    const sources = globSync([
      "functions/**/*.ts",
      "infra/local/{gateway,request-guard,routes}.ts",
      "shared/**/*.ts",
    ])
      .map((file) => readFileSync(file, "utf8"))
      .join("\n");
    const thrown = [...sources.matchAll(/new UserError\(\s*(\d+),\s*"(\w+)"/g)].filter(
      // A 500 is answered as internal_error; the others are for whoever starts the service.
      ([, status, code]) => status !== "500" && !OPERATOR_CODES.has(code ?? ""),
    );
    expect(thrown.length).toBeGreaterThan(30);
    for (const [, status, code] of thrown) {
      expect([code, (errorCodes as Record<string, readonly [number, string]>)[code ?? ""]?.[0]]).toEqual([
        code,
        Number(status),
      ]);
    }
  });

  it("the OpenAPI document has a valid example for every request body", () => {
    for (const { id, body, responses, examples } of contracts) {
      expect([id, body === null || body.safeParse(examples.request).success]).toEqual([id, true]);
      for (const [status, example] of Object.entries(examples.responses ?? {})) {
        expect([id, responses[Number(status)]?.safeParse(example).success]).toEqual([id, true]);
      }
    }
  });

  it("the OpenAPI document refuses responses that it does not describe", () => {
    expect(() => requireDocumented("GET /health", 418, "{}")).toThrow(/418/);
    expect(() => requireDocumented("GET /health", 200, '{"status":"fine"}')).toThrow(/outside its schema/);
    expect(() => requireDocumented("GET /nowhere", 200, "{}")).toThrow(/does not say/);
  });
});

/** Told on start-up or by migrations, never by the API. */
const OPERATOR_CODES = new Set([
  "port_taken",
  "folder_in_use",
  "schema_not_ours",
  "database_newer",
  "invalid_schema_name",
  "pgvector_too_old",
  "model_dimensions_differ",
  "model_dimensions_unsupported",
  "wrong_space",
  "invalid_event",
]);
