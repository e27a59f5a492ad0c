import { ApiError } from "#infra/console/api/api-error.ts";
import type { Page } from "#infra/console/api/types.ts";
import { counted } from "#infra/console/parts/format.ts";
import { call, newIdempotencyKey } from "#infra/console/state/service.ts";

/** The page that is synced to bring this one up to date: of comments and files, what they are on. Null: none can be named. */
export function retryTarget(page: Pick<Page, "page_id" | "container_id">): string | null {
  const id = page.container_id ?? page.page_id;
  return /^[1-9]\d{0,18}$/.test(id) ? id : null;
}

/** Syncs these pages, one after another; what happened, for people. A page has its turn also while another operation runs. */
export async function retryPages(sourceId: string, ids: readonly string[]): Promise<string> {
  let started = 0;
  let waiting = 0;
  for (const id of new Set(ids)) {
    try {
      await call("syncPage", {
        params: { source_id: sourceId, page_id: id },
        idempotencyKey: newIdempotencyKey(),
      });
      started += 1;
    } catch (error) {
      if (!(error instanceof ApiError && error.code === "operation_running")) throw error;
      waiting += 1;
    }
  }
  const parts = [
    started > 0 ? `${counted(started, "page")} being synced.` : null,
    waiting > 0 ? `${counted(waiting, "page")} synced when the running operation ends.` : null,
  ];
  return parts.filter((part) => part !== null).join(" ");
}
