import { describe, expect, it } from "vitest";
import { labelsOfQuery } from "#shared/markdown/label-query.ts";
import { readPage } from "#shared/markdown/read-page.ts";

const dependencies = (value: string) => readPage({ format: "storage", value }).dependencies;
const macro = (name: string, inside = "") =>
  `<ac:structured-macro ac:name="${name}">${inside}</ac:structured-macro>`;
const parameter = (name: string, value: string) => `<ac:parameter ac:name="${name}">${value}</ac:parameter>`;
const link = (attributes: string) => `<ac:link><ri:page ${attributes}/></ac:link>`;
const own = (title: string) => ({ title, spaceKey: null, kind: "page" });

describe("what a stored body shows of other pages", () => {
  it.each([
    ["include", parameter("", link('ri:content-title="A"')), { kind: "page", target: own("A") }],
    [
      "excerpt-include",
      parameter("", link('ri:space-key="OPS" ri:content-title="A"')) + parameter("name", "x"),
      { kind: "page", target: { title: "A", spaceKey: "OPS", kind: "page" } },
    ],
    [
      "include",
      parameter("", '<ac:link><ri:blog-post ri:content-title="News" ri:posting-day="2026/01/01"/></ac:link>'),
      { kind: "page", target: { ...own("News"), kind: "blogpost" } },
    ],
    [
      "include",
      parameter("", '<ac:link><ri:content-entity ri:content-id="42"/></ac:link>'),
      { kind: "page", target: { id: "42" } },
    ],
    ["include", "", { kind: "unknown", target: null }],
    ["children", "", { kind: "children", target: "self", depth: 1, showsText: false }],
    ["children", parameter("depth", "3"), { kind: "children", depth: 3 }],
    ["children", parameter("all", "true"), { kind: "children", depth: null }],
    ["children", parameter("allChildren", "true"), { kind: "children", depth: null }],
    ["children", parameter("excerptType", "simple"), { kind: "children", showsText: true }],
    [
      "children",
      parameter("page", link('ri:content-title="A"')),
      { kind: "children", target: own("A"), depth: 1 },
    ],
    ["pagetree", parameter("root", link('ri:content-title="@home"')), { kind: "unknown" }],
    ["pagetree", parameter("root", link('ri:content-title="@self"')), { kind: "children", target: "self" }],
    ["pagetree", parameter("root", link('ri:content-title="A"')), { kind: "children", target: own("A") }],
    [
      "contentbylabel",
      parameter("cql", 'label = "x" and space = currentSpace()'),
      { kind: "label", target: { label: "x", space: "own" }, showsText: false },
    ],
    [
      "detailssummary",
      parameter("cql", 'label = "x"'),
      { kind: "label", target: { label: "x", space: "any" }, showsText: true },
    ],
    ["detailssummary", parameter("label", "x"), { kind: "label", target: { label: "x", space: "own" } }],
    ["contentbylabel", parameter("cql", "creator = currentUser()"), { kind: "unknown" }],
    ["attachments", "", { kind: "files", target: "self" }],
    ["blog-posts", "", { kind: "unknown" }],
  ] as const)("the macro %s with %s is a dependency", (name, inside, expected) => {
    expect(dependencies(`<p>text</p>${macro(name, inside)}`)).toEqual([expect.objectContaining(expected)]);
  });

  it("macros without other pages, links and rendered bodies show nothing of other pages", () => {
    expect(dependencies(macro("jira") + macro("toc") + link('ri:content-title="A"'))).toEqual([]);
    expect(readPage({ format: "export_view", value: "<p>text</p>" }).dependencies).toEqual([]);
  });

  it("the dependencies of a body stay when its macros are filled from the rendered body", () => {
    const body = `<p>One</p>${macro("include", parameter("", link('ri:content-title="A"')))}<p>Two</p>`;
    const filled = readPage({ format: "storage", value: body }).withRendered(
      "<p>One</p><p>Included</p><p>Two</p>",
    );
    expect(filled.dependencies).toEqual(dependencies(body));
  });
});

describe("labels of a query", () => {
  it.each([
    ['label = "x"', ["x"]],
    ["label = x", ["x"]],
    ['LABEL IN ("x", "y")', ["x", "y"]],
    ['type = "page" and label in ("x","y") and space = "A" order by title', ["x", "y"]],
    ['label = "x" or label = "y"', ["x", "y"]],
    ['(label = "x" or label = "y") and creator = currentUser()', ["x", "y"]],
    ['label = "x" and label != "y"', ["x"]],
    ["label = 'order by'", ["order by"]],
  ])("the query %s finds only what carries %s", (query, labels) => {
    expect(labelsOfQuery(query)?.labels).toEqual(labels);
  });

  it.each([
    'label != "x"',
    'label not in ("x")',
    'not label = "x"',
    'label = "x" or creator = currentUser()',
    'type = "page"',
    'title ~ "label = x"',
    'label = "x',
    "",
  ])("the query %s may find what carries no label", (query) => {
    expect(labelsOfQuery(query)).toBeNull();
  });

  it.each([
    ['label = "x"', "any"],
    ['label = "x" and space = currentSpace()', "own"],
    ['label = "x" and space = "OPS"', { key: "OPS" }],
    ['label = "x" and space.key = OPS', { key: "OPS" }],
    ['label = "x" and space in ("A", "B")', "any"],
    ['label = "x" and space != "A"', "any"],
  ])("the query %s looks in %s", (query, space) => {
    expect(labelsOfQuery(query)?.space).toEqual(space);
  });

  it("a query with a function of time finds something else by itself", () => {
    expect(labelsOfQuery('label = "x" and lastModified > now("-7d")')?.changesByTime).toBe(true);
    expect(labelsOfQuery('label = "now"')?.changesByTime).toBe(false);
  });
});
