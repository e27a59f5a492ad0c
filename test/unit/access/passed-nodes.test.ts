import { describe, expect, it } from "vitest";
import { passedNodes } from "#shared/access/readers/passed-nodes.ts";

/** The nodes whose bits are set. */
function passed(parents: Record<number, number>): number[] {
  const nodes = Object.keys(parents).map(Number);
  const bits = passedNodes({ nodes, parents: Object.values(parents) });
  return Array.from({ length: bits.length * 8 }, (_, node) => node).filter(
    (node) => ((bits[node >> 3] ?? 0) >> (node & 7)) & 1,
  );
}

describe("the nodes that a reader passes", () => {
  it("a reader passes a node only with all nodes above it", () => {
    expect(passed({ 1: 0, 2: 1, 9: 2 })).toEqual([1, 2, 9]);
    // 5 is not passed for itself.
    expect(passed({ 1: 0, 6: 5, 7: 6, 8: 1 })).toEqual([1, 8]);
    expect(passed({ 7: 6, 6: 5 })).toEqual([]);
    expect(passed({})).toEqual([]);
  });

  it("a reader passes no nodes in a circle, nor any below it", () => {
    expect(passed({ 1: 0, 2: 3, 3: 2, 4: 2, 5: 5 })).toEqual([1]);
  });

  it("a reader passes nodes in whatever order they come, and however deep", () => {
    const depth = 20_000;
    const chain = Object.fromEntries(Array.from({ length: depth }, (_, n) => [n + 1, n]));
    expect(passed(chain)).toHaveLength(depth);
    const nodes = Array.from({ length: depth }, (_, n) => depth - n);
    expect(passedNodes({ nodes, parents: nodes.map((node) => node - 1) })).toEqual(
      passedNodes({ nodes: nodes.toReversed(), parents: nodes.toReversed().map((node) => node - 1) }),
    );
  });
});
