import { bug, bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const COMMENTS = "test/integration/syncs/comments.test.ts";
const ODD = "test/integration/syncs/odd-comments-and-files.test.ts";
const ON_FILES = "test/integration/syncs/comments-on-files.test.ts";
const ON_LATER_FILES = "test/integration/syncs/comments-on-later-files.test.ts";
const CAP = "test/integration/syncs/deletion-cap.test.ts";
const OF_HELD_PAGES = "test/integration/syncs/comments-of-held-pages.test.ts";
const LIST = "shared/syncs/comments/list-comments.ts";
const CHECK = "shared/syncs/comments/check-comments.ts";
const DOCUMENTS = "shared/documents/comments.ts";
const DELETE_PAGES = "shared/documents/delete-pages.ts";
const STORE = "shared/syncs/pages/store-prepared-page.ts";

/** Comments that are lost, stay too long, or are shown where their page is not. */
export const COMMENT_BUGS: readonly PlantedBug[] = [
  bug(
    "a reply is lost when its container is given as its parent",
    change(LIST, "for (const { id } of comments) inherit(id, known, parents);", ""),
  ),
  bugFoundBy(
    COMMENTS,
    "comments survive their page",
    change(
      DELETE_PAGES,
      "where d.source_id = ${request.sourceId} and not d.is_deleted and ${isGoneToo(tx, request)}\n    ), gone as",
      "where d.source_id = ${request.sourceId} and false and ${isGoneToo(tx, request)}\n    ), gone as",
    ),
  ),
  bugFoundBy(
    COMMENTS,
    "a hidden page's comments stay found",
    change(
      DELETE_PAGES,
      "and container_id = any(${hidden.map((page) => page.pageId)}::text[])",
      "and false and container_id = any(${hidden.map((page) => page.pageId)}::text[])",
    ),
  ),
  bugFoundBy(
    COMMENTS,
    "a page that is shown again leaves its comments hidden",
    change(
      DELETE_PAGES,
      "for (const { pageId } of shown) await showContained(tx, request.sourceId, pageId);",
      "",
    ),
  ),
  bugFoundBy(
    ODD,
    "a comment whose text cannot be read keeps the watermark where it is",
    change(LIST, " || unreadable.includes(id);", ";"),
  ),
  bugFoundBy(
    ODD,
    "a comment that cannot be read counts as missing from a listing of all",
    change(
      "shared/syncs/listing/list-content.ts",
      "must not keep the watermark where it is.\n    ...countOfKind(checkpoint, fresh + listed.skipped)",
      "\n    ...countOfKind(checkpoint, fresh)",
    ),
  ),
  bugFoundBy(
    ODD,
    "a file that cannot be read counts as missing from a listing of all",
    change(
      "shared/syncs/listing/list-content.ts",
      "...place,\n    ...countOfKind(checkpoint, fresh + listed.skipped)",
      "...place,\n    ...countOfKind(checkpoint, fresh)",
    ),
  ),
  bugFoundBy(
    COMMENTS,
    "resolved threads stay",
    change(LIST, "return moved || listed.resolution !== stored.resolution;", "return moved;"),
  ),
  bug(
    "a deleted comment stays in its document",
    change(
      CHECK,
      "await touchComments(tx, source.sourceId, containerIds);",
      "containerIds.slice(0, 0) as never;",
    ),
  ),
  bugFoundBy(
    COMMENTS,
    "ids that the map of types lacks count as gone",
    change(CHECK, "attempt.value.get(id) === null", "(attempt.value.get(id) ?? null) === null"),
  ),
  bugFoundBy(
    COMMENTS,
    "posts that are switched off leave their comments",
    change(
      "shared/documents/unsynced-kinds.ts",
      "d.container_id = gone.page_id and not d.is_deleted",
      "d.container_id = gone.page_id and false",
    ),
  ),
  bug(
    "documents of comments count as pages",
    change(
      "shared/syncs/operations/read-metrics.ts",
      "w.state in ('done', 'planned') and w.kind = ${kind})::int",
      "w.state in ('done', 'planned'))::int",
    ),
  ),
  bugFoundBy(
    COMMENTS,
    "a comment on a page that is stored later never joins",
    change(
      STORE,
      'if (comments !== "none") await queueOutdatedDocument(tx, operation, pageId, services.now());\n',
      "",
    ),
  ),
  bugFoundBy(
    COMMENTS,
    "comments that are listed while others of their page are stored wait for the next sync",
    change(
      "shared/syncs/pages/complete-page.ts",
      'if (open && work.kind === "comments")',
      'if (!open && work.kind === "comments")',
    ),
  ),
  bugFoundBy(
    COMMENTS,
    "an older response overwrites a newer comment",
    change(
      DOCUMENTS,
      "where excluded.version >= c.version and (excluded.version > c.version",
      "where (excluded.version <> c.version",
    ),
  ),
  bugFoundBy(
    COMMENTS,
    "no cap for comments",
    change(CHECK, 'judgeCap({ kind: "comments", ...outcomes })', "null"),
  ),
  bugFoundBy(
    CAP,
    "the cap of comments is a third too high",
    change(
      CHECK,
      'judgeCap({ kind: "comments", ...outcomes })',
      'outcomes.firstTime > 13 || outcomes.secondTime > 13 ? judgeCap({ kind: "comments", ...outcomes, pages: outcomes.pages * 1.3 }) : null',
    ),
  ),
  bugFoundBy(
    COMMENTS,
    "documents of comments whose work was lost are not made again",
    change(
      "shared/syncs/listing/close-listing.ts",
      '  await queueOutdatedComments(tx, context, { everything: checkpoint.listing === "space" });\n',
      "",
    ),
  ),
  bugFoundBy(
    ON_FILES,
    "comments on files are left out",
    change(
      "shared/confluence/schemas.ts",
      "z.object({ id: anyId, type: optionalText })",
      "z.object({ id, type: optionalText })",
    ),
  ),
  bugFoundBy(
    ON_FILES,
    "the file is the container of a comment on it",
    change(LIST, "pages.get(containerId) ?? null }", "pages.get(containerId) ?? containerId }"),
  ),
  bugFoundBy(
    ON_FILES,
    "a comment on a file is requested in each listing",
    change(LIST, "isNew(onPage(comment, pages), ", "isNew(comment, "),
  ),
  bugFoundBy(
    ON_FILES,
    "a comment on a file that is listed with it is left out",
    change(
      "shared/syncs/listing/list-content.ts",
      "withContainers(context, [...byId.values()], files)",
      "withContainers(context, [...byId.values()])",
    ),
  ),
  bugFoundBy(
    ON_FILES,
    "comments are listed before the files that they are on",
    change(
      "shared/content-kinds.ts",
      'Number(a === "comments") - Number(b === "comments")',
      'Number(b === "comments") - Number(a === "comments")',
    ),
  ),
  bug(
    "a comment whose body has not come counts as listed",
    change(
      "shared/syncs/listing/list-content.ts",
      "comments_missing: checkpoint.comments_missing + missing + unplaced,",
      "comments_missing: unplaced,",
    ),
  ),
  bugFoundBy(
    COMMENTS,
    "a moment's failure ends the check of comments",
    change(CHECK, "operation.failures === 0", "operation.failures < 0"),
  ),
  bugFoundBy(
    COMMENTS,
    "an older body counts as the comment that was listed",
    change(LIST, " && one.version >= version)", ")"),
  ),
  bugFoundBy(
    OF_HELD_PAGES,
    "a check removes the comments of the pages that it holds",
    change(
      "shared/documents/checked-comments.ts",
      "and w.state = 'candidate'\n        and case",
      "and false\n        and case",
    ),
  ),
  bugFoundBy(
    OF_HELD_PAGES,
    "a check removes the comments on the files that it holds",
    change(
      "shared/documents/checked-comments.ts",
      "case held.kind when 'attachment' then held.container_id else held.page_id end",
      "held.page_id",
    ),
  ),
  bugFoundBy(
    ON_LATER_FILES,
    "a comment is lost when its file is listed in a later response",
    change(LIST, "for (const [id, page] of asked.pages) pages.set(id, page);", ""),
  ),
  bugFoundBy(
    ON_LATER_FILES,
    "a comment is lost when Confluence does not say where its file is",
    change(
      "shared/syncs/listing/list-content.ts",
      "comments_missing: checkpoint.comments_missing + missing + unplaced,",
      "comments_missing: checkpoint.comments_missing + missing,",
    ),
  ),
  bugFoundBy(
    ON_LATER_FILES,
    "comments are searched for before the files that they are on",
    change(
      "shared/syncs/listing/search-changes.ts",
      "kindsToList(source.content).map((kind)",
      "syncedKinds(source.content).map((kind)",
    ),
  ),
  bugFoundBy(
    ON_FILES,
    "switching files on does not bring the comments on them",
    change("shared/syncs/listing/list-step.ts", '(kind !== "comments" || ', "(kind !== undefined || "),
  ),
];
