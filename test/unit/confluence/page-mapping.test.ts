import { describe, expect, it } from "vitest";
import {
  isWebAddress,
  pageFromV1,
  pageFromV2,
  pageWithBody,
  webBaseOf,
} from "#shared/confluence/page-mapping.ts";
import { contentSchema, pageSchema } from "#shared/confluence/schemas.ts";

const WEB = "https://demo.atlassian.net/wiki";
const WHEN = "2026-03-04T10:15:30.000Z";
const AT = new Date(WHEN);

/** What every v1 hit has. */
const hit = (more: Record<string, unknown> = {}) => ({
  id: "10",
  type: "page",
  title: "Plan",
  status: "current",
  version: { number: 3, when: WHEN },
  ...more,
});

describe("a page of v2", () => {
  const page = (more: Record<string, unknown> = {}) =>
    pageFromV2(
      "page",
      pageSchema.parse({ id: 10, title: "Plan", status: "current", version: { number: 3 }, ...more }),
      WEB,
    );

  it("a page of v2 that says only what it must is at the top of a space that is not named", () => {
    expect(page()).toEqual({
      kind: "page",
      id: "10",
      title: "Plan",
      version: 3,
      status: "current",
      spaceId: null,
      spaceKey: null,
      parentId: null,
      parentType: null,
      subtype: "page",
      labels: null,
      url: `${WEB}/pages/viewpage.action?pageId=10`,
      modifiedAt: null,
      rights: null,
    });
  });

  it("a page of v2 has its parent's type where it has a parent, and its own subtype", () => {
    const below = page({ parentId: "7", parentType: "folder", subtype: "live", spaceId: "5" });
    expect(below).toMatchObject({ parentId: "7", parentType: "folder", subtype: "live", spaceId: "5" });
    expect(page({ parentId: "7" })).toMatchObject({ parentId: "7", parentType: null });
    expect(page({ parentType: "folder" })).toMatchObject({ parentId: null, parentType: null });
  });

  it("a page of v2 has its address below the site's own, which it may name itself", () => {
    const webui = "/spaces/DEMO/pages/10/Plan";
    expect(page({ _links: { webui } }).url).toBe(WEB + webui);
    expect(page({ _links: { webui, base: "https://wiki.example/wiki" } }).url).toBe(
      `https://wiki.example/wiki${webui}`,
    );
    expect(page({ _links: { webui: "https://evil.example/" } }).url).toBe(
      `${WEB}/pages/viewpage.action?pageId=10`,
    );
  });

  it.each([
    [WHEN, AT],
    ["", null],
    ["yesterday", null],
    [null, null],
    [17, null],
  ])("a page of v2 that was changed at %j has the date %j", (createdAt, expected) => {
    expect(page({ version: { number: 1, createdAt } }).modifiedAt).toEqual(expected);
  });

  it("a page of v2 has the body that was asked for, and none where the response has another", () => {
    const storage = pageSchema.parse({
      id: "10",
      title: "Plan",
      status: "current",
      version: { number: 3 },
      body: { storage: { value: "<p/>" } },
    });
    expect(pageWithBody("blogpost", storage, WEB, "storage")).toMatchObject({
      kind: "blogpost",
      body: { format: "storage", value: "<p/>" },
    });
    const other = pageWithBody("page", storage, WEB, "export_view");
    expect(other.body).toBeNull();
    expect(other).not.toHaveProperty("bodyTooLarge");
  });
});

describe("a page that a search finds", () => {
  const page = (more: Record<string, unknown> = {}) => pageFromV1(contentSchema.parse(hit(more)), WEB);

  it("a page that a search finds that says only what it must has no place, and labels that are not known", () => {
    expect(page()).toEqual({
      kind: "page",
      id: "10",
      title: "Plan",
      version: 3,
      status: "current",
      spaceId: null,
      spaceKey: null,
      parentId: null,
      parentType: null,
      subtype: null,
      labels: null,
      url: `${WEB}/pages/viewpage.action?pageId=10`,
      modifiedAt: AT,
      rights: null,
    });
  });

  it("a page that a search finds is below its last ancestor, which is a page unless it says otherwise", () => {
    const top = { id: "1", type: "folder" };
    expect(page({ ancestors: [{ id: "3" }, top, { id: "2" }] })).toMatchObject({
      parentId: "2",
      parentType: "page",
    });
    expect(page({ ancestors: [{ id: "2" }, top] })).toMatchObject({ parentId: "1", parentType: "folder" });
    expect(page({ ancestors: [] })).toMatchObject({ parentId: null, parentType: null });
  });

  it("a page that a search finds is of the kind that it names, and a page where that is no kind", () => {
    expect(page({ type: "blogpost" }).kind).toBe("blogpost");
    expect(page({ type: "novelty" }).kind).toBe("page");
  });

  it("a page that a search finds is in the space that it names by key or by id", () => {
    expect(page({ space: { key: "DEMO" } })).toMatchObject({ spaceKey: "DEMO", spaceId: null });
    expect(page({ space: { id: 5 } })).toMatchObject({ spaceKey: null, spaceId: "5" });
  });

  it("a page that a search finds has labels if there are no more than the response contains", () => {
    const labels = (more: object) =>
      page({ metadata: { labels: { results: [{ name: "a" }, { name: "b" }], ...more } } }).labels;
    expect(labels({})).toEqual(["a", "b"]);
    expect(labels({ _links: {} })).toEqual(["a", "b"]);
    expect(labels({ _links: { next: "/rest/api/content/10/label?start=200" } })).toBeNull();
    expect(page({ metadata: { labels: { results: [] } } }).labels).toEqual([]);
    expect(page({ metadata: {} }).labels).toBeNull();
  });
});

describe("a site's address for people", () => {
  it("a site's address for people is the one that the response names, without a slash at its end", () => {
    expect(webBaseOf("https://wiki.example/wiki/", "https://demo.atlassian.net")).toBe(
      "https://wiki.example/wiki",
    );
    expect(webBaseOf("http://127.0.0.1:4000/wiki", "https://demo.atlassian.net")).toBe(
      "http://127.0.0.1:4000/wiki",
    );
  });

  it.each([
    null,
    undefined,
    "",
    "/wiki",
    "javascript:open('https://wiki.example')",
    "x https://wiki.example",
    "https://",
  ])("a site's address for people is the site's own where the response names %j", (base) => {
    expect(webBaseOf(base, "https://demo.atlassian.net")).toBe(WEB);
    expect(isWebAddress(base ?? "")).toBe(false);
  });
});
