import type postgres from "postgres";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { Source } from "#shared/sources/sources.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import { insertOperation } from "#shared/syncs/operations/start-operation.ts";
import { silentCalls } from "#shared/syncs/optional-calls.ts";
import type { Batch, PageServices } from "#shared/syncs/pages/page-batch.ts";
import { fakeEmbedder } from "./fake-embedder.ts";
import { NOW } from "./stored-pages.ts";

const OPERATION_ID = "00000000-0000-4000-8000-000000000001";

/** A sync of the source `docs` with this work, which a worker has claimed for the first time. */
export async function addClaimedWork(
  sql: postgres.Sql,
  work: Pick<ClaimedWork, "kind" | "pageId"> & Partial<ClaimedWork>,
): Promise<ClaimedWork> {
  const type = "confluence_sync";
  await insertOperation(sql, { operationId: OPERATION_ID, sourceId: "docs", type, actor: "api", now: NOW });
  await sql`
    insert into sync_work (operation_id, source_id, page_id, kind, state, updated_at)
    values (${OPERATION_ID}, 'docs', ${work.pageId}, ${work.kind}, 'pending', ${NOW})`;
  return { title: "", listedVersion: null, attempts: 1, crashes: 0, ...work };
}

/** How work ended. */
export async function endOfWork(sql: postgres.Sql) {
  const [row] = await sql`select state, outcome, reason from sync_work`;
  return row;
}

/** The batch of such a worker, without a site but for the named calls. */
export function batchOf(
  sql: postgres.Sql,
  given: {
    source?: Partial<Source>;
    client?: Partial<ConfluenceClient>;
    services?: Partial<Omit<PageServices, "env">> & { env?: Partial<PageServices["env"]> };
  },
): Batch {
  const embedder = fakeEmbedder();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what preparing one document uses
  return {
    operation: { operationId: OPERATION_ID, sourceId: "docs" },
    source: { sourceId: "docs", embeddingModel: embedder.model, ...given.source },
    client: { callsMade: () => 0, webBase: () => null, ...given.client },
    calls: silentCalls,
    services: { sql, now: () => NOW, embedder, ...given.services },
    cache: { names: new Map(), bodies: new Map(), skipped: new Map() },
    fetchedIds: new Map(),
    callsCounted: 0,
    tokensToCount: 0,
  } as unknown as Batch;
}
