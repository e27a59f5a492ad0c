import { readableArguments } from "#shared/access/readers/readable.ts";
import type { Readable } from "#shared/access/readers/readable.ts";
import type { Sql } from "#shared/db/connect.ts";
import { cutHeadlines } from "./cut-headlines.ts";
import { ancestorsOfPage, threadOfChunk } from "./hit-context.ts";
import {
  queryArguments,
  scoredChunks,
  textArray,
  type SearchedQuery,
  type SearchFilter,
} from "./scored-chunks.ts";
import type { Hit, SearchResult } from "./search-result.ts";
import { markedSnippet, SNIPPET_OPTIONS } from "./snippet.ts";
import { hasTwin } from "./twin-ids.ts";

export type SearchRequest = SearchedQuery &
  SearchFilter & {
    /** What the reader may be shown of all sources, for ids that another site has too; the same as `readable` unless given. */
    readableElsewhere?: Readable | null;
    /** How many chunks, or pages, of distinct content to return at most. */
    matchCount: number;
    /** How many chunks each retriever is asked for; by `matchCount` unless given. */
    candidates?: number;
    returnMode: "chunks" | "pages";
  };

/** Threads of one page's comments among the results. */
const THREADS_OF_A_PAGE = 2;
/** Further chunks of one page that page mode returns. */
const FURTHER_CHUNKS = 4;
const ALSO_ON_AT_MOST = 10;
const CANDIDATES_AT_MOST = 800;

/**
 * Searches by vector and by words in one round trip; in one more if the snippets' texts must be prepared (`cutHeadlines`), and in up to two
 * more if copies of the same content, or in page mode chunks of one long document, used up the candidates. Deleted and hidden pages, what the reader may not see, and sources being deleted
 * are never found. An empty result means that nothing matches: every failure throws. A source whose model the query was not embedded with is searched by words: the caller
 * decides whether that is an error (`byWordsAlone`).
 */
export async function searchDocuments(sql: Sql, request: SearchRequest): Promise<SearchResult> {
  const query = queryArguments(request);
  const atMost =
    request.candidates ??
    Math.min(
      Math.max(request.matchCount * (request.returnMode === "pages" ? 10 : 4), 60),
      CANDIDATES_AT_MOST,
    );
  let candidates = atMost;
  let rows = await findHits(sql, request, query, candidates);
  while (isShort(summary(rows), request) && candidates < CANDIDATES_AT_MOST) {
    candidates = Math.min(4 * candidates, CANDIDATES_AT_MOST);
    rows = await findHits(sql, request, query, candidates);
  }
  const { searched, otherSources, otherModels, ...counts } = summary(rows);
  const hits = rows.filter((row) => row.chunkId !== null);
  const headlines = await cutHeadlines(sql, hits, query.words);
  const byWords = request.retrievers === "keyword" || request.embedding === null;
  return {
    hits: hits.map((hit) => toHit({ ...hit, headline: headlines.get(hit.chunkId) ?? hit.headline })),
    totalFound: counts.total,
    candidates: {
      atMost: candidates,
      byVector: counts.byVector,
      byWords: counts.byWords,
      duplicates: counts.duplicates,
    },
    searchMode:
      byWords || (searched > 0 && otherSources === searched) ? "keyword" : (request.retrievers ?? "hybrid"),
    sourcesSearched: searched,
    // Asked by words, no source lacks anything.
    byWordsAlone: byWords ? { sources: 0, models: [] } : { sources: otherSources, models: otherModels ?? [] },
  };
}

/** Whether further candidates would give further results. */
function isShort({ wereCutOff, total }: Summary, { matchCount }: SearchRequest): boolean {
  return wereCutOff && total < matchCount;
}

/** The hits, best first, each beside what is known of the whole search; one row without a hit if there is none. */
async function findHits(
  sql: Sql,
  request: SearchRequest,
  query: ReturnType<typeof queryArguments>,
  candidates: number,
): Promise<(HitRow | NoHitRow)[]> {
  const { words, models } = query;
  const { readable, readableElsewhere: twinsReadable = readable } = request;
  const pages = request.returnMode === "pages";
  const reader = readableArguments(sql, request.readable);
  return sql<(HitRow | NoHitRow)[]>`
    with scope as (
      select count(*)::int as searched, (count(*) filter (where s.embedding_model <> all(${models}::text[])))::int as "otherSources",
        array_agg(distinct s.embedding_model) filter (where s.embedding_model <> all(${models}::text[])) as "otherModels"
      from searched_sources(${textArray(request.sources)}, ${textArray(request.spaces)}) s
    ), found as materialized (
      select * from ${scoredChunks(sql, query, request, candidates)}
    ), placed as (
      -- A chunk without text says what its title says, so it is a copy of no other.
      select f.*, c.source_id, c.page_id, container.id as container_id, case when c.content = '' then f.chunk_id::text else md5(c.content) end as content_key,
        row_number() over (partition by c.source_id, case when ${pages} then container.id else c.page_id end
          order by f.score desc, f.chunk_id) as place,
        row_number() over (partition by c.source_id, c.page_id order by f.score desc, f.chunk_id) as place_on_page
      from found f
      cross join lateral (
        select c.source_id, c.page_id, c.content from archon_crawled_pages c where c.id = f.chunk_id offset 0) c
      -- The document of a page's comments has the page's id in its own (content-kinds.ts), so that a row is read of files only.
      cross join lateral (select case when ${pages} and c.page_id like 'att%' then (
          select p.container_id from confluence_pages p where p.source_id = c.source_id and p.page_id = c.page_id)
        else regexp_replace(c.page_id, '^comments-', '') end as id) container
    ), counted as (
      -- A page with many comments must not use up the results.
      select *, count(*) over (partition by content_key) as copies from placed
      where (not ${pages} or place = 1) and (place_on_page <= ${THREADS_OF_A_PAGE} or page_id not like 'comments-%')
    ), copied as (
      -- Pages are read of copies only.
      select *, row_number() over (partition by content_key order by score desc,
        case when copies > 1 then (
          select p.modified_at from confluence_pages p where p.source_id = counted.source_id and p.page_id = counted.page_id)
        end desc nulls last, chunk_id) as copy
      from counted
    ), chosen as (
      select * from copied where copy = 1 order by score desc, chunk_id limit ${request.matchCount}
    ), ranked as (
      select count(*) filter (where copy = 1)::int as total, count(*) filter (where copy > 1)::int as duplicates from copied
    ), retrieved as (
      select count(vector_rank)::int as "byVector", count(keyword_rank)::int as "byWords",
        coalesce(max(greatest(vector_rank, keyword_rank)) >= ${candidates}::int, false) as "wereCutOff"
      from found
    )
    select to_jsonb(scope) || to_jsonb(ranked) || to_jsonb(retrieved) as summary, hit.*
    from scope cross join ranked cross join retrieved left join (
      select chosen.chunk_id as "chunkId", chosen.score, chosen.similarity, chosen.vector_rank as "vectorRank",
        chosen.keyword_rank as "keywordRank", chosen.relevance, chosen.coverage, chosen.is_named as "isNamed",
        chosen.is_titled as "isTitled", chosen.vector_weight as "vectorWeight",
        coalesce(others.pages, '[]') as "alsoOn", coalesce(others.total, 0) as "alsoOnTotal",
        c.source_id as "sourceId", c.page_id as "pageId",
        p.kind, p.title, coalesce(thread.comment ->> 'url', p.url) as url, above_it.parent, thread.comment,
        case when p.kind = 'attachment' then jsonb_build_object('name', p.title, 'media_type', p.file ->> 'media_type')
          || coalesce(c.metadata -> 'place', '{}') end as file,
        c.heading_path as "headingPath", c.chunk_number as "chunkNumber", c.content, p.labels,
        p.modified_at as "modifiedAt", ${hasTwin(sql, twinsReadable)} as "hasTwin", coalesce(above.ancestors, '[]') as ancestors,
        coalesce(further.chunks, '[]') as "furtherChunks",
        ts_headline(s.search_language::regconfig, c.content,
          any_word_query(s.search_language::regconfig, ${`${words.question} ${words.parts}`}), ${SNIPPET_OPTIONS}) as headline
      from chosen
      join archon_crawled_pages c on c.id = chosen.chunk_id
      join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id
      join archon_sources s on s.source_id = c.source_id
      left join lateral (
        select jsonb_build_object('page_id', m.page_id, 'title', m.title, 'url', m.url) as parent
        from confluence_pages m where m.source_id = p.source_id and m.page_id = p.container_id and is_readable(m, ${reader})
      ) above_it on true
      left join lateral (${threadOfChunk(sql)}) thread on true
      left join lateral (${ancestorsOfPage(sql, request.readable)}) above on true
      left join lateral (
        select jsonb_agg(jsonb_build_object('chunkId', o.chunk_id::text, 'headingPath', oc.heading_path,
          'content', oc.content, 'score', o.score) order by o.place) as chunks
        from placed o join archon_crawled_pages oc on oc.id = o.chunk_id
        where ${pages} and o.source_id = chosen.source_id and o.container_id = chosen.container_id
          and o.place between 2 and ${FURTHER_CHUNKS + 1}
      ) further on true
      left join lateral (
        select max(o.total)::int as total, jsonb_agg(jsonb_build_object('sourceId', o.source_id, 'pageId', o.page_id,
          'hasTwin', ${hasTwin(sql, twinsReadable)}, 'title', p.title, 'url', p.url, 'space', s.space_key) order by o.copy) as pages
        from (
          select o.source_id, o.page_id, min(o.copy) as copy, count(*) over () as total
          from copied o
          where o.content_key = chosen.content_key and (o.source_id, o.page_id) <> (chosen.source_id, chosen.page_id)
          group by o.source_id, o.page_id order by copy limit ${ALSO_ON_AT_MOST}
        ) o
        join confluence_pages p on p.source_id = o.source_id and p.page_id = o.page_id
        join archon_sources s on s.source_id = o.source_id
        where chosen.copies > 1
      ) others on true
    ) hit on true
    order by hit.score desc, hit."chunkId"`;
}

type Summary = {
  searched: number;
  otherSources: number;
  otherModels: string[] | null;
  total: number;
  duplicates: number;
  byVector: number;
  byWords: number;
  /** A retriever had more candidates than it was asked for. */
  wereCutOff: boolean;
};
/** The only row when nothing was found. */
type NoHitRow = { summary: Summary; chunkId: null };
type HitRow = Omit<Hit, "snippet" | "matchType" | "explanation"> & {
  summary: Summary;
  headline: string;
  vectorRank: number | null;
  keywordRank: number | null;
  relevance: number;
  coverage: number;
  isNamed: boolean;
  isTitled: boolean;
  vectorWeight: number;
};

function summary([row]: readonly { summary: Summary }[]): Summary {
  if (!row) throw new Error("a search returned no row");
  return row.summary;
}

function toHit(row: HitRow): Hit {
  const { summary: _, headline, vectorRank, keywordRank, similarity, vectorWeight, ...rest } = row;
  const { relevance, coverage, isNamed, isTitled, ...hit } = rest;
  return {
    ...hit,
    similarity: vectorRank === null ? null : similarity,
    snippet: markedSnippet(headline),
    matchType: vectorRank === null ? "keyword" : keywordRank === null ? "vector" : "hybrid",
    explanation: {
      vector: similarity === null ? null : { rank: vectorRank, similarity },
      words: keywordRank === null ? null : { rank: keywordRank, relevance, coverage, isNamed, isTitled },
      vectorWeight,
    },
  };
}
