import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { Source } from "#shared/sources/sources.ts";
import type { Operation } from "./operation.ts";
import type { OperationType } from "./operation-types.ts";
import type { SiteServices, SyncServices } from "#shared/syncs/sync-services.ts";

export type StepContext = {
  operation: Operation;
  source: Source;
  client: ConfluenceClient;
  services: SyncServices & SiteServices;
  /** Calls of `client` that are in the saved counters. */
  callsCounted: number;
  /** Whether the last saved step left pages to be worked on. */
  hasOpenWork: boolean;
  /** Changes to this context after a saved step's transaction has been committed. */
  afterCommit: (() => void)[];
};

/**
 * One step of a listing: requests one page of something from Confluence, and saves the result together with the checkpoint.
 * `more`: call again; `listed`: nothing is left to list; a time: call again from then on.
 */
export type Step = (context: StepContext) => Promise<"more" | "listed" | { notBefore: Date }>;

/** The step of the operation's own type; a message of another type than these came to the wrong queue, which throws. */
export function stepOf(steps: Partial<Record<OperationType, Step>>): Step {
  return (context) => {
    const step = steps[context.operation.type];
    if (!step) throw new Error(`Operations of type ${context.operation.type} do not run behind this queue`);
    return step(context);
  };
}
