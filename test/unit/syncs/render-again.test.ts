import { describe, expect, it } from "vitest";
import type { ConfluencePage } from "#shared/confluence/client.ts";
import type { PageState } from "#shared/documents/page-states.ts";
import type { PageFacts } from "#shared/documents/page-to-store.ts";
import { RENDERING_LAG_MS } from "#shared/documents/renderings.ts";
import type { PageDependency } from "#shared/markdown/page-dependencies.ts";
import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import type { Batch } from "#shared/syncs/pages/page-batch.ts";
import {
  keepsRendering,
  renderingTime,
  showsTheSame,
  storedDependencies,
  storedMessages,
} from "#shared/syncs/pages/render-again.ts";

const NOW = new Date("2026-03-01T12:00:00Z");
const page = { pageId: "7", source: { spaceKey: "DEMO" } };
const shows = (target: PageDependency["target"], more: Partial<PageDependency> = {}): PageDependency => ({
  kind: "page",
  target,
  depth: null,
  showsText: true,
  ...more,
});
const stored = (...dependencies: PageDependency[]) => storedDependencies(dependencies, page);

describe("the rows of what a body shows", () => {
  it("a page shown by its title is one of the page's own space, unless another is named", () => {
    expect(stored(shows({ kind: "page", title: "Rules", spaceKey: null }))).toEqual([
      { kind: "page", target: "Rules", targetId: "", spaceKey: "DEMO", depth: null, showsText: true },
    ]);
    expect(stored(shows({ kind: "page", title: "Rules", spaceKey: "HR" }))).toMatchObject([
      { target: "Rules", spaceKey: "HR" },
    ]);
  });

  it("what a body shows is stored by id, as the page itself, or as nothing that is understood", () => {
    expect(stored(shows({ id: "12" }), shows("self", { kind: "files" }), shows(null))).toMatchObject([
      { kind: "page", target: "", targetId: "12", spaceKey: "DEMO" },
      { kind: "files", target: "", targetId: "7", spaceKey: "DEMO" },
      { kind: "page", target: "", targetId: "", spaceKey: "DEMO" },
    ]);
  });

  it("a label is looked for in any space, in the page's own, or in the named one", () => {
    const label = (space: "any" | "own" | { key: string }) =>
      shows({ label: "howto", space }, { kind: "label" });
    expect(stored(label("any"), label("own"), label({ key: "HR" }))).toMatchObject([
      { kind: "label", target: "howto", targetId: "", spaceKey: "" },
      { kind: "label", target: "howto", spaceKey: "DEMO" },
      { kind: "label", target: "howto", spaceKey: "HR" },
    ]);
  });

  it.each([
    [[1, 3], 3],
    [[3, 1], 3],
    [[2, null], null],
    [[null, 2], null],
    [[0], 0],
  ])("children shown to the depths %j are stored once, to the deepest: %j", (depths, depth) => {
    const children = depths.map((levels) => shows({ id: "1" }, { kind: "children", depth: levels }));
    expect(stored(...children)).toMatchObject([{ kind: "children", targetId: "1", depth }]);
  });

  it("a page whose title one macro shows and another its text is stored once, with its text", () => {
    const title = shows({ id: "1" }, { showsText: false });
    const text = shows({ id: "1" });
    for (const both of [
      [title, text],
      [text, title],
    ])
      expect(stored(...both)).toMatchObject([{ targetId: "1", showsText: true }]);
    expect(stored(title, title)).toMatchObject([{ targetId: "1", showsText: false }]);
  });

  it("names are stored as the database takes them: without zeros and half characters, cut at 255", () => {
    const [row] = stored(shows({ kind: "page", title: `a\u0000${"b".repeat(300)}`, spaceKey: "K\u0000" }));
    expect(row).toMatchObject({ target: `a${"b".repeat(254)}`, spaceKey: "K" });
    expect(stored(shows({ id: "1\ud83d" }))).toMatchObject([{ targetId: "1\ufffd" }]);
  });
});

it("of the messages of failed macros each is stored once, and twenty at most", () => {
  expect(storedMessages(["no access", "no\u0000 access", "not found"])).toEqual(["no access", "not found"]);
  expect(storedMessages(Array.from({ length: 30 }, (_, n) => `${n}`))).toEqual(
    Array.from({ length: 20 }, (_, n) => `${n}`),
  );
});

it("a body is as old as Confluence's clock says, else as ours does less what a rendering lags", () => {
  const at = (serverTime: Date | null) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that the time is read from
    renderingTime({ client: { serverTime: () => serverTime }, services: { now: () => NOW } } as Batch);
  const server = new Date("2026-03-01T11:59:59Z");
  expect(at(server)).toEqual({ at: server, startedAt: NOW });
  expect(at(null)).toEqual({ at: new Date(NOW.getTime() - RENDERING_LAG_MS), startedAt: NOW });
});

const rendering = { revision: 1, at: NOW, shownRevision: 2, showsGone: false };
const missing = { code: "timeout", message: "", attempts: 1, next_attempt_at: NOW.toISOString() };
const failed = { code: "timeout", message: "", permanent: false, attempts: 1, version: 3, at: "" };
const stateOf = (more: Partial<PageState> = {}): PageState => ({
  kind: "page",
  version: 3,
  representationRevision: REPRESENTATION_REVISION,
  isDeleted: false,
  missingSince: null,
  stateRevision: 1,
  syncError: null,
  title: "Page 7",
  parentId: null,
  parentType: null,
  subtype: null,
  contentHash: "hash",
  labels: [],
  url: "",
  renderedMissing: null,
  showsOthers: true,
  rendering,
  ...more,
});

describe("a page whose targets changed and whose body cannot be rendered", () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is compared
  const keeps = (state: PageState) => keepsRendering(state, { version: 3 } as ConfluencePage);

  it("a page that cannot be rendered again keeps what it shows", () => {
    expect(keeps(stateOf())).toBe(true);
  });

  it.each<[string, Partial<PageState>]>([
    ["is deleted", { isDeleted: true }],
    ["is hidden", { missingSince: NOW }],
    ["was stored without its macros", { renderedMissing: missing }],
    ["shows nothing of others", { rendering: null }],
    ["shows what is gone", { rendering: { ...rendering, showsGone: true } }],
    ["has targets that did not change", { rendering: { ...rendering, shownRevision: 1 } }],
    ["is stored in an older version", { version: 2 }],
    ["was made by an older converter", { representationRevision: REPRESENTATION_REVISION - 1 }],
  ])("a page that cannot be rendered again is stored anew if it %s", (_, state) => {
    expect(keeps(stateOf(state))).toBe(false);
  });
});

describe("a page that is rendered again", () => {
  const facts = { version: 3, title: "Page 7", contentHash: "hash", renderedMissing: null };
  const shown = (state: Partial<PageState>, more: Partial<PageFacts> = {}) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is compared
    showsTheSame({ ...facts, ...more } as PageFacts, stateOf(state));

  it("a page rendered with the same text shows what is stored", () => {
    expect(shown({})).toBe(true);
  });

  it.each<[string, Partial<PageState>]>([
    ["was deleted", { isDeleted: true }],
    ["was hidden", { missingSince: NOW }],
    ["had an error", { syncError: failed }],
    ["lacked its macros", { renderedMissing: missing }],
    ["showed nothing of others", { rendering: null }],
    ["had another title", { title: "Before" }],
    ["had another text", { contentHash: "before" }],
    ["had an older version", { version: 2 }],
    ["was made by an older converter", { representationRevision: REPRESENTATION_REVISION - 1 }],
  ])("a page rendered with the same text is stored anew if the stored one %s", (_, state) => {
    expect(shown(state)).toBe(false);
  });

  it("a page whose macros are missing now is stored anew", () => {
    expect(shown({}, { renderedMissing: missing })).toBe(false);
  });
});
