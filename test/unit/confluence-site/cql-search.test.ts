import { describe, expect, it } from "vitest";
import { searchSite } from "#infra/local/confluence-site/cql-search.ts";
import { addPage, addSpace, editPage, labelPage, movePage } from "#infra/local/confluence-site/edits.ts";
import { archivePage, restorePage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import type { Site } from "#infra/local/confluence-site/site.ts";
import { addPages, makeTestSite, testClock } from "#test/support/confluence-site.ts";

const titles = (site: Site, cql: string) =>
  searchSite(site, "account", cql).hits.map(({ entry }) => entry.title);

/** Pages made at 10:16:30 (A), 10:17:30 (B), 10:18:30 (C) UTC. */
function threePages(zone: string) {
  const { site, clock } = makeTestSite({ settings: { time_zone: zone } });
  const ids = addPages(site, clock, 3);
  return { site, clock, ids };
}

describe("times", () => {
  it.each([
    ["UTC", '"2026-03-04 10:17"', ["Page 2", "Page 3"]],
    ["Europe/Berlin", '"2026-03-04 11:17"', ["Page 2", "Page 3"]],
    ["America/New_York", '"2026/03/04 05:17"', ["Page 2", "Page 3"]],
    ["Asia/Kolkata", '"2026-03-04 15:48"', ["Page 3"]],
    ["UTC", '"2026-03-04"', ["Page 1", "Page 2", "Page 3"]],
    ["UTC", '"2026-03-05"', []],
    ["UTC", 'now("-2m")', ["Page 1", "Page 2", "Page 3"]],
    ["UTC", 'now("-1m")', ["Page 2", "Page 3"]],
  ])("CQL times are read in the account's zone: %s, >= %s", (zone, literal, expected) => {
    const { site } = threePages(zone);
    expect(titles(site, `lastmodified >= ${literal} order by lastmodified`)).toEqual(expected);
  });

  it.each([
    [">", ["Page 3"]],
    [">=", ["Page 2", "Page 3"]],
    ["=", ["Page 2"]],
    ["!=", ["Page 1", "Page 3"]],
    ["<", ["Page 1"]],
    ["<=", ["Page 1", "Page 2"]],
  ])("CQL times have a resolution of one minute: %s", (operator, expected) => {
    const { site } = threePages("UTC");
    expect(titles(site, `lastModified ${operator} "2026-03-04 10:17" order by id`)).toEqual(expected);
  });

  it("a CQL time in the hour that clocks repeat means the later of its two instants", () => {
    const clock = testClock("2026-10-25T00:29:00Z");
    const { site } = makeTestSite({ clock, settings: { time_zone: "Europe/Berlin" } });
    addPages(site, clock, 1);
    clock.advance(60 * 60_000);
    addPage(site, { space: "DEMO", title: "Second round", body: "<p/>" });
    expect(titles(site, 'lastmodified >= "2026-10-25 02:30"')).toEqual(["Second round"]);
  });
});

describe("conditions", () => {
  it.each([
    ["space = DEMO and type = page", 3],
    ['space = "demo"', 3],
    ["space in (OTHER, 'DEMO')", 3],
    ["space not in (DEMO)", 0],
    ["space != DEMO", 0],
    ["type in (page, blogpost)", 3],
    ["type = blogpost", 0],
    ['title = "Page 2"', 1],
    ['title ~ "page"', 3],
    ['title !~ "2"', 2],
    ['title = "Page 1" or title = "Page 2" and space = NONE', 1],
    ['(title = "Page 1" or title = "Page 2") and space = DEMO', 2],
    ['not (title = "Page 1")', 2],
    ["", 3],
    ["order by title desc", 3],
  ])("the CQL condition %s finds %i", (cql, count) => {
    const { site } = threePages("UTC");
    expect(titles(site, cql)).toHaveLength(count);
  });

  it("quotes and backslashes in CQL strings are escaped by a backslash", () => {
    const { site } = makeTestSite();
    addSpace(site, { key: String.raw`~a"\b`, name: "Odd" });
    addPage(site, { space: String.raw`~a"\b`, title: "There", body: "<p/>" });
    expect(titles(site, String.raw`space = "~a\"\\b"`)).toEqual(["There"]);
  });

  it("CQL finds pages by label, parent and ancestor", () => {
    const { site, ids } = threePages("UTC");
    const [first = "", second = "", third = ""] = ids;
    labelPage(site, third, { add: ["guide"] });
    movePage(site, second, { parentId: first });
    movePage(site, third, { parentId: second });
    expect(titles(site, "label = guide")).toEqual(["Page 3"]);
    expect(titles(site, `parent = ${first}`)).toEqual(["Page 2"]);
    expect(titles(site, `ancestor = ${first} order by id`)).toEqual(["Page 2", "Page 3"]);
  });

  it.each([
    "space =",
    "space = DEMO and",
    "= DEMO",
    "space = DEMO order",
    "space = DEMO order by",
    "space = DEMO order by colour",
    "space = DEMO lastmodified",
    "colour = red",
    "space > DEMO",
    "space == DEMO",
    "(space = DEMO",
    'space = "DEMO',
    'lastmodified >= "yesterday"',
    'lastmodified >= "2026-03-04T10:17"',
    'lastmodified >= "2026-03-04 10:17:30"',
    'lastmodified >= now("-90x")',
    "lastmodified >= startOfTime()",
    "lastmodified ~ 3",
  ])("the CQL %s is an error", (cql) => {
    const { site } = threePages("UTC");
    expect(() => titles(site, cql)).toThrow(expect.objectContaining({ name: "CqlError" }));
  });
});

describe("what the index shows", () => {
  const recent = 'space = "DEMO" and lastmodified >= "2026-03-04 10:30" order by lastmodified';

  it("an edit is a change in the search index; a move, a label, a restore is not", () => {
    const { site, clock, ids } = threePages("UTC");
    const [first = "", second = "", third = ""] = ids;
    clock.advance(30 * 60_000);
    movePage(site, second, { parentId: first });
    labelPage(site, third, { add: ["guide"] });
    trashPage(site, first);
    restorePage(site, first);
    expect(titles(site, recent)).toEqual([]);
    editPage(site, third, { body: "<p>new</p>" });
    expect(titles(site, recent)).toEqual(["Page 3"]);
  });

  it("trashed and archived pages are not in the search index", () => {
    const { site, ids } = threePages("UTC");
    trashPage(site, ids[0] ?? "");
    archivePage(site, ids[1] ?? "");
    expect(titles(site, "space = DEMO")).toEqual(["Page 3"]);
  });

  it("changes appear in the search index after the lag, in order", () => {
    const { site, clock, ids } = threePages("UTC");
    clock.advance(30 * 60_000);
    site.settings.index_lag_seconds = 60;
    const [first = ""] = ids;
    editPage(site, first, { title: "Renamed" });
    clock.advance(30_000);
    addPage(site, { space: "DEMO", title: "New", body: "<p/>" });
    expect(titles(site, recent)).toEqual([]);
    clock.advance(30_000);
    expect(titles(site, recent)).toEqual(["Renamed"]);
    clock.advance(30_000);
    expect(titles(site, recent)).toEqual(["Renamed", "New"]);
    site.settings.index_lag_seconds = 0;
    editPage(site, first, { body: "<p>at once</p>" });
    expect(titles(site, recent)).toEqual(["New", "Renamed"]);
  });
});
