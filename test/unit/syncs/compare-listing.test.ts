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
