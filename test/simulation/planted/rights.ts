import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const RESTRICTIONS = "test/integration/access/restrictions.test.ts";
const CHANGED = "test/integration/access/changed-rights.test.ts";
const STEPS = "test/integration/access/sweep-steps.test.ts";
const CONTAINERS = "test/integration/access/containers.test.ts";
const READERS = "test/integration/access/space-readers.test.ts";
const PROOFS = "test/integration/access/sweep-proofs.test.ts";
const INCLUDED = "test/integration/access/included-text.test.ts";
const CALLS = "test/unit/confluence/rights-calls.test.ts";
const MAPPING = "shared/confluence/rights-mapping.ts";
const NARROW = "shared/access/sweeps/narrow.ts";
const STEP = "shared/syncs/rights/sweep-step.ts";
const INCLUDED_RIGHTS = "shared/syncs/pages/included-rights.ts";

/** How rights are read and carried over. */
export const RIGHTS_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    RESTRICTIONS,
    "a list of principals that came cut counts as whole",
    change(
      MAPPING,
      "  if (_links?.next || (size ?? 0) > results.length) return false;\n  return results.length === 0 || (limit ?? 0) > results.length;",
      "  return true;",
    ),
  ),
  bugFoundBy(
    CALLS,
    "a restriction that names only somebody who is gone is none",
    change(MAPPING, "groups.length < group.results.length ? [NOBODY] : []", "[]"),
  ),
  bug(
    "a class that is not known lets everybody in",
    change(
      MAPPING,
      "? CLASSES.get(spelled(id)) : undefined",
      '? (CLASSES.get(spelled(id)) ?? "anonymous") : undefined',
    ),
  ),
  bugFoundBy(
    READERS,
    "any permission on a space counts as reading it",
    change(
      MAPPING,
      'operation?.key === "read" && operation.targetType === "space"',
      "operation !== undefined",
    ),
  ),
  bugFoundBy(
    PROOFS,
    "more people get in before a sweep is complete",
    change(
      "shared/access/sweeps/principals.ts",
      "  return { now, pending: isEqual(now, read) ? null : read };",
      "  return { now: read, pending: null };",
    ),
  ),
  bugFoundBy(
    CHANGED,
    "a restriction does not reach what lies below",
    change(
      NARROW,
      "(content_id = ${contentId} or ${contentId} = any(ancestor_ids))",
      "content_id = ${contentId}",
    ),
  ),
  bugFoundBy(
    STEPS,
    "what is moved stays as open as it was until the sweep is complete",
    change(NARROW, "if (!isStricter) await hide(", "if (false) await hide("),
  ),
  bugFoundBy(
    CONTAINERS,
    "a folder whose restrictions are not told is open",
    change(
      STEP.replace("sweep-step", "prove-containers"),
      "isTrusted ? EVERYBODY_PASSES : NOBODY_PASSES",
      "EVERYBODY_PASSES",
    ),
  ),
  bugFoundBy(
    CONTAINERS,
    "a search that was never seen to name a folder is believed to",
    change(
      "shared/syncs/rights/sweep-step.ts",
      "const asksParents = await mayOmitFolders(context)",
      "const asksParents = false && (await mayOmitFolders(context))",
    ),
  ),
  bugFoundBy(
    CONTAINERS,
    "whoever passes what is above a folder passes the folder",
    change(
      STEP.replace("sweep-step", "prove-containers"),
      "    groups: licencePasses ? ofGroups : [...passing],",
      "    groups: above.groups,",
    ),
  ),
  bugFoundBy(
    PROOFS,
    "a listing that was cut short proves a sweep",
    change(STEP, "if (counted !== null && listed < counted)", "if (counted === -1)"),
  ),
  bugFoundBy(
    CHANGED,
    "swap before node",
    change(
      "shared/syncs/listing/list-content.ts",
      "    await rights(tx);\n    const counts = await recordListing(",
      "    const counts = await recordListing(",
    ),
  ),
  bugFoundBy(
    CHANGED,
    "what is above an edited page is not read again",
    change(
      "shared/syncs/rights/read-changed-rights.ts",
      "const aboveIds = [...pagesAbove(changed, []), ...pagesAbove(known, [...changed, ...known])];",
      "const aboveIds: string[] = [];",
    ),
  ),
  bug(
    "a page has the text of another whatever its readers may read",
    change(INCLUDED_RIGHTS, '  if (source.access === "everything") return null;', "  return null;"),
  ),
  bugFoundBy(
    INCLUDED,
    "a page has the text of another one that its readers may not read",
    change(
      INCLUDED_RIGHTS,
      "        where c.source_id = p.source_id and c.content_id = p.page_id), false) as allowed",
      "        where c.source_id = p.source_id), false) as allowed",
    ),
  ),
  bugFoundBy(
    INCLUDED,
    "a list of pages is kept",
    change(
      INCLUDED_RIGHTS,
      '    kind === "page" &&\n    ((isTitle',
      '    kind === "children" || kind === "label" ||\n    ((isTitle',
    ),
  ),
  bugFoundBy(
    INCLUDED,
    "what an app shows is kept",
    change(
      INCLUDED_RIGHTS,
      "  return (shows) => shows.length > 0 && shows.every(",
      "  return (shows) => shows.every(",
    ),
  ),
  bugFoundBy(
    INCLUDED,
    "a page that begins to show itself is never stored",
    change(INCLUDED_RIGHTS, "is_findable(p) and p.page_id <> ${pageId} and", "is_findable(p) and"),
  ),
  bugFoundBy(
    INCLUDED,
    "a page has what another one shows of others",
    change(
      INCLUDED_RIGHTS,
      "p.page_id <> ${pageId} and p.shows_others is false and",
      "p.page_id <> ${pageId} and",
    ),
  ),
  bugFoundBy(
    INCLUDED,
    "a page is shown with the text of one that was restricted since",
    change(
      "sql/functions/access.sql",
      "shows_gone = r.shows_gone or s.was_known,",
      "shows_gone = r.shows_gone,",
    ),
  ),
  bugFoundBy(
    INCLUDED,
    "a page that shows what was restricted since waits for the next sync",
    change(
      "shared/syncs/rights/sweep-context.ts",
      '  await addHints(tx, pages, { reason: "shows_gone", atOnce: true, now });',
      "",
    ),
  ),
  bugFoundBy(
    INCLUDED,
    "pages keep what they showed when their source begins to carry rights over",
    change(
      "sql/functions/access.sql",
      " and page.shows_unguarded is false",
      " and page.shows_unguarded is not null",
    ),
  ),
  bugFoundBy(
    INCLUDED,
    "pages stay hidden when their source has begun to carry rights over",
    change(
      "shared/syncs/listing/close-listing.ts",
      "  await queueUnguardedPages(tx, context.operation, context.source, context.services.now());\n",
      "",
    ),
  ),
  bugFoundBy(
    "test/integration/access/who-asks.test.ts",
    "a group lets in whoever has no licence",
    change(
      "shared/access/readers/identify-account.ts",
      "isActive: row.isActive && (isLicensed || row.isGuest),",
      "isActive: row.isActive,",
    ),
  ),
  bugFoundBy(
    "test/integration/access/explain-access.test.ts",
    "an explanation leaves out how old the evidence is",
    change(
      "shared/access/explain/explain-access.ts",
      '  if (page.verifiedAt < oldest) return refused("evidence_too_old");\n',
      "",
    ),
  ),
  bugFoundBy(
    "test/integration/access/explain-access.test.ts",
    "an explanation leaves out how old the directory is",
    change(
      "shared/access/explain/explain-access.ts",
      '    return refused("directory_too_old");\n',
      "    void directoryVerifiedAt;\n",
    ),
  ),
  bugFoundBy(
    "test/integration/access/containers.test.ts",
    "a folder is open because nobody was asked about it",
    change(
      "shared/syncs/rights/prove-containers.ts",
      "if (asked === 0 || asked > MAX_ASKED)",
      "if (asked > MAX_ASKED)",
    ),
    change(
      "shared/syncs/rights/prove-containers.ts",
      "&& sweep.checkpoint.has_unknown_readers)",
      "&& false)",
    ),
  ),
  bugFoundBy(
    "test/integration/access/containers.test.ts",
    "a folder is open although not all of its readers could be asked about",
    change(
      "shared/syncs/rights/prove-containers.ts",
      "&& sweep.checkpoint.has_unknown_readers)",
      "&& false)",
    ),
  ),
  bugFoundBy(
    "test/integration/access/sweep-reads.test.ts",
    "a stored place counts as read with the restriction",
    change(
      STEP,
      "contents.push({ id, ancestors, placedAt, restriction",
      "void placedAt;\n    contents.push({ id, ancestors, restriction",
    ),
  ),
  bugFoundBy(
    "test/integration/access/sweep-reads.test.ts",
    "content that the listing lacks is where it was, whatever its parent",
    change(STEP, "page.parentId === (chain.at(-1) ?? null);", "chain.length >= 0;"),
  ),
];
