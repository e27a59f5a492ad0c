import { describe, expect, it } from "vitest";
import { PAGES_ONLY, type ContentOptions } from "#shared/content-kinds.ts";
import { sourceMetadata, type Source } from "#shared/sources/source.ts";
import type { SyncMetrics } from "#shared/sync-metrics.ts";
import {
  OPERATIONS,
  operationTypes,
  type Finished,
  type OperationType,
} from "#shared/syncs/operations/operation-types.ts";

const STARTED = new Date("2026-03-01T12:00:00.000Z");
const TICK = new Date("2026-03-01T03:00:00.000Z");
const CREATED = new Date("2026-03-01T11:59:00.000Z");
const BEFORE = "2026-03-01T11:58:00.000Z";
const AFTER = "2026-03-01T12:30:00.000Z";
const METRICS = { pages_added: 3 } as SyncMetrics;
const FACTS: Finished["facts"] = {
  confluenceStartedAt: STARTED,
  timeZone: "Europe/Berlin",
  listingIncomplete: false,
  heldDeletions: null,
  checkFollows: false,
  listedKinds: ["page", "comments"],
  pagesExpected: 3,
  percentFloor: 0,
  scheduledFor: null,
  createdAt: CREATED,
  actor: "api",
};

const sourceWith = (metadata: Record<string, unknown> = {}, content: ContentOptions = PAGES_ONLY) =>
  ({ content, metadata: sourceMetadata.parse(metadata) }) as Source;
const settled = (type: OperationType, facts: Partial<Finished["facts"]> = {}, source = sourceWith()) =>
  OPERATIONS[type].settle({ facts: { ...FACTS, ...facts }, metrics: METRICS, source });

describe("what a sync leaves on its source", () => {
  it("a sync that listed everything moves the watermark to its start by Confluence's clock", () => {
    const content: ContentOptions = { blogposts: false, comments: "open", attachments: false };
    expect(settled("confluence_sync", {}, sourceWith({}, content))).toEqual({
      last_sync_timestamp: "2026-03-01T12:00:00.000Z",
      listed_kinds: ["page", "comments"],
      sync_metrics: METRICS,
      time_zone: "Europe/Berlin",
    });
  });

  it("a sync that listed too little moves no watermark, and still says what it did", () => {
    expect(settled("confluence_sync", { listingIncomplete: true })).toEqual({
      sync_metrics: METRICS,
      time_zone: "Europe/Berlin",
    });
  });

  it("a sync whose start is not known leaves no watermark", () => {
    expect(settled("confluence_sync", { confluenceStartedAt: null })).toMatchObject({
      last_sync_timestamp: null,
    });
  });

  it("a kind that was switched off before the sync is not among the listed ones", () => {
    const source = sourceWith({ content_changed_at: BEFORE });
    expect(settled("confluence_sync", {}, source)).toMatchObject({ listed_kinds: ["page"] });
  });

  it.each([CREATED.toISOString(), AFTER])(
    "kinds that were switched at %s, while the sync ran, stay as they were listed before",
    (at) => {
      const source = sourceWith({ content_changed_at: at, listed_kinds: ["page", "attachment"] });
      expect(settled("confluence_sync", {}, source)).toMatchObject({ listed_kinds: ["page", "attachment"] });
    },
  );
});

describe("what a deletion check leaves on its source", () => {
  it("a check that was asked for counts from its start, and ends a hold", () => {
    expect(settled("deletion_check")).toEqual({
      last_deletion_check: "2026-03-01T12:00:00.000Z",
      deletions_held: null,
    });
  });

  it("a scheduled check counts from its tick, so that the next one is a week after that", () => {
    expect(settled("deletion_check", { scheduledFor: TICK })).toMatchObject({
      last_deletion_check: "2026-03-01T03:00:00.000Z",
    });
  });

  it("a check in place of announcements puts off no weekly one", () => {
    expect(settled("deletion_check", { actor: "hook" })).toEqual({ deletions_held: null });
  });

  it("a check whose deletions are held leaves the hold", () => {
    const heldDeletions = { candidates: 9, pages: 10, message: "Too many" };
    expect(settled("deletion_check", { heldDeletions })).not.toHaveProperty("deletions_held");
  });

  it.each([BEFORE, CREATED.toISOString()])(
    "a check is what was wanted at %s, before it started or as it did",
    (wanted) => {
      const source = sourceWith({ check_wanted_since: wanted });
      expect(settled("deletion_check", {}, source)).toMatchObject({ check_wanted_since: null });
    },
  );

  it("a check that was wanted after this one started is still wanted", () => {
    const source = sourceWith({ check_wanted_since: AFTER });
    expect(settled("deletion_check", {}, source)).not.toHaveProperty("check_wanted_since");
    expect(settled("deletion_check")).not.toHaveProperty("check_wanted_since");
  });
});

it.each(["page_sync", "approved_deletions"] as const)(
  "an operation for single pages proves nothing of others: %s leaves nothing on its source",
  (type) => {
    expect(settled(type)).toEqual({});
    expect(OPERATIONS[type].listsSpace).toBe(false);
  },
);

it("a sync and a deletion check list the space, and prove what the account sees of it", () => {
  expect(operationTypes.filter((type) => OPERATIONS[type].listsSpace)).toEqual([
    "confluence_sync",
    "deletion_check",
  ]);
});

it("only what single announcements say does not follow a complete listing", () => {
  expect(operationTypes.filter((type) => !OPERATIONS[type].followsListing)).toEqual(["page_sync"]);
});

it("a sync has a mode, by default of changes only, and nothing else has one", () => {
  const modes = (request: { mode?: "full" }) =>
    operationTypes.map((type) => OPERATIONS[type].modeOf(request));
  expect(modes({})).toEqual(["incremental", null, null, null]);
  expect(modes({ mode: "full" })).toEqual(["full", null, null, null]);
});

it("deletion checks and approved deletions run behind one queue, syncs behind another", () => {
  expect(operationTypes.map((type) => [type, OPERATIONS[type].queue])).toEqual([
    ["confluence_sync", "plan"],
    ["deletion_check", "check"],
    ["page_sync", "plan"],
    ["approved_deletions", "check"],
  ]);
});

describe("what follows an operation", () => {
  const following = (type: OperationType, source: Source, facts: Partial<Finished["facts"]> = {}) =>
    OPERATIONS[type].followedBy(source, { ...FACTS, ...facts });

  it.each([
    ["every_sync", "deletion_check"],
    ["weekly_reconciliation", null],
    ["on_demand", null],
  ])("a sync with the strategy %s is followed by %s", (strategy, next) => {
    expect(following("confluence_sync", sourceWith({ deletion_strategy: strategy }))).toBe(next);
  });

  it("a sync of announced pages is followed by a check where it may not decide itself", () => {
    expect(following("page_sync", sourceWith(), { checkFollows: true })).toBe("deletion_check");
    expect(following("page_sync", sourceWith())).toBeNull();
  });

  it.each(["deletion_check", "approved_deletions"] as const)("nothing follows %s", (type) => {
    const source = sourceWith({ deletion_strategy: "every_sync" });
    expect(following(type, source, { checkFollows: true })).toBeNull();
  });
});
