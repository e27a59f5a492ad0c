import type { Comment, ConfluenceClient, ListedComment, ListedFile } from "#shared/confluence/client.ts";
import { commentsByIdCql } from "#shared/confluence/cql.ts";
import { isFileId } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import {
  outdatedComments,
  readComments,
  touchComments,
  upsertComments,
  type CommentToStore,
  type OutdatedComments,
  type StoredComment,
} from "#shared/documents/comments.ts";
import { containersOfFiles } from "#shared/documents/files.ts";
import { PermanentError } from "#shared/errors.ts";
import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import { listToEnd } from "#shared/syncs/listing/follow-cursor.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { addWork } from "#shared/syncs/operations/work.ts";
import { pagesOfUnknownFiles } from "./pages-of-files.ts";

/** Ids in one query: as many as one response holds with bodies. */
const IDS_OF_A_QUERY = 50;
/** Comments that are requested one by one when no response with several of them can be read. */
const MAX_ALONE = 10;
/** Replies above each other whose parents are requested when a response names only the comment that is replied to. */
const MAX_DEPTH = 20;

export type CommentCounts = { comments_listed: number; comments_added: number; comments_updated: number };

/**
 * Requests the bodies of those listed comments that the index does not have in this version, state and place. Comments make no version
 * of their page, so their own versions decide, and their resolution, which makes none. `unreadable`: ids of those that came in a form
 * that cannot be read; what is stored of them stays, and the next complete listing requests them again. `missing`: how many were listed
 * and have not come with the bodies, or in an older version only; they are gone by now, or the response was cut short or outdated, so a
 * listing without them is not complete.
 */
export async function newComments(
  { client, source, services }: StepContext,
  listed: readonly ListedComment[],
): Promise<{ comments: Comment[]; unreadable: string[]; missing: number }> {
  const stored = await readComments(
    services.sql,
    source.sourceId,
    listed.map((comment) => comment.id),
  );
  const pages = await pagesOfFiles(services.sql, source.sourceId, listed);
  const wanted = listed.filter((comment) => isNew(onPage(comment, pages), stored.get(comment.id)));
  const found: Comment[] = [];
  const unreadable: string[] = [];
  for (let from = 0; from < wanted.length; from += IDS_OF_A_QUERY) {
    const ids = wanted.slice(from, from + IDS_OF_A_QUERY).map((comment) => comment.id);
    const { comments, odd } = await commentsById(client, ids);
    found.push(...comments.filter((comment) => ids.includes(comment.id)));
    unreadable.push(...odd.filter((id) => ids.includes(id)));
  }
  // A body may be older than the listing, of a replica that lags: what is stored then is not what was listed.
  const hasCome = ({ id, version }: ListedComment) =>
    found.some((one) => one.id === id && one.version >= version) || unreadable.includes(id);
  return { comments: found, unreadable, missing: wanted.filter((comment) => !hasCome(comment)).length };
}

/** Comments of one query. A response of which nothing can be read is an error; that each of a few has a fault of its own shows one by one. */
async function commentsById(
  client: ConfluenceClient,
  ids: readonly string[],
): Promise<{ comments: Comment[]; odd: string[] }> {
  const found: { comments: Comment[]; odd: string[] } = { comments: [], odd: [] };
  const read = async (of: readonly string[]) => {
    const cql = commentsByIdCql(of);
    for await (const { comments, odd } of listToEnd((cursor) => client.searchComments(cql, cursor))) {
      found.comments.push(...comments);
      found.odd.push(...odd);
    }
  };
  try {
    await read(ids);
  } catch (error) {
    const isUnreadable = error instanceof PermanentError && error.code === "invalid_answer";
    if (!isUnreadable || ids.length === 1 || ids.length > MAX_ALONE) throw error;
    for (const id of ids) await read([id]);
  }
  return found;
}

function isNew(listed: ListedComment, stored: StoredComment | undefined): boolean {
  if (!stored || stored.missingSince !== null || listed.version > stored.version) return true;
  if (listed.version < stored.version) return false;
  const moved = listed.containerId !== null && listed.containerId !== stored.containerId;
  return moved || listed.resolution !== stored.resolution;
}

/** The pages of those files that these comments are on. */
async function pagesOfFiles(
  sql: Sql,
  sourceId: string,
  comments: readonly { containerId: string | null }[],
): Promise<Map<string, string>> {
  const containers = comments.flatMap(({ containerId }) => containerId ?? []);
  return containersOfFiles(sql, sourceId, containers.filter(isFileId));
}

/** A comment on a file belongs to the file's page, null if that is unknown. */
function onPage<T extends ListedComment>(comment: T, pages: ReadonlyMap<string, string>): T {
  const { containerId } = comment;
  if (containerId === null || !isFileId(containerId)) return comment;
  return { ...comment, containerId: pages.get(containerId) ?? null };
}

/**
 * Finds the page of each comment: a reply may name only the comment that it replies to, which is in the same list, stored, or
 * requested; a comment on a file is on the file's page, which is stored, among `files`, or requested. A comment whose page remains unknown
 * is left out. `unplaced`: how many of them may have a page, so that a listing of changes without them is not complete.
 */
export async function withContainers(
  context: StepContext,
  comments: readonly Comment[],
  files: readonly ListedFile[] = [],
): Promise<{ comments: CommentToStore[]; unplaced: number }> {
  const { client, source, services } = context;
  const known = new Map(
    comments.flatMap(({ id, containerId }) => (containerId ? [[id, containerId] as const] : [])),
  );
  const parents = new Map(comments.map(({ id, parentId }) => [id, parentId]));
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    for (const { id } of comments) inherit(id, known, parents);
    const roots = [...parents].filter(([id, parentId]) => !known.has(id) && parentId !== null);
    const unknown = [...new Set(roots.flatMap(([, parentId]) => parentId ?? []))].filter(
      (id) => !known.has(id) && !parents.has(id),
    );
    if (unknown.length === 0) break;
    const stored = await readComments(services.sql, source.sourceId, unknown);
    for (const [id, { containerId }] of stored) known.set(id, containerId);
    const missing = unknown.filter((id) => !stored.has(id)).slice(0, IDS_OF_A_QUERY);
    if (missing.length === 0) continue;
    const above = await commentsById(client, missing);
    for (const id of missing) parents.set(id, null);
    for (const { id, containerId, parentId } of above.comments) {
      parents.set(id, parentId);
      if (containerId) known.set(id, containerId);
    }
  }
  const placed = comments.map((comment) => ({ ...comment, containerId: known.get(comment.id) ?? null }));
  const pages = await pagesOfFiles(services.sql, source.sourceId, placed);
  for (const { id, containerId } of files) if (containerId !== null) pages.set(id, containerId);
  const onFiles = placed.flatMap(({ containerId }) => containerId ?? []).filter(isFileId);
  const unknown = [...new Set(onFiles)].filter((id) => !pages.has(id));
  const asked = await pagesOfUnknownFiles(context, unknown);
  for (const [id, page] of asked.pages) pages.set(id, page);
  return {
    comments: placed
      .map((comment) => onPage(comment, pages))
      .flatMap(({ containerId, ...comment }) => (containerId === null ? [] : [{ ...comment, containerId }])),
    unplaced: onFiles.filter((id) => asked.unanswered.has(id)).length,
  };
}

function inherit(id: string, known: Map<string, string>, parents: ReadonlyMap<string, string | null>): void {
  const above: string[] = [];
  for (let at: string | null | undefined = id; at && !above.includes(at); at = parents.get(at)) {
    const containerId = known.get(at);
    if (containerId !== undefined) {
      for (const below of above) known.set(below, containerId);
      return;
    }
    above.push(at);
  }
}

/** Stores comments, and makes the documents of their containers work of the operation. A dry run counts what it would store. */
export async function recordComments(
  tx: Sql,
  { operation, services }: StepContext,
  listed: number,
  comments: readonly CommentToStore[],
): Promise<CommentCounts> {
  const { sourceId } = operation;
  if (operation.dryRun) {
    const stored = await readComments(
      tx,
      sourceId,
      comments.map((comment) => comment.id),
    );
    const updated = comments.filter((comment) => stored.has(comment.id)).length;
    return { comments_listed: listed, comments_added: comments.length - updated, comments_updated: updated };
  }
  const { containerIds, added, updated } = await upsertComments(tx, sourceId, comments);
  await queueDocuments(tx, operation, await touchComments(tx, sourceId, containerIds), services.now());
  return { comments_listed: listed, comments_added: added, comments_updated: updated };
}

/** Makes outdated documents of comments work of the operation. */
export async function queueDocuments(
  tx: Sql,
  operation: { operationId: string; sourceId: string },
  documents: readonly OutdatedComments[],
  now: Date,
): Promise<void> {
  const work = documents.map(({ pageId, title, revision }) => ({
    pageId,
    title,
    kind: "comments" as const,
    state: "pending" as const,
    outcome: "updated" as const,
    reason: "comments changed",
    listedVersion: revision,
  }));
  await addWork(tx, operation, work, now);
}

/** Makes the document of a container's comments work of the operation, if it is outdated. */
export async function queueOutdatedDocument(
  tx: Sql,
  operation: { operationId: string; sourceId: string },
  containerId: string,
  now: Date,
): Promise<void> {
  const outdated = await outdatedComments(tx, operation.sourceId, { containerIds: [containerId] });
  await queueDocuments(tx, operation, outdated, now);
}

/**
 * Documents of comments whose work was lost with an operation that failed or was cancelled, or that waited for what they are on;
 * `everything`: also those that an older converter or chunker made. Their comments are stored, so no listing calls them new.
 */
export async function queueOutdatedComments(
  tx: Sql,
  { operation, source, services }: StepContext,
  { everything }: { everything: boolean },
): Promise<void> {
  if (source.content.comments === "none" || operation.dryRun) return;
  const representationRevision = everything ? REPRESENTATION_REVISION : 0;
  const outdated = await outdatedComments(tx, source.sourceId, { representationRevision });
  await queueDocuments(tx, operation, outdated, services.now());
}
