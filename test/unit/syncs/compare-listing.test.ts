import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ListedPage } from "#shared/confluence/client.ts";
import type { PageState } from "#shared/documents/page-states.ts";
import { compareListed, MAX_FAILED_SYNCS, mayRetry } from "#shared/syncs/listing/compare-listing.ts";

const listed = (version: number): ListedPage => ({
  id: "1",
  title: "A page",
  version,
  status: "current",
  spaceId: "9",
  spaceKey: "KEY",
  parentId: null,
  parentType: null,
  kind: "page",
  subtype: null,
  labels: null,
  url: "https://site.example/wiki/spaces/KEY/pages/1",
  modifiedAt: null,
  rights: null,
});

const stored = (state: Partial<PageState>): PageState => ({
  version: 3,
  kind: "page",
  representationRevision: 2,
  isDeleted: false,
  missingSince: null,
  stateRevision: 1,
  syncError: null,
  renderedMissing: null,
  showsOthers: false,
  rendering: null,
  title: "A page",
  parentId: null,
  parentType: null,
  subtype: null,
  contentHash: null,
  labels: [],
  url: "",
  ...state,
});

const error = (attempts: number, version = 4) => ({
  code: "x",
  message: "y",
  permanent: true,
  attempts,
  version,
  at: "2026-03-01T00:00:00Z",
});
const now = new Date("2026-03-01T23:59:59Z");
const rules = { representationRevision: null, now };

describe("what a listed page needs", () => {
  it("a listed page needs nothing when the same version is stored", () => {
    expect(compareListed(listed(3), stored({}), rules)).toBeNull();
  });

  it("a listed page needs a fetch when Confluence's version is newer", () => {
    expect(compareListed(listed(4), stored({}), rules)).toMatchObject({
      state: "pending",
      outcome: "updated",
    });
  });

  it("a listed page needs nothing when the index still shows an older version than the stored one", () => {
    expect(compareListed(listed(2), stored({}), rules)).toBeNull();
  });

  it("a listed page needs a fetch when it is new, or was listed before but never stored", () => {
    expect(compareListed(listed(1), undefined, rules)).toMatchObject({ outcome: "added" });
    expect(compareListed(listed(1), stored({ version: 0 }), rules)).toMatchObject({ outcome: "added" });
  });

  it("a listed page needs a fetch when it is deleted here and current in Confluence, although its version is the same", () => {
    expect(compareListed(listed(3), stored({ isDeleted: true }), rules)).toMatchObject({
      outcome: "restored",
    });
  });

  it("a listed page needs a fetch of an older representation also when the listing lags what is stored", () => {
    expect(compareListed(listed(2), stored({}), { ...rules, representationRevision: 3 })).toMatchObject({
      outcome: "updated",
      reason: "converter revision 2 → 3",
    });
  });

  it("a listed page needs a fetch of an older representation only in full listings", () => {
    expect(compareListed(listed(3), stored({}), { ...rules, representationRevision: 3 })).toMatchObject({
      outcome: "updated",
    });
    expect(compareListed(listed(3), stored({}), rules)).toBeNull();
  });

  it("a failed page is retried, a bounded number of times for one version that fails permanently", () => {
    expect(compareListed(listed(4), stored({ syncError: error(1) }), rules)).toMatchObject({
      outcome: "updated",
    });
    expect(mayRetry({ syncError: { ...error(100, 4), permanent: false } }, 4, now)).toBe(true);
    expect(compareListed(listed(4), stored({ syncError: error(MAX_FAILED_SYNCS) }), rules)).toBeNull();
    expect(mayRetry({ syncError: error(MAX_FAILED_SYNCS, 4) }, 5, now)).toBe(true);
    expect(mayRetry({ syncError: error(MAX_FAILED_SYNCS, 4) }, 4, new Date(now.getTime() + 1000))).toBe(true);
  });

  it.each<[string, Partial<PageState> | null, number, object]>([
    ["that is new", null, 1, { outcome: "added", reason: "new page", listedVersion: 1 }],
    ["that was never stored", { version: 0 }, 1, { outcome: "added", reason: "new page" }],
    [
      "whose first storing failed",
      { version: 0, syncError: error(1) },
      1,
      { outcome: "added", reason: "failed before" },
    ],
    [
      "that is back",
      { isDeleted: true },
      3,
      { outcome: "restored", reason: "deleted here, current in Confluence" },
    ],
    ["that was edited", {}, 4, { outcome: "updated", reason: "version 3 → 4", listedVersion: 4 }],
    ["whose edit failed", { syncError: error(1) }, 4, { outcome: "updated", reason: "version 3 → 4" }],
    [
      "that failed at its version",
      { syncError: error(1, 3) },
      3,
      { outcome: "updated", reason: "failed before" },
    ],
    [
      "that is a live doc",
      { subtype: "live" },
      3,
      { outcome: "updated", reason: "live doc, whose text may change without a version" },
    ],
  ])("the work on a page %s says what and why", (_, state, version, work) => {
    expect(compareListed(listed(version), state ? stored(state) : undefined, rules)).toMatchObject({
      pageId: "1",
      title: "A page",
      state: "pending",
      ...work,
    });
  });

  it("what a listing says of a live doc counts before what is stored", () => {
    const live = { ...listed(3), subtype: "live" };
    const page = { ...listed(3), subtype: "page" };
    expect(compareListed(live, stored({ subtype: "page" }), rules)).not.toBeNull();
    expect(compareListed(page, stored({ subtype: "live" }), rules)).toBeNull();
  });

  it("a page that failed too often waits as long as no newer version is listed, and for a day", () => {
    const at = (ms: number) => new Date(Date.parse("2026-03-01T00:00:00Z") + ms);
    const DAY_MS = 24 * 60 * 60_000;
    const failed = (attempts: number) => ({ syncError: error(attempts, 4) });
    expect(mayRetry(failed(MAX_FAILED_SYNCS), 3, at(0))).toBe(false);
    expect(mayRetry(failed(MAX_FAILED_SYNCS), 4, at(DAY_MS - 1))).toBe(false);
    expect(mayRetry(failed(MAX_FAILED_SYNCS), 4, at(DAY_MS))).toBe(true);
    expect(mayRetry(failed(MAX_FAILED_SYNCS - 1), 4, at(0))).toBe(true);
    expect(mayRetry({ syncError: null }, 4, at(0))).toBe(true);
  });

  it("versions alone decide: whatever the times are, a newer version is fetched and an older one never", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 99 }),
        fc.date(),
        (theirs, ours, modifiedAt) => {
          const work = compareListed({ ...listed(theirs), modifiedAt }, stored({ version: ours }), rules);
          expect(work !== null).toBe(theirs > ours);
        },
      ),
    );
  });
});
