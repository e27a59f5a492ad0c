/** A bug to plant: text that occurs once in a file, and its replacement. */
type Change = { file: string; find: string; put: string };
export type PlantedBug = {
  name: string;
  changes: readonly Change[];
  /** The test file that finds it, where no history can: the bug does not harm the index, or needs what is not simulated. */
  test?: string;
};

export const bug = (name: string, ...changes: Change[]): PlantedBug => ({ name, changes });
export const bugFoundBy = (test: string, name: string, ...changes: Change[]): PlantedBug => ({
  name,
  changes,
  test,
});
export const change = (file: string, find: string, put: string): Change => ({ file, find, put });

/** Each of these is a way in which connectors elsewhere lost edits or pages. The simulation must notice every one. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  bug(
    "watermark at the end of the sync",
    change(
      "shared/syncs/operations/finish-operation.ts",
      "settle({ facts: row, metrics, source })",
      "settle({ facts: { ...row, confluenceStartedAt: now }, metrics, source })",
    ),
  ),
  bug("no overlap", change("shared/syncs/listing/watermark.ts", "30 * 60_000", "0")),
  bug(
    "literal in UTC",
    change(
      "shared/confluence/cql.ts",
      "const literal = dateTimeLiteral(since, timeZone);",
      'const literal = dateTimeLiteral(since, timeZone && "UTC");',
    ),
  ),
  bug("> for >=", change("shared/confluence/cql.ts", "lastModified >= ", "lastModified > ")),
  bug(
    "watermark moved despite failed pages",
    change(
      "shared/syncs/listing/queue-failed-pages.ts",
      "and (sync_error is not null or version = 0 and not is_deleted)",
      "and false",
    ),
  ),
  bug(
    "delete before insert",
    change(
      "shared/documents/add-documents.ts",
      "  return retriedTransaction(\n    sql,",
      "  await sql`delete from archon_crawled_pages where source_id = ${page.sourceId} and page_id = ${page.pageId}`;\n  return retriedTransaction(\n    sql,",
    ),
  ),
  bug(
    "no version guard",
    change("shared/documents/is-newer.ts", "return page.version > stored.version;", "return true;"),
  ),
  bug(
    "guard compares times",
    change(
      "shared/documents/add-documents.ts",
      "      select version, representation",
      '      select extract(epoch from last_synced_at)::float8 * 1000 as "syncedMs", version, representation',
    ),
    change(
      "shared/documents/is-superseded.ts",
      "return !isNewer(page, stored);",
      "return stored.syncedMs > page.modifiedAt.getTime();",
    ),
  ),
  bug(
    "truncated listing trusted",
    change(
      "shared/syncs/listing/close-listing.ts",
      "return listed < expected ?",
      "return listed === 0 && expected > 0 ?",
    ),
  ),
  bug(
    "empty listing trusted",
    change(
      "shared/syncs/listing/close-listing.ts",
      "return listed < expected ?",
      "return listed > 0 && listed < expected ?",
    ),
  ),
  bugFoundBy(
    "test/integration/syncs/attachments.test.ts",
    "more of one kind makes up for less of another",
    change(
      "shared/syncs/listing/close-listing.ts",
      "if (count.listed < count.expected)",
      "if (count.expected < 0)",
    ),
    change(
      "shared/syncs/listing/close-listing.ts",
      "    expected -= count.expected;\n    listed -= count.listed;\n",
      "",
    ),
  ),
  bug(
    "no confirmation by id",
    change(
      "shared/syncs/deletions/deletion-candidates.ts",
      "const { pages, isUndecided } = await fetchVisible(ids, client, [kind]);",
      "const pages = new Map<string, ConfluencePage>();\n  const isUndecided = (_: string) => false;",
    ),
  ),
  bug(
    "no cap",
    change(
      "shared/syncs/deletions/deletion-rules.ts",
      "if (!exceeded) return null;",
      "if (!exceeded || exceeded) return null;",
    ),
  ),
  bug(
    "404 on the space read as empty",
    change(
      "shared/syncs/listing/verify-site.ts",
      "if (!space || space.id !== source.spaceId) {",
      "if (space && space.id !== source.spaceId) {",
    ),
  ),
  bug(
    "deletion without chunks",
    change(
      "shared/documents/delete-pages.ts",
      "delete from archon_crawled_pages c using decided\n      where",
      "delete from archon_crawled_pages c using decided\n      where false and",
    ),
  ),
  bug(
    'finish by "I was last"',
    change(
      "shared/syncs/pages/process-pages.ts",
      "  await finishOperation(operationId, services);\n}\n",
      "  if (isLast) await finishOperation(operationId, services);\n}\n",
    ),
    change(
      "shared/syncs/pages/process-pages.ts",
      "  const stopped = claimed.length > 0",
      "  const [open] = await services.sql`select count(*)::int as n from sync_work where operation_id = ${operationId} and state = 'pending'`;\n  const isLast = open?.n === claimed.length;\n  const stopped = claimed.length > 0",
    ),
    change(
      "shared/syncs/schedules/sweep.ts",
      'operation.status === "processing" && (await',
      'operation.status === "never" && (await',
    ),
  ),
  bug(
    "checkpoint before the work is recorded",
    change(
      "shared/syncs/listing/list-content.ts",
      "  await transaction(services.sql, async (tx) => {\n    await rights(tx);\n    const counts = await recordListing(tx, operation, listed.pages, {",
      "  await transaction(services.sql, (tx) => saveStep(tx, context, { checkpoint: next, counts: { pages_listed: listed.pages.length } }));\n  await transaction(services.sql, async (tx) => {\n    await rights(tx);\n    await recordListing(tx, operation, listed.pages, {",
    ),
    change(
      "shared/syncs/listing/list-content.ts",
      "    await saveStep(tx, context, {\n      checkpoint: next,\n      counts: { ...counts, ...commentCounts, ...otherCounts },\n      ...skipped,\n    });\n",
      "",
    ),
  ),
  bug(
    "sweeper off",
    change(
      "shared/syncs/schedules/sweep.ts",
      "for (const operation of await runningOperations(services.sql)) {",
      "for (const operation of (await runningOperations(services.sql)).slice(0, 0)) {",
    ),
  ),
  bug(
    "acknowledged before the commit",
    change(
      "shared/syncs/pages/store-prepared-page.ts",
      "  const result = await storePage(",
      "  await endUnchanged(batch, work);\n  const result = await storePage(",
    ),
  ),
  bug(
    "anonymous response accepted",
    change(
      "shared/syncs/listing/verify-site.ts",
      "if (user.accountId === null) {",
      "if (user.accountId === undefined) {",
    ),
    change(
      "shared/syncs/listing/verify-site.ts",
      "if (user.accountId !== source.accountId) {",
      "if (user.accountId !== null && user.accountId !== source.accountId) {",
    ),
  ),
  bug(
    "restored page ignored",
    change(
      "shared/syncs/listing/compare-listing.ts",
      'if (stored.isDeleted) return work("restored", "deleted here, current in Confluence");',
      "if (stored.isDeleted) return null;",
    ),
  ),
];
