import { describe, expect, it } from "vitest";
import {
  countOfKind,
  fromStart,
  listCheckpoint,
  nextListing,
  noteItems,
} from "#shared/syncs/listing/list-checkpoint.ts";
import { afterPage, nextKind } from "#shared/syncs/listing/next-kind.ts";

const START = listCheckpoint.parse({});
const pages = { cql: "type = page", kinds: ["page" as const] };
const blogPosts = { cql: "type = blogpost", kinds: ["blogpost" as const] };
const items = (...ids: string[]) => ids.map((id) => ({ id }));

it("a listing that has not begun is at the start of the whole space, and has listed nothing", () => {
  expect(START).toEqual({
    phase: "starting",
    listing: "space",
    kind: null,
    kinds_left: [],
    cql: null,
    cql_kinds: null,
    queries_left: [],
    search_mode: "one query",
    cursor: null,
    recent_cursors: [],
    labels: null,
    of_kinds: {},
    comments_missing: 0,
    last_ids: [],
    repeated: 0,
  });
});

it("labels that an earlier release put into a checkpoint are those of pages", () => {
  const labels = {
    cursor: null,
    recent_cursors: [],
    done: [],
    remaining: [{ id: "1", name: "a" }],
    namesComplete: true,
  };
  expect(listCheckpoint.parse({ labels }).labels?.remaining).toEqual([
    { id: "1", name: "a", kinds: ["page"] },
  ]);
});

describe("how many of a kind were listed", () => {
  const ofKinds = { page: { expected: 9, listed: 4 }, comments: { expected: 5, listed: 1 } };

  it("what is listed counts for the kind that is listed now, and for no other", () => {
    expect(countOfKind({ kind: "page", of_kinds: ofKinds }, 3)).toEqual({
      of_kinds: { ...ofKinds, page: { expected: 9, listed: 7 } },
    });
  });

  it("what a search for changes lists counts for no kind", () => {
    expect(countOfKind({ kind: null, of_kinds: ofKinds }, 3)).toEqual({ of_kinds: ofKinds });
  });

  it("a kind that was not counted at the start, by an earlier release, is not counted now", () => {
    expect(countOfKind({ kind: "attachment", of_kinds: ofKinds }, 3)).toEqual({ of_kinds: ofKinds });
  });
});

describe("what a response repeats", () => {
  it("of the first response each item is fresh, whatever an earlier listing ended with", () => {
    const noted = noteItems({ cursor: null, last_ids: ["1", "2"], repeated: 0 }, items("1", "2", "3"));
    expect(noted).toEqual({ fresh: 3, place: { last_ids: ["1", "2", "3"], repeated: 0 } });
  });

  it("what was in the response before counts as repeated", () => {
    const noted = noteItems({ cursor: "b", last_ids: ["1", "2"], repeated: 4 }, items("2", "3", "4"));
    expect(noted).toEqual({ fresh: 2, place: { last_ids: ["2", "3", "4"], repeated: 5 } });
  });

  it("what is twice in one response counts once", () => {
    const noted = noteItems({ cursor: "b", last_ids: [], repeated: 0 }, items("1", "1", "2"));
    expect(noted).toEqual({ fresh: 2, place: { last_ids: ["1", "2"], repeated: 1 } });
  });
});

describe("where a listing continues", () => {
  it("a listing of changes begins with its first query, without a cursor", () => {
    expect(fromStart({ mode: "each kind", queries: [pages, blogPosts], expected: 3 })).toEqual({
      cql: "type = page",
      cql_kinds: ["page"],
      queries_left: [blogPosts],
      search_mode: "each kind",
      cursor: null,
      recent_cursors: [],
    });
  });

  it("a listing of changes without a query has nothing to search", () => {
    expect(fromStart({ mode: "one query", queries: [], expected: 0 })).toMatchObject({
      cql: null,
      cql_kinds: null,
      queries_left: [],
    });
  });

  it("after the last page of a query the next query begins", () => {
    const at = { ...START, cql: "type = page", queries_left: [blogPosts, pages], cursor: "x" };
    expect(nextListing(at)).toEqual({
      cql: "type = blogpost",
      cql_kinds: ["blogpost"],
      queries_left: [pages],
      cursor: null,
      recent_cursors: [],
    });
  });

  it("after the last query the kinds follow that are listed whole", () => {
    expect(nextListing({ ...START, cql: "type = page", kinds_left: ["comments", "attachment"] })).toEqual({
      kind: "comments",
      kinds_left: ["attachment"],
      cursor: null,
      recent_cursors: [],
    });
  });

  it("while kinds are listed whole no query follows", () => {
    expect(nextListing({ ...START, kind: "page", queries_left: [pages] })).toMatchObject({
      phase: "folders",
    });
  });

  it("after the last kind the folders follow", () => {
    expect(nextKind({ kinds_left: [] })).toEqual({ phase: "folders", cursor: null, recent_cursors: [] });
  });

  it("after a page of a kind comes the page that its response names, then the next kind", () => {
    const at = { cursor: "a", recent_cursors: ["a"], kinds_left: ["attachment" as const] };
    expect(afterPage(at, "b")).toEqual({ cursor: "b", recent_cursors: ["a", "b"] });
    expect(afterPage(at, null)).toMatchObject({ kind: "attachment", kinds_left: [], cursor: null });
  });
});
