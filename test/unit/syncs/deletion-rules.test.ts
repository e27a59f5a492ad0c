import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConfluencePage } from "#shared/confluence/client.ts";
import { CAP_PAGES, judgeCandidate, judgeCap, judgeCaps } from "#shared/syncs/deletions/deletion-rules.ts";

const returned = (status: string, spaceId = "9"): ConfluencePage => ({
  id: "1",
  title: "A page",
  version: 3,
  status,
  spaceId,
  spaceKey: null,
  parentId: null,
  parentType: null,
  kind: "page",
  subtype: "page",
  labels: null,
  url: "",
  modifiedAt: null,
  rights: null,
  body: null,
});
const visible = { missingSince: null };
const hidden = { missingSince: new Date(0) };

describe("the verdict on a page that the listing did not show", () => {
  it.each(["trashed", "deleted", "archived"])(
    "a page that was not listed and is %s in Confluence is deleted",
    (status) => {
      expect(judgeCandidate(returned(status), visible, "9")).toEqual({ outcome: "deleted", reason: status });
    },
  );

  it("a page that was not listed and is in another space now is deleted", () => {
    expect(judgeCandidate(returned("current", "10"), visible, "9")).toEqual({
      outcome: "deleted",
      reason: "moved_to_another_space",
    });
  });

  it("a page that is not visible is hidden, and deleted when it is still not visible the next time", () => {
    expect(judgeCandidate(undefined, visible, "9")).toEqual({ outcome: "hidden", reason: "not_visible" });
    expect(judgeCandidate(undefined, hidden, "9")).toEqual({ outcome: "deleted", reason: "not_visible" });
  });

  it("a page that was not listed but exists is left unchanged", () => {
    expect(judgeCandidate(returned("current"), visible, "9")).toBeNull();
  });

  it("a page whose space is not told is left unchanged", () => {
    expect(judgeCandidate({ ...returned("current"), spaceId: null }, visible, "9")).toBeNull();
  });

  it("a page that was not listed and has an unknown status is left unchanged", () => {
    const known = new Set(["trashed", "deleted", "archived"]);
    fc.assert(
      fc.property(
        fc.string().filter((status) => !known.has(status) && status !== "current"),
        (status) => {
          expect(judgeCandidate(returned(status, "10"), hidden, "9")).toBeNull();
        },
      ),
    );
  });
});

describe("the cap", () => {
  it("the cap lets ten pages be deleted whatever share they are", () => {
    expect(judgeCap({ kind: "page", firstTime: CAP_PAGES, secondTime: 0, pages: 10 })).toBeNull();
  });

  it("the cap holds more than ten pages that are more than a quarter, and says how to continue", () => {
    expect(judgeCap({ kind: "page", firstTime: 26, secondTime: 0, pages: 100 })?.message).toContain("force");
    expect(judgeCap({ kind: "page", firstTime: 25, secondTime: 0, pages: 100 })).toBeNull();
  });

  it("the cap counts hidden pages separately from new ones, so that a backlog does not block", () => {
    expect(judgeCap({ kind: "page", firstTime: 20, secondTime: 20, pages: 100 })).toBeNull();
    expect(judgeCap({ kind: "page", firstTime: 0, secondTime: 30, pages: 100 })).not.toBeNull();
  });

  it("the cap says how many would go, of how many, and what it is", () => {
    const held = judgeCap({ kind: "blogpost", firstTime: 11, secondTime: 2, pages: 40 });
    expect(held).toMatchObject({ candidates: 13, pages: 40 });
    expect(held?.message).toContain("13 of 40 blog posts");
    expect(held?.message).toContain("cap of 25 % and 10 blog posts");
  });

  it("each kind of content has a cap of its own, and those above it are held together", () => {
    const few = { kind: "attachment", firstTime: 3, secondTime: 0, pages: 4 };
    const pages = { kind: "page", firstTime: 11, secondTime: 1, pages: 40 };
    const posts = { kind: "blogpost", firstTime: 0, secondTime: 20, pages: 30 };
    expect(judgeCaps([few])).toBeNull();
    expect(judgeCaps([])).toBeNull();
    const judged = judgeCaps([posts, few, pages]);
    expect(judged).toMatchObject({ kinds: ["blogpost", "page"], held: { candidates: 32, pages: 70 } });
    expect(judged?.held.message).toMatch(/20 of 30 blog posts .*force\. 12 of 40 pages /);
  });
});
