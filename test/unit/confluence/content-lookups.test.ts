import { describe, expect, it } from "vitest";
import { addFolder } from "#infra/local/confluence-site/edits.ts";
import { answeredRequests, type Answer } from "#test/support/answered-requests.ts";
import { clientOf, makeTestSite } from "#test/support/confluence-site.ts";

/** A client whose network gives these answers. */
function answered(...answers: Answer[]) {
  const network = answeredRequests(...answers);
  const parametersOf = (call: number) =>
    Object.fromEntries(new URL(network.sent[call]?.url ?? "").searchParams);
  return { ...network, parametersOf, client: clientOf(makeTestSite().site, { fetch: network.fetch }) };
}

describe("types of content by id", () => {
  it("types of content by id are asked for 100 at a time; what has no id is not asked for, and what is not named is absent", async () => {
    const ids = Array.from({ length: 101 }, (_, n) => String(n + 1));
    const { client, sent } = answered(
      { body: { results: { "1": "page", "2": null, "3": "inline-comment", "999": "page" } } },
      { body: { results: { "101": "attachment" } } },
    );
    const types = await client.typesOfIds(["../x", ...ids.slice(0, 100), "abc", ...ids.slice(100)]);
    expect([...types]).toEqual([
      ["1", "page"],
      ["2", null],
      ["3", "inline-comment"],
      ["101", "attachment"],
    ]);
    const asked = sent.map(({ body }) => JSON.parse(body ?? "") as { contentIds: string[] });
    expect(asked.map(({ contentIds }) => contentIds)).toEqual([ids.slice(0, 100), ["101"]]);
  });
});

describe("a count", () => {
  it.each([
    [{ totalSize: 0 }, 0],
    [{ totalSize: 12 }, 12],
    [{ totalSize: -1 }, null],
    [{ totalSize: "12" }, null],
    [{}, null],
  ])("a count of what a search finds is %j: %j", async (body, expected) => {
    const { client, parametersOf } = answered({ body });
    expect(await client.countPages("type = page")).toBe(expected);
    expect(parametersOf(0)).toEqual({ cql: "type = page", limit: "1" });
  });
});

describe("names of people", () => {
  it("names of people are those that they show, else their public ones; who has none is absent", async () => {
    const { client } = answered({
      body: {
        results: [
          { accountId: "ann", displayName: "Ann", publicName: "annie" },
          { accountId: "bob", displayName: "", publicName: "Bob" },
          { accountId: "cy", publicName: "Cy" },
          { accountId: "dee", displayName: null, publicName: "" },
        ],
      },
    });
    expect(Object.fromEntries(await client.userNames(["ann", "bob", "cy", "dee"]))).toEqual({
      ann: "Ann",
      bob: "Bob",
      cy: "Cy",
    });
  });
});

describe("a folder by its id", () => {
  it("a folder by its id has its title and place", async () => {
    const { site } = makeTestSite();
    const above = addFolder(site, { space: "DEMO", title: "Above" });
    const below = addFolder(site, { space: "DEMO", title: "Below", parentId: above.id });
    const client = clientOf(site);
    expect(await client.folder(below.id, "folder")).toEqual({
      id: below.id,
      title: "Below",
      parentId: above.id,
      parentType: "folder",
    });
    expect(await client.folder(above.id, "folder")).toMatchObject({ parentId: null, parentType: null });
    await expect(client.folder("x", "folder")).rejects.toMatchObject({ code: "invalid_id" });
  });

  it.each([
    ["folder", "/wiki/api/v2/folders/10"],
    ["whiteboard", "/wiki/api/v2/whiteboards/10"],
    ["database", "/wiki/api/v2/databases/10"],
    ["embed", "/wiki/api/v2/embeds/10"],
  ] as const)("a folder by its id is asked for as what it is: %s", async (kind, path) => {
    const { client, sent } = answered({ body: { title: "T", parentId: "7" } });
    expect(await client.folder("10", kind)).toEqual({
      id: "10",
      title: "T",
      parentId: "7",
      parentType: null,
    });
    expect(new URL(sent[0]?.url ?? "").pathname).toBe(path);
    const top = answered({ body: { title: "T", parentType: "page" } });
    expect(await top.client.folder("10", kind)).toMatchObject({ parentId: null, parentType: null });
  });
});
