import { FOLDER_KINDS, type FolderKind } from "#shared/confluence/client.ts";
import type { Sql } from "#shared/db/connect.ts";
import {
  foldersToAsk,
  removeUnusedFolders,
  upsertFolders,
  type FolderRow,
} from "#shared/documents/folders.ts";
import { PermanentError } from "#shared/errors.ts";
import { type OptionalCalls, optionalCalls } from "#shared/syncs/optional-calls.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Folders of one step: a step is saved before its worker's time runs out. */
const FOLDERS_OF_A_STEP = 20;
/** The account cannot see this folder (any more): its title is not kept. */
const NOT_SHOWN = new Set(["not_found", "forbidden"]);

type FolderStep = { write: (tx: Sql) => Promise<void>; done: boolean };

/**
 * Runs one step of fetching the folders (whiteboards, databases, embeds) above pages, which no full listing contains: it requests each
 * once and so follows renames and moves. A search for changes finds renamed folders itself, and requests those that are not known yet.
 */
export async function listFolders(context: StepContext, { again }: { again: boolean }): Promise<FolderStep> {
  const { source, operation, services } = context;
  const owner = { sourceId: source.sourceId, operationId: operation.operationId };
  if (operation.dryRun) return { write: async () => {}, done: true };
  const refused = new Set<string>();
  const folders: FolderRow[] = [];
  while (folders.length === 0) {
    const wanted = await foldersToAsk(services.sql, {
      ...owner,
      kinds: FOLDER_KINDS.filter((kind) => !refused.has(kind)),
      again,
      limit: FOLDERS_OF_A_STEP,
    });
    if (wanted.length === 0) {
      const isComplete = again && refused.size === 0;
      return { write: async (tx) => (isComplete ? removeUnusedFolders(tx, owner) : undefined), done: true };
    }
    for (const { id, kind } of wanted) {
      if (refused.has(kind)) continue;
      const attempt = await callsFor(kind, context).attempt("folders", () => askFor(context, id, kind));
      if (attempt.ok) folders.push(attempt.value);
      else if (attempt.error.code === "scope_missing") refused.add(kind);
      // Stored folders stay, and the next listing requests them again.
      else return { write: (tx) => upsertFolders(tx, owner, folders), done: true };
    }
  }
  return { write: (tx) => upsertFolders(tx, owner, folders), done: false };
}

/** Each kind has its own scope: a refusal of one kind says nothing about the others, and does not end when they succeed. */
function callsFor(kind: string, { source, services }: StepContext): OptionalCalls {
  const { folders: refusal, ...others } = source.refusedCalls;
  const isOwn = refusal?.call?.includes(`/${kind}s/`) ?? true;
  const refusedCalls = isOwn ? source.refusedCalls : others;
  return optionalCalls({ ...services, source: { ...source, refusedCalls }, skipped: new Map() });
}

async function askFor({ client }: StepContext, id: string, kind: string): Promise<FolderRow> {
  try {
    // The query selects only these kinds.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { title, parentId, parentType } = await client.folder(id, kind as FolderKind);
    return { id, kind, title, parentId, parentType };
  } catch (error) {
    if (!(error instanceof PermanentError && NOT_SHOWN.has(error.code))) throw error;
    // Breadcrumbs end here: what is above it is not known either.
    return { id, kind, title: null, parentId: null, parentType: null };
  }
}
