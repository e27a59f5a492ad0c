import type { ContainerKind } from "#shared/confluence/client.ts";
import type { Sql } from "#shared/db/connect.ts";
import {
  foldersToAsk,
  removeUnusedFolders,
  upsertFolders,
  type FolderRow,
} from "#shared/documents/folders.ts";
import { PermanentError } from "#shared/errors.ts";
import { optionalCalls } from "#shared/syncs/optional-calls.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

const KINDS: readonly ContainerKind[] = ["folder", "whiteboard", "database", "embed"];
/** Folders of one step: a step is saved before its worker's time runs out. */
const FOLDERS_OF_A_STEP = 20;
/** Confluence shows this folder to the account no more, or never did: its title is not for us. */
const NOT_SHOWN = new Set(["not_found", "forbidden"]);

type FolderStep = { write: (tx: Sql) => Promise<void>; done: boolean };

/**
 * One step of asking for the folders (whiteboards, databases, embeds) that pages stand below: no listing shows them. A full
 * listing asks for each once, and so follows renames and moves; a listing of changes asks for those that are not known yet.
 */
export async function listFolders(context: StepContext, { again }: { again: boolean }): Promise<FolderStep> {
  const { source, operation, services } = context;
  const owner = { sourceId: source.sourceId, operationId: operation.operationId };
  const nothing = { write: async () => {}, done: true };
  if (operation.dryRun) return nothing;
  const wanted = await foldersToAsk(services.sql, {
    ...owner,
    kinds: KINDS,
    again,
    limit: FOLDERS_OF_A_STEP,
  });
  if (wanted.length === 0)
    return { write: (tx) => (again ? removeUnusedFolders(tx, owner) : Promise.resolve()), done: true };
  const calls = optionalCalls({ ...services, source, skipped: new Map() });
  const folders: FolderRow[] = [];
  for (const { id, kind } of wanted) {
    const attempt = await calls.attempt("folders", () => askFor(context, id, kind));
    // What is stored of folders stays, and the next listing asks again.
    if (!attempt.ok) return { write: (tx) => upsertFolders(tx, owner, folders), done: true };
    folders.push(attempt.value);
  }
  return { write: (tx) => upsertFolders(tx, owner, folders), done: false };
}

async function askFor({ client }: StepContext, folderId: string, kind: string): Promise<FolderRow> {
  try {
    // The query asks for these kinds only.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const { title, parentId, parentType } = await client.container(folderId, kind as ContainerKind);
    return { folderId, kind, title, parentId, parentType };
  } catch (error) {
    if (!(error instanceof PermanentError && NOT_SHOWN.has(error.code))) throw error;
    return { folderId, kind, title: null, parentId: null, parentType: null };
  }
}
