import type postgres from "postgres";
import type { Sql } from "#shared/db/connect.ts";
import { retriedTransaction } from "#shared/db/retried-transaction.ts";
import { indexedWords, WORDS_REVISION } from "./index-words.ts";
import { wordColumns } from "./write-chunks.ts";

/** Pages looked up at a time, and written in one call: the sweeper calls again every minute. */
const PAGES_AT_A_TIME = 50;
const PAGES = 2000;

/**
 * Writes the words of outdated chunks again (`WORDS_REVISION`), a page a transaction, and returns the number of pages. Content and
 * vectors stay, so nothing is embedded; until then a page is found by its old words. May be killed at any point, and run
 * concurrently with swaps.
 */
export async function rewriteWords(
  sql: postgres.Sql,
  { inTime, pages: limit = PAGES }: { inTime: () => boolean; pages?: number },
): Promise<number> {
  let written = 0;
  while (written < limit && inTime()) {
    const pages = await outdatedPages(sql, Math.min(PAGES_AT_A_TIME, limit - written));
    if (pages.length === 0) break;
    for (const page of pages) {
      if (!inTime()) return written;
      await retriedTransaction(sql, (tx) => rewritePage(tx, page));
      written += 1;
    }
  }
  return written;
}

type Page = { source_id: string; page_id: string; language: string };

/** The condition is that of the index: a literal. A test checks that it is `WORDS_REVISION`. */
async function outdatedPages(sql: Sql, limit: number): Promise<Page[]> {
  return sql<Page[]>`
    select distinct c.source_id, c.page_id, s.search_language as language
    from archon_crawled_pages c join archon_sources s on s.source_id = c.source_id
    where c.words_revision < 2 and s.status <> 'deleting' limit ${limit}`;
}

type OutdatedChunk = { id: string; title: string; heading_path: string[]; content: string };

async function rewritePage(tx: postgres.TransactionSql, page: Page): Promise<void> {
  // No swap replaces these chunks meanwhile. Deleting a source removes them without locking pages; then no row is updated.
  await tx`
    select from confluence_pages where source_id = ${page.source_id} and page_id = ${page.page_id} for no key update`;
  const chunks = await tx<OutdatedChunk[]>`
    select c.id::text, p.title, c.heading_path, c.content
    from archon_crawled_pages c join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id
    where c.source_id = ${page.source_id} and c.page_id = ${page.page_id} and c.words_revision < ${WORDS_REVISION}`;
  const rows = chunks.map(({ id, title, heading_path: headingPath, content }) => ({
    id,
    ...wordColumns(indexedWords(title, { headingPath, content }), content),
  }));
  await tx`
    update archon_crawled_pages c
    set words_revision = ${WORDS_REVISION}, search_vector = chunk_search_vector(${page.language}::regconfig, n.title_words,
      n.heading_words, coalesce(n.content_words, c.content), n.identifiers, n.parts)
    from json_to_recordset(${tx.json(rows)}::json)
      as n (id bigint, title_words text, heading_words text[], content_words text, identifiers text[], parts text)
    where c.id = n.id`;
}
