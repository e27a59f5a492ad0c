import { describe, expect, it } from "vitest";
import { search } from "#functions/api/contract/search.ts";
import { pageIdIn, searchRequest } from "#infra/console/screens/search-request.ts";

describe("a search of the console", () => {
  it("is for operators unless the address says otherwise, and a request that the API takes", () => {
    const request = searchRequest({ q: "deploy" });
    expect(request).toEqual({ query: "deploy", match_count: 10, visibility: "all" });
    expect(search.body?.safeParse(request).success).toBe(true);
  });

  it("every filter reaches the request", () => {
    const request = searchRequest({
      q: "deploy",
      source: "s1",
      as: "person",
      who: "ann@example.com",
      kind: "attachment",
      labels: "runbook, ops",
      since: "2026-01-31",
      n: "25",
    });
    expect(request).toEqual({
      query: "deploy",
      source: "s1",
      match_count: 25,
      kinds: ["attachment"],
      labels: ["runbook", "ops"],
      updated_since: "2026-01-31T00:00:00.000Z",
      on_behalf_of: { email: "ann@example.com" },
    });
    expect(search.body?.safeParse(request).success).toBe(true);
  });

  it("is for an account, for the public, or for nobody in particular", () => {
    expect(searchRequest({ q: "x", as: "person", who: "557058:ann" }).on_behalf_of).toEqual({
      account_id: "557058:ann",
    });
    expect(searchRequest({ q: "x", as: "anonymous" }).visibility).toBe("anonymous");
    const nobody = searchRequest({ q: "x", as: "nobody" });
    expect([nobody.visibility, nobody.on_behalf_of]).toEqual([undefined, undefined]);
  });

  it("what was typed into the address by hand is moved into its range", () => {
    for (const n of ["0", "-3", "1000", "many"]) expect(searchRequest({ q: "x", n }).match_count).toBe(10);
    expect(searchRequest({ q: "x", kind: "nonsense" }).kinds).toBeUndefined();
  });

  it.each([
    ["123456", "123456"],
    [" 123456 ", "123456"],
    ["att99", "att99"],
    ["comments-7", "comments-7"],
    ["https://acme.atlassian.net/wiki/spaces/DOCS/pages/42/On+call", "42"],
    ["https://acme.atlassian.net/wiki/spaces/DOCS/blog/2026/01/02/43/News", "43"],
    ["https://acme.atlassian.net/wiki/pages/viewpage.action?pageId=44", "44"],
    ["On call", null],
    ["2026 plan", null],
  ])("the page that should be found: %s", (text, id) => {
    expect(pageIdIn(text)).toBe(id);
  });
});
