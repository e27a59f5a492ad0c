import type postgres from "postgres";
import { observeSql } from "#infra/local/runner/observe-sql.ts";

/** The swap's first statement on a page (shared/documents/add-documents.ts): its parameters are source and page. */
const PAGE_LOCK = /from confluence_pages\s+where source_id = \? and page_id = \?\s+for no key update/;

/**
 * Wraps the service's database client so that `onSwap` is called with a page's id while the transaction that swaps its
 * chunks is open, and awaited before that continues.
 */
export function watchSwaps(onSwap: (pageId: string) => Promise<void>) {
  return (sql: postgres.Sql): postgres.Sql =>
    observeSql(sql, {
      async onStatement({ text, parameters, transaction }) {
        const pageId = parameters[1];
        if (transaction !== null && PAGE_LOCK.test(text) && typeof pageId === "string") await onSwap(pageId);
      },
    });
}
