import { expect, it } from "vitest";
import type { ConfluenceClient, ConfluencePage } from "#shared/confluence/client.ts";
import { fetchVisible } from "#shared/syncs/deletions/fetch-visible.ts";

/** A site that returns these pages in turn, a response after the other; `skips`: which of them contain an item that cannot be read. */
function site(responses: string[][], skips: number[] = []) {
  const asked: string[] = [];
  let skipped = 0;
  const client: Partial<ConfluenceClient> = {
    drift: () => ({ answers: 0, skipped, example: null }),
    pagesById: async (kind, ids, { body }) => {
      if (skips.includes(asked.length)) skipped += 1;
      const found = responses[asked.length] ?? [];
      asked.push(`${kind} ${ids.join(" ")}`);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is looked at
      return body === null ? found.map((id) => ({ id }) as ConfluencePage) : [];
    },
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the calls that are made
  return { client: client as ConfluenceClient, asked };
}

it("content that is all visible costs one call", async () => {
  const { client, asked } = site([["1", "2"]]);
  const { pages, isUndecided } = await fetchVisible(["1", "2"], client, ["page", "blogpost"]);
  expect([...pages.keys()]).toEqual(["1", "2"]);
  expect(isUndecided("1")).toBe(false);
  expect(asked).toEqual(["page 1 2"]);
});

it("nothing is asked for where no content is named", async () => {
  const { client, asked } = site([]);
  expect((await fetchVisible([], client, ["page"])).pages.size).toBe(0);
  expect(asked).toEqual([]);
});

it("missing content is asked for again, until a response adds none", async () => {
  const { client, asked } = site([["1"], ["2"], []]);
  const { pages } = await fetchVisible(["1", "2", "3"], client, ["page"]);
  expect([...pages.keys()]).toEqual(["1", "2"]);
  expect(asked).toEqual(["page 1 2 3", "page 2 3", "page 3"]);
});

it("what is no page is asked for as a blog post, also twice", async () => {
  const { client, asked } = site([["1"], [], [], ["2"]]);
  const { pages } = await fetchVisible(["1", "2"], client, ["page", "blogpost"]);
  expect([...pages.keys()]).toEqual(["1", "2"]);
  expect(asked).toEqual(["page 1 2", "page 2", "blogpost 2", "blogpost 2"]);
});

it("content is undecided if the last response without it contained what could not be read", async () => {
  const last = await fetchVisible(["1", "2"], site([["1"], []], [1]).client, ["page"]);
  expect([last.isUndecided("1"), last.isUndecided("2")]).toEqual([false, true]);
  const first = await fetchVisible(["1", "2"], site([["1"], []], [0]).client, ["page"]);
  expect(first.isUndecided("2")).toBe(false);
});
