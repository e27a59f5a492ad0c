import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConfluencePage } from "#shared/confluence/client.ts";
import { judgeCandidate } from "#shared/syncs/deletions/deletion-candidates.ts";
import { CAP_PAGES, judgeCap } from "#shared/syncs/deletions/deletion-cap.ts";

const answered = (status: string, spaceId = "9"): ConfluencePage => ({
  id: "1",
  title: "A page",
  version: 3,
  status,
  spaceId,
  spaceKey: null,
  parentId: null,
  parentType: null,
  labels: null,
  url: "",
  modifiedAt: null,
  body: null,
});
const visible = { missingSince: null };
const hidden = { missingSince: new Date(0) };

describe("the verdict on a page that the listing did not show", () => {
  it.each(["trashed", "deleted", "archived"])("deletes a page that Confluence says is %s", (status) => {
    expect(judgeCandidate(answered(status), visible, "9")).toEqual({ outcome: "deleted", reason: status });
  });

  it("deletes a page that lives in another space now", () => {
    expect(judgeCandidate(answered("current", "10"), visible, "9")).toEqual({
      outcome: "deleted",
      reason: "moved_to_another_space",
    });
  });

  it("hides a page that Confluence does not show, and deletes it when it is still not shown the next time", () => {
    expect(judgeCandidate(undefined, visible, "9")).toEqual({ outcome: "hidden", reason: "not_visible" });
    expect(judgeCandidate(undefined, hidden, "9")).toEqual({ outcome: "deleted", reason: "not_visible" });
  });

  it("leaves alone what is there after all", () => {
    expect(judgeCandidate(answered("current"), visible, "9")).toBeNull();
  });

  it("leaves alone any status that it does not know", () => {
    const known = new Set(["trashed", "deleted", "archived"]);
    fc.assert(
      fc.property(
        fc.string().filter((status) => !known.has(status) && status !== "current"),
        (status) => {
          expect(judgeCandidate(answered(status, "10"), hidden, "9")).toBeNull();
        },
      ),
    );
  });
});

describe("the cap", () => {
  it("lets ten pages go whatever share they are", () => {
    expect(judgeCap({ firstTime: CAP_PAGES, secondTime: 0, pages: 10 })).toBeNull();
  });

  it("holds more than ten pages that are more than a quarter, and says how to go on", () => {
    expect(judgeCap({ firstTime: 26, secondTime: 0, pages: 100 })?.message).toContain("force");
    expect(judgeCap({ firstTime: 25, secondTime: 0, pages: 100 })).toBeNull();
  });

  it("counts pages hidden before apart from new ones, so that a backlog does not jam", () => {
    expect(judgeCap({ firstTime: 20, secondTime: 20, pages: 100 })).toBeNull();
    expect(judgeCap({ firstTime: 0, secondTime: 30, pages: 100 })).not.toBeNull();
  });
});
