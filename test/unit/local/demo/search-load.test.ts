import { describe, expect, it } from "vitest";
import { startSearches } from "#infra/local/demo/search-load.ts";
import type { StoredPage } from "#infra/local/demo/service-client.ts";
import { eventually } from "#test/support/eventually.ts";

const page = (id: string): StoredPage => ({
  page_id: id,
  title: `Page ${id}`,
  version: 1,
  parent_id: null,
  chunk_count: 1,
});

describe("the demo's searches", () => {
  it("the demo's searches query each page in turn, and count those that do not find theirs", async () => {
    const asked: string[] = [];
    const searches = startSearches(async ({ page_id }) => {
      asked.push(page_id);
      return page_id !== "2";
    });
    searches.askFor([page("1"), page("2")]);
    await eventually(() => expect(asked.length).toBeGreaterThanOrEqual(4));
    await searches.stop();
    const counts = await searches.take();
    expect(counts.searches).toBe(asked.length);
    expect(counts.duringSwaps).toBe(0);
    expect(counts.empty).toBe(asked.filter((id) => id === "2").length);
    expect(new Set(counts.emptyTitles)).toEqual(new Set(["Page 2"]));
  });

  it("the demo's searches start several for a page whose swap is open, without waiting for their responses", async () => {
    const release = Promise.withResolvers<boolean>();
    let open = 0;
    const searches = startSearches(() => {
      open += 1;
      return release.promise;
    });
    searches.askFor([page("1")]);
    await searches.onSwap("1");
    await searches.onSwap("of another source");
    expect(open).toBeGreaterThanOrEqual(5);
    release.resolve(true);
    await searches.stop();
    const counts = await searches.take();
    expect(counts.duringSwaps).toBeGreaterThanOrEqual(5);
    expect(counts.empty).toBe(0);
    expect((await searches.take()).searches).toBe(0);
  });

  it("the demo's searches report a failed search instead of counting it", async () => {
    const searches = startSearches(() => Promise.reject(new Error("500")));
    searches.askFor([page("1")]);
    await searches.onSwap("1");
    await expect(searches.take()).rejects.toThrow("500");
    await searches.stop();
  });
});
