import { PAGE_KINDS } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { filesOn, type FileToRecord } from "#shared/documents/files.ts";
import { LISTED_BY_TIME, recordListedFiles } from "#shared/syncs/files/list-files.ts";
import { verifyAccount } from "#shared/syncs/listing/verify-site.ts";
import { OPERATIONS } from "#shared/syncs/operations/operation-types.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { optionalCalls } from "#shared/syncs/optional-calls.ts";
import { fetchVisible } from "./fetch-visible.ts";

/** Files whose types are asked for in one step, and ids of one such call. */
const MAX_FILES = 1000;
const IDS_OF_A_CALL = 100;
/** Files of one step that still exist: each takes one call more. */
const MAX_EXISTING = 50;

/**
 * Files that are stored on pages which are about to go: those that are gone too, ids, and those that are on another page of the space by
 * now, as they are to be recorded. What is said of no file is not decided.
 */
export type FilesOfGone = { gone: string[]; moved: FileToRecord[] };

/**
 * Asks Confluence where the stored files of these pages are, for an operation that lists no files: a move makes no version, so no sync
 * has noticed one, and the file must not go with the page that it left. Null for operations that have listed the files.
 */
export async function filesOfGone(
  context: StepContext,
  pageIds: readonly string[],
): Promise<FilesOfGone | null> {
  const { operation, source, client, services } = context;
  if (OPERATIONS[operation.type].listsSpace) return null;
  if (pageIds.length === 0) return { gone: [], moved: [] };
  const stored = await filesOn(services.sql, source.sourceId, pageIds, MAX_FILES);
  if (stored.length === 0) return { gone: [], moved: [] };
  const found = await whereTheyAre(context, stored);
  // To an anonymous caller every file looks gone.
  await verifyAccount(client, source);
  return found;
}

async function whereTheyAre(context: StepContext, stored: readonly FileToRecord[]): Promise<FilesOfGone> {
  const { operation, source, client, services } = context;
  const calls = optionalCalls({ ...services, source, skipped: new Map() });
  // Retried once, as in a check of comments; then what was not answered is not decided.
  const options = { retryTransient: operation.failures === 0 };
  const gone: string[] = [];
  const existing: FileToRecord[] = [];
  for (let from = 0; from < stored.length; from += IDS_OF_A_CALL) {
    const files = stored.slice(from, from + IDS_OF_A_CALL);
    const ids = files.map((file) => file.id);
    const types = await calls.attempt("comments", () => client.typesOfIds(ids), options);
    if (!types.ok) continue;
    gone.push(...ids.filter((id) => types.value.get(id) === null));
    existing.push(...files.filter(({ id }) => types.value.get(id)));
  }
  const elsewhere: FileToRecord[] = [];
  for (const file of existing.slice(0, MAX_EXISTING)) {
    const found = await calls.attempt("files", () => client.attachment(file.id), options);
    if (!found.ok) continue;
    const { status, containerId } = found.value ?? { status: "gone", containerId: null };
    if (status !== "current" || containerId === file.containerId) gone.push(file.id);
    else if (containerId !== null) elsewhere.push({ ...file, containerId });
  }
  const spaces = await spacesOf(context, elsewhere);
  const moved = elsewhere.filter((file) => spaces.get(file.containerId) === source.spaceId);
  const left = elsewhere.filter((file) => spaces.has(file.containerId) && !moved.includes(file));
  return { gone: [...gone, ...left.map((file) => file.id)], moved };
}

/** The space of each page that these files are on, as far as it is current and its space is known. */
async function spacesOf(
  { client }: StepContext,
  files: readonly FileToRecord[],
): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(files.map((file) => file.containerId))];
  if (ids.length === 0) return new Map();
  const { pages } = await fetchVisible(ids, client, PAGE_KINDS);
  return new Map(
    [...pages.values()].flatMap(({ id, status, spaceId }) =>
      status === "current" && spaceId !== null ? [[id, spaceId] as const] : [],
    ),
  );
}

/** Records the moved files on the pages that they are on now. Before the pages go that they were on. */
export async function recordMoved(tx: Sql, context: StepContext, files: FilesOfGone | null): Promise<void> {
  if (!files || files.moved.length === 0) return;
  const { spaceKey } = context.source;
  const listed = files.moved.map((file) => ({ ...file, spaceKey }));
  await recordListedFiles(tx, context, listed, LISTED_BY_TIME);
}
