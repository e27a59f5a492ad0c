import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simulateQuietGroup } from "#infra/scale/fair-queue.ts";
import {
  auroraCost,
  callsOfOneSite,
  firstSyncCost,
  modelScale,
  monthlyCost,
  rightsOfOneSite,
  total,
} from "#infra/scale/model.ts";
import { assumptions, prices } from "#infra/scale/prices.ts";

describe("the scale model", () => {
  it("the scale model agrees with a first sync counted by hand", () => {
    const { first } = modelScale(10, {
      ...assumptions,
      pagesPerSpace: 100,
      chunksPerPage: 6,
      tokensPerChunk: 300,
    });
    // 1,000 pages: 4 listing calls, 10 bulk calls, 200 rendered bodies.
    expect(first.confluenceCalls).toBe(214);
    expect(first.messages).toBe(1010);
    expect(first.tokens).toBe(1_800_000);
  });

  it("the scale model agrees with the files of a first sync counted by hand", () => {
    const { files, chunks } = modelScale(10, {
      ...assumptions,
      pagesPerSpace: 100,
      chunksPerPage: 6,
      tokensPerChunk: 300,
      filesPerPage: 2,
      readFilesShare: 0.25,
      fileMb: 3,
      chunksPerFile: 10,
      chunksPerUnreadFile: 1,
      secondsPerExtraction: 2,
      secondsPerFile: 1,
    });
    // 2,000 files: 8 listing calls, 500 downloads; 1,500 are found by name alone.
    expect(files).toMatchObject({ files: 2000, listingCalls: 8, downloads: 500, downloadGb: 1.5 });
    expect(files).toMatchObject({
      chunks: 6500,
      tokens: 1_950_000,
      extractionSeconds: 1000,
      hours: 3000 / 4 / 3600,
    });
    expect(chunks).toBe(6000 + 6500);
  });

  it("the scale model agrees with the sweeps of a site counted by hand", () => {
    const rights = rightsOfOneSite(1000, {
      ...assumptions,
      pagesPerSpace: 250,
      sweepMinutes: 15,
      directoryMinutes: 5,
      groups: 10,
      membersPerGroup: 300,
      secondsPerCall: 0.2,
    });
    // 2 calls and 3 of the listing for each space, and 4 of each of 15 invocations; 3, and 2 for each group.
    expect(rights).toMatchObject({ ofSpaces: 5000, sweep: 5060, directory: 23 });
    expect(rights.perMonth).toBeCloseTo((5060 / 15 + 4.6) * 43_800, 0);
    // 1,000 s, by four at the same time, 30 s of each minute.
    expect(rights.minutesOfFunction).toBeCloseTo(25 / 3, 5);
  });

  it("the scale model agrees with the calls of a pulsed site counted by hand", () => {
    const month = callsOfOneSite(1000, { ...assumptions, pagesPerSpace: 100, changesPerDayShare: 0.01 });
    // 43,800 minutes; 30,417 daily syncs and 30,000 for changed pages.
    expect(month.withPulse.pulses).toBe(131_400);
    expect(Math.round(month.withPulse.syncs)).toBe(302_083);
    expect(month.pulsed).toBeLessThan(month.atIntervals / 5);
  });

  it("the scale model costs more with more spaces, and no cost is negative", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (spaces) => {
        const smaller = modelScale(spaces, assumptions);
        const larger = modelScale(spaces * 2, assumptions);
        const costs = (scale: typeof smaller) => [
          total(firstSyncCost(scale, prices)),
          total(monthlyCost(scale, prices, 26, 26)),
          total(auroraCost(scale, prices)),
        ];
        for (const [index, cost] of costs(smaller).entries()) {
          expect(cost).toBeGreaterThan(0);
          expect(costs(larger)[index]).toBeGreaterThanOrEqual(cost);
        }
      }),
    );
  });
});

describe("the model of fair queues", () => {
  const queue = {
    loud: 5000,
    quiet: 10,
    workers: 8,
    batchSize: 100,
    secondsPerMessage: 0.35,
    quietAtSeconds: 10,
  };

  it("with fair queues a quiet group waits for a free worker instead of for the backlog", () => {
    const fair = simulateQuietGroup({ ...queue, fair: true });
    const unfair = simulateQuietGroup({ ...queue, fair: false });
    // A batch takes 35 s on each of eight workers: one is free about each 4.4 s.
    expect(fair.longestSeconds).toBeLessThan(9);
    expect(unfair.longestSeconds).toBeGreaterThan(100);
  });
});
