import { pageOf } from "#infra/local/confluence-site/content.ts";
import { presentFile } from "#infra/local/confluence-site/file-edits.ts";
import type { SiteAttachment } from "#infra/local/confluence-site/site.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import type { Run } from "./run-state.ts";
import { SOURCE_ID, Violation } from "./violation.ts";

type FileRow = {
  page_id: string;
  container_id: string;
  title: string;
  version: number;
  is_deleted: boolean;
  deleted_at: Date | null;
  deleted_reason: string | null;
  missing_since: Date | null;
  hidden_with_container: boolean | null;
  sync_error: { code: string } | null;
  result: string | null;
  chunk_count: number;
  chunks: string[];
  marked: number;
  /** Of the page that the file is on. */
  container: "none" | "deleted" | "hidden" | "waiting" | "findable";
};

/** Share of the checks that also search. */
const SEARCH_SHARE = 0.3;
const WORD = /word\d+x\d+/g;
const HOURS_OF_A_CHECK = 6;

async function readFiles({ world }: Run): Promise<Map<string, FileRow>> {
  const rows = await world.sql<FileRow[]>`
    select d.page_id, d.container_id, d.title, d.version, d.is_deleted, d.deleted_at, d.deleted_reason, d.missing_since, d.hidden_with_container,
      d.sync_error, d.file ->> 'result' as result, d.chunk_count, k.chunks, k.marked,
      case when c.page_id is null then 'none' when c.is_deleted then 'deleted' when c.missing_since is not null then 'hidden'
        when c.version = 0 then 'waiting' else 'findable' end as container
    from confluence_pages d
    left join confluence_pages c on c.source_id = d.source_id and c.page_id = d.container_id
    cross join lateral (
      select coalesce(array_agg(content order by chunk_number), '{}') as chunks,
        (count(*) filter (where metadata ->> '_pending_deletion' = 'true'))::int as marked
      from archon_crawled_pages where source_id = d.source_id and page_id = d.page_id) k
    where d.source_id = ${SOURCE_ID} and d.kind = 'attachment' order by d.page_id`;
  return new Map(rows.map((row) => [row.page_id, row]));
}

/** Must hold of files at any time, whatever is running. */
export async function checkFiles(run: Run): Promise<void> {
  const { world, uploads } = run;
  if (!uploads.uploaders) return;
  const rows = await readFiles(run);
  for (const row of rows.values()) {
    checkRow(run, row);
    checkDeletion(run, row);
    checkReturn(run, row);
  }
  await checkTexts(run);
  await checkOnlyListedKinds(run);
  await checkPagesUnharmed(run);
  const leaked = world.site.mediaRequests.find(({ credentials }) => credentials.length > 0);
  if (leaked) throw new Violation(`The media host was sent ${leaked.credentials.join()} for ${leaked.path}`);
  if (uploads.random.chance(SEARCH_SHARE)) await checkNotFound(run, rows);
}

function checkRow({ world, uploads: { uploaders } }: Run, row: FileRow): void {
  const { page_id: id, chunks, container } = row;
  if (row.marked > 0) throw new Violation(`File ${id} has committed chunks marked as going`);
  if (row.chunk_count !== chunks.length)
    throw new Violation(`File ${id} has ${chunks.length} chunks and says ${row.chunk_count}`);
  if (chunks.length > 0 && row.is_deleted)
    throw new Violation(`File ${id} is deleted and has chunks: ${stateOf(row)}`);
  // One that was moved to a page that is not stored (yet) waits for it unseen.
  if (chunks.length > 0 && container !== "findable" && !row.missing_since)
    throw new Violation(`File ${id} is visible although its page is not: ${stateOf(row)}`);
  if (row.hidden_with_container && row.missing_since && container === "findable")
    throw new Violation(`File ${id} is hidden although its page is shown again: ${stateOf(row)}`);
  const siteVersion = world.site.attachments.get(id)?.version.number;
  if (siteVersion !== undefined && row.version > siteVersion)
    throw new Violation(`File ${id} is stored as version ${row.version}, Confluence has ${siteVersion}`);
  for (const word of chunks.join(" ").match(WORD) ?? []) {
    const owner = uploaders?.ownerOfWord(word);
    if (owner?.id !== id || owner.version !== row.version)
      throw new Violation(
        `File ${id} is stored as version ${row.version} with ${word} of ${JSON.stringify(owner ?? "nothing")}`,
      );
  }
}

/** What went was away, or a page that it was on, in the hours before: a check takes no longer. */
function checkDeletion({ uploads, people, seen }: Run, row: FileRow): void {
  const at = row.is_deleted ? row.deleted_at : row.missing_since;
  if (!at) return;
  const key = `${row.page_id} ${at.toISOString()} ${row.is_deleted}`;
  if (seen.deletions.has(key)) return;
  seen.deletions.add(key);
  // A post that is not synced any more takes its files with it.
  if (row.deleted_reason === "container_unsynced" && people.switches > 0) return;
  // Or it waits for the page that it is on.
  if (!row.is_deleted && row.container !== "findable") return;
  const from = at.getTime() - HOURS_OF_A_CHECK * 3_600_000;
  const homes = [...(uploads.uploaders?.homes(row.page_id) ?? [])].map(people.absences);
  const away = [uploads.uploaders?.absences(row.page_id) ?? [], ...homes].flat();
  if (!away.some(([left, back]) => left <= at.getTime() && back >= from))
    throw new Violation(
      `File ${row.page_id} was ${row.is_deleted ? "deleted" : "hidden"} though Confluence showed it all the time: ${stateOf(row)}`,
    );
}

/** Longer than a worker takes between its last look at Confluence and its transaction. */
const LATE_MS = 3_600_000;

/** What was gone comes back only if it is back in Confluence. */
function checkReturn({ world, uploads: { uploaders, goneAt } }: Run, row: FileRow): void {
  const { page_id: id } = row;
  if (row.is_deleted || (row.missing_since && !row.hidden_with_container)) {
    goneAt.set(id, world.now().getTime());
    return;
  }
  const seenAt = goneAt.get(id);
  if (seenAt === undefined) return;
  const [left, back] = uploaders?.absences(id)?.at(-1) ?? [Infinity, Infinity];
  if (back === Infinity && left < seenAt - LATE_MS)
    throw new Violation(`File ${id} is back in the index, and not in Confluence: ${stateOf(row)}`);
  goneAt.delete(id);
}

/** Kept texts are of the version that they say. */
async function checkTexts({ world, uploads }: Run): Promise<void> {
  const texts = await world.sql<{ id: string; version: number; text: string }[]>`
    select attachment_id as id, version, extracted::text as text from attachment_texts
    where source_id = ${SOURCE_ID} order by attachment_id`;
  for (const { id, version, text } of texts) {
    for (const word of text.match(WORD) ?? []) {
      const owner = uploads.uploaders?.ownerOfWord(word);
      if (owner?.id !== id || owner.version !== version)
        throw new Violation(`The kept text of ${id}, version ${version}, has ${word} of another`);
    }
  }
}

/** A check takes for gone only what is of a kind that it listed. */
async function checkOnlyListedKinds({ world }: Run): Promise<void> {
  const [wrong] = await world.sql<{ page_id: string; kind: string }[]>`
    select w.page_id, d.kind from sync_work w
    join archon_progress p using (operation_id)
    join confluence_pages d on d.source_id = w.source_id and d.page_id = w.page_id
    where p.operation_type = 'deletion_check' and not d.kind = any(p.listed_kinds)
      and (w.state = 'candidate' or w.outcome in ('deleted', 'hidden')) limit 1`;
  if (wrong)
    throw new Violation(`${wrong.kind} ${wrong.page_id} is a candidate of a check that lists other kinds`);
}

/** Errors that only files have. */
const OF_FILES = [
  "file_not_found",
  "file_refused",
  "download_failed",
  "signed_url_expired",
  "extraction_failed",
  "extractor_failed",
];

async function checkPagesUnharmed({ world }: Run): Promise<void> {
  const [page] = await world.sql<{ page_id: string; code: string }[]>`
    select page_id, sync_error ->> 'code' as code from confluence_pages
    where source_id = ${SOURCE_ID} and kind <> 'attachment' and sync_error ->> 'code' = any(${OF_FILES}) limit 1`;
  if (page) throw new Violation(`Page ${page.page_id} failed with ${page.code}, which is a file's`);
  const [operation] = await world.sql<{ operation_id: string; code: string }[]>`
    select operation_id, error ->> 'code' as code from archon_progress
    where status = 'failed' and error ->> 'code' = any(${OF_FILES}) limit 1`;
  if (operation) throw new Violation(`Operation ${operation.operation_id} failed with ${operation.code}`);
}

/** A late or repeated worker never takes a file's name back. Versions are looked at with those of pages. */
export async function checkNoNameWentBack({ world, uploads }: Run): Promise<void> {
  const { uploaders, names } = uploads;
  if (!uploaders) return;
  const rows = await world.sql<{ page_id: string; title: string }[]>`
    select page_id, title from confluence_pages where source_id = ${SOURCE_ID} and kind = 'attachment' order by page_id`;
  for (const { page_id: id, title } of rows) {
    const place = uploaders.names(id).indexOf(title);
    if (place < (names.get(id) ?? 0)) throw new Violation(`File ${id} has its former name ${title} again`);
    names.set(id, place);
  }
}

/** No search finds a file whose page it does not find, or that is hidden itself. */
async function checkNotFound(run: Run, rows: ReadonlyMap<string, FileRow>): Promise<void> {
  const hidden = run.uploads.random.pick(
    [...rows.values()].filter(
      (row) => row.chunks.length > 0 && (row.missing_since || row.container !== "findable"),
    ),
  );
  const word = hidden?.chunks.join(" ").match(WORD)?.[0];
  if (hidden && word && (await find(run, word)))
    throw new Violation(`A search finds file ${hidden.page_id}: ${stateOf(hidden)}`);
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
  return hits.find((hit) => hit.kind === "attachment" && hit.content.includes(word));
}

/** Whether what is stored of the present version is what it must be; `null`: it is, else what is wrong. */
function wrongWith({ world, uploads }: Run, file: SiteAttachment, row: FileRow): string | null {
  const { lost, fileId } = presentFile(file);
  if (lost) return null;
  if (row.version !== file.version.number) return `Confluence has version ${file.version.number}`;
  const { result, words } = uploads.uploaders?.expected(file) ?? { result: "text", words: [] };
  // The extractor did not survive this version, which is not tried again.
  const crashed = world.extraction.crashed.has(fileId) && row.result === "extraction_failed";
  if (!crashed && row.result !== result) return `its result should be ${result}`;
  const text = row.chunks.join("\n");
  if (row.result !== "text") return text.includes(row.title) ? null : "it is not found by its name";
  const lacking = words.find((word) => !text.includes(word));
  return lacking === undefined ? null : `it lacks ${lacking}`;
}

/** After a sync with nothing going on: what was uploaded and replaced, and what a query by time shows, is found. */
export async function checkFilesArrived(run: Run): Promise<void> {
  const { world, people, uploads } = run;
  if (!uploads.uploaders || !uploads.isSynced) return;
  const rows = await readFiles(run);
  for (const file of world.site.attachments.values()) {
    const page = pageOf(world.site, file);
    if (!page || !people.belongs(page.id) || !uploads.uploaders.findableByTime(file.id)) continue;
    const row = rows.get(file.id);
    // A page that is not found yet comes by a check, and its files with it.
    if (row && row.container !== "findable") continue;
    if (row?.is_deleted && row.sync_error && presentFile(file).lost) continue;
    const wrong = !row || row.is_deleted || row.missing_since ? "it is not found" : wrongWith(run, file, row);
    if (wrong) throw new Violation(`After a sync, file ${file.id} on ${page.id}: ${wrong}; ${stateOf(row)}`);
  }
}

/** After two checks with nothing going on: the files are what Confluence shows. */
export async function checkFilesEqual(run: Run): Promise<void> {
  const { world, people, uploads } = run;
  if (!uploads.uploaders) return;
  if (!uploads.isSynced) return checkNoFiles(run);
  const rows = await readFiles(run);
  const shown = [...world.site.attachments.values()].filter(
    (file) => file.status === "current" && people.belongs(file.containerId),
  );
  for (const file of shown) {
    const row = rows.get(file.id);
    // What is back and cannot be downloaded stays out of the index, with its error.
    if (row?.is_deleted && row.sync_error && presentFile(file).lost) continue;
    if (!row || row.is_deleted || row.missing_since)
      throw new Violation(`File ${file.id} is shown and not in the index: ${stateOf(row)}`);
    if (row.title !== file.title || row.container_id !== file.containerId)
      throw new Violation(`File ${file.id} is ${file.title} on ${file.containerId}: ${stateOf(row)}`);
    const wrong = wrongWith(run, file, row);
    if (wrong) throw new Violation(`File ${file.id}: ${wrong}; ${stateOf(row)}`);
    if (row.sync_error && !presentFile(file).lost)
      throw new Violation(`File ${file.id} is stored and has an error: ${stateOf(row)}`);
  }
  const here = new Set(shown.map((file) => file.id));
  // On a post that is not synced: it is kept, and not found.
  const isKept = (row: FileRow) =>
    row.missing_since !== null && world.site.attachments.get(row.page_id)?.status === "current";
  for (const row of rows.values())
    if (!here.has(row.page_id) && row.chunks.length > 0 && !isKept(row))
      throw new Violation(
        `File ${row.page_id} is gone from Confluence and still in the index: ${stateOf(row)}`,
      );
  await checkFound(run, shown);
}

/** A word that only this file has finds it, on its page. */
async function checkFound(run: Run, shown: readonly SiteAttachment[]): Promise<void> {
  const { uploads, world } = run;
  const file = uploads.random.pick(
    shown.filter((one) => {
      const { lost, fileId } = presentFile(one);
      return !lost && !world.extraction.crashed.has(fileId) && uploads.uploaders?.expected(one).words.length;
    }),
  );
  const word = file && uploads.uploaders?.expected(file).words[0];
  if (!file || !word) return;
  const hit = await find(run, word);
  if (hit?.pageId !== file.id || hit.title !== file.title || hit.parent?.page_id !== file.containerId)
    throw new Violation(`A search for ${word} does not find file ${file.id} on ${file.containerId}`);
}

/** Files that are not synced have left no row and no text. */
async function checkNoFiles({ world }: Run): Promise<void> {
  const [row] = await world.sql`
    select page_id from confluence_pages where source_id = ${SOURCE_ID} and kind = 'attachment'
    union all select attachment_id from attachment_texts where source_id = ${SOURCE_ID} limit 1`;
  if (row) throw new Violation(`File ${row.page_id} is stored although files are not synced`);
}

function stateOf(row: FileRow | undefined): string {
  if (!row) return "no row";
  return JSON.stringify(row);
}
