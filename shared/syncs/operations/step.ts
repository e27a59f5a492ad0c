import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { Source } from "#shared/sources/sources.ts";
import type { Operation } from "./operation.ts";
import type { SiteServices, SyncServices } from "#shared/syncs/sync-services.ts";

export type StepContext = {
  operation: Operation;
  source: Source;
  client: ConfluenceClient;
  services: SyncServices & SiteServices;
  /** Calls of `client` that saved counters know of. */
  callsCounted: number;
  /** Whether the last saved step left pages to be worked on. */
  hasOpenWork: boolean;
  /** What a saved step changes here, once its transaction has been committed. */
  afterCommit: (() => void)[];
};

/**
 * One step of a listing: asks Confluence for one page of something, and saves what it found together with the checkpoint.
 * `more`: call again; `listed`: nothing is left to list.
 */
export type Step = (context: StepContext) => Promise<"more" | "listed">;
