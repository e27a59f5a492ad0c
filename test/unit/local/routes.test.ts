import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { makeRouter } from "#infra/local/runner/routes.ts";
import { routes } from "#infra/routes.ts";

const { find, methodsOf } = makeRouter(routes);

describe("the router", () => {
  it("the router finds every route of the topology under its own path", () => {
    for (const route of routes) {
      const path = route.path.replaceAll(/\{[^}]+\}/g, "x");
      expect(find(route.method, path)?.route).toBe(route);
    }
  });

  it("the router prefers a literal segment to a parameter, whatever the order of the routes", () => {
    const literal = { method: "GET", path: "/a/sources", function: "literal", scope: "public" } as const;
    const parameter = { method: "GET", path: "/a/{id}", function: "parameter", scope: "public" } as const;
    for (const order of [
      [literal, parameter],
      [parameter, literal],
    ]) {
      expect(makeRouter(order).find("GET", "/a/sources")?.route.function).toBe("literal");
      expect(makeRouter(order).find("GET", "/a/other")?.pathParameters).toEqual({ id: "other" });
    }
  });

  it("the router finds a route by its path with a trailing slash, which no route's own path has", () => {
    expect(find("GET", "/api/progress/")?.routeKey).toBe("GET /api/progress");
    expect(find("GET", "/")).toBeUndefined();
    expect(routes.filter((route) => route.path.endsWith("/"))).toEqual([]);
  });

  it("the router decodes parameters, and an encoded slash is no separator", () => {
    assert(
      property(string({ minLength: 1, unit: "grapheme" }), (id) => {
        const match = find("GET", `/api/confluence/${encodeURIComponent(id)}/status`);
        expect(match?.pathParameters).toEqual({ source_id: id });
      }),
    );
  });

  it("the router gives the rest of the path to a greedy parameter", () => {
    const { find: greedy } = makeRouter([
      { method: "GET", path: "/docs/{file+}", function: "docs", scope: "public" },
      { method: "GET", path: "/docs/{file}", function: "one", scope: "public" },
    ]);
    expect(greedy("GET", "/docs/a/b.js")?.pathParameters).toEqual({ file: "a/b.js" });
    expect(greedy("GET", "/docs/a")?.route.function).toBe("one");
    expect(greedy("GET", "/docs/")).toBeUndefined();
  });

  it("the router routes HEAD wherever it routes GET", () => {
    expect(find("HEAD", "/health")).toMatchObject({ routeKey: "HEAD /health", route: { method: "GET" } });
    expect(find("HEAD", "/api/rag/query")).toBeUndefined();
  });

  it("the router knows the methods that a path accepts", () => {
    expect(methodsOf("/health")).toEqual(["GET", "HEAD"]);
    expect(methodsOf("/api/confluence/some-id/")).toEqual(["DELETE", "GET", "HEAD", "PATCH"]);
    expect(methodsOf("/api/knowledge-items/sources")).toEqual(["DELETE", "GET", "HEAD", "PUT"]);
    expect(methodsOf("/nowhere")).toEqual([]);
  });

  it("the router finds nothing for another method, an empty parameter or more segments", () => {
    expect(find("PUT", "/health")).toBeUndefined();
    expect(find("GET", "/api/confluence//status")).toBeUndefined();
    expect(find("GET", "/health/more")).toBeUndefined();
  });

  it("the router rejects malformed percent-encoding", () => {
    expect(() => find("GET", "/api/confluence/%zz")).toThrow(
      expect.objectContaining({ status: 400, code: "malformed_path" }),
    );
  });
});
