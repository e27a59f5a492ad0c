import type postgres from "postgres";
import type { ListedFile } from "#shared/confluence/client.ts";
import type { CommentToStore } from "#shared/documents/comments.ts";
import { insertOperation } from "#shared/syncs/operations/start-operation.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { addSource, NOW, store } from "#test/support/stored-pages.ts";

/** The sync that `addSyncOfDocs` starts. */
export const SYNC_ID = "00000000-0000-4000-8000-000000000001";

/** An open footer comment on page 1; what a test does not name has a plain value. */
export function commentToStore(id: string, more: Partial<CommentToStore> = {}): CommentToStore {
  return {
    id,
    containerId: "1",
    version: 1,
    parentId: null,
    resolution: "open",
    location: "footer",
    selection: null,
    authorId: "ann",
    authorName: "Ann Lee",
    createdAt: NOW,
    modifiedAt: null,
    url: `https://site.example/comment-${id}`,
    body: `<p>Comment ${id}</p>`,
    ...more,
  };
}

/** A file on page 1, as a listing has it. */
export function listedFile(id: string, more: Partial<ListedFile> = {}): ListedFile {
  return {
    id,
    title: `${id}.md`,
    version: 1,
    spaceKey: "docs",
    containerId: "1",
    mediaType: "text/markdown",
    bytes: 1,
    fileId: null,
    url: "",
    modifiedAt: NOW,
    ...more,
  };
}

/** The source `docs` with these pages, and a sync of it that has begun. */
export async function addSyncOfDocs(sql: postgres.Sql, pageIds: readonly string[]): Promise<void> {
  const embedder = fakeEmbedder();
  await addSource(sql, embedder, { sourceId: "docs" });
  for (const pageId of pageIds) await store(sql, embedder, { pageId, chunks: ["Text."] });
  await insertOperation(sql, {
    operationId: SYNC_ID,
    sourceId: "docs",
    type: "confluence_sync",
    actor: "api",
    now: NOW,
  });
}

/** The context of a step of that sync, as far as recording what was listed uses it. */
export function contextOfSync(
  sql: postgres.Sql,
  { dryRun = false, comments = "all" }: { dryRun?: boolean; comments?: "none" | "all" } = {},
): StepContext {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that the functions use
  return {
    source: { sourceId: "docs", content: { comments, blogposts: false } },
    operation: { operationId: SYNC_ID, sourceId: "docs", dryRun },
    services: { sql, now: () => NOW },
  } as StepContext;
}
