import { commentsId } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";

/** A row of `confluence_comments` as it is compared with a listing. */
export type StoredComment = {
  version: number;
  containerId: string;
  resolution: string | null;
  missingSince: Date | null;
};

/** A comment to be stored; `containerId` is known by now. */
export type CommentToStore = {
  id: string;
  containerId: string;
  parentId: string | null;
  location: "footer" | "inline";
  resolution: string | null;
  selection: string | null;
  authorId: string | null;
  authorName: string | null;
  createdAt: Date | null;
  modifiedAt: Date | null;
  version: number;
  url: string;
  body: string;
};

/** The stored comments among these ids, by id. */
export async function readComments(
  sql: Sql,
  sourceId: string,
  ids: readonly string[],
): Promise<Map<string, StoredComment>> {
  if (ids.length === 0) return new Map();
  const rows = await sql<(StoredComment & { id: string })[]>`
    select comment_id as id, version, container_id as "containerId", resolution, missing_since as "missingSince"
    from confluence_comments where source_id = ${sourceId} and comment_id = any(${[...ids]}::text[])`;
  return new Map(rows.map(({ id, ...comment }) => [id, comment]));
}

/** What a write did: the containers whose document must be made again, and the comments that were stored for the first time or again. */
export type StoredComments = { containerIds: string[]; added: number; updated: number };

/**
 * Stores comments; one that is stored in a newer version stays as it is, because deliveries and responses may be late. A comment that
 * a check missed is there again.
 */
export async function upsertComments(
  tx: Sql,
  sourceId: string,
  comments: readonly CommentToStore[],
): Promise<StoredComments> {
  if (comments.length === 0) return { containerIds: [], added: 0, updated: 0 };
  // Listed twice in one response: the newer one.
  const byId = new Map(
    comments.toSorted((a, b) => a.version - b.version).map((comment) => [comment.id, comment]),
  );
  const rows = [...byId.values()].map((comment) => ({
    comment_id: comment.id,
    container_id: comment.containerId,
    parent_id: comment.parentId,
    location: comment.location,
    resolution: comment.resolution,
    selection: comment.selection,
    author_id: comment.authorId,
    author_name: comment.authorName,
    created_at: comment.createdAt?.toISOString() ?? null,
    modified_at: comment.modifiedAt?.toISOString() ?? null,
    version: comment.version,
    url: comment.url,
    body: comment.body.replaceAll("\u0000", "").toWellFormed(),
  }));
  const written = await tx<{ container_id: string; previous: string | null; added: boolean }[]>`
    with given as (
      select * from jsonb_to_recordset(${tx.json(rows)}) as g (comment_id text, container_id text, parent_id text, location text,
        resolution text, selection text, author_id text, author_name text, created_at timestamptz, modified_at timestamptz,
        version integer, url text, body text)),
    before as (
      select c.comment_id, c.container_id from confluence_comments c join given using (comment_id) where c.source_id = ${sourceId}),
    stored as (
      insert into confluence_comments as c (source_id, comment_id, container_id, parent_id, location, resolution, selection, author_id,
        author_name, created_at, modified_at, version, url, body)
      select ${sourceId}, comment_id, container_id, parent_id, location, resolution, selection, author_id,
        author_name, created_at, modified_at, version, url, body
      from given order by comment_id
      on conflict (source_id, comment_id) do update set
        container_id = excluded.container_id, parent_id = excluded.parent_id, location = excluded.location,
        resolution = excluded.resolution, selection = coalesce(excluded.selection, c.selection), author_id = excluded.author_id,
        author_name = excluded.author_name, created_at = excluded.created_at, modified_at = excluded.modified_at,
        version = excluded.version, url = excluded.url, body = excluded.body, missing_since = null
      where excluded.version >= c.version and (excluded.version > c.version or c.missing_since is not null
        or (c.container_id, c.resolution) is distinct from (excluded.container_id, excluded.resolution))
      returning comment_id, container_id)
    select s.container_id, b.container_id as previous, b.comment_id is null as added
    from stored s left join before b using (comment_id)`;
  return {
    containerIds: [
      ...new Set(written.flatMap((row) => [row.container_id, row.previous ?? row.container_id])),
    ],
    added: written.filter((row) => row.added).length,
    updated: written.filter((row) => !row.added).length,
  };
}

/** A document of comments that must be made (again). */
export type OutdatedComments = { pageId: string; title: string; revision: number };

/**
 * Records that the comments of these containers changed. Returns the documents that can be made now: the others wait until their
 * container is stored and visible (`outdatedComments`).
 */
export async function touchComments(
  tx: Sql,
  sourceId: string,
  containerIds: readonly string[],
): Promise<OutdatedComments[]> {
  if (containerIds.length === 0) return [];
  const containers = [...containerIds].toSorted();
  await tx`
    insert into confluence_pages as d (source_id, page_id, kind, container_id, title, comments_revision)
    select ${sourceId}, page_id, 'comments', id, '', 1
    from unnest(${containers}::text[], ${containers.map(commentsId)}::text[]) as t (id, page_id)
    on conflict (source_id, page_id) do update set comments_revision = coalesce(d.comments_revision, 0) + 1`;
  return outdatedComments(tx, sourceId, { containerIds });
}

/** Makes the document of a container's comments outdated if the container has another title by now. */
export async function noteTitle(
  tx: Sql,
  sourceId: string,
  containerId: string,
  title: string,
): Promise<void> {
  await tx`
    update confluence_pages set comments_revision = comments_revision + 1
    where source_id = ${sourceId} and page_id = ${commentsId(containerId)} and version > 0 and title <> ${title}`;
}

/** Makes all documents of comments outdated: the source shows other threads from now on. */
export async function touchAllComments(sql: Sql, sourceId: string): Promise<void> {
  await sql`
    update confluence_pages set comments_revision = comments_revision + 1
    where source_id = ${sourceId} and kind = 'comments'`;
}

/**
 * The documents of comments that are older than the comments or this representation, and whose
 * container search finds. `containerIds` absent: of all containers, without those that failed, which syncs try again in their time.
 */
export async function outdatedComments(
  sql: Sql,
  sourceId: string,
  options: { containerIds?: readonly string[]; representationRevision?: number },
): Promise<OutdatedComments[]> {
  const { containerIds = null, representationRevision = 0 } = options;
  return sql<OutdatedComments[]>`
    select d.page_id as "pageId", c.title, d.comments_revision as revision
    from confluence_pages d
    join confluence_pages c on c.source_id = d.source_id and c.page_id = d.container_id
    where d.source_id = ${sourceId} and d.kind = 'comments' and is_findable(c)
      and (${containerIds === null} and d.sync_error is null or d.container_id = any(${[...(containerIds ?? [])]}::text[]))
      and (d.is_deleted or d.version < d.comments_revision
        or d.representation_revision < ${representationRevision})
    order by d.page_id`;
}

/** A comment as the document of its container shows it. */
export type CommentOfDocument = Omit<CommentToStore, "containerId" | "selection"> & {
  selection: string | null;
};

/** A container with its comments, oldest first; null while search does not find the container. */
export type CommentsOfContainer = {
  containerId: string;
  revision: number;
  title: string;
  url: string;
  labels: string[];
  comments: CommentOfDocument[];
};

/** What the document of comments `pageId` is made from, in one snapshot. */
export async function readCommentsOf(
  sql: Sql,
  sourceId: string,
  pageId: string,
): Promise<CommentsOfContainer | null> {
  const [row] = await sql<(Omit<CommentsOfContainer, "comments"> & { comments: CommentRow[] })[]>`
    select d.container_id as "containerId", d.comments_revision as revision, c.title, c.url, c.labels, coalesce((
      select jsonb_agg(jsonb_build_object('id', m.comment_id, 'parentId', m.parent_id, 'location', m.location,
        'resolution', m.resolution, 'selection', m.selection, 'authorId', m.author_id, 'authorName', m.author_name,
        'createdAt', m.created_at, 'modifiedAt', m.modified_at, 'version', m.version, 'url', m.url, 'body', m.body)
        order by m.created_at, m.comment_id)
      from confluence_comments m
      where m.source_id = d.source_id and m.container_id = d.container_id and m.missing_since is null), '[]') as comments
    from confluence_pages d join confluence_pages c on c.source_id = d.source_id and c.page_id = d.container_id
    where d.source_id = ${sourceId} and d.page_id = ${pageId} and is_findable(c)`;
  if (!row) return null;
  const date = (text: string | null) => (text === null ? null : new Date(text));
  const comments = row.comments.map((comment) => ({
    ...comment,
    createdAt: date(comment.createdAt),
    modifiedAt: date(comment.modifiedAt),
  }));
  return { ...row, comments };
}

type CommentRow = Omit<CommentOfDocument, "createdAt" | "modifiedAt"> & {
  createdAt: string | null;
  modifiedAt: string | null;
};
