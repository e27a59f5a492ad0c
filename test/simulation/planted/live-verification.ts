import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const LATE_TRIM = "test/integration/access/late-trim.test.ts";
const ASKING = "test/unit/access/ask-about-contents.test.ts";
const VERIFY_HITS = "functions/api/use-cases/verify-hits.ts";
const ASK = "shared/access/live/ask-about-contents.ts";
const VERIFY = "shared/syncs/rights/verify-contents.ts";

/** Hits that Confluence is asked about before they are returned. */
export const LIVE_VERIFICATION_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    LATE_TRIM,
    "a hit that Confluence denies is shown",
    change(VERIFY_HITS, 'if (verdict === "permitted") {', 'if (verdict !== "undecided") {'),
  ),
  bugFoundBy(
    LATE_TRIM,
    "a hit that Confluence does not decide is shown",
    change(VERIFY_HITS, '(verdicts.get(hit) ?? "undecided")', '(verdicts.get(hit) ?? "permitted")'),
    change(
      VERIFY_HITS,
      'denied.includes(contentOf(hit)) ? "denied" : "undecided"',
      'denied.includes(contentOf(hit)) ? "denied" : "permitted"',
    ),
  ),
  bugFoundBy(
    LATE_TRIM,
    "a file is asked about as itself",
    change(VERIFY_HITS, "hit.parent?.page_id ?? hit.pageId", "hit.pageId"),
  ),
  bugFoundBy(
    LATE_TRIM,
    "copies that were not asked about are named",
    change(VERIFY_HITS, "found.hits.push(withoutCopies(hit, live))", "found.hits.push(hit)"),
  ),
  bugFoundBy(
    LATE_TRIM,
    "what Confluence denies is not read again",
    change(VERIFY, "if (permitted.length < contentIds.length) await", "if (undecided > 0) await"),
  ),
  bugFoundBy(
    LATE_TRIM,
    "a paused site is asked about hits",
    change(VERIFY, "(pausedUntil === null || pausedUntil <= now)", "true"),
  ),
  bugFoundBy(
    ASKING,
    "what Confluence said of a person is believed for ever",
    change(ASK, "known && known.until > deps.now().getTime()", "known"),
  ),
  bugFoundBy(
    ASKING,
    "what Confluence said of one person counts for another",
    change(ASK, "JSON.stringify([sourceId, subject, id])", "JSON.stringify([sourceId, id])"),
  ),
  bugFoundBy(
    ASKING,
    "calls go on after the deadline of a search",
    change(ASK, "id !== undefined && !ended.signal.aborted", "id !== undefined"),
  ),
];
