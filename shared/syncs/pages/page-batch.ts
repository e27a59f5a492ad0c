import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import type { Extractor } from "#shared/extraction/extractor.ts";
import type { Source } from "#shared/sources/sources.ts";
import type { FetchedBodies } from "./fetched-bodies.ts";
import type { Operation } from "#shared/syncs/operations/operation.ts";
import type { OptionalCalls, SkippedCalls } from "#shared/syncs/optional-calls.ts";
import type { UserNameCache } from "./resolve-references.ts";
import type { SiteServices, SyncServices } from "#shared/syncs/sync-services.ts";

export type PageServices = SyncServices &
  SiteServices & {
    embedder: Embedder;
    /** Of workers of files only. */
    extractor?: Extractor;
    /** Numbers in vectors that one statement stores at most, where searches wait for statements; else null. */
    vectorNumbersAtOnce: number | null;
  };

/** Kept by a worker between invocations while it is warm. */
export type WorkerCache = { names: UserNameCache; bodies: FetchedBodies; skipped: SkippedCalls };

/** Shared by the pages of one batch. */
export type Batch = {
  operation: Operation;
  source: Source;
  client: ConfluenceClient;
  calls: OptionalCalls;
  services: PageServices;
  cache: WorkerCache;
  /** Ids of the fetched pages by `nameOf`: links name pages so, also those that are stored later than the page with the link. */
  fetchedIds: ReadonlyMap<string, string>;
  /** Calls that are already in a page's counters. */
  callsCounted: number;
  /** Tokens of embedded texts that are in no page's counters yet; the operation counts what is left at the end. */
  tokensToCount: number;
};
