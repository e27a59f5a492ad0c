import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const MOVED_FILES = "test/integration/hooks/moved-files.test.ts";
const CAP = "test/integration/syncs/deletion-cap.test.ts";
const ACCOUNT = "test/integration/syncs/deletion-account.test.ts";
const APPROVED = "test/integration/syncs/approved-deletions.test.ts";
const SECOND_TIME = "test/integration/syncs/approved-second-time.test.ts";
const START_DUE = "test/integration/syncs/start-due.test.ts";
const DUE = "shared/syncs/schedules/due-checks.ts";
const CANDIDATES = "shared/syncs/deletions/deletion-candidates.ts";
const RULES = "shared/syncs/deletions/deletion-rules.ts";
const CHECK = "shared/syncs/deletions/deletion-check-step.ts";

const APPROVED_CANDIDATES = "shared/syncs/operations/approved-candidates.ts";

const raisedCap = (kind: string) =>
  change(
    RULES,
    "(count) => count > CAP_PAGES && count > CAP_SHARE * outcomes.pages,",
    `(count) => [CAP_PAGES, CAP_SHARE * outcomes.pages].every((cap) => count > cap * (outcomes.kind === "${kind}" ? 1.3 : 1)),`,
  );

/** What a deletion check may take away, what a person decides about it, and for whom it asks. */
export const DELETION_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    "test/integration/syncs/approved-deletions.test.ts",
    "a check that is cancelled hides the deletions that are held",
    change("shared/syncs/operations/held-deletions.ts", "and status not in ('failed', 'cancelled')", ""),
  ),
  bugFoundBy(
    "test/integration/syncs/texts-of-deleted-pages.test.ts",
    "comments of a deleted page stay for ever",
    change(
      "shared/syncs/schedules/retention.ts",
      "m.container_id = g.page_id limit",
      "m.container_id = '' limit",
    ),
  ),
  bug(
    "the cap is twice as high",
    change(RULES, "CAP_SHARE = 0.25", "CAP_SHARE = 0.5"),
    change(RULES, "CAP_PAGES = 10", "CAP_PAGES = 20"),
  ),
  // Eleven to thirteen of few enough are seldom gone at once: 200 histories did not find it.
  bugFoundBy(CAP, "the cap of pages is a third too high", raisedCap("page")),
  bugFoundBy(CAP, "the cap of files is a third too high", raisedCap("attachment")),
  bugFoundBy(
    "test/integration/syncs/deletion-check.test.ts",
    "what was confirmed long ago is deleted",
    change(
      "shared/syncs/deletions/apply-confirmed.ts",
      "VERDICT_LASTS_MS = 60_000",
      "VERDICT_LASTS_MS = 60_000_000",
    ),
  ),
  bugFoundBy(
    CAP,
    "the cap is a share of all pages that there ever were",
    change(CANDIDATES, "and not p.is_deleted and p.version > 0) as pages", "and p.version > 0) as pages"),
  ),
  bugFoundBy(
    CAP,
    "the cap counts pages that were never stored",
    change(CANDIDATES, "and not p.is_deleted and p.version > 0) as pages", "and not p.is_deleted) as pages"),
  ),
  bugFoundBy(
    CAP,
    "the cap counts visible pages only",
    change(
      CANDIDATES,
      "and not p.is_deleted and p.version > 0) as pages",
      "and not p.is_deleted and p.version > 0 and p.missing_since is null) as pages",
    ),
  ),
  bugFoundBy(
    CAP,
    "what is missed a second time is no matter of the cap",
    change(
      CANDIDATES,
      "w.outcome = 'deleted' and w.reason = 'not_visible'))::int as \"secondTime\"",
      "w.outcome = 'deleted' and w.reason = 'never'))::int as \"secondTime\"",
    ),
  ),
  bugFoundBy(
    CAP,
    "what is missed a second time counts as missed for the first",
    change(
      CANDIDATES,
      "(count(*) filter (where not (w.outcome = 'deleted' and w.reason = 'not_visible')))::int as \"firstTime\"",
      'count(*)::int as "firstTime"',
    ),
  ),
  bugFoundBy(
    ACCOUNT,
    "the account is not verified before the decision",
    change(
      CHECK,
      "an anonymous response would look like missing pages.\n  await verifyAccount(context.client, context.source);",
      "an anonymous response would look like missing pages.",
    ),
  ),
  bug(
    "a hold does not end with its last decision",
    change(
      "shared/syncs/operations/held-deletions.ts",
      "where operation_id = ${operationId} and status = 'held'`;",
      "where operation_id = ${operationId} and status = 'never'`;",
    ),
  ),
  bugFoundBy(
    APPROVED,
    "approved pages are deleted as they were held",
    change(
      APPROVED_CANDIDATES,
      "(operation_id, source_id, kind, page_id, title, state, reason, state_revision, decision, updated_at)",
      "(operation_id, source_id, kind, page_id, title, state, reason, state_revision, decision, updated_at, outcome)",
    ),
    change(
      APPROVED_CANDIDATES,
      "p.state_revision, 'approved', ${now}",
      "p.state_revision, 'approved', ${now}, w.outcome",
    ),
  ),
  bugFoundBy(
    APPROVED,
    "a rejection comes too late for an approved page",
    change(
      APPROVED_CANDIDATES,
      "and a.state = 'candidate' and (a.decision is distinct from 'approved' or not exists (",
      "and a.state = 'candidate' and (a.decision is distinct from 'approved' or false and not exists (",
    ),
  ),
  bugFoundBy(
    START_DUE,
    "a weekly check that finds its source busy waits for the schedule",
    change(
      "shared/syncs/operations/finish-operation.ts",
      "if (check) return {",
      "if (check && row.dry_run) return {",
    ),
  ),
  bugFoundBy(
    START_DUE,
    "a weekly check that fails is repeated each minute",
    change(DUE, "and (last.started is null or last.started < ${tick}))", ")"),
  ),
  bugFoundBy(
    START_DUE,
    "a new source is checked as soon as it was synced",
    change(DUE, "then s.created_at <= ${tick}", "then true"),
  ),
  bugFoundBy(
    START_DUE,
    "syncs of each minute leave none for a check",
    change(
      "functions/sync/start-scheduled-syncs.ts",
      "await attempt(startDueChecks(lastTick(services.now()), services))",
      "0",
    ),
    change(
      "shared/syncs/operations/finish-operation.ts",
      "if (check) return {",
      "if (check && row.dry_run) return {",
    ),
  ),
  bugFoundBy(
    START_DUE,
    "an operation that cannot be started stops those of other sources",
    change("shared/syncs/schedules/start-due.ts", "      errors.push(error);", "      throw error;"),
  ),
  bugFoundBy(
    SECOND_TIME,
    "a page that was shown since the held check is deleted as missed for the second time",
    change(
      CANDIDATES,
      "h.reason = 'not_visible' and h.state_revision = p.state_revision)",
      "h.reason = 'not_visible')",
    ),
  ),
  bugFoundBy(
    MOVED_FILES,
    "a file goes with the announced page that it has left",
    change(
      "shared/syncs/deletions/apply-confirmed.ts",
      "applyNext(tx, context, { kindsHeld, since, files })",
      "applyNext(tx, context, { kindsHeld, since })",
    ),
  ),
  bugFoundBy(
    MOVED_FILES,
    "a file goes with the page that it has left when the deletion is approved",
    change(
      "shared/syncs/deletions/approved-deletions-step.ts",
      "applyNext(tx, context, { files })",
      "applyNext(tx, context)",
    ),
  ),
  bugFoundBy(
    MOVED_FILES,
    "a file goes with its page although Confluence did not say where it is",
    change(
      "shared/documents/delete-pages.ts",
      "(d.kind <> 'attachment' or d.page_id = any(",
      "(d.kind is not null or d.page_id = any(",
    ),
  ),
  bugFoundBy(
    MOVED_FILES,
    "a file that is hidden in doubt counts as missed by a check",
    change(
      "shared/documents/delete-pages.ts",
      "hidden_by_hint = case when missing_since is null then true else hidden_by_hint end, ",
      "",
    ),
  ),
];
