import { describe, expect, it } from "vitest";
import type { TransportOptions } from "#shared/confluence/http-transport.ts";
import { answeredRequests, type Answer } from "#test/support/answered-requests.ts";
import { addPages, clientOf, makeTestSite } from "#test/support/confluence-site.ts";

/** A client whose network gives these answers. */
function answered(answers: (Answer | Error)[], options: Partial<TransportOptions> = {}) {
  const network = answeredRequests(...answers);
  const { site, clock } = makeTestSite();
  const parametersOf = (call: number) =>
    Object.fromEntries(new URL(network.sent[call]?.url ?? "").searchParams);
  return { ...network, clock, parametersOf, client: clientOf(site, { fetch: network.fetch, ...options }) };
}

const page = (id: string, value = "<p/>") => ({
  id,
  title: `Page ${id}`,
  status: "current",
  version: { number: 1 },
  body: { storage: { value } },
});
const listing = (results: unknown[], cursor?: string): Answer => ({
  body: { results, _links: cursor ? { next: `/wiki/api/v2/pages?cursor=${cursor}` } : {} },
});
const TOO_LARGE: Answer = { body: "x".repeat(3000) };
const LIMIT = { maxResponseBytes: 2000 };

describe("pages by id", () => {
  it("pages by id are asked for in every status that their kind can have, with a body only if it is wanted", async () => {
    const { client, parametersOf, sent } = answered([listing([])]);
    await client.pagesById("page", ["1", "2"], { body: null });
    await client.pagesById("page", ["1"], { body: "storage" });
    await client.pagesById("blogpost", ["3"], { body: "storage" });
    const all = { status: "current,archived,trashed,deleted", limit: "250" };
    expect([parametersOf(0), parametersOf(1), parametersOf(2)]).toEqual([
      { ...all, id: "1,2" },
      { ...all, id: "1", "body-format": "storage" },
      { ...all, id: "3", "body-format": "storage", status: "current,trashed,deleted" },
    ]);
    expect(sent.map(({ url }) => new URL(url).pathname)).toEqual([
      "/wiki/api/v2/pages",
      "/wiki/api/v2/pages",
      "/wiki/api/v2/blogposts",
    ]);
  });

  it("pages by id that were not requested are left out, those that cannot be read too", async () => {
    const odd = { ...page("7"), title: null };
    const { client } = answered([listing([page("1"), page("5"), odd, { ...page("2"), title: null }])]);
    const pages = await client.pagesById("page", ["1", "2"], { body: null });
    expect(pages).toMatchObject([
      { id: "1", status: "current" },
      { id: "2", status: "unreadable", body: null },
    ]);
    expect(client.drift().skipped).toBe(4);
  });

  it("pages by id are an error where a cursor comes back, however late", async () => {
    const { client, sent } = answered([
      listing([page("1")], "a"),
      listing([], "b"),
      listing([], "c"),
      listing([], "a"),
    ]);
    await expect(client.pagesById("page", ["1"], { body: null })).rejects.toMatchObject({
      name: "PermanentError",
      code: "invalid_answer",
    });
    expect(sent).toHaveLength(4);
  });

  it.each([
    ["forbidden", { status: 403 }, 1],
    ["invalid_answer", { body: "<!doctype html>" }, 1],
  ])("pages by id fail with %s as a whole, and are not requested in halves", async (code, answer, calls) => {
    const { client, sent } = answered([answer]);
    await expect(client.pagesById("page", ["1", "2"], { body: "storage" })).rejects.toMatchObject({ code });
    expect(sent).toHaveLength(calls);
  });

  it("pages by id without bodies cannot be made smaller: a response that is too large is an error", async () => {
    const { client, sent } = answered([TOO_LARGE], LIMIT);
    const asked = client.pagesById("page", ["1", "2"], { body: null });
    await expect(asked).rejects.toMatchObject({ code: "answer_too_large" });
    expect(sent).toHaveLength(1);
  });
});

describe("a response with bodies that is too large", () => {
  it("a response with bodies that is too large is requested in halves of what was not read before it, the first the larger one", async () => {
    const { client, parametersOf, sent } = answered(
      [
        listing([page("1"), page("2")], "a"),
        TOO_LARGE,
        listing([page("3"), page("4")]),
        listing([page("5")]),
      ],
      LIMIT,
    );
    const pages = await client.pagesById("page", ["1", "2", "3", "4", "5"], { body: "storage" });
    expect(pages.map(({ id }) => id)).toEqual(["1", "2", "3", "4", "5"]);
    expect(sent.map((_, call) => parametersOf(call)["id"])).toEqual(["1,2,3,4,5", "1,2,3,4,5", "3,4", "5"]);
  });

  it("a response with bodies that is too large is of no importance where all pages were read before it", async () => {
    const { client, sent } = answered([listing([page("1"), page("2")], "a"), TOO_LARGE], LIMIT);
    const pages = await client.pagesById("page", ["1", "2"], { body: "storage" });
    expect(pages.map(({ id, bodyTooLarge }) => [id, bodyTooLarge ?? false])).toEqual([
      ["1", false],
      ["2", false],
    ]);
    expect(sent).toHaveLength(2);
  });

  it("a response with bodies that is too large is requested without its body where it is of a single page, which is marked", async () => {
    const { body: _, ...bare } = page("2");
    const { client, parametersOf, sent } = answered(
      [listing([page("1")], "a"), TOO_LARGE, listing([bare])],
      LIMIT,
    );
    const pages = await client.pagesById("page", ["1", "2"], { body: "storage" });
    expect(pages).toMatchObject([{ id: "1" }, { id: "2", body: null, bodyTooLarge: true }]);
    expect(pages[0]).not.toHaveProperty("bodyTooLarge");
    expect(parametersOf(2)).toEqual({ id: "2", status: "current,archived,trashed,deleted", limit: "250" });
    expect(sent).toHaveLength(3);
  });
});

describe("a rendered page", () => {
  const rendered = { ...page("1"), body: { export_view: { value: "<p>R</p>" } } };

  it("a rendered page is asked for with that body, as the kind that it is", async () => {
    const { client, parametersOf, sent } = answered([{ body: rendered }]);
    expect(await client.renderedPage("page", "1")).toMatchObject({
      kind: "page",
      body: { format: "export_view", value: "<p>R</p>" },
      url: "https://demo.atlassian.net/wiki/pages/viewpage.action?pageId=1",
    });
    expect((await client.renderedPage("blogpost", "1")).kind).toBe("blogpost");
    expect(sent.map(({ url }) => new URL(url).pathname)).toEqual([
      "/wiki/api/v2/pages/1",
      "/wiki/api/v2/blogposts/1",
    ]);
    expect(parametersOf(0)).toEqual({ "body-format": "export_view" });
  });

  it("a rendered page that is too large is an error that names it", async () => {
    const asked = answered([TOO_LARGE], LIMIT).client.renderedPage("page", "1");
    await expect(asked).rejects.toMatchObject({ code: "body_too_large", details: { page_id: "1" } });
  });

  it("a rendered page is tried once more within five seconds, and not after them", async () => {
    const triesAfter = async (ms: number) => {
      const { site, clock } = makeTestSite();
      const { fetch, sent } = answeredRequests({ status: 500 });
      const slow: typeof fetch = (url, init) => {
        clock.advance(ms);
        return fetch(url, init);
      };
      const asked = clientOf(site, { fetch: slow }).renderedPage("page", "1");
      await expect(asked).rejects.toMatchObject({ code: "confluence_failed" });
      return sent.length;
    };
    expect(await triesAfter(4999)).toBe(2);
    expect(await triesAfter(5000)).toBe(1);
  });
});

describe("a probe", () => {
  it("a probe is one call, whatever comes back", async () => {
    const { client, sent, parametersOf } = answered([{ status: 500 }]);
    const request = {
      method: "POST",
      path: "/wiki/api/v2/users-bulk",
      query: { limit: "1" },
      body: { a: 1 },
    } as const;
    await expect(client.probe(request)).rejects.toMatchObject({ code: "confluence_failed" });
    expect(sent).toMatchObject([{ method: "POST", body: '{"a":1}' }]);
    expect(parametersOf(0)).toEqual({ limit: "1" });
  });

  it("a probe returns nothing of the response", async () => {
    const { site, clock } = makeTestSite();
    addPages(site, clock, 1);
    const request = { method: "GET", path: "/wiki/api/v2/pages", query: {} } as const;
    expect(await clientOf(site).probe(request)).toBeUndefined();
  });
});
