import { expect, it } from "vitest";
import type { ConfluencePage } from "#shared/confluence/client.ts";
import type { PageState } from "#shared/documents/page-states.ts";
import { keepBodies, takeBodies, type FetchedBodies } from "#shared/syncs/pages/fetched-bodies.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";

const MILLION = 1024 * 1024;
const NOW = new Date("2026-03-01T12:00:00Z");
const minutesLater = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that keeping bodies looks at
const page = (id: string, { version = 1, characters = 10, body = true } = {}) =>
  ({
    id,
    version,
    body: body ? { format: "storage", value: "x".repeat(characters) } : null,
  }) as ConfluencePage;
const work = (pageId: string, listedVersion: number | null = 1): ClaimedWork => ({
  kind: "page",
  pageId,
  title: "",
  listedVersion,
  attempts: 1,
  crashes: 0,
});
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- likewise
const statesOf = (revisions: Record<string, number>) =>
  new Map(Object.entries(revisions).map(([id, stateRevision]) => [id, { stateRevision } as PageState]));
const context = (now = NOW, revisions: Record<string, number> = {}, sourceId = "docs") => ({
  sourceId,
  states: statesOf(revisions),
  now,
});
const kept = (...pages: ConfluencePage[]): FetchedBodies => {
  const bodies: FetchedBodies = new Map();
  keepBodies(bodies, pages, context());
  return bodies;
};
const take = (bodies: FetchedBodies, works: ClaimedWork[], at = context()) =>
  takeBodies(bodies, works, at).map(({ id }) => id);

it("a kept body is reused once", () => {
  const bodies = kept(page("1"), page("2"));
  expect(take(bodies, [work("1"), work("3")])).toEqual(["1"]);
  expect(take(bodies, [work("1"), work("2")])).toEqual(["2"]);
  expect(bodies.size).toBe(0);
});

it("a kept body belongs to one source, whatever the pages' ids", () => {
  expect(take(kept(page("1")), [work("1")], context(NOW, {}, "other"))).toEqual([]);
});

it("a page without a body is not kept", () => {
  expect(kept(page("1", { body: false })).size).toBe(0);
});

it("a body is kept for ten minutes", () => {
  expect(take(kept(page("1")), [work("1")], context(minutesLater(10)))).toEqual(["1"]);
  expect(take(kept(page("1")), [work("1")], context(new Date(minutesLater(10).getTime() + 1)))).toEqual([]);
});

it("a body older than the listed version is not reused, and dropped", () => {
  const bodies = kept(page("1", { version: 2 }), page("2", { version: 2 }), page("3", { version: 2 }));
  expect(take(bodies, [work("1", 2), work("2", 3), work("3", null)])).toEqual(["1", "3"]);
  expect(bodies.size).toBe(0);
});

it("a body that was fetched before its page was stored, deleted or hidden again is not reused", () => {
  const bodies: FetchedBodies = new Map();
  keepBodies(bodies, [page("1"), page("2"), page("3")], context(NOW, { "1": 7, "2": 7 }));
  const now = context(NOW, { "1": 7, "2": 8, "3": 1 });
  expect(take(bodies, [work("1"), work("2"), work("3")], now)).toEqual(["1"]);
});

it("above sixteen million characters the oldest bodies are dropped; a body kept again counts as new", () => {
  const large = (id: string) => page(id, { characters: 6 * MILLION });
  const bodies = kept(large("1"), large("2"));
  keepBodies(bodies, [large("1"), large("3")], context());
  expect(take(bodies, [work("1"), work("2"), work("3")])).toEqual(["1", "3"]);
  const full = kept(page("1", { characters: 8 * MILLION }), page("2", { characters: 8 * MILLION }));
  expect(full.size).toBe(2);
  keepBodies(full, [page("3", { characters: 1 })], context());
  expect(take(full, [work("1"), work("2"), work("3")])).toEqual(["2", "3"]);
});
