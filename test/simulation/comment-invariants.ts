import { pageOf } from "#infra/local/confluence-site/content.ts";
import type { SiteComment } from "#infra/local/confluence-site/site.ts";
import { commentsId } from "#shared/content-kinds.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import type { Run } from "./run-state.ts";
import { SOURCE_ID, Violation } from "./violation.ts";

type Document = {
  page_id: string;
  container_id: string;
  version: number;
  comments_revision: number;
  is_deleted: boolean;
  is_hidden: boolean;
  sync_error: unknown;
  chunk_count: number;
  chunks: string[];
  /** Of the page that the comments are on. */
  container: "none" | "deleted" | "hidden" | "waiting" | "findable";
};

/** Share of the checks that also search. */
const SEARCH_SHARE = 0.3;
const WORD = /word\d+x0/g;

async function readDocuments({ world }: Run): Promise<Map<string, Document>> {
  const rows = await world.sql<Document[]>`
    select d.page_id, d.container_id, d.version, d.comments_revision, d.is_deleted, d.missing_since is not null as is_hidden, d.sync_error,
      d.chunk_count, coalesce((select array_agg(k.content order by k.chunk_number) from archon_crawled_pages k
        where k.source_id = d.source_id and k.page_id = d.page_id), '{}') as chunks,
      case when c.page_id is null then 'none' when c.is_deleted then 'deleted' when c.missing_since is not null then 'hidden'
        when c.version = 0 then 'waiting' else 'findable' end as container
    from confluence_pages d
    left join confluence_pages c on c.source_id = d.source_id and c.page_id = d.container_id
    where d.source_id = ${SOURCE_ID} and d.kind = 'comments' order by d.page_id`;
  return new Map(rows.map((row) => [row.container_id, row]));
}

/** Must hold of comments at any time, whatever is running. */
export async function checkComments(run: Run): Promise<void> {
  const { discussion } = run;
  if (!discussion.commenters) return;
  const documents = await readDocuments(run);
  for (const row of documents.values()) {
    const { page_id, container, chunks } = row;
    if (page_id !== commentsId(row.container_id))
      throw new Violation(`Document ${page_id} is of the comments on ${row.container_id}`);
    if (row.version > row.comments_revision)
      throw new Violation(`Document ${page_id} is newer than its comments`);
    if (row.chunk_count !== chunks.length)
      throw new Violation(`Document ${page_id} has ${chunks.length} chunks and says ${row.chunk_count}`);
    if (chunks.length > 0 && (row.is_deleted || container === "none" || container === "deleted"))
      throw new Violation(`Document ${page_id} has chunks although its page is gone (${container})`);
    if (container === "hidden" && !row.is_hidden && !row.is_deleted && chunks.length > 0)
      throw new Violation(`Document ${page_id} is visible although its page is hidden`);
    for (const word of chunks.join(" ").match(WORD) ?? []) {
      const owner = discussion.commenters.pageOfWord(word);
      if (owner !== row.container_id)
        throw new Violation(`Document ${page_id} has ${word}, which is written on ${owner ?? "nothing"}`);
    }
  }
  await checkNoneLost(run);
  if (discussion.random.chance(SEARCH_SHARE)) await checkNotFound(run, documents);
}

/** A comment that Confluence showed all the time is never missed: a check takes no longer than some hours. */
async function checkNoneLost({ world, discussion: { commenters }, people, seen }: Run): Promise<void> {
  const rows = await world.sql<{ comment_id: string; missing_since: Date | null }[]>`
    select comment_id, missing_since from confluence_comments where source_id = ${SOURCE_ID} order by comment_id`;
  const wasAway = (id: string, at: number) =>
    (commenters?.absences(id) ?? []).some(([left, back]) => left <= at && back >= at - 6 * 3_600_000);
  for (const { comment_id, missing_since } of rows) {
    if (missing_since && !wasAway(comment_id, missing_since.getTime()))
      throw new Violation(`Comment ${comment_id} was missed though Confluence showed it all the time`);
  }
  const here = new Set(rows.map((row) => row.comment_id));
  for (const id of seen.comments) {
    const everAway = (commenters?.absences(id) ?? []).length > 0;
    if (!here.has(id) && people.comments !== "none" && !everAway)
      throw new Violation(`Comment ${id} was deleted though Confluence showed it all the time`);
  }
  seen.comments = here;
}

/** No search finds a comment on a page that it does not find. */
async function checkNotFound(run: Run, documents: ReadonlyMap<string, Document>): Promise<void> {
  const { world, discussion } = run;
  const hidden = [...world.site.comments.values()].filter((comment) => {
    const container = documents.get(comment.containerId)?.container;
    return container !== undefined && container !== "findable";
  });
  const comment = discussion.random.pick(hidden);
  const word = comment && wordOf(comment);
  if (word && (await find(run, word)))
    throw new Violation(`A search finds comment ${comment.id}, and its page is not found`);
}

async function find({ world }: Run, word: string) {
  const { hits } = await searchDocuments(world.sql, {
    query: word,
    embedding: null,
    sources: [SOURCE_ID],
    matchCount: 5,
    returnMode: "chunks",
    readable: null,
  });
  return hits.find((hit) => hit.kind === "comments" && hit.content.includes(word));
}

const wordOf = (comment: SiteComment) => comment.body.match(WORD)?.[0] ?? null;
const isLong = (comment: SiteComment) => comment.body.includes("is what they said");

/** `Ann Lee (2026-10-13): word1x0`, as a document shows it. */
function saidBy(run: Run, comment: SiteComment): string {
  const name = run.world.site.people.get(comment.authorId) ?? "";
  return `${name} (${comment.createdAt.toISOString().slice(0, 10)}): ${wordOf(comment)}`;
}

/** After a sync with nothing going on: what was written and edited, and what a query by time shows, is found. */
export async function checkCommentsArrived(run: Run): Promise<void> {
  const { world, people, discussion } = run;
  const { commenters } = discussion;
  if (!commenters || people.comments === "none") return;
  const documents = await readDocuments(run);
  for (const comment of world.site.comments.values()) {
    const page = pageOf(world.site, comment);
    if (!page || !people.belongs(page.id) || !commenters.findableByTime(comment) || !isLong(comment))
      continue;
    if (people.comments === "open" && commenters.wasResolved(comment)) continue;
    const row = documents.get(page.id);
    // A page that is not found yet comes by a check, and its comments with it.
    if (row && row.container !== "findable") continue;
    if (!row || row.is_deleted || row.is_hidden || !row.chunks.join("\n").includes(saidBy(run, comment)))
      throw new Violation(`After a sync comment ${comment.id} on ${page.id} is not found: ${stateOf(row)}`);
  }
}

function stateOf(row: Document | undefined): string {
  if (!row) return "no document";
  const { version, comments_revision: revision, is_deleted, is_hidden, chunks } = row;
  return JSON.stringify({ version, revision, is_deleted, is_hidden, chunks });
}

/** After two checks with nothing going on: the documents of comments are what Confluence shows. */
export async function checkCommentsEqual(run: Run): Promise<void> {
  const { world, people, discussion } = run;
  if (people.comments === "none") return checkNoComments(run);
  if (!discussion.commenters) return;
  const documents = await readDocuments(run);
  const shown = [...world.site.comments.values()].filter((comment) => people.belongs(comment.containerId));
  const open = shown.filter((comment) => people.comments === "all" || isOpen(run, comment));
  for (const comment of open) {
    const row = documents.get(comment.containerId);
    if (isLong(comment) && (row?.is_hidden || !row?.chunks.join("\n").includes(saidBy(run, comment))))
      throw new Violation(`Comment ${comment.id} on ${comment.containerId} is not found: ${stateOf(row)}`);
  }
  const words = new Set(open.map(wordOf));
  for (const row of documents.values()) {
    for (const word of row.chunks.join(" ").match(WORD) ?? [])
      if (!words.has(word)) throw new Violation(`Document ${row.page_id} still has ${word}: ${stateOf(row)}`);
    if (row.container !== "findable") continue;
    if (row.version !== row.comments_revision || row.sync_error)
      throw new Violation(`Document ${row.page_id} was not made again: ${stateOf(row)}`);
  }
  await checkFound(
    run,
    open.filter((comment) => isLong(comment)),
  );
}

function isOpen({ world }: Run, comment: SiteComment): boolean {
  let root = comment;
  for (;;) {
    const above = root.parentId === null ? undefined : world.site.comments.get(root.parentId);
    if (!above) break;
    root = above;
  }
  return root.resolution.status === "open" || root.resolution.status === "reopened";
}

async function checkFound(run: Run, comments: readonly SiteComment[]): Promise<void> {
  const comment = run.discussion.random.pick(comments);
  const word = comment && wordOf(comment);
  if (!comment || !word) return;
  const hit = await find(run, word);
  const author = run.world.site.people.get(comment.authorId);
  if (hit?.parent?.page_id !== comment.containerId || !hit.comment?.authors.includes(author ?? ""))
    throw new Violation(`A search for ${word} does not find comment ${comment.id} by ${author}`);
}

/** Comments that are not synced have left no row. */
async function checkNoComments({ world }: Run): Promise<void> {
  const [row] = await world.sql`
    select page_id from confluence_pages where source_id = ${SOURCE_ID} and kind = 'comments'
    union all select comment_id from confluence_comments where source_id = ${SOURCE_ID} limit 1`;
  if (row) throw new Violation(`Comment ${row.page_id} is stored although comments are not synced`);
}
