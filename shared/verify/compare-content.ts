import { isDeepStrictEqual } from "node:util";
import type { ConfluenceClient, ConfluencePage, ListedPage } from "#shared/confluence/client.ts";
import type { Sql } from "#shared/db/connect.ts";
import { PermanentError } from "#shared/errors.ts";
import type { Source } from "#shared/sources/sources.ts";
import type { Difference } from "./difference.ts";
import { processConfluencePage, readCompletePage } from "#shared/syncs/pages/confluence-processor.ts";
import { includedText } from "#shared/syncs/pages/included-rights.ts";
import { silentCalls } from "#shared/syncs/optional-calls.ts";
import {
  lookUpMentioned,
  resolveReferences,
  type UserNameCache,
} from "#shared/syncs/pages/resolve-references.ts";

/** Pages whose bodies are in memory at once: those of one call. */
const BATCH = 100;

/**
 * Returns the pages whose chunks, or the headings above these, differ from what a sync would now make of their bodies. Besides real damage these are pages
 * stored by an older converter, and changes without a version: the name of a mentioned person, the URL of a linked page, what a
 * macro shows. Only reads.
 */
export async function compareContent(
  sql: Sql,
  client: ConfluenceClient,
  compared: { source: Source; pages: readonly ListedPage[]; now: Date },
): Promise<Difference[]> {
  const { source, pages, now } = compared;
  const names: UserNameCache = new Map();
  const differences: Difference[] = [];
  for (let from = 0; from < pages.length; from += BATCH) {
    const batch = pages.slice(from, from + BATCH);
    const ids = batch.map((page) => page.id);
    const fetched: ConfluencePage[] = [];
    for (const [kind, ofKind] of Map.groupBy(batch, (page) => page.kind))
      fetched.push(
        ...(await client.pagesById(
          kind,
          ofKind.map((page) => page.id),
          { body: "storage" },
        )),
      );
    const stored = await storedChunks(sql, source.sourceId, ids);
    await lookUpMentioned(fetched, { client, calls: silentCalls, names, now });
    for (const page of fetched) {
      const expected = await chunksOf(page, {
        sql,
        client,
        calls: silentCalls,
        source,
        names,
        fetchedIds: new Map(),
        now,
      });
      const actual = stored.get(page.id) ?? [];
      const difference = {
        content: page.kind,
        page_id: page.id,
        title: page.title,
        kind: "content",
      } as const;
      const index = `${actual.length} chunks`;
      if (typeof expected === "string") {
        differences.push({ ...difference, index, site: expected });
        continue;
      }
      const same = sameBeginning(expected, actual);
      if (same === expected.length && same === actual.length) continue;
      const site = `${expected.length} chunks, the first ${same} identical`;
      differences.push({ ...difference, index, site });
    }
  }
  return differences;
}

type Content = { content: string; headingPath: string[] };

/** Error codes of the body itself, which a sync records on the page. */
const BODY_ERRORS = new Set(["body_missing", "body_too_large", "body_too_complex", "conversion_failed"]);

/** The chunks a sync would store, or the error code of a body that no sync accepts: the other pages are still compared. */
async function chunksOf(
  fetched: ConfluencePage,
  context: Parameters<typeof resolveReferences>[1],
): Promise<Content[] | string> {
  try {
    const included = includedText(context, fetched.id);
    const page = await readCompletePage(context.client, context.calls, fetched, included);
    const resolver = await resolveReferences(page, context);
    return processConfluencePage(page, resolver).chunks.map(({ content, headingPath }) => ({
      content,
      headingPath,
    }));
  } catch (error) {
    if (error instanceof PermanentError && BODY_ERRORS.has(error.code)) return error.code;
    throw error;
  }
}

function sameBeginning(expected: readonly Content[], actual: readonly Content[]): number {
  const differs = expected.findIndex((chunk, index) => !isDeepStrictEqual(chunk, actual[index]));
  return differs === -1 ? expected.length : differs;
}

async function storedChunks(
  sql: Sql,
  sourceId: string,
  pageIds: readonly string[],
): Promise<Map<string, Content[]>> {
  const rows = await sql<{ page_id: string; chunks: Content[] }[]>`
    select page_id, json_agg(json_build_object('content', content, 'headingPath', heading_path) order by chunk_number) as chunks
    from archon_crawled_pages where source_id = ${sourceId} and page_id = any(${[...pageIds]})
    group by page_id`;
  return new Map(rows.map((row) => [row.page_id, row.chunks]));
}
