import { describe, expect, it } from "vitest";
import { readItems } from "#shared/confluence/read-items.ts";
import { identifiedSchema, labelSchema } from "#shared/confluence/schemas.ts";
import { readHits } from "#shared/confluence/search-hits.ts";

const WEB = "https://demo.atlassian.net/wiki";

const hit = (id: string, type: string | undefined, more: object = {}) => ({
  id,
  type,
  title: `Title ${id}`,
  status: "current",
  version: { number: 1 },
  ...more,
});
const ids = (found: { id: string }[]) => found.map(({ id }) => id);
const read = (...items: unknown[]) => readHits(items, WEB, { rights: false });

describe("the hits of a search", () => {
  it("the hits of a search are told apart by what they are", () => {
    const { found, drift } = read(
      hit("att1", "attachment"),
      hit("2", "comment"),
      hit("3", "page"),
      hit("4", "folder", { ancestors: [] }),
      hit("5", "blogpost"),
      hit("6", "embed", { ancestors: [] }),
    );
    expect([found.pages, found.comments, found.files, found.folders].map(ids)).toEqual([
      ["3", "5"],
      ["2"],
      ["att1"],
      ["4", "6"],
    ]);
    expect(found.pages.map(({ kind, rights }) => [kind, rights])).toEqual([
      ["page", null],
      ["blogpost", null],
    ]);
    expect([found.skipped, drift.count]).toEqual([0, 0]);
  });

  it("the hits of a search of an unknown type are counted and named, and so are folders that cannot be read", () => {
    const unknown = read(hit("1", "novelty"), hit("2", "page"));
    expect([ids(unknown.found.pages), unknown.found.skipped]).toEqual([["2"], 1]);
    expect(unknown.drift).toEqual({ count: 1, example: "results.type: novelty" });
    const folder = read(hit("1", "folder"));
    expect([folder.found.folders, folder.found.skipped]).toEqual([[], 1]);
    expect(folder.drift).toEqual({ count: 1, example: "results.type: folder" });
  });

  it("the hits of a search without a type count as pages that cannot be read", () => {
    const { found, drift } = read(hit("1", undefined), hit("2", "page"));
    expect(found.pages.map(({ id, status }) => [id, status])).toEqual([
      ["2", "current"],
      ["1", "unreadable"],
    ]);
    expect([found.skipped, drift]).toEqual([0, { count: 1, example: "results.type: invalid_type" }]);
  });

  it("the hits of a search that cannot be read are requested by their id if they are pages, and skipped otherwise", () => {
    const { found, drift } = read(
      hit("1", "page", { title: null }),
      hit("2", "blogpost", { version: null }),
      hit("3", "comment", { title: null }),
      hit("att4", "attachment", { title: null }),
      hit("5", "novelty"),
      hit("6", "page"),
    );
    expect(found.pages.map(({ kind, id, status }) => [kind, id, status])).toEqual([
      ["page", "6", "current"],
      ["page", "1", "unreadable"],
      ["page", "2", "unreadable"],
    ]);
    expect([found.comments, found.files]).toEqual([[], []]);
    expect(found.skipped).toBe(3);
    expect(drift).toEqual({ count: 5, example: "results.title: invalid_type" });
  });

  it("the hits of a search have rights where they are asked for, which are not known of a hit that does not tell", () => {
    const open = { results: [] };
    const restrictions = { read: { restrictions: { user: open, group: open } } };
    const rightsOf = (...items: unknown[]) =>
      readHits(items, WEB, { rights: true }).found.pages.map(({ id, rights }) => [id, rights]);
    const told = hit("1", "page", { ancestors: [], restrictions });
    expect(rightsOf(told, hit("2", "page"), hit("3", "page", { ...told, id: "3", title: null }))).toEqual([
      ["1", { ancestors: [], restriction: { users: [], groups: [] } }],
      ["2", { ancestors: null, restriction: null }],
      ["3", { ancestors: [], restriction: { users: [], groups: [] } }],
    ]);
  });
});

describe("the items of a listing", () => {
  it("the items of a listing that match are read, the others are kept with what is wrong with them", () => {
    const odd = { id: "2", name: null };
    expect(readItems(labelSchema, [{ id: 1, name: "a" }, odd])).toEqual({
      results: [{ id: "1", name: "a" }],
      odd: [odd],
      faults: ["results.name: invalid_type"],
    });
    expect(readItems(labelSchema, [])).toEqual({ results: [], odd: [], faults: [] });
  });

  it("a single one that cannot be read is its own fault if it has an id, and the response's if not", () => {
    expect(readItems(labelSchema, [{ id: "1" }]).odd).toEqual([{ id: "1" }]);
    expect(() => readItems(labelSchema, [{ name: "a" }])).toThrow(
      expect.objectContaining({ code: "invalid_answer" }),
    );
  });

  it("if none can be read, the response is at fault, and the error names five of the faults", () => {
    const items = Array.from({ length: 7 }, () => ({ id: "x" }));
    const details = { faults: Array.from({ length: 5 }, () => "results.id: invalid_format") };
    expect(() => readItems(identifiedSchema, items)).toThrow(
      expect.objectContaining({ name: "PermanentError", code: "invalid_answer", details }),
    );
    expect(() => readItems(labelSchema, [{ id: "1" }, { id: "2" }])).toThrow(
      expect.objectContaining({ code: "invalid_answer" }),
    );
  });
});
