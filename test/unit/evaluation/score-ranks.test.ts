import { describe, expect, it } from "vitest";
import { halfOf } from "#test/evaluation/search/read-questions.ts";
import { mrrInterval, pairedInterval, scoreRanks } from "#test/evaluation/search/score-ranks.ts";

/** A hundred questions, of which half are easy and half are not answered at all. */
const VARIED = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 1 : null));

describe("scores of ranks", () => {
  it("a score counts first places, places to the fifth, and reciprocal ranks", () => {
    expect(scoreRanks([1, 2, 5, 6, null])).toEqual({ hit_at_1: 0.2, hit_at_5: 0.6, mrr: 0.373 });
  });

  it("the interval of an MRR is about two standard errors on each side, and none of equal ranks", () => {
    const { from, to } = mrrInterval(VARIED);
    // The standard error of 100 values of 0 or 1 is .05.
    expect(from).toBeGreaterThanOrEqual(0.38);
    expect(from).toBeLessThanOrEqual(0.42);
    expect(to).toBeGreaterThanOrEqual(0.58);
    expect(to).toBeLessThanOrEqual(0.62);
    expect(mrrInterval([2, 2, 2])).toEqual({ from: 0.5, to: 0.5 });
  });

  it("the interval of a difference is of each question's difference, not of the two scores", () => {
    // Each answered question is a place better; the two MRRs' own intervals overlap.
    const worse = VARIED.map((rank) => (rank === null ? null : 2));
    const better = VARIED.map((rank, index) => (index < 20 ? rank : (worse[index] ?? null)));
    expect(mrrInterval(better).from).toBeLessThan(mrrInterval(worse).to);
    const { difference, from, to } = pairedInterval(better, worse);
    expect(difference).toBe(0.05);
    expect(from).toBeGreaterThan(0.01);
    expect(to).toBeLessThan(0.09);
    expect(pairedInterval(worse, better).difference).toBe(-0.05);
    expect(pairedInterval(VARIED, VARIED)).toEqual({ difference: 0, from: 0, to: 0 });
  });

  it("differences that cancel out have an interval with zero inside", () => {
    const other = VARIED.toReversed();
    const { difference, from, to } = pairedInterval(VARIED, other);
    expect(difference).toBe(0);
    expect(from).toBeLessThan(-0.1);
    expect(to).toBeGreaterThan(0.1);
  });
});

describe("halves of a set", () => {
  const questions = Array.from({ length: 200 }, (_, index) => ({ query: `question ${index}` }));

  it("the halves of a set are about as large, have no question in common and lack none", () => {
    const [first, second] = [halfOf(questions, "first"), halfOf(questions, "second")];
    expect(first.length).toBeGreaterThan(70);
    expect(second.length).toBeGreaterThan(70);
    expect(new Set([...first, ...second])).toEqual(new Set(questions));
    expect(first.length + second.length).toBe(questions.length);
    expect(halfOf(questions, undefined)).toEqual(questions);
  });

  it("a question stays in its half, whatever others the set has and in whatever order", () => {
    const first = new Set(halfOf(questions, "first").map(({ query }) => query));
    for (const one of halfOf(questions.slice(50, 60).toReversed(), "first"))
      expect(first).toContain(one.query);
    for (const one of halfOf(questions.slice(50, 60), "second")) expect(first).not.toContain(one.query);
  });
});
