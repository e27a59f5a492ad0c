import { UNREADABLE, type Comment, type ListedFile, type ListedPage } from "#shared/confluence/client.ts";
import { commentsOnCql, filesOnCql } from "#shared/confluence/cql.ts";
import type { Sql } from "#shared/db/connect.ts";
import { readPageStates } from "#shared/documents/page-states.ts";
import { PermanentError } from "#shared/errors.ts";
import { listToEnd } from "#shared/syncs/listing/follow-cursor.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { OF_THE_TOKEN } from "#shared/syncs/optional-calls.ts";

/** Containers in one query. */
const IDS_OF_A_QUERY = 50;
/** Calls of one step, which ends before its worker's time does; what is left follows with the next deletion check. */
const MAX_CALLS = 20;

type ArrivedPage = Pick<ListedPage, "id" | "status" | "version">;
type Arrived = { comments: Comment[]; files: ListedFile[] };

/**
 * Requests the comments and files on those pages that the index does not have yet, or not any more, which no query by time finds: a page that
 * came from another space, or back, brings them with it, and files were put on a draft before it was published. Where the site refuses, and
 * comments of which it calls another comment or a file the container, follow with the next deletion check. `listedByTime`: by a search for
 * what changed.
 */
export async function contentOfArrived(
  context: StepContext,
  pages: readonly ArrivedPage[],
  { listedByTime }: { listedByTime: boolean },
): Promise<Arrived> {
  const { client, source, operation } = context;
  const arrived: Arrived = { comments: [], files: [] };
  const { comments, attachments } = source.content;
  if ((comments === "none" && !attachments) || operation.dryRun) return arrived;
  const arriving = await newHere(context, pages);
  // Comments on what was written since the last sync are as young as the page.
  const commented = listedByTime ? arriving.filter(({ version }) => version > 1) : arriving;
  let calls = 0;
  const mayCall = () => (calls += 1) <= MAX_CALLS;
  try {
    const threads = (cql: string, cursor: string | null) => client.searchComments(cql, cursor);
    if (comments !== "none")
      for await (const found of pagesOf(threads, idGroups(commented).map(commentsOnCql), mayCall))
        arrived.comments.push(...found.comments);
    const files = (cql: string, cursor: string | null) => client.searchContent(cql, cursor, ["attachment"]);
    if (attachments)
      for await (const found of pagesOf(files, idGroups(arriving).map(filesOnCql), mayCall))
        arrived.files.push(...found.files);
  } catch (error) {
    if (!(error instanceof PermanentError) || OF_THE_TOKEN.has(error.code)) throw error;
    context.services.log.warn("confluence.call_refused", {
      source_id: source.sourceId,
      wanted: "comments and files of new pages",
      code: error.code,
      error,
    });
  }
  return arrived;
}

async function* pagesOf<T extends { next: string | null }>(
  search: (cql: string, cursor: string | null) => Promise<T>,
  queries: readonly string[],
  mayCall: () => boolean,
): AsyncGenerator<T> {
  for (const cql of queries) {
    if (!mayCall()) return;
    for await (const page of listToEnd((cursor) => search(cql, cursor))) {
      yield page;
      if (page.next !== null && !mayCall()) return;
    }
  }
}

/** Those of the pages that the index has not, or had not before they were announced: the search may not have shown then what is on them. */
async function newHere(
  { source, services }: StepContext,
  pages: readonly ArrivedPage[],
): Promise<ArrivedPage[]> {
  const readable = pages.filter(({ status }) => status !== UNREADABLE);
  const ids = readable.map(({ id }) => id);
  const states = await readPageStates(services.sql, source.sourceId, ids);
  const announced = await addedByAnnouncements(services.sql, source, ids);
  return readable.filter(({ id }) => {
    const state = states.get(id);
    return !state || state.isDeleted || state.missingSince !== null || announced.has(id);
  });
}

/** Those that operations for announced pages added, or brought back, since the last sync began. */
async function addedByAnnouncements(
  sql: Sql,
  { sourceId, metadata }: StepContext["source"],
  ids: readonly string[],
): Promise<Set<string>> {
  const since = metadata.last_sync_timestamp;
  if (ids.length === 0 || since === null) return new Set();
  const rows = await sql<{ page_id: string }[]>`
    select w.page_id from archon_progress p join sync_work w on w.operation_id = p.operation_id
    where p.source_id = ${sourceId} and p.operation_type = 'page_sync' and p.created_at >= ${since}::timestamptz
      and w.outcome in ('added', 'restored') and w.page_id = any(${ids as string[]}::text[])`;
  return new Set(rows.map((row) => row.page_id));
}

function idGroups(pages: readonly ArrivedPage[]): string[][] {
  const ids = pages.map(({ id }) => id);
  const count = Math.ceil(ids.length / IDS_OF_A_QUERY);
  return Array.from({ length: count }, (_, n) => ids.slice(n * IDS_OF_A_QUERY, (n + 1) * IDS_OF_A_QUERY));
}
