import type { Sql } from "#shared/db/connect.ts";

/** A listed file; what it is on is known. */
export type FileToRecord = {
  id: string;
  containerId: string;
  title: string;
  version: number;
  mediaType: string | null;
  bytes: number | null;
  fileId: string | null;
  url: string;
  modifiedAt: Date | null;
};

/**
 * Records what a listing found of files; a row that was listed in a newer version stays. One that is here again, that was renamed or
 * is on another page now is outdated from then on, at whatever version, and what failed before says nothing of it. Returns how many were not known.
 */
export async function recordFiles(
  tx: Sql,
  sourceId: string,
  files: readonly FileToRecord[],
): Promise<{ added: number }> {
  if (files.length === 0) return { added: 0 };
  const rows = files.map((file) => ({
    page_id: file.id,
    container_id: file.containerId,
    title: file.title,
    url: file.url,
    modified_at: file.modifiedAt?.toISOString() ?? null,
    file: {
      version: file.version,
      media_type: file.mediaType,
      bytes: file.bytes,
      file_id: file.fileId,
    },
  }));
  const written = await tx<{ is_new: boolean }[]>`
    insert into confluence_pages as p (source_id, page_id, kind, container_id, title, url, modified_at, file)
    select ${sourceId}, page_id, 'attachment', container_id, title, url, modified_at, file
    from jsonb_to_recordset(${tx.json(rows)})
      as f (page_id text, container_id text, title text, url text, modified_at timestamptz, file jsonb)
    order by page_id
    on conflict (source_id, page_id) do update set
      container_id = excluded.container_id, title = excluded.title, url = excluded.url, modified_at = excluded.modified_at,
      file = coalesce(p.file, '{}') - 'gone' || excluded.file, state_revision = p.state_revision + 1,
      representation_revision = case when (p.title, p.container_id) is distinct from (excluded.title, excluded.container_id)
        then 0 else p.representation_revision end,
      deleted_reason = case when p.deleted_reason like ${OF_CONTAINER} then p.deleted_reason
        when p.is_deleted then ${WAITS_FOR_CONTAINER} end,
      sync_error = case when ((p.file ->> 'version')::int, p.container_id, p.title)
        is not distinct from ((excluded.file ->> 'version')::int, excluded.container_id, excluded.title) then p.sync_error end
    where coalesce((p.file ->> 'version')::int, 0) <= (excluded.file ->> 'version')::int
      and ((p.title, p.container_id, p.url) is distinct from (excluded.title, excluded.container_id, excluded.url)
        or p.file is null or not p.file @> excluded.file or p.file ? 'gone'
        or p.is_deleted and p.deleted_reason not like ${OF_CONTAINER})
    returning p.version = 0 and p.state_revision = 0 as is_new`;
  return { added: written.filter((row) => row.is_new).length };
}

/** What stored files are on that are listed on something else by now. */
export async function leftContainers(
  tx: Sql,
  sourceId: string,
  files: readonly FileToRecord[],
): Promise<string[]> {
  if (files.length === 0) return [];
  const rows = await tx<{ container_id: string }[]>`
    select distinct p.container_id
    from unnest(${files.map((file) => file.id)}::text[], ${files.map((file) => file.containerId)}::text[]) f (page_id, container_id)
    join confluence_pages p on p.source_id = ${sourceId} and p.page_id = f.page_id
    where p.container_id <> f.container_id and is_findable(p)`;
  return rows.map((row) => row.container_id);
}

/** What these files are on, by their ids; of those that are stored. */
export async function containersOfFiles(
  sql: Sql,
  sourceId: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await sql<{ page_id: string; container_id: string }[]>`
    select page_id, container_id from confluence_pages
    where source_id = ${sourceId} and kind = 'attachment' and page_id = any(${[...ids]}::text[])`;
  return new Map(rows.map(({ page_id, container_id }) => [page_id, container_id]));
}

/** The stored files on these pages as they were listed last, those of one page after the other; `limit` of them at most. */
export async function filesOn(
  sql: Sql,
  sourceId: string,
  pageIds: readonly string[],
  limit: number,
): Promise<FileToRecord[]> {
  return sql<FileToRecord[]>`
    select page_id as id, container_id as "containerId", title, (file ->> 'version')::int as version, url, modified_at as "modifiedAt",
      file ->> 'media_type' as "mediaType", (file ->> 'bytes')::float8 as bytes, file ->> 'file_id' as "fileId"
    from confluence_pages
    where source_id = ${sourceId} and kind = 'attachment' and not is_deleted and file is not null
      and container_id = any(${[...pageIds]}::text[])
    order by container_id, page_id limit ${limit}`;
}

/** Reasons of files that were deleted with what they are on. */
const OF_CONTAINER = "container\\_%";
/** Of a deleted file that is listed again: it is back once what it is on is found. */
const WAITS_FOR_CONTAINER = "container_not_found";

/** A file that must be stored (again), in this version. */
export type OutdatedFile = { pageId: string; title: string; version: number; isStored: boolean };

/**
 * The files that are older than what was listed of them, or than `revision` of extraction and chunks, and whose container search finds;
 * without those that failed, which syncs try again in their time. Of these containers, these files, or all of the source.
 */
export async function outdatedFiles(
  sql: Sql,
  sourceId: string,
  {
    containerIds,
    ids,
    revision,
  }: { containerIds?: readonly string[]; ids?: readonly string[]; revision: number },
): Promise<OutdatedFile[]> {
  return sql<OutdatedFile[]>`
    select d.page_id as "pageId", d.title, (d.file ->> 'version')::int as version, d.version > 0 as "isStored"
    from confluence_pages d
    join confluence_pages c on c.source_id = d.source_id and c.page_id = d.container_id
    where d.source_id = ${sourceId} and d.kind = 'attachment' and is_findable(c) and d.sync_error is null
      ${containerIds === undefined ? sql`` : sql`and d.container_id = any(${[...containerIds]}::text[])`}
      ${ids === undefined ? sql`` : sql`and d.page_id = any(${[...ids]}::text[])`}
      and case when d.is_deleted then d.deleted_reason like ${OF_CONTAINER} and not d.file ? 'gone'
        else d.version < (d.file ->> 'version')::int or d.representation_revision < ${revision} end
    order by d.page_id`;
}

/**
 * Those of these listed files that would be outdated if they were recorded, for a dry run, which records none. Of files on pages that search
 * does not find only those count whose page the operation plans to store, and with `onUnknownPages` those whose page the index does not have.
 */
export async function filesToPlan(
  sql: Sql,
  { operationId, sourceId }: { operationId: string; sourceId: string },
  files: readonly FileToRecord[],
  { revision, onUnknownPages }: { revision: number; onUnknownPages: boolean },
): Promise<OutdatedFile[]> {
  if (files.length === 0) return [];
  const rows = files.map(({ id, containerId, title, version }) => ({ id, containerId, title, version }));
  return sql<OutdatedFile[]>`
    select f.id as "pageId", f.title, f.version, coalesce(d.version > 0, false) as "isStored"
    from jsonb_to_recordset(${sql.json(rows)}) as f (id text, "containerId" text, title text, version integer)
    left join confluence_pages d on d.source_id = ${sourceId} and d.page_id = f.id
    left join confluence_pages c on c.source_id = ${sourceId} and c.page_id = f."containerId"
    where (is_findable(c) or ${onUnknownPages} and c.page_id is null or exists (
        select from sync_work w where w.operation_id = ${operationId} and w.page_id = f."containerId" and w.state = 'planned'))
      and case when d.page_id is null or d.is_deleted then true
        when (d.file ->> 'version')::int > f.version then false
        when ((d.file ->> 'version')::int, d.container_id, d.title) is not distinct from (f.version, f."containerId", f.title)
          then d.sync_error is null and (d.version < f.version or d.representation_revision < ${revision})
        else true end
    order by f.id`;
}

/**
 * Of a file that went with what it was on, and was not in Confluence when that was back: no work any more until it is listed again. Unless
 * it was since `stateRevision`.
 */
export async function noteFileGone(
  tx: Sql,
  { sourceId, pageId }: { sourceId: string; pageId: string },
  stateRevision: number,
): Promise<void> {
  await tx`
    update confluence_pages set file = file || '{"gone": true}'
    where source_id = ${sourceId} and page_id = ${pageId} and is_deleted and state_revision = ${stateRevision}`;
}

/**
 * Makes the stored files outdated that were read while OCR was off and are of `types` (a regular expression) that it reads. Those that
 * could not be read for another reason stay.
 */
export async function outdateFilesWithoutOcr(tx: Sql, sourceId: string, types: string): Promise<void> {
  await tx`
    update confluence_pages set representation_revision = 0
    where source_id = ${sourceId} and kind = 'attachment' and not is_deleted and representation_revision > 0
      and file ->> 'ocr' is distinct from 'true' and file ->> 'result' in ('text', 'no_text', 'unsupported_type')
      and (title ~* ${types} or file ->> 'media_type' ~* ${types})`;
}

/** What a file is stored from. */
export type FileToStore = {
  containerId: string;
  title: string;
  url: string;
  /** Of the container: search filters by them. */
  labels: string[];
  version: number;
  mediaType: string | null;
  bytes: number | null;
  modifiedAt: Date | null;
};

/** A file as it was listed last; null while search does not find what it is on. */
export async function readFileToStore(sql: Sql, sourceId: string, id: string): Promise<FileToStore | null> {
  const [row] = await sql<FileToStore[]>`
    select d.container_id as "containerId", d.title, d.url, c.labels, (d.file ->> 'version')::int as version,
      d.file ->> 'media_type' as "mediaType", (d.file ->> 'bytes')::float8 as bytes, d.modified_at as "modifiedAt"
    from confluence_pages d join confluence_pages c on c.source_id = d.source_id and c.page_id = d.container_id
    where d.source_id = ${sourceId} and d.page_id = ${id} and d.kind = 'attachment' and is_findable(c)`;
  return row ?? null;
}

/** Why a stored file has the text that it has; `ocr`: whether OCR was on. */
export type FileOutcome = { result: string; message: string | null; extractor: string; ocr: boolean };

/** Records the outcome of a file in its swap. */
export async function recordOutcome(
  tx: Sql,
  { sourceId, pageId }: { sourceId: string; pageId: string },
  outcome: FileOutcome,
): Promise<void> {
  await tx`
    update confluence_pages set file = coalesce(file, '{}') || ${tx.json(outcome)}
    where source_id = ${sourceId} and page_id = ${pageId}`;
}

/**
 * Shows those of these listed files that were hidden, or hides them with the page that they are on now if search does not find that one.
 * Returns those that this call made visible.
 */
export async function followContainers(
  tx: Sql,
  sourceId: string,
  { ids, now }: { ids: readonly string[]; now: Date },
): Promise<string[]> {
  // The ids are named twice: a plan that a connection made while there were few pages would read all of the source.
  const changed = await tx<{ page_id: string; is_shown: boolean }[]>`
    update confluence_pages d set missing_since = case when f.is_findable then null else coalesce(d.missing_since, ${now}) end,
      hidden_with_container = case when not f.is_findable then true end, state_revision = d.state_revision + 1
    from (
      select l.page_id, c.page_id is not null as is_findable
      from confluence_pages l
      left join confluence_pages c on c.source_id = l.source_id and c.page_id = l.container_id and is_findable(c)
      where l.source_id = ${sourceId} and l.page_id = any(${[...ids]}::text[])) f
    where d.source_id = ${sourceId} and d.page_id = f.page_id and d.page_id = any(${[...ids]}::text[]) and not d.is_deleted and d.version > 0
      and (case when f.is_findable then d.missing_since is not null
        else d.missing_since is null or d.hidden_with_container is not true end)
    returning d.page_id, f.is_findable as is_shown`;
  return changed.filter((row) => row.is_shown).map((row) => row.page_id);
}
