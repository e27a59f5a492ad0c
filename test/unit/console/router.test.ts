import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashOf, parseHash, to } from "#infra/console/state/router.ts";

describe("the addresses of the console", () => {
  it("an empty hash is the list of sources", () => {
    for (const hash of ["", "#", "#/", "#/?cursor=x"])
      expect(parseHash(hash).route).toEqual({ screen: "sources" });
  });

  it("each screen has an address that leads back to it", () => {
    expect(parseHash(to.connect()).route).toEqual({ screen: "connect" });
    expect(parseHash(to.search({ q: "a b" }))).toEqual({ route: { screen: "search" }, query: { q: "a b" } });
    expect(parseHash(to.health()).route).toEqual({ screen: "health" });
    expect(parseHash(to.operation("op")).route).toEqual({ screen: "operation", operationId: "op" });
    expect(parseHash(to.source("s")).route).toEqual({ screen: "source", sourceId: "s", tab: "overview" });
    expect(parseHash(to.source("s", "pages", { status: "failed" }))).toEqual({
      route: { screen: "source", sourceId: "s", tab: "pages" },
      query: { tab: "pages", status: "failed" },
    });
    expect(parseHash(to.page("s", "7", "chunks")).route).toEqual({
      screen: "page",
      sourceId: "s",
      pageId: "7",
      tab: "chunks",
    });
  });

  it("any id and any query come back as they were", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), fc.string({ unit: "grapheme" }), (id, q) => {
        const { route, query } = parseHash(hashOf(["operations", id], { q }));
        expect(route).toEqual({ screen: "operation", operationId: id });
        expect(query).toEqual(q === "" ? {} : { q });
      }),
    );
  });

  it("what is no address of the console is named, not guessed", () => {
    for (const path of [
      "/nothing",
      "/sources/a/b",
      "/sources/a/pages/",
      "/operations",
      "/sources/%E0%A4%A",
      "/search/x",
    ])
      expect(parseHash(`#${path}`).route).toEqual({ screen: "unknown", path });
  });

  it("a view that does not exist is the first one", () => {
    expect(parseHash("#/sources/s?tab=nonsense").route).toMatchObject({ tab: "overview" });
    expect(parseHash("#/sources/s/pages/1?tab=nonsense").route).toMatchObject({ tab: "markdown" });
  });
});
