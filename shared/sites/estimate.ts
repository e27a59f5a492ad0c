import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { allPagesCql } from "#shared/confluence/cql.ts";
import type { Sql } from "#shared/db/connect.ts";
import { tokenPriceOf } from "#shared/embeddings/token-prices.ts";
import type { Estimate } from "./site.ts";

/** Until the index has pages of its own: as measured on a site of 43,576 pages. */
const CHUNKS_PER_PAGE = 2.9;
const TOKENS_PER_CHUNK = 250;
/** Few pages say little about others. */
const PAGES_TO_JUDGE_BY = 200;
const PAGES_PER_SECOND = 10;
const COUNTED_AT_ONCE = 6;

/** The pages of each space, by key; null where Confluence does not say. */
export async function countPages(
  client: ConfluenceClient,
  keys: readonly string[],
): Promise<Map<string, number | null>> {
  const counts = new Map<string, number | null>();
  const waiting = [...keys];
  const count = async () => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift())
      counts.set(key, await client.countPages(allPagesCql(key)));
  };
  await Promise.all(Array.from({ length: COUNTED_AT_ONCE }, count));
  return counts;
}

/**
 * What the first syncs of spaces with these numbers of pages take: chunks by those of the index so far, dollars by the model's list
 * price, minutes at ten pages a second (embedding models and rate limits may be slower).
 */
export async function estimateFirstSyncs(
  sql: Sql,
  counts: readonly (number | null)[],
  model: string,
): Promise<Estimate> {
  const [index] = await sql<{ pages: number; chunks: number }[]>`
    select count(*)::int as pages, coalesce(sum(chunk_count), 0)::int as chunks
    from confluence_pages where version > 0 and not is_deleted and kind in ('page', 'blogpost')`;
  const known = index && index.pages >= PAGES_TO_JUDGE_BY;
  const pages = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const chunks = Math.round(pages * (known ? index.chunks / index.pages : CHUNKS_PER_PAGE));
  const tokens = chunks * TOKENS_PER_CHUNK;
  const price = tokenPriceOf(model);
  return {
    spaces: counts.length,
    pages,
    chunks,
    tokens,
    dollars: price === undefined ? null : Number(((tokens / 1_000_000) * price).toFixed(4)),
    minutes: Math.ceil(pages / PAGES_PER_SECOND / 60),
  };
}
