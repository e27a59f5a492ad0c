import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const INCLUDED = "test/integration/access/included-versions.test.ts";
const UNTOLD = "test/integration/access/new-in-untold-folders.test.ts";
const UNREAD = "test/integration/access/unread-restrictions.test.ts";
const OLDER = "test/integration/access/older-readings.test.ts";
const IN_DOUBT = "test/integration/access/places-in-doubt.test.ts";
const CHANGED_RIGHTS = "shared/syncs/rights/read-changed-rights.ts";
const APPLY = "shared/access/sweeps/apply-rights.ts";

/** Whom a new text is shown to: those of whom it is known, since it was written, that they may see it. */
export const NEW_TEXT_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    INCLUDED,
    "an included page is shown as it is now because of how it is stored",
    change(
      "shared/syncs/pages/confluence-processor.ts",
      "isOwnSame && (await areAsStored(included))",
      "isOwnSame",
    ),
  ),
  bugFoundBy(
    UNTOLD,
    "a fetched page is shown though its rights were read without the folder that it is in",
    change(
      "shared/syncs/rights/read-rights-again.ts",
      "    await hideInUntoldFolders(tx, batch.source, { pages: current, readAt: batch.services.now() });\n",
      "",
    ),
  ),
  bugFoundBy(
    UNREAD,
    "a new text is shown by evidence from before while the restriction cannot be read",
    change(CHANGED_RIGHTS, 'restriction === "failed" || restriction === "later"', "restriction === null"),
  ),
  bugFoundBy(
    UNREAD,
    "a sync reads no restriction of an archived page above",
    change(CHANGED_RIGHTS, "aboveIds.includes(id) && !readNow.has(id)", "id === id + aboveIds.length"),
  ),
  bugFoundBy(
    "test/integration/access/during-first-sweep.test.ts",
    "a sync reads no rights while the first sweep is under way",
    change("shared/syncs/rights/has-rights.ts", "return rows.length > 0;", "return false;"),
  ),
  bugFoundBy(
    "test/integration/access/comments-after-rights.test.ts",
    "the rights of a page that came with a listing hold for comments that were fetched after it",
    change(
      "shared/syncs/rights/listed-rights.ts",
      "...listed.containerIds,\n  ];",
      "...listed.containerIds.filter((id) => !knownIds.has(id)),\n  ];",
    ),
  ),
  bugFoundBy(
    OLDER,
    "a sync that finds a restriction as it is stored does not note that it was read",
    change("shared/access/sweeps/narrow.ts", " && !notesUnchanged)", ")"),
  ),
  bugFoundBy(
    OLDER,
    "a sync that finds a page where it is stored does not note that it was read",
    change(
      APPLY,
      "if (notesUnchanged) await notePlaces",
      "if (notesUnchanged && tree === null) await notePlaces",
    ),
  ),
  bugFoundBy(
    IN_DOUBT,
    "a page that was taken for a folder stays one",
    change(
      APPLY,
      "if (place.isContainer) await becomesPage(tx, sourceId, id);",
      "if (place.isContainer) continue;",
    ),
  ),
  bugFoundBy(
    IN_DOUBT,
    "new content is shown by where its parent was",
    change(
      "shared/access/sweeps/access-tree.ts",
      "place.nodeId !== null && isSameChain(place.ancestorIds, chain.slice(0, index))",
      "place.nodeId !== null && index >= 0",
    ),
  ),
  bugFoundBy(
    IN_DOUBT,
    "a complete sweep gives a node to content that is not below where its parent says it is",
    change(
      "shared/access/sweeps/complete.ts",
      "bool_and(coalesce(a.ancestor_ids = c.ancestor_ids[:u.position - 1], false)) as is_known",
      "bool_and(a.content_id is not null) as is_known",
    ),
  ),
  bugFoundBy(
    "test/integration/access/required-rights.test.ts",
    "a page that was read before its source carried rights over is stored without them",
    change(
      "shared/syncs/pages/included-rights.ts",
      "if (!others && !isUnguarded) return;",
      "if (!others) return;",
    ),
  ),
];
