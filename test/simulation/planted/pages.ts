import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const LATE_BODIES = "test/integration/syncs/late-bodies.test.ts";
const RESTORED = "test/integration/syncs/restored-pages.test.ts";
const PREPARE = "shared/syncs/pages/prepare-page.ts";
const STORE = "shared/syncs/pages/store-prepared-page.ts";

/** Bodies that come late: older than what was seen before, or of a page that was deleted meanwhile. */
export const PAGE_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    "test/integration/syncs/fetched-bodies.test.ts",
    "calls and tokens of a swap that is tried again are lost",
    change(
      "shared/syncs/pages/complete-page.ts",
      "  const complete = async (tx: Sql, result: Parameters<typeof completePage>[3]) => {\n    giveBack();",
      "  const complete = async (tx: Sql, result: Parameters<typeof completePage>[3]) => {",
    ),
  ),
  bugFoundBy(
    LATE_BODIES,
    "an older rendered body is stored as the newer version",
    change(
      "shared/syncs/pages/confluence-processor.ts",
      "const version = Math.min(page.version, rendered.version);",
      "const version = page.version;",
    ),
  ),
  bugFoundBy(
    LATE_BODIES,
    "a newer rendered body is stored as the version it claims",
    change(
      "shared/syncs/pages/confluence-processor.ts",
      "const version = Math.min(page.version, rendered.version);",
      "const version = rendered.version;",
    ),
  ),
  bugFoundBy(
    LATE_BODIES,
    "an older body than was listed ends the page's work",
    change(PREPARE, "  requireVersion(fetched, work.listedVersion);\n", ""),
  ),
  bugFoundBy(
    LATE_BODIES,
    "an older rendered body ends the page's work",
    change(PREPARE, "  requireVersion(page, fetched.version);\n", ""),
  ),
  bugFoundBy(
    LATE_BODIES,
    "a page that failed forgets which version it wants",
    change(
      "shared/syncs/listing/queue-failed-pages.ts",
      "then message else 'failed before' end, failed_version,",
      "then message else 'failed before' end, null,",
    ),
  ),
  bugFoundBy(
    LATE_BODIES,
    "a page deleted meanwhile is treated as stored",
    change(STORE, "  if (row?.is_deleted)\n", "  if (row && !row)\n"),
  ),
  bugFoundBy(
    LATE_BODIES,
    "a page deleted once more is treated as stored",
    change(
      STORE,
      'if (result.outcome === "superseded") open =',
      'if (result.outcome === "superseded" && state?.isDeleted)\n    open = await endUnchanged(batch, work);\n  else if (result.outcome === "superseded") open =',
    ),
  ),
  bugFoundBy(
    RESTORED,
    "a restored page that failed is forgotten",
    change(
      "shared/syncs/listing/queue-failed-pages.ts",
      "(sync_error is not null or version = 0 and not is_deleted)",
      "not is_deleted and (sync_error is not null or version = 0)",
    ),
  ),
  bugFoundBy(
    RESTORED,
    "a hidden page that is stored again stays hidden",
    change(
      "shared/documents/add-documents.ts",
      "deleted_reason = null, missing_since = null,",
      "deleted_reason = null,",
    ),
  ),
];
