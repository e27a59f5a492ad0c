import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const LIVE = "test/integration/syncs/live-docs.test.ts";
const FOLDERS = "test/integration/syncs/folders.test.ts";
const LIVE_DOCS = "shared/syncs/pages/live-docs.ts";
const SUPERSEDED = "shared/documents/is-superseded.ts";
const LIST_STEP = "shared/syncs/listing/list-step.ts";
const LIST_CONTENT = "shared/syncs/listing/list-content.ts";
const REFUSED_EXPANDS = "test/integration/syncs/refused-expands.test.ts";
const SEARCH_CHANGES = "shared/syncs/listing/search-changes.ts";

/** Texts that change without a version, and folders, unknown types and spaces in a search. */
export const LIVE_DOC_BUGS: readonly PlantedBug[] = [
  bug(
    "a live doc's equal version counts as unchanged",
    change(
      "shared/syncs/listing/compare-listing.ts",
      "return isLive ? work(",
      "return isLive && false ? work(",
    ),
  ),
  bug(
    "an empty live body is believed at once",
    change(LIVE_DOCS, "const BELIEVED_AT_FETCH = 3;", "const BELIEVED_AT_FETCH = 1;"),
  ),
  bugFoundBy(
    LIVE,
    "an empty live body is never believed",
    change(LIVE_DOCS, "const BELIEVED_AT_FETCH = 3;", "const BELIEVED_AT_FETCH = 300;"),
  ),
  bugFoundBy(
    LIVE,
    "the text that a live doc has already is written again",
    change(
      SUPERSEDED,
      "if (stored.contentHash === page.contentHash && !isRendered) return true;",
      "if (isRendered) return false;",
    ),
  ),
  bugFoundBy(
    "test/integration/documents/swap-guards.test.ts",
    "a live doc takes a text that was fetched before the stored one",
    change(SUPERSEDED, "if (stored.stateRevision === expected) return false;", "if (stored) return false;"),
  ),
  bugFoundBy(
    "test/integration/syncs/fetched-bodies.test.ts",
    "the fetched body of a live doc is kept",
    change("shared/syncs/pages/fetched-bodies.ts", ' || page.subtype === "live"', ""),
  ),
  bug(
    "a renamed folder is not shown",
    change(LIST_CONTENT, "if (!operation.dryRun) await upsertFolders(tx, operation, listed.folders);", ""),
  ),
  bugFoundBy(
    FOLDERS,
    "folders that a search finds count as pages that are missing",
    change(LIST_CONTENT, "listed.folders.length + listed.skipped", "listed.skipped"),
  ),
  bugFoundBy(
    FOLDERS,
    "a site that does not know folders in a search fails every sync",
    change(SEARCH_CHANGES, "if (next === null) throw error;", "throw error;"),
  ),
  bugFoundBy(
    REFUSED_EXPANDS,
    "a site that refuses to search all kinds at once is searched for the first of them only",
    change(
      SEARCH_CHANGES,
      'if (mode === "each kind") return kindsToList(source.content).map(',
      'if (mode === "each kind") return kindsToList(source.content).slice(0, 1).map(',
    ),
  ),
  bugFoundBy(
    "test/integration/syncs/odd-answers.test.ts",
    "a hit of an unknown type counts as a page that is missing",
    change(LIST_CONTENT, "listed.folders.length + listed.skipped", "listed.folders.length"),
  ),
  bugFoundBy(
    "test/integration/syncs/comments.test.ts",
    "a page that comes from another space comes without its comments",
    change(
      LIST_CONTENT,
      "contentOfArrived(context, isOfChanges ? listed.pages : [],",
      "contentOfArrived(context, [],",
    ),
  ),
  bugFoundBy(
    "test/integration/hooks/arrived-content.test.ts",
    "an announced page comes without what was on it before",
    change(
      "shared/syncs/hints/page-sync-step.ts",
      "contentOfArrived(context, here,",
      "contentOfArrived(context, [],",
    ),
  ),
  bugFoundBy(
    "test/integration/syncs/listing-ends.test.ts",
    "a space that finds nothing is looked for only at the end",
    change(LIST_STEP, "if (!everything && expected === 0) await verifySpace(client, source);", ""),
  ),
  bugFoundBy(
    "test/integration/hooks/arrived-content.test.ts",
    "files that arrived with a page make up for a listing that was cut short",
    change(LIST_CONTENT, "files_listed: listed.files.length,", "files_listed: files.length,"),
  ),
];
