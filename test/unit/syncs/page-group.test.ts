import { expect, it } from "vitest";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import type { Batch } from "#shared/syncs/pages/page-batch.ts";
import { mayJoin } from "#shared/syncs/pages/page-group.ts";
import type { PreparedPage } from "#shared/syncs/pages/prepare-page.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";

const work = (attempts = 1): ClaimedWork => ({
  kind: "page",
  pageId: "1",
  title: "",
  listedVersion: 1,
  attempts,
  crashes: 0,
});
/** A page with texts of these lengths. */
const prepared = (lengths: number[], attempts = 1) =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that a group looks at
  ({
    work: work(attempts),
    page: { chunks: lengths.map((length) => ({ input: "x".repeat(length) })) },
  }) as unknown as PreparedPage;
const batchOf = (textsPerCall?: number) =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that a group looks at
  ({
    services: { embedder: { ...fakeEmbedder(), ...(textsPerCall ? { textsPerCall } : {}) } },
    source: { embeddingModel: "fake-embedder" },
  }) as unknown as Batch;
const joins = (group: PreparedPage[], { attempts = 1, textsPerCall = 0 } = {}) =>
  mayJoin(group, work(attempts), batchOf(textsPerCall));
const texts = (count: number) => Array.from({ length: count }, () => 1);

it("any page begins a group, also one that failed before", () => {
  expect(joins([], { attempts: 3 })).toBe(true);
});

it("a page joins a group of pages that are tried for the first time", () => {
  expect(joins([prepared([10]), prepared([10])])).toBe(true);
});

it("a page that failed before is embedded alone: it neither joins a group nor is joined", () => {
  expect(joins([prepared([10])], { attempts: 2 })).toBe(false);
  expect(joins([prepared([10]), prepared([10], 2)])).toBe(false);
});

it("a group is complete with 256 texts, or with as many as the model takes in one call", () => {
  expect(joins([prepared(texts(200)), prepared(texts(55))])).toBe(true);
  expect(joins([prepared(texts(200)), prepared(texts(56))])).toBe(false);
  expect(joins([prepared(texts(9))], { textsPerCall: 10 })).toBe(true);
  expect(joins([prepared(texts(10))], { textsPerCall: 10 })).toBe(false);
});

it("a group is complete with a quarter of a million characters", () => {
  expect(joins([prepared([200_000, 49_999])])).toBe(true);
  expect(joins([prepared([200_000, 50_000])])).toBe(false);
});
