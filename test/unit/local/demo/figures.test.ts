import { describe, expect, it } from "vitest";
import { findProblems, type SyncFigures } from "#infra/local/demo/figures.ts";

const first: SyncFigures = {
  pages_added: 60,
  pages_updated: 0,
  pages_moved: 0,
  pages_deleted: 0,
  pages_failed: 0,
  comments_added: 0,
  files_added: 0,
  chunks: 200,
  embeddings_created: 198,
  embeddings_reused: 2,
  api_calls_made: 12,
  duration_ms: 20_000,
  searches_during_sync: 0,
  searches_during_swaps: 0,
  empty_searches: 0,
};
const second: SyncFigures = {
  ...first,
  pages_added: 1,
  pages_updated: 2,
  pages_moved: 1,
  pages_deleted: 1,
  embeddings_created: 5,
  embeddings_reused: 100,
  searches_during_sync: 260,
  searches_during_swaps: 240,
};
const changes = (["added", "updated", "updated", "moved", "deleted"] as const).map((kind) => ({
  kind,
  title: kind,
  detail: "",
}));
const facts = { pagesOnSite: 60, changes, first, second, emptyTitles: [] };

describe("the demo's figures", () => {
  it("the demo's figures are all as expected", () => {
    expect(findProblems(facts)).toEqual([]);
  });

  it.each([
    [{ first: { ...first, pages_added: 59 } }, "first sync: 59 of 60 pages added"],
    [{ first: { ...first, pages_failed: 1 } }, "first sync: pages_failed is 1"],
    [{ first: { ...first, pages_updated: 1 } }, "first sync: pages_updated is 1"],
    [{ first: { ...first, chunks: 10, embeddings_created: 9 } }, "first sync: only 10 chunks for 60 pages"],
    [{ first: { ...first, embeddings_created: 0 } }, "first sync: 0 embeddings made for 200 chunks"],
    [{ second: { ...second, pages_added: 0 } }, "second sync: 0 pages added, 1 were"],
    [{ second: { ...second, pages_updated: 1 } }, "second sync: 1 pages updated, 2 were"],
    [{ second: { ...second, pages_moved: 0 } }, "second sync: 0 pages moved, 1 were"],
    [{ second: { ...second, pages_deleted: 2 } }, "second sync: 2 pages deleted, 1 were"],
    [{ second: { ...second, pages_failed: 1 } }, "second sync: pages_failed is 1"],
    [{ second: { ...second, embeddings_reused: 5 } }, "second sync: 5 embeddings reused, 5 made again"],
    [{ second: { ...second, api_calls_made: 60 } }, "second sync: 60 calls to Confluence"],
    [
      { second: { ...second, searches_during_swaps: 199 } },
      "second sync: only 199 searches while a page was swapped",
    ],
    [
      { second: { ...second, empty_searches: 1 }, emptyTitles: ["Backups"] },
      "1 searches did not find their page: Backups",
    ],
  ])("wrong figures of the demo are named: %j", (wrong, problem) => {
    expect(findProblems({ ...facts, ...wrong })).toEqual([problem]);
  });
});
