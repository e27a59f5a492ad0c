import { expect, it } from "vitest";
import type { PageState } from "#shared/documents/page-states.ts";
import { EMPTY_CONTENT_HASH } from "#shared/syncs/pages/confluence-processor.ts";
import { hidesItsText } from "#shared/syncs/pages/live-docs.ts";

const empty = { subtype: "live", version: 3, contentHash: EMPTY_CONTENT_HASH };
const failedWith = (code: string, attempts: number, version = 3): PageState["syncError"] => ({
  code,
  message: "",
  permanent: false,
  attempts,
  version,
  at: "2026-03-01T12:00:00Z",
});
const hides = (state: Partial<PageState>, page: Partial<typeof empty> = {}) =>
  hidesItsText(
    { ...empty, ...page },
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is looked at
    { isDeleted: false, version: 3, contentHash: "text", syncError: null, ...state } as PageState,
  );

it("a live doc returned without the text that is stored of it hides it", () => {
  expect(hides({})).toBe(true);
});

it("a page that is no live doc, or one with text, hides nothing", () => {
  expect(hides({}, { subtype: "page" })).toBe(false);
  expect(hides({}, { contentHash: "text" })).toBe(false);
});

it("a live doc without stored text hides nothing", () => {
  expect(hidesItsText(empty, undefined)).toBe(false);
  expect(hides({ isDeleted: true })).toBe(false);
  expect(hides({ version: 0 })).toBe(false);
  expect(hides({ contentHash: EMPTY_CONTENT_HASH })).toBe(false);
});

it("a live doc without text is believed at the third response in a row", () => {
  expect(hides({ syncError: failedWith("empty_live_doc", 1) })).toBe(true);
  expect(hides({ syncError: failedWith("empty_live_doc", 2) })).toBe(false);
});

it("only responses without text of the same version count", () => {
  expect(hides({ syncError: failedWith("empty_live_doc", 2, 2) })).toBe(true);
  expect(hides({ syncError: failedWith("confluence_failed", 2) })).toBe(true);
});
