import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const TESTS = "test/integration/syncs/included-content.test.ts";
const INCLUDERS = "shared/documents/includers.ts";
const RENDERINGS = "shared/documents/renderings.ts";
const AGAIN = "shared/syncs/pages/render-again.ts";
const STORE = "shared/syncs/pages/store-prepared-page.ts";
const CANDIDATES = "shared/syncs/deletions/deletion-candidates.ts";
const REFRESH = "shared/syncs/refreshes/refresh-includers.ts";
const QUEUE = "shared/syncs/refreshes/queue-refreshes.ts";

/** Pages that keep what other pages do not say any more, or that are rendered without end. */
export const INCLUDED_CONTENT_BUGS: readonly PlantedBug[] = [
  bug(
    "an includer is not refreshed when its target is edited",
    change(STORE, 'if (page.kind !== "comments")', 'if (page.kind === "comments")'),
  ),
  bug(
    "an includer keeps the text of a target that is hidden or deleted",
    change(CANDIDATES, "  await refreshIncludersOf(tx, operation, settled, { isGone: true, now });\n", ""),
  ),
  bugFoundBy(
    TESTS,
    "an includer waits an hour although its target is gone",
    change(
      INCLUDERS,
      "refresh_after = case when ${isGone || mayShowTooMuch} then",
      "refresh_after = case when false then",
    ),
  ),
  bugFoundBy(
    "test/integration/access/included-text.test.ts",
    "an includer stays shown when its target shows others since",
    change(STORE, "before.showsOthers === false", "before.showsOthers === null"),
  ),
  bugFoundBy(
    "test/integration/access/included-text.test.ts",
    "an includer stays shown when another page may have the title of its target",
    change(STORE, "before?.title !== page.title ||", "before !== undefined &&"),
  ),
  bugFoundBy(
    TESTS,
    "a late older rendering replaces a newer one",
    change("shared/documents/is-newer.ts", "return rendering.at > stored.at;", "return true;"),
    change(
      "shared/documents/is-newer.ts",
      "if (rendering.revision !== stored.revision) return rendering.revision > stored.revision;",
      "",
    ),
  ),
  bugFoundBy(
    TESTS,
    "pages that include each other render themselves again",
    change(
      INCLUDERS,
      "(r.source_id <> ${sourceId} or r.page_id <> r.origin)",
      "(r.source_id <> '' or r.page_id <> '')",
    ),
  ),
  bugFoundBy(
    TESTS,
    "pages that show an includer are not refreshed",
    change(INCLUDERS, "const MAX_DEPTH = 5;", "const MAX_DEPTH = 1;"),
  ),
  bugFoundBy(
    TESTS,
    "one operation renders all includers of an edited page",
    change(QUEUE, "export const MAX_REFRESHES = 300;", "export const MAX_REFRESHES = 3000;"),
  ),
  bugFoundBy(
    TESTS,
    "a page that shows the same text is stored again",
    change(
      AGAIN,
      "return isSameVersion(state, page) && state.title === page.title && state.contentHash === page.contentHash;",
      "return false;",
    ),
  ),
  bugFoundBy(
    TESTS,
    "a new includer does not look at what changed while it was on its way",
    change(
      RENDERINGS,
      'if (dependencies.some(({ kind }) => kind === "page"))',
      "if (dependencies.length < 0)",
    ),
  ),
  bugFoundBy(
    TESTS,
    "includers of another space keep the text of a target that is gone until their next sync",
    change(REFRESH, "if (isGone) await addHints(", "if (!isGone) await addHints("),
  ),
  bugFoundBy(
    TESTS,
    "a page that cannot be rendered again keeps the text of what is gone",
    change(AGAIN, "isOutdated(rendering) && !rendering.showsGone", "isOutdated(rendering)"),
  ),
  bugFoundBy(
    TESTS,
    "a page that is rendered for what it shows is no candidate for deletion",
    change(CANDIDATES, "where w.refreshes and w.listed_version is null", "where false and w.refreshes"),
  ),
  bugFoundBy(
    TESTS,
    "lists of children do not follow a page that is moved",
    change(
      "shared/syncs/listing/record-listing.ts",
      "    await refreshIncluders(tx, operation, changed, { now });\n",
      "",
    ),
  ),
  bugFoundBy(
    TESTS,
    "reports by label do not follow a label",
    change("shared/syncs/listing/list-labels.ts", "[...new Set(changed)]", "[]"),
  ),
  bugFoundBy(
    TESTS,
    "a list of files keeps one that was moved to another page",
    change(
      "shared/syncs/files/list-files.ts",
      "    await refreshListsOfFiles(tx, operation, left, now);\n",
      "",
    ),
  ),
  bugFoundBy(
    TESTS,
    "what a slow replica rendered without a recent edit stays",
    change(RENDERINGS, "and (f.is_outdated or f.is_young)", "and f.is_outdated"),
  ),
  bugFoundBy(
    "test/integration/syncs/included-content.test.ts",
    "a page renamed since it was listed is not looked for by its title of then",
    change(
      "shared/syncs/pages/store-prepared-page.ts",
      "...(state ? [state.title] : [])",
      "...(before ? [before.title] : [])",
    ),
  ),
  bugFoundBy(
    "test/integration/documents/renderings.test.ts",
    "pages that include what shows a live doc are not rendered again",
    change(
      "shared/documents/includers.ts",
      "      select d.source_id, d.page_id, r.level + 1 from reached r ${includingPages(tx)}),\n",
      "      select d.source_id, d.page_id, r.level + 1 from reached r ${includingPages(tx)} and false),\n",
    ),
  ),
];
