import { describe, expect, it } from "vitest";
import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addPage, addSpace } from "#infra/local/confluence-site/edits.ts";
import { CLOUD_ID } from "#infra/local/confluence-site/handle-request.ts";
import type { Site } from "#infra/local/confluence-site/site.ts";
import { answeredRequests, type Answer } from "#test/support/answered-requests.ts";
import { addPages, clientOf, makeTestSite } from "#test/support/confluence-site.ts";

const SPACE = "98305";

/** A client whose network gives these answers. */
function answered(...answers: (Answer | Error)[]) {
  const network = answeredRequests(...answers);
  const { site, clock } = makeTestSite();
  const parametersOf = (call: number) =>
    Object.fromEntries(new URL(network.sent[call]?.url ?? "").searchParams);
  return { ...network, clock, parametersOf, client: clientOf(site, { fetch: network.fetch }) };
}
const listing = (results: unknown[], links: object = {}): Answer => ({ body: { results, _links: links } });
const lastQuery = (site: Site) => Object.fromEntries(new URLSearchParams(site.requests.at(-1)?.query));

describe("the site", () => {
  it("the site tells its id, if it has one", async () => {
    expect(await clientOf(makeTestSite().site).cloudId()).toBe(CLOUD_ID);
    expect(await answered({ body: {} }).client.cloudId()).toBeNull();
    const odd = answered({ body: { cloudId: "../x" } }).client.cloudId();
    await expect(odd).rejects.toMatchObject({ code: "invalid_answer" });
  });

  it("the site names the account, and leaves out what it hides", async () => {
    const { client } = answered({ body: { type: "known", accountId: "ann" } });
    expect(await client.currentUser()).toEqual({ accountId: "ann", displayName: null, timeZone: null });
  });

  it("the site is known by the address for people that the latest response names", async () => {
    const named = (base: unknown) => listing([], { base });
    const { client } = answered(
      listing([]),
      named("https://wiki.example/wiki/"),
      named("javascript:alert(1)"),
      named(null),
      { body: { results: [], _links: null } },
      named("https://new.example/wiki"),
    );
    const known: (string | null)[] = [client.webBase()];
    for (let call = 0; call < 6; call += 1) {
      await client.space("DEMO");
      known.push(client.webBase());
    }
    const old = "https://wiki.example/wiki";
    expect(known).toEqual([null, null, old, old, old, old, "https://new.example/wiki"]);
  });

  it("the site lists its spaces with their types", async () => {
    const { site } = makeTestSite({ settings: { max_page_size: 1 } });
    addSpace(site, { key: "OPS", name: "Operations" });
    const client = clientOf(site);
    const first = await client.spaces(null);
    const second = await client.spaces(first.next);
    expect([...first.spaces, ...second.spaces]).toEqual([
      { id: SPACE, key: "DEMO", name: "Demo", status: "current", type: "global" },
      { id: expect.any(String), key: "OPS", name: "Operations", status: "current", type: "global" },
    ]);
    expect(second.next).toBeNull();
  });
});

describe("a space by its key", () => {
  const space = (key: string, more: object = {}) => ({
    id: 5,
    key,
    name: "Demo",
    status: "current",
    ...more,
  });

  it("a space by its key is found by the key that it had before", async () => {
    const { client, parametersOf } = answered(
      listing([
        space("OTHER"),
        space("OTHER2", { currentActiveAlias: null }),
        space("NEW", { currentActiveAlias: "Demo", homepageId: "7" }),
      ]),
    );
    expect(await client.space("DEMO")).toEqual({
      id: "5",
      key: "NEW",
      name: "Demo",
      status: "current",
      homepageId: "7",
    });
    expect(parametersOf(0)).toEqual({ keys: "DEMO" });
  });

  it("a space by its key is found by its present key if it had another, and not at all by neither", async () => {
    const renamed = listing([space("NEW", { currentActiveAlias: "OLD" })]);
    expect(await answered(renamed).client.space("new")).toMatchObject({ key: "NEW", homepageId: null });
    expect(await answered(renamed).client.space("DEMO")).toBeNull();
  });
});

describe("what a search expands", () => {
  const expanded = async (kinds: ("page" | "blogpost" | "comments" | "attachment")[], rights?: boolean) => {
    const { site } = makeTestSite();
    const options = rights === undefined ? [] : ([{ rights }] as const);
    await clientOf(site).searchContent("type = page", null, kinds, ...options);
    return lastQuery(site)["expand"]?.split(",");
  };
  const restrictions = ["restrictions.read.restrictions.user", "restrictions.read.restrictions.group"];

  it("what a search expands is what the kinds that it is for have, each once", async () => {
    expect(await expanded(["page"])).toEqual(["version", "ancestors", "metadata.labels", "space"]);
    expect(await expanded(["blogpost"])).toEqual(["version", "metadata.labels", "space"]);
    expect(await expanded(["blogpost", "comments", "attachment"])).toEqual([
      "version",
      "metadata.labels",
      "space",
      "ancestors",
      "container",
      "extensions.resolution",
    ]);
    expect(await expanded([])).toEqual(["version", "space"]);
  });

  it("what a search expands has restrictions of pages and blog posts where rights are asked for", async () => {
    expect(await expanded(["page"], true)).toEqual([
      "version",
      "ancestors",
      "metadata.labels",
      "space",
      ...restrictions,
    ]);
    expect(await expanded(["blogpost"], true)).toEqual([
      "version",
      "metadata.labels",
      "space",
      "ancestors",
      ...restrictions,
    ]);
    expect(await expanded(["attachment"], true)).toEqual(["version", "space", "container"]);
    expect(await expanded(["page"], false)).not.toContain(restrictions[0]);
  });
});

describe("a listing", () => {
  it("a listing of a space is of current content, in an order that no edit changes", async () => {
    const { site } = makeTestSite();
    await clientOf(site).listPages("blogpost", SPACE, null);
    expect(site.requests.at(-1)?.path).toBe("/wiki/api/v2/blogposts");
    expect(lastQuery(site)).toEqual({ "space-id": SPACE, status: "current", sort: "id", limit: "250" });
  });

  it("a listing that fits its description leaves no sign of drift", async () => {
    const { site, clock } = makeTestSite();
    addPages(site, clock, 2);
    const client = clientOf(site);
    await client.listPages("page", SPACE, null);
    await client.searchContent("type = page", null, ["page"]);
    await client.searchRights("type = page", null);
    await client.searchComments("type = comment", null);
    await client.accounts(["ann"]);
    expect(client.drift()).toEqual({ answers: 0, skipped: 0, example: null });
  });

  it("a listing whose drift is told names the first that was found", async () => {
    const { client } = answered(
      listing([{ id: "1", title: "a", status: "current", version: 1 }]),
      listing([{ id: "2", name: null }]),
    );
    await client.listPages("page", SPACE, null);
    const first = client.drift();
    await client.spaceLabels(SPACE, null);
    expect(first).toEqual({
      answers: 1,
      skipped: 1,
      example: expect.stringMatching(/^\/wiki\/api\/v2\/pages: /),
    });
    expect(client.drift()).toEqual({ answers: 2, skipped: 2, example: first.example });
  });
});

describe("comments with their bodies", () => {
  it("comments with their bodies are asked for 50 at a time, and fewer when that fails", async () => {
    const { site } = makeTestSite();
    const containerId = addPage(site, { space: "DEMO", title: "Plan", body: "<p/>" }).id;
    for (let n = 0; n < 60; n += 1) addComment(site, { containerId, body: `<p>${n}</p>` });
    const client = clientOf(site);
    const all = await client.searchComments("type = comment", null);
    expect(all.comments).toHaveLength(50);
    site.faults.push({ effect: "status", status: 500, retry_after: null, times: 3, skip: 0 });
    const some = await client.searchComments("type = comment", all.next);
    expect(some.comments.map(({ body }) => body)).toEqual(
      Array.from({ length: 10 }, (_, n) => `<p>${n + 50}</p>`),
    );
    const limits = site.requests.map(({ query }) => new URLSearchParams(query).get("limit"));
    expect(limits).toEqual(["50", "50", "50", "50", "31"]);
  });

  it("comments with their bodies that cannot be read are counted, and named where they have an id", async () => {
    const comment = (id: unknown, more: object = {}) => ({
      id,
      type: "comment",
      title: "Re: Plan",
      status: "current",
      version: { number: 1 },
      body: { storage: { value: "<p/>" } },
      ...more,
    });
    const { client } = answered(listing([comment(1), comment(2, { body: {} }), comment("x"), comment(4)]));
    const { comments, odd, skipped, next } = await client.searchComments("type = comment", null);
    expect([comments.map(({ id }) => id), odd, skipped, next]).toEqual([["1", "4"], ["2"], 2, null]);
  });
});
