import { expect, it } from "vitest";
import { isSuperseded, requireVisible, type LockedPage } from "#shared/documents/is-superseded.ts";
import type { PageFacts, PageToStore } from "#shared/documents/page-to-store.ts";
import { NOW, pageFacts } from "#test/support/stored-pages.ts";

/** The page as it is stored, in state 5. */
const stored = (page: Partial<LockedPage> = {}): LockedPage => ({
  version: 3,
  representationRevision: 2,
  isDeleted: false,
  isHidden: false,
  stateRevision: 5,
  contentHash: "hash",
  failed: false,
  unrendered: false,
  ...page,
});
const given = (page: Partial<PageFacts> = {}): PageToStore => ({
  ...pageFacts({ pageId: "1", version: 3, representationRevision: 2, chunks: [], ...page }),
  chunks: [],
});
const file = { kind: "attachment" } as const;
const live = { subtype: "live" } as const;
const missing = { code: "slow", message: "", attempts: 1, next_attempt_at: NOW.toISOString() };

it.each<[string, Partial<LockedPage>, Partial<PageFacts>, number, boolean]>([
  ["a newer version is stored, also one that was read in another state", {}, { version: 4 }, 4, false],
  ["what is stored already is not stored again", {}, {}, 5, true],
  ["an older version is not stored", {}, { version: 2 }, 5, true],
  ["a deleted page is stored as it was read after that", { isDeleted: true }, {}, 5, false],
  ["a page that was deleted meanwhile is not stored", { isDeleted: true }, { version: 4 }, 4, true],
  ["a file that was renamed or moved meanwhile is not stored", {}, { ...file, version: 4 }, 4, true],
  ["a file of the state that was read is stored", {}, { ...file, version: 4 }, 5, false],
  ["a version is stored once more with its macros rendered", { unrendered: true }, {}, 4, false],
  ["but not once more without them", { unrendered: true }, { renderedMissing: missing }, 5, true],
  ["nor an older one with them", { unrendered: true }, { version: 2 }, 5, true],
  ["a live doc is stored with another text at the same version", {}, { ...live, contentHash: "x" }, 5, false],
  ["a live doc with the same text is not stored again", {}, live, 5, true],
  ["a live doc with the same text is stored with its macros rendered", { unrendered: true }, live, 5, false],
  [
    "a live doc with the same text is not stored again without its macros",
    { unrendered: true },
    { ...live, renderedMissing: missing },
    5,
    true,
  ],
  ["a live doc of an older version is not stored", {}, { ...live, version: 2, contentHash: "x" }, 5, true],
  [
    "a live doc is stored by a newer converter, whatever its text",
    {},
    { ...live, representationRevision: 3 },
    4,
    false,
  ],
  ["a page that is no live doc keeps its text", {}, { subtype: null, contentHash: "x" }, 5, true],
])("%s", (_, row, page, expected, superseded) => {
  expect(isSuperseded(stored(row), given(page), expected)).toBe(superseded);
});

it("a live doc that was stored meanwhile is fetched again: which of its texts is newer is not known", () => {
  expect(() => isSuperseded(stored(), given({ ...live, contentHash: "x" }), 4)).toThrow(
    expect.objectContaining({ code: "stored_meanwhile" }),
  );
});

it("a page that was hidden after its state was read is fetched again, one hidden before that is shown", () => {
  expect(() => requireVisible(stored({ isHidden: true }), 4)).toThrow(
    expect.objectContaining({ code: "hidden_meanwhile" }),
  );
  expect(() => requireVisible(stored({ isHidden: true }), null)).toThrow(
    expect.objectContaining({ code: "hidden_meanwhile" }),
  );
  requireVisible(stored({ isHidden: true }), 5);
  requireVisible(stored(), 4);
});
