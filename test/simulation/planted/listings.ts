import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const ZONE = "test/integration/syncs/zone-change.test.ts";
const ENDS = "test/integration/syncs/listing-ends.test.ts";
const TAKEN_OVER = "test/integration/syncs/taken-over.test.ts";
const NOT_BEFORE = "test/integration/syncs/not-before.test.ts";
const LABELS = "test/integration/syncs/places-and-labels.test.ts";
const LIST_STEP = "shared/syncs/listing/list-step.ts";
const FOLLOW_CURSOR = "shared/syncs/listing/follow-cursor.ts";
const CLAIMS = "shared/syncs/operations/claims.ts";
const WORK = "shared/syncs/operations/work.ts";
const SWEEP = "shared/syncs/schedules/sweep.ts";

const IN_ANOTHER_ZONE = "countChanges(client, source, { timeZone, mode: checkpoint.search_mode })";
/** The listing in another zone, as if the last sync had begun at an instant. */
const lookingBackTo = (instant: string) =>
  IN_ANOTHER_ZONE.replace(
    "source",
    `{ ...source, metadata: { ...source.metadata, last_sync_timestamp: ${instant}.toISOString() } }`,
  );

/** How far a listing looks, where it ends, and who may go on with it, and when. */
export const LISTING_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    ZONE,
    "in another zone a listing looks back without the overlap",
    change(
      LIST_STEP,
      IN_ANOTHER_ZONE,
      lookingBackTo("new Date(Date.parse(source.metadata.last_sync_timestamp ?? '') + 30 * 60_000)"),
    ),
  ),
  bugFoundBy(
    ZONE,
    "in another zone a listing looks back to its own start",
    change(LIST_STEP, IN_ANOTHER_ZONE, lookingBackTo("(operation.confluenceStartedAt ?? new Date(0))")),
  ),
  bugFoundBy(
    ZONE,
    "a restarted listing keeps its old counts",
    change("shared/syncs/listing/list-again.ts", "[name, -(counters[name] ?? 0)]", "[name, 0]"),
  ),
  bugFoundBy(
    ENDS,
    "repeated cursors are followed forever",
    change(
      FOLLOW_CURSOR,
      "next === place.cursor || place.recent_cursors.includes(next)",
      "next === place.cursor",
    ),
  ),
  bugFoundBy(
    ENDS,
    "only the last cursor is remembered",
    change(FOLLOW_CURSOR, "[...place.recent_cursors, next]", "[next]"),
  ),
  bugFoundBy(
    TAKEN_OVER,
    "a checkpoint is saved without its claim",
    change(
      CLAIMS,
      "and status = 'listing' and claimed_until = ${operation.claimedUntil}\n    returning operation_id",
      "and status = 'listing'\n    returning operation_id",
    ),
  ),
  bugFoundBy(
    TAKEN_OVER,
    "counters are saved although the claim was lost",
    change(
      CLAIMS,
      "if (rows.length === 0) throw new ClaimLostError(operation.operationId);",
      "if (rows.length === 0) await tx`update archon_progress set counters = ${tx.json(update.counters)} where operation_id = ${operation.operationId}`;",
    ),
  ),
  bugFoundBy(
    TAKEN_OVER,
    "a worker that lost the claim ends the operation",
    change(
      CLAIMS,
      "  return rows.length > 0;\n}\n\n/** Another worker continues",
      "  return rows.length >= 0;\n}\n\n/** Another worker continues",
    ),
  ),
  bugFoundBy(
    TAKEN_OVER,
    "work that was done is done again",
    change(WORK, "and page_id = ${work.pageId} and state = 'pending'", "and page_id = ${work.pageId}"),
  ),
  bugFoundBy(
    NOT_BEFORE,
    "pages that wait are claimed",
    change(
      "shared/syncs/operations/work-claims.ts",
      " and (not_before is null or not_before <= ${now})\n      returning kind",
      "\n      returning kind",
    ),
  ),
  bugFoundBy(
    NOT_BEFORE,
    "pages that wait are sent",
    change(
      "shared/syncs/operations/send-work.ts",
      "\n        and (not_before is null or not_before <= ${now})\n      order by",
      "\n      order by",
    ),
  ),
  bugFoundBy(
    NOT_BEFORE,
    "the sweeper sends pages that wait",
    change(SWEEP, " and (not_before is null or not_before <= ${now})\n    order by", "\n    order by"),
  ),
  bugFoundBy(
    NOT_BEFORE,
    "the sweeper sends a listing that waits",
    change(SWEEP, "if (!claimed && !waits &&", "if (!claimed &&"),
    change(
      SWEEP,
      "operation.enqueued_at ?? operation.not_before ?? new Date(0)",
      "operation.enqueued_at ?? new Date(0)",
    ),
  ),
  bugFoundBy(
    LABELS,
    "labels are compared by how many pages carry them",
    change("shared/syncs/listing/changed-labels.ts", " || ![...index].every((id) => site.has(id))", ""),
  ),
  bugFoundBy(
    "test/integration/syncs/labels-out-of-sight.test.ts",
    "labels are taken from pages that are out of sight",
    change(
      "shared/syncs/listing/own-labels.ts",
      "  return found;",
      "  return pageIds.map((pageId) => found.find((page) => page.pageId === pageId) ?? { pageId, labels: [] });",
    ),
  ),
  bugFoundBy(
    "test/integration/syncs/label-steps.test.ts",
    "of two labels of one name only one is listed",
    change(
      "shared/syncs/listing/list-labels.ts",
      "const labels = at.remaining.filter((label) => label.name === name);",
      "const labels = at.remaining.slice(0, 1);",
    ),
  ),
  bugFoundBy(
    "test/integration/syncs/repeated-items.test.ts",
    "a page that comes twice in one response ends the step",
    change("shared/syncs/operations/work.ts", "onePerPage(items).map(", "items.map("),
  ),
  bugFoundBy(
    "test/integration/syncs/repeated-items.test.ts",
    "of a comment that comes in two versions the older one is stored",
    change(
      "shared/documents/comments.ts",
      "comments.toSorted((a, b) => a.version - b.version)",
      "comments.toSorted((a, b) => b.version - a.version)",
    ),
  ),
  bugFoundBy(
    "test/integration/syncs/repeated-items.test.ts",
    "a repeated response makes up for one that did not come",
    change(
      "shared/syncs/listing/list-checkpoint.ts",
      "cursor === null ? [] : last",
      "cursor === null ? [] : last.slice(0, 0)",
    ),
  ),
];
