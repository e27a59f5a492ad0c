import { CONTENT_KINDS, type ContentKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { tokenPriceOf } from "#shared/embeddings/token-prices.ts";
import type { ContentCounts } from "./count-content.ts";
import type { Estimate } from "./site.ts";

/**
 * Chunks of one of each kind until the index has its own, and tokens of such a chunk. Pages: as measured on a site of 43,576. A thread of comments
 * is a chunk; most files are pictures, which are found by their names only.
 */
const OF_ONE: Record<ContentKind, { chunks: number; tokens: number }> = {
  page: { chunks: 2.9, tokens: 250 },
  blogpost: { chunks: 2.9, tokens: 250 },
  comments: { chunks: 0.6, tokens: 80 },
  attachment: { chunks: 4, tokens: 250 },
};
/** Few pages say little about others. */
const ENOUGH_TO_JUDGE_BY = 200;
const PER_SECOND = 10;
/** Comments come with the listing, many in one response. */
const REQUESTED_ALONE = ["page", "blogpost", "attachment"] as const;

/**
 * What the first syncs of so many spaces with this content take: chunks by those of the index so far, dollars by the model's list price,
 * minutes at ten pages or files a second (embedding models and rate limits may be slower).
 */
export async function estimateFirstSyncs(
  sql: Sql,
  { spaces, counts, model }: { spaces: number; counts: ContentCounts; model: string },
): Promise<Estimate> {
  const known = await chunksInIndex(sql);
  let chunks = 0;
  let tokens = 0;
  for (const kind of CONTENT_KINDS) {
    const ofKind = counts[kind] * (known.get(kind) ?? OF_ONE[kind].chunks);
    chunks += ofKind;
    tokens += Math.round(ofKind) * OF_ONE[kind].tokens;
  }
  const price = tokenPriceOf(model);
  const requested = REQUESTED_ALONE.reduce((sum, kind) => sum + counts[kind], 0);
  return {
    spaces,
    pages: counts.page,
    blogposts: counts.blogpost,
    comments: counts.comments,
    files: counts.attachment,
    chunks: Math.round(chunks),
    tokens,
    dollars: price === undefined ? null : Number(((tokens / 1_000_000) * price).toFixed(4)),
    minutes: Math.ceil(requested / PER_SECOND / 60),
  };
}

/** Chunks of one page, blog post and file, for the kinds that the index has enough of. */
async function chunksInIndex(sql: Sql): Promise<Map<ContentKind, number>> {
  const rows = await sql<{ kind: ContentKind; chunks: number }[]>`
    select kind, avg(chunk_count)::float8 as chunks from confluence_pages
    where version > 0 and not is_deleted and kind <> 'comments'
    group by kind having count(*) >= ${ENOUGH_TO_JUDGE_BY}`;
  return new Map(rows.map(({ kind, chunks }) => [kind, chunks]));
}
