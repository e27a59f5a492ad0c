import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const BLOG_POSTS = "test/integration/syncs/blog-posts.test.ts";
const SEARCH_CHANGES = "shared/syncs/listing/search-changes.ts";
const LIST_STEP = "shared/syncs/listing/list-step.ts";
const CHECK = "shared/syncs/deletions/deletion-check-step.ts";
const CANDIDATES = "shared/syncs/deletions/deletion-candidates.ts";
const OPERATION_TYPES = "shared/syncs/operations/operation-types.ts";

/** What is promised of pages and broken for another kind of content, and kinds that are switched on or off. */
export const KIND_BUGS: readonly PlantedBug[] = [
  bug(
    "blog posts are candidates of the listing of pages, and are requested as pages",
    change(CHECK, 'phase: "listing", kind, kinds_left: left }', 'phase: "listing", kind, kinds_left: [] }'),
    change(CANDIDATES, "fetchVisible(ids, client, [kind])", 'fetchVisible(ids, client, ["page"])'),
  ),
  bug(
    "blog posts that were not listed are requested as pages",
    change(CANDIDATES, "fetchVisible(ids, client, [kind])", 'fetchVisible(ids, client, ["page"])'),
  ),
  bug(
    "one cap over all kinds of content",
    change(
      CHECK,
      "judgeCaps(await countOutcomes(services.sql, operation))",
      `judgeCaps([
        (await countOutcomes(services.sql, operation)).reduce(
          (all, one) => ({
            kind: "page",
            firstTime: all.firstTime + one.firstTime,
            secondTime: all.secondTime + one.secondTime,
            pages: all.pages + one.pages,
          }),
          { kind: "page", firstTime: 0, secondTime: 0, pages: 0 },
        ),
      ])`,
    ),
  ),
  bug(
    "a label's blog posts are not listed",
    change(
      "shared/syncs/listing/list-labels.ts",
      "for (const kind of syncedPageKinds(source.content))",
      "for (const kind of syncedPageKinds(source.content).slice(0, 1))",
    ),
  ),
  bug(
    "rows of a kind that was switched off stay",
    change(
      "shared/documents/unsynced-kinds.ts",
      "where not ${syncsKind(tx, tx`p.kind`)}",
      "where p.kind <> 'blogpost' and not ${syncsKind(tx, tx`p.kind`)}",
    ),
  ),
  bug(
    "a kind that was switched on is not listed",
    change(LIST_STEP, "source.metadata.listed_kinds.includes(kind)", "kind !== undefined"),
  ),
  bug(
    "a kind counts as listed although its listing was incomplete",
    change(
      OPERATION_TYPES,
      "...(facts.listingIncomplete\n        ? {}",
      "...(facts.listingIncomplete\n        ? { listed_kinds: listedKinds(facts, source) }",
    ),
  ),
  bug(
    "a kind that was listed is listed by each sync",
    change(OPERATION_TYPES, "            listed_kinds: listedKinds(facts, source),\n", ""),
  ),
  bugFoundBy(
    BLOG_POSTS,
    "a kind that was off and on during a sync counts as listed",
    change(OPERATION_TYPES, "if (changedAt !== undefined &&", "if (changedAt === null &&"),
  ),
  bugFoundBy(
    "test/integration/api/sources.test.ts",
    "content that is named and does not change counts as changed",
    change(
      "functions/api/update-source.ts",
      "!isDeepStrictEqual(content, source.content)",
      "body.content !== undefined",
    ),
  ),
  bug(
    "bodies of blog posts are requested by the call for pages",
    change("shared/syncs/pages/process-claimed.ts", "(kindOf(id) ?? kind) === kind", "kindOf(id) !== null"),
  ),
  bug(
    "the search for changes leaves out blog posts",
    change(
      SEARCH_CHANGES,
      'folders ? [...kinds, "folder"] : kinds)',
      'folders ? ["page", "folder"] : kinds)',
    ),
  ),
  bug(
    "the search for changes includes blog posts that are not synced",
    change(
      SEARCH_CHANGES,
      'folders ? [...kinds, "folder"] : kinds)',
      'folders ? ["page", "blogpost", "folder"] : kinds)',
    ),
  ),
  bug(
    "a pulse looks for pages only",
    change("shared/syncs/pulse/search-news.ts", "user.timeZone, site.kinds)", 'user.timeZone, ["page"])'),
  ),
  bugFoundBy(
    BLOG_POSTS,
    "a post that was first recorded as a page stays one",
    change(
      "shared/documents/listed-pages.ts",
      "kind = case when p.version = 0 then l.kind else p.kind end, ",
      "",
    ),
  ),
  bugFoundBy(
    BLOG_POSTS,
    "a post that could not be read is requested as a page for ever",
    change(
      "shared/syncs/pages/process-claimed.ts",
      '(state.version > 0 || state.url !== "")',
      "state.version >= 0",
    ),
  ),
];
