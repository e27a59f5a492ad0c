import { ApiError } from "#infra/console/api/api-error.ts";
import type { Page } from "#infra/console/api/types.ts";
import { counted } from "#infra/console/parts/format.ts";
import { call, newIdempotencyKey } from "#infra/console/state/service.ts";

/** The page that is synced to bring this one up to date: of comments and files, what they are on. Null: none can be named. */
export function retryTarget(page: Pick<Page, "page_id" | "container_id">): string | null {
  const id = page.container_id ?? page.page_id;
  return /^[1-9]\d{0,18}$/.test(id) ? id : null;
}

export type Retried = {
  /** What happened, for people. */
  text: string;
  /** The operation that syncs the last page that was started at once; null: all wait for the running one. */
  operationId: string | null;
};

/** Syncs these pages, one after another. A page has its turn also while another operation runs. */
export async function retryPages(sourceId: string, ids: readonly string[]): Promise<Retried> {
  let operationId: string | null = null;
  let waiting = 0;
  const pages = new Set(ids);
  for (const id of pages) {
    try {
      const started = await call("syncPage", {
        params: { source_id: sourceId, page_id: id },
        idempotencyKey: newIdempotencyKey(),
      });
      operationId = started.operation_id;
    } catch (error) {
      if (!(error instanceof ApiError && error.code === "operation_running")) throw error;
      waiting += 1;
    }
  }
  const started = pages.size - waiting;
  const parts = [
    started > 0 ? `Syncing ${counted(started, "page")}.` : null,
    waiting > 0 ? `${counted(waiting, "page")} synced when the running operation ends.` : null,
  ];
  return { text: parts.filter((part) => part !== null).join(" "), operationId };
}
