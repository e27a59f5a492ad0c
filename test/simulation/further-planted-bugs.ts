import { bug, change, type PlantedBug } from "./planted-bugs.ts";

/** More bugs of the same kinds, which the histories or the named test must also find. */
export const FURTHER_PLANTED_BUGS: readonly PlantedBug[] = [
  {
    ...bug(
      "a next link to another host is followed",
      change("shared/confluence/next-cursor.ts", 'throw invalidNext("names another host");', "void origins;"),
    ),
    test: "test/integration/syncs/listing.test.ts",
  },
  {
    ...bug(
      "a cursor that comes again ends the listing",
      change(
        "shared/confluence/next-cursor.ts",
        'throw invalidNext("repeats its own cursor");',
        "return null;",
      ),
    ),
    test: "test/integration/syncs/listing.test.ts",
  },
  {
    ...bug(
      "Retry-After is not waited for",
      change(
        "shared/syncs/operations/waiting.ts",
        "Math.round(error.retryAfterMs * (1 + random() / 10))",
        "0",
      ),
    ),
    test: "test/integration/syncs/rate-limits.test.ts",
  },
  {
    ...bug(
      "a pause is not honoured by page workers",
      change(
        "shared/syncs/pages/process-pages.ts",
        "if (source.pausedUntil && source.pausedUntil > services.now()) {",
        "if (source.pausedUntil && source.pausedUntil < source.createdAt) {",
      ),
    ),
    test: "test/integration/syncs/rate-limits.test.ts",
  },
  {
    ...bug(
      "the watermark is taken from our own clock",
      change(
        "shared/syncs/listing/list-step.ts",
        "const startedAt = client.serverTime() ?? services.now();",
        "const startedAt = services.now();",
      ),
    ),
    test: "test/integration/syncs/listing.test.ts",
  },
  bug(
    "finished while pages are open",
    change(
      "shared/syncs/operations/finish-operation.ts",
      "w.operation_id = ${operationId} and w.state = 'pending')",
      "w.operation_id = ${operationId} and w.state = 'never')",
    ),
  ),
  bug(
    "an error that is over stays on the page",
    change(
      "shared/documents/add-documents.ts",
      "missing_since = null, sync_error = null,",
      "missing_since = null,",
    ),
    change(
      "shared/documents/add-documents.ts",
      "if (!stored.failed || stored.isDeleted) return;",
      "if (stored) return;",
    ),
  ),
  bug(
    "a page moved to another space stays",
    change(
      "shared/syncs/deletions/deletion-rules.ts",
      'page.status === "current" && page.spaceId !== null && page.spaceId !== spaceId',
      'page.status === "never" && page.spaceId !== null && page.spaceId !== spaceId',
    ),
  ),
  bug(
    "archived is treated as current",
    change("shared/syncs/deletions/deletion-rules.ts", '|| page.status === "archived"', ""),
  ),
  bug(
    "labels are not refreshed",
    change(
      "shared/syncs/listing/list-labels.ts",
      "if (await addLabel(tx, source.sourceId, name, { kind, ids })) changed.push(name);",
      "if (ids.length < 0) await addLabel(tx, source.sourceId, name, { kind, ids });",
    ),
  ),
  {
    ...bug(
      "removed labels stay",
      change(
        "shared/syncs/listing/own-labels.ts",
        "if (labels !== null) found",
        "if (labels === null) found",
      ),
    ),
    test: "test/integration/syncs/places-and-labels.test.ts",
  },
  bug(
    "a move is not written down",
    change(
      "shared/documents/listed-pages.ts",
      "parent_id = l.parent_id, parent_type",
      "parent_id = p.parent_id, parent_type",
    ),
  ),
  {
    ...bug(
      "a hidden page stays hidden when it is back",
      change(
        "shared/syncs/listing/record-listing.ts",
        "const hiddenAgain = current.filter((page) => isStoredAndHidden(page, states.get(page.id)));",
        "const hiddenAgain = current.filter((page) => isStoredAndHidden(page, states.get(page.id)) && page.version < 0);",
      ),
    ),
    test: "test/integration/syncs/deletion-check.test.ts",
  },
  bug(
    "what is not visible is deleted at the first check",
    change(
      "shared/syncs/deletions/deletion-rules.ts",
      "if (stored.missingSince) return {",
      "if (stored) return {",
    ),
  ),
  bug(
    "what is not visible is never deleted",
    change(
      "shared/syncs/deletions/deletion-rules.ts",
      "if (stored.missingSince) return {",
      "if (!stored) return {",
    ),
  ),
  bug(
    "a restored page keeps its deletion",
    change(
      "shared/documents/add-documents.ts",
      "is_deleted = false, deleted_at = null,",
      "deleted_at = null,",
    ),
  ),
  bug(
    "events are sent again forever",
    change(
      "shared/notifications/outbox.ts",
      "set sent_at = ${now} where",
      "set sent_at = sent_at, created_at = ${now} where",
    ),
  ),
  bug(
    "events are never sent",
    change(
      "shared/notifications/outbox.ts",
      "where sent_at is null order by id",
      "where sent_at is not null order by id",
    ),
  ),
  bug(
    "the watermark moves with a dry run",
    change("shared/syncs/operations/finish-operation.ts", "    if (!row.dry_run) {\n", "    {\n"),
  ),
  bug(
    "a dry run changes pages",
    change(
      "shared/syncs/listing/record-listing.ts",
      'work.push(operation.dryRun ? { ...item, state: "planned" } : item);',
      "work.push(item);",
    ),
  ),
  bug(
    "a dry run of a check deletes",
    change(
      "shared/syncs/deletions/deletion-candidates.ts",
      '(operation.dryRun ? "planned" : "candidate")',
      '"candidate"',
    ),
    change(
      "shared/syncs/deletions/deletion-check-step.ts",
      'phase: operation.dryRun ? "listed" : "deleting"',
      'phase: "deleting"',
    ),
  ),
  {
    ...bug(
      "only current pages are requested by id",
      change(
        "shared/confluence/pages-by-id.ts",
        'call: getPages, status: ["current", "archived", "trashed", "deleted"]',
        'call: getPages, status: ["current"]',
      ),
    ),
    test: "test/integration/syncs/deletion-check.test.ts",
  },
  bug(
    "the listing restarts with each page",
    change(
      "shared/syncs/listing/follow-cursor.ts",
      "return { cursor: next, recent",
      "return { cursor: place.cursor ?? next, recent",
    ),
  ),
  {
    ...bug(
      "a page stored again is deleted by an older decision",
      change(
        "shared/documents/delete-pages.ts",
        "revisions.get(page.pageId) === page.expectedStateRevision",
        "revisions.has(page.pageId)",
      ),
    ),
    test: "test/integration/syncs/deletion-check.test.ts",
  },
  {
    ...bug(
      "an older body revives a deleted page",
      change(
        "shared/documents/is-superseded.ts",
        "if (stored.isDeleted) return stored.stateRevision !== expected;",
        "if (stored.isDeleted) return stored.stateRevision < 0 && expected === null;",
      ),
    ),
    test: "test/integration/documents/add-documents.test.ts",
  },
  bug(
    "old chunks stay beside the new",
    change(
      "shared/documents/add-documents.ts",
      "() => deleteStale(tx, changes.staleIds),",
      "() => deleteStale(tx, []),",
    ),
  ),
  bug(
    "pages of dead workers stay with them",
    change(
      "shared/syncs/operations/work-claims.ts",
      "and claimed_until < ${lost.now}`}",
      "and claimed_until < ${later(lost.now, -1e12)}`}",
    ),
  ),
  bug(
    "a deleted page keeps its event to itself",
    change(
      "shared/documents/delete-pages.ts",
      "from gone where kind <> 'comments' order by page_id\n    )",
      "from gone where false order by page_id\n    )",
    ),
  ),
  {
    ...bug(
      "a lease is taken from the living",
      change(
        "shared/syncs/operations/start-operation.ts",
        "if (source.lease_operation_id && source.lease_until && source.lease_until > now) {",
        "if (source.lease_operation_id && source.lease_until && source.lease_until < now) {",
      ),
    ),
    test: "test/integration/syncs/one-operation.test.ts",
  },
  bug(
    "search shows hidden pages",
    change("sql/functions/search.sql", "return is_visible(page) and", "return not page.is_deleted and"),
  ),
  bug(
    "a cancelled sync moves the watermark",
    change(
      "shared/syncs/operations/end-operation.ts",
      "  await tx`delete from sync_work where operation_id = ${operationId} and state = 'pending'`;",
      "  await tx`delete from sync_work where operation_id = ${operationId} and state = 'pending'`;\n  await tx`update archon_sources set metadata = metadata || jsonb_build_object('last_sync_timestamp', ${now.toISOString()}::text) where source_id = ${row.source_id}`;",
    ),
  ),
  {
    ...bug(
      "a failed page is not tried again",
      change(
        "shared/syncs/listing/compare-listing.ts",
        "if (!error?.permanent || error.attempts < MAX_FAILED_SYNCS || listedVersion > error.version) return true;",
        "if (!error) return true;",
      ),
      change(
        "shared/syncs/listing/queue-failed-pages.ts",
        "(sync_error is not null or version = 0 and not is_deleted)",
        "version = 0",
      ),
    ),
    test: "test/integration/syncs/failed-pages.test.ts",
  },
];
