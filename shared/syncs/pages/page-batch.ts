import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import type { Source } from "#shared/sources/sources.ts";
import type { FetchedBodies } from "./fetched-bodies.ts";
import type { Operation } from "#shared/syncs/operations/operation.ts";
import type { OptionalCalls, SkippedCalls } from "#shared/syncs/optional-calls.ts";
import type { UserNameCache } from "./resolve-references.ts";
import type { SiteServices, SyncServices } from "#shared/syncs/sync-services.ts";

export type PageServices = SyncServices & SiteServices & { embedder: Embedder };

/** What a worker keeps from one invocation to the next while it is warm. */
export type WorkerCache = { names: UserNameCache; bodies: FetchedBodies; skipped: SkippedCalls };

/** What the pages of one batch share. */
export type Batch = {
  operation: Operation;
  source: Source;
  client: ConfluenceClient;
  calls: OptionalCalls;
  services: PageServices;
  cache: WorkerCache;
  /** Calls already written to some page's counters. */
  callsCounted: number;
};
