import { toApiError, type ApiError } from "#infra/console/api/api-error.ts";
import type { Page } from "#infra/console/api/types.ts";
import { counted, sentence } from "#infra/console/parts/format.ts";

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
  /** Whether every page was taken. */
  isWhole: boolean;
};

type Sync = (pageId: string, idempotencyKey: string) => Promise<{ operation_id: string }>;

/** With these no other page fares better. */
const OF_ALL_PAGES = ["source_not_found", "scope_required", "unauthorized"];

/**
 * Syncs these pages, one after another. A page has its turn also while another operation runs, and one that fails does not keep the
 * others from theirs. Each page's key follows from `key`, so that a repeated attempt starts nothing twice. Throws when none was taken.
 */
export async function retryPages(ids: readonly string[], key: string, sync: Sync): Promise<Retried> {
  let operationId: string | null = null;
  let started = 0;
  let waiting = 0;
  const failed: ApiError[] = [];
  const pages = new Set(ids);
  for (const id of pages) {
    try {
      ({ operation_id: operationId } = await sync(id, `${key}-${id}`));
      started += 1;
    } catch (thrown) {
      const error = toApiError(thrown);
      if (error.code === "operation_running") waiting += 1;
      else failed.push(error);
      if (error.status === 0 || OF_ALL_PAGES.includes(error.code)) break;
    }
  }
  const [first] = failed;
  const taken = started + waiting;
  if (taken === 0 && first) throw first;
  const left = pages.size - taken;
  const parts = [
    started > 0 ? `Syncing ${counted(started, "page")}.` : null,
    waiting > 0 ? `${counted(waiting, "page")} synced when the running operation ends.` : null,
    left > 0 && first ? `Not started: ${counted(left, "page")}. ${sentence(first.message)}` : null,
  ];
  return {
    text: parts.filter((part) => part !== null).join(" "),
    operationId,
    isWhole: left === 0,
  };
}
