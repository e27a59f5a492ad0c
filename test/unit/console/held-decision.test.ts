import { describe, expect, it } from "vitest";
import { approveDeletions, listHeldDeletions } from "#functions/api/contract/operations.ts";
import { decisionOf, outdated, whichOf } from "#infra/console/screens/held-decision.ts";

const CHECK_A = "0b6f2c1e-6d0a-4a3f-9a50-8f8d0f0f7a11";
const CHECK_B = "1b6f2c1e-6d0a-4a3f-9a50-8f8d0f0f7a12";

const held = (operationId: string | null, ids: readonly string[], nextCursor: string | null = null) =>
  listHeldDeletions.responses[200].parse({
    source_id: "s1",
    operation_id: operationId,
    held_at: null,
    held_deletions: ids.map((id) => ({
      page_id: id,
      kind: "page",
      title: id,
      url: "",
      outcome: "deleted",
      reason: "trashed",
    })),
    held_comments: 0,
    next_cursor: nextCursor,
  });
const asked = (list: ReturnType<typeof held>, ...selected: string[]) => {
  const decision = decisionOf(list, new Set(selected));
  if (!decision) throw new Error("Nothing to decide");
  return decision;
};

describe("a decision on held deletions", () => {
  it("is a request that the API takes, of all or of those selected", () => {
    const list = held(CHECK_A, ["1", "2", "3"], "more");
    expect(asked(list)).toMatchObject({ body: { operation_id: CHECK_A }, listed: 3, continues: true });
    const some = asked(list, "3", "1");
    expect(some.body).toEqual({ operation_id: CHECK_A, page_ids: ["1", "3"] });
    expect([whichOf(asked(list)), whichOf(some)]).toEqual(["all", "2 selected"]);
    for (const { body } of [asked(list), some])
      expect(approveDeletions.body?.safeParse(body).success).toBe(true);
  });

  it("of a selection that has left the list is none, and never all", () => {
    const selected = new Set(["1", "2", "3"]);
    expect(decisionOf(held(CHECK_A, ["4", "5"]), selected)).toBeNull();
    expect(decisionOf(held(CHECK_A, ["3", "5"]), selected)?.body.page_ids).toEqual(["3"]);
    expect(decisionOf(held(CHECK_A, []), new Set())).toBeNull();
    expect(decisionOf(held(null, []), new Set())).toBeNull();
    expect(decisionOf(null, new Set())).toBeNull();
  });

  it("is outdated when another check is held, nothing is held, or its pages have left the list", () => {
    const list = held(CHECK_A, ["1", "2", "3"]);
    const all = asked(list);
    const some = asked(list, "1", "2");
    expect([outdated(all, list), outdated(some, list), outdated(all, null)]).toEqual([null, null, null]);
    for (const decision of [all, some]) {
      expect(outdated(decision, held(CHECK_B, ["1", "2", "3"]))).toContain("Another deletion check");
      expect(outdated(decision, held(null, []))).toContain("Nothing is held");
      expect(outdated(decision, held(CHECK_A, []))).toContain("changed");
    }
    expect(outdated(some, held(CHECK_A, ["2", "3"]))).toContain("changed");
    expect(outdated(some, held(CHECK_A, ["1", "2"]))).toBeNull();
  });
});
