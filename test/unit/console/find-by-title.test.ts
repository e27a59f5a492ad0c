import { describe, expect, it } from "vitest";
import { ApiError } from "#infra/console/api/api-error.ts";
import type { Page } from "#infra/console/api/types.ts";
import { findByTitle, onlyMatch } from "#infra/console/screens/find-by-title.ts";

const page = (sourceId: string, title: string): Page => ({
  page_id: `${sourceId}-${title}`,
  kind: "page",
  source_id: sourceId,
  title,
  url: "",
  status: "current",
  version: 1,
  confluence_status: "current",
  parent_id: null,
  container_id: null,
  file: null,
  labels: [],
  chunk_count: 1,
  modified_at: null,
  last_synced_at: null,
  missing_since: null,
  is_deleted: false,
  deleted_at: null,
  deleted_reason: null,
  text_lost: null,
  rendered_missing: null,
  error: null,
});
const sources = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ source_id: `s${index}`, title: `Source ${index}` }));
const listOf = (pages: Page[], nextCursor: string | null = null) => ({ pages, next_cursor: nextCursor });

describe("the search for a page by its title", () => {
  it("asks each source for its pages and its files, two requests at a time at most", async () => {
    const asked: string[] = [];
    let running = 0;
    let most = 0;
    const found = await findByTitle("plan.pdf", sources(20), async ({ params, query }) => {
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      asked.push(`${params.source_id} ${query.kind ?? "pages"} ${query.q}`);
      return listOf(params.source_id === "s7" && query.kind === "attachment" ? [page("s7", "Plan.pdf")] : []);
    });
    expect(most).toBe(2);
    expect(asked).toHaveLength(40);
    expect(new Set(asked)).toContain("s19 attachment plan.pdf");
    expect(onlyMatch(found, "plan.pdf")?.source_id).toBe("s7");
    expect(found.failed).toEqual([]);
  });

  it("says which sources could not be searched, and searches the others", async () => {
    const found = await findByTitle("Home", sources(3), ({ params }) =>
      params.source_id === "s1"
        ? Promise.reject(new ApiError(503, { code: "busy", message: "Service Unavailable" }))
        : Promise.resolve(listOf(params.source_id === "s2" ? [page("s2", "Home")] : [])),
    );
    expect(found.failed).toEqual([
      { source: { source_id: "s1", title: "Source 1" }, message: "Service Unavailable" },
    ]);
    expect(found.pages.map((one) => one.source_id)).toEqual(["s2", "s2"]);
  });

  it("names one page only if no other can be meant", () => {
    const found = (titles: string[], isCut = false) => ({
      pages: titles.map((title) => page("s", title)),
      isCut,
      failed: [],
    });
    expect(onlyMatch(found(["Home", "Home page"]), "home")?.title).toBe("Home");
    expect(onlyMatch(found(["Home page"]), "home")?.title).toBe("Home page");
    expect(onlyMatch(found(["Home page"], true), "home")).toBeNull();
    expect(onlyMatch(found(["Home page", "Home of cats"]), "home")).toBeNull();
    expect(onlyMatch(found(["Home", "Home"]), "home")).toBeNull();
    expect(onlyMatch(found([]), "home")).toBeNull();
  });
});
