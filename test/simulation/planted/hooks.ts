import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const DELIVERIES = "test/integration/hooks/deliveries.test.ts";
const PAGE_SYNC = "test/integration/hooks/page-sync.test.ts";
const LOST = "test/integration/hooks/lost-announcements.test.ts";
const RETRY = "test/integration/hooks/retry-on-request.test.ts";
const STORMS = "test/integration/hooks/storms.test.ts";
const STEP = "shared/syncs/hints/page-sync-step.ts";
const HINTS = "shared/syncs/hints/page-hints.ts";
const REQUESTS = "shared/syncs/hints/hinted-requests.ts";
const TYPES = "shared/syncs/operations/operation-types.ts";

/** What is done because somebody said that a page changed. */
export const HOOK_BUGS: readonly PlantedBug[] = [
  bug(
    "a forged delivery is accepted",
    change("shared/hooks/hook-secret.ts", ".some(Boolean)", '.some((same) => same || secret !== "")'),
  ),
  bugFoundBy(
    DELIVERIES,
    "a secret is accepted for ever after its rotation",
    change(
      "shared/hooks/hooks.ts",
      "case when previous_valid_until > ${now} then previous_secret_hash end",
      "previous_secret_hash",
    ),
  ),
  bugFoundBy(
    PAGE_SYNC,
    "a hint deletes a page that is not visible",
    change(
      "shared/syncs/deletions/deletion-candidates.ts",
      "case when ${!isByHint(operation)} and p.hidden_by_hint is not true",
      "case when true",
    ),
    change(STEP, "return page !== undefined || state.missingSince === null;", "return true;"),
  ),
  bugFoundBy(
    PAGE_SYNC,
    "a page hidden by a hint counts as missed by a complete check",
    change(
      "shared/syncs/deletions/deletion-candidates.ts",
      "!isByHint(operation)} and p.hidden_by_hint is not true",
      "!isByHint(operation)}",
    ),
  ),
  bugFoundBy(
    "test/integration/hooks/storms.test.ts",
    "a check in place of announcements deletes what is not visible",
    change(
      "shared/syncs/deletions/deletion-candidates.ts",
      ' || (type === "deletion_check" && actor === "hook")',
      "",
    ),
  ),
  bugFoundBy(
    "test/integration/hooks/storms.test.ts",
    "pages that wait to be rendered again start a deletion check",
    change(REQUESTS, 'reason !== "shows_gone"', 'reason !== ""'),
  ),
  bugFoundBy(
    "test/integration/hooks/storms.test.ts",
    "a wanted check that ended badly is started again at once",
    change(
      "shared/syncs/schedules/due-checks.ts",
      "and (last.ended is null or last.ended <= ${later(now, -WANTED_PAUSE_MS)})",
      "",
    ),
  ),
  bugFoundBy(
    PAGE_SYNC,
    "hints use up an anonymous response",
    change(STEP, "  await verifyAccount(client, source);\n  const pageIds", "  const pageIds"),
  ),
  bugFoundBy(
    PAGE_SYNC,
    "a hint that comes while its page is asked for goes with the first",
    change(HINTS, " and h.deliveries = taken.deliveries`", "`"),
  ),
  bugFoundBy(
    PAGE_SYNC,
    "a hint moves the watermark",
    change(
      TYPES,
      "    settle: () => ({}),\n    listsSpace: false,\n    followsListing: false,",
      "    settle: () => ({ last_sync_timestamp: new Date().toISOString() }),\n    listsSpace: false,\n    followsListing: false,",
    ),
  ),
  bugFoundBy(
    PAGE_SYNC,
    "a storm asks for each page",
    change(REQUESTS, "export const STORM_PAGES = 200;", "export const STORM_PAGES = 200_000;"),
  ),
  bugFoundBy(
    STORMS,
    "a storm loses what no search for changes shows",
    change(
      REQUESTS,
      "if (isAnnounced || replaced.length >= MAX_WAITING) await wantCheck(",
      "if (false) await wantCheck(",
    ),
  ),
  bugFoundBy(
    STORMS,
    "a storm loses what was dropped for want of room",
    change(STEP, "waiting.all > MAX_WAITING - CONFIRM_BATCH", "waiting.all < 0"),
  ),
  bugFoundBy(
    STORMS,
    "a check wanted by a storm is lost with the sync before it",
    change(
      "shared/syncs/schedules/due-checks.ts",
      "or ((s.metadata ->> 'check_wanted_since') is not null",
      "or (false and (s.metadata ->> 'check_wanted_since') is not null",
    ),
  ),
  bugFoundBy(
    STORMS,
    "a check wanted by a storm is repeated for ever",
    change(TYPES, "{ check_wanted_since: null }", "{}"),
  ),
  bugFoundBy(
    PAGE_SYNC,
    "single announcements delete beyond the cap",
    change(STEP, "firstTime: ofKind.firstTime + gone", "firstTime: ofKind.firstTime"),
  ),
  bugFoundBy(
    PAGE_SYNC,
    "hints keep a sync that is due waiting",
    change(REQUESTS, "if (sync_is_due) return", "if (sync_is_due && waiting < 0) return"),
  ),
  bugFoundBy(
    PAGE_SYNC,
    "pages below one that went are not asked for",
    change(STEP, '    await addHints(tx, below, { reason: "parent_gone", atOnce: true, now });\n', ""),
  ),
  bugFoundBy(
    PAGE_SYNC,
    "hints that waited for an operation have no turn at its end",
    change(
      "shared/syncs/operations/finish-operation.ts",
      "return hinted ? { request: hinted,",
      "return hinted && row.dry_run ? { request: hinted,",
    ),
  ),
  bugFoundBy(
    PAGE_SYNC,
    "a sync takes the place of asking for pages of unknown spaces",
    change(REQUESTS, " and ${isReplaceable(tx)} returning reasons", " returning reasons"),
  ),
  bugFoundBy(
    LOST,
    "announcements end with the operation that asked for their pages",
    change(
      "shared/syncs/operations/end-operation.ts",
      ".usesUpHints && (await",
      ".usesUpHints && false && (await",
    ),
  ),
  bugFoundBy(
    LOST,
    "deletions left to a check are lost with it",
    change(STEP, "      wantsCheck: true,\n", ""),
  ),
  bugFoundBy(
    RETRY,
    "a page that was given up is not tried when somebody asks for it",
    change("shared/syncs/listing/compare-listing.ts", "!isRequested && !mayRetry", "!mayRetry"),
  ),
  bugFoundBy(
    RETRY,
    "what failed on a page is not tried when somebody asks for the page",
    change(STEP, "    await queueFailedOn(tx, operation, [...requested], now);\n", ""),
  ),
  bugFoundBy(
    "test/integration/hooks/busy-space.test.ts",
    "hints keep a sync that a pulse waits for waiting",
    change(REQUESTS, "if (news_wait) return", "if (news_wait && waiting < 0) return"),
  ),
];
