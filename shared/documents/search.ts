import type { Sql } from "#shared/db/connect.ts";
import { cutHeadlines } from "./cut-headlines.ts";
import { queriedWords } from "./index-words.ts";
import { markedSnippet, SNIPPET_OPTIONS } from "./snippet.ts";
import { hasTwin } from "./twin-ids.ts";

/** The query as a vector, and the model that made it. */
export type QueryEmbedding = { model: string; vector: readonly number[] };

export type SearchRequest = {
  query: string;
  /** One for each model that the searched sources use; null searches by words alone. */
  embedding: QueryEmbedding | readonly QueryEmbedding[] | null;
  /** Source ids; absent or null: all. The filters below likewise. */
  sources?: readonly string[] | null;
  /** Space keys, in any case. */
  spaces?: readonly string[] | null;
  /** Pages that carry any of them. */
  labels?: readonly string[] | null;
  updatedSince?: Date | null;
  /** How many chunks, or pages, to return at most. */
  matchCount: number;
  returnMode: "chunks" | "pages";
  /** Which retrievers run; default `hybrid`, the others are for comparisons. */
  retrievers?: "hybrid" | "vector" | "keyword";
};

export type Hit = {
  chunkId: string;
  sourceId: string;
  pageId: string;
  /** Another site has a page of this id that search finds. */
  hasTwin: boolean;
  title: string;
  url: string;
  /** From the top of the space to the page's parent. */
  ancestors: { page_id: string; title: string }[];
  headingPath: string[];
  chunkNumber: number;
  content: string;
  /** HTML-safe: everything is escaped except `<mark>` and `</mark>` around matches. */
  snippet: string;
  /** 0 to 1, from similarity and words: comparable only within one response. */
  score: number;
  /** Cosine similarity; null when only the keyword retriever found it. */
  similarity: number | null;
  matchType: "vector" | "keyword" | "hybrid";
  labels: string[];
  modifiedAt: Date | null;
  /** Page mode: the page's other chunks that matched, best first; else empty. */
  furtherChunks: { chunkId: string; headingPath: string[]; content: string; score: number }[];
};

export type SearchResult = {
  hits: Hit[];
  /** Chunks (or pages) that were ranked; more than `hits` when `matchCount` cut them off. */
  totalFound: number;
  searchMode: "hybrid" | "vector" | "keyword";
  /** Number of sources searched; 0 if the requested sources do not exist (any more). */
  sourcesSearched: number;
  /** Those of them searched by words alone although vectors were asked for, because the query was not embedded with their models. */
  byWordsAlone: { sources: number; models: string[] };
};

/** Further chunks of one page that page mode returns. */
const FURTHER_CHUNKS = 4;
/** Longer queries are pasted documents. */
const MAX_QUERY_LENGTH = 4000;

/**
 * Searches by vector and by words in one round trip (two if the snippet's text must be cut into words). Deleted and hidden pages, and sources being deleted, are never found. An
 * empty result means that nothing matches: every failure throws. A source whose model the query was not embedded with is searched
 * by words: the caller decides whether that is an error (`byWordsAlone`).
 */
export async function searchDocuments(sql: Sql, request: SearchRequest): Promise<SearchResult> {
  const retrievers = request.retrievers ?? "hybrid";
  const query = request.query.replaceAll("\u0000", " ").slice(0, MAX_QUERY_LENGTH);
  const byWords = retrievers === "keyword" || request.embedding === null;
  const embeddings = byWords ? [] : [request.embedding ?? []].flat();
  const words = queriedWords(query);
  const pages = request.returnMode === "pages";
  const candidates = Math.min(Math.max(request.matchCount * (pages ? 10 : 4), 60), 800);
  const array = (values: readonly string[] | null | undefined) => (values ? [...values] : null);
  const models = embeddings.map((embedding) => embedding.model);
  const rows = await sql<(HitRow | NoHitRow)[]>`
    with scope as (
      select count(*)::int as searched, (count(*) filter (where s.embedding_model <> all(${models}::text[])))::int as "otherSources",
        array_agg(distinct s.embedding_model) filter (where s.embedding_model <> all(${models}::text[])) as "otherModels"
      from searched_sources(${array(request.sources)}, ${array(request.spaces)}) s
    ), found as materialized (
      select * from search_chunks(${words.question}, ${words.identifiers}, ${words.parts}, ${words.phrases},
        ${models}, ${embeddings.map((embedding) => `[${embedding.vector.join(",")}]`)},
        ${array(request.sources)}, ${array(request.spaces)}, ${array(request.labels)}, ${request.updatedSince ?? null},
        ${candidates}, ${retrievers !== "vector"})
    ), placed as (
      select f.*, c.source_id, c.page_id,
        row_number() over (partition by c.source_id, c.page_id order by f.score desc, f.chunk_id) as place
      from found f join archon_crawled_pages c on c.id = f.chunk_id
    ), chosen as (
      select *, count(*) over () as total from placed where not ${pages} or place = 1
      order by score desc, chunk_id limit ${request.matchCount}
    )
    select scope.searched, scope."otherSources", scope."otherModels", hit.* from scope left join (
      select chosen.chunk_id as "chunkId", chosen.score, chosen.similarity, chosen.vector_rank as "vectorRank",
        chosen.keyword_rank as "keywordRank", chosen.total::int as total, c.source_id as "sourceId", c.page_id as "pageId",
        p.title, p.url, c.heading_path as "headingPath", c.chunk_number as "chunkNumber", c.content, p.labels,
        p.modified_at as "modifiedAt", ${hasTwin(sql)} as "hasTwin", coalesce(above.ancestors, '[]') as ancestors,
        coalesce(further.chunks, '[]') as "furtherChunks",
        ts_headline(s.search_language::regconfig, c.content,
          any_word_query(s.search_language::regconfig, ${`${words.question} ${words.parts}`}), ${SNIPPET_OPTIONS}) as headline
      from chosen
      join archon_crawled_pages c on c.id = chosen.chunk_id
      join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id
      join archon_sources s on s.source_id = c.source_id
      left join lateral (
        with recursive up as (
          select p.page_id, p.title, p.parent_id, 0 as depth, true as hidden, array[p.page_id] as path
          union all
          select a.page_id, a.title, a.parent_id, up.depth + 1, a.hidden, up.path || a.page_id
          from up cross join lateral (
            select above.page_id, above.title, above.parent_id, not is_visible(above) as hidden
            from confluence_pages above where above.source_id = p.source_id and above.page_id = up.parent_id
            union all
            select folder_id, title, parent_id, title is null
            from confluence_folders where source_id = p.source_id and folder_id = up.parent_id
          ) a
          where a.page_id <> all(up.path)
        )
        select jsonb_agg(jsonb_build_object('page_id', up.page_id, 'title', up.title) order by up.depth desc) as ancestors
        from up where not up.hidden
      ) above on true
      left join lateral (
        select jsonb_agg(jsonb_build_object('chunkId', o.chunk_id::text, 'headingPath', oc.heading_path,
          'content', oc.content, 'score', o.score) order by o.place) as chunks
        from placed o join archon_crawled_pages oc on oc.id = o.chunk_id
        where ${pages} and o.source_id = chosen.source_id and o.page_id = chosen.page_id
          and o.place between 2 and ${FURTHER_CHUNKS + 1}
      ) further on true
    ) hit on true
    order by hit.score desc, hit."chunkId"`;
  const [{ searched, otherSources, otherModels } = NO_SOURCES] = rows;
  const hits = rows.filter((row) => row.chunkId !== null);
  const headlines = await cutHeadlines(sql, hits, words);
  return {
    hits: hits.map((hit) => toHit({ ...hit, headline: headlines.get(hit.chunkId) ?? hit.headline })),
    totalFound: hits[0]?.total ?? 0,
    searchMode: byWords || (searched > 0 && otherSources === searched) ? "keyword" : retrievers,
    sourcesSearched: searched,
    // Asked by words, no source lacks anything.
    byWordsAlone: byWords ? { sources: 0, models: [] } : { sources: otherSources, models: otherModels ?? [] },
  };
}

type ScopeRow = { searched: number; otherSources: number; otherModels: string[] | null };
const NO_SOURCES: ScopeRow = { searched: 0, otherSources: 0, otherModels: null };
/** The only row when nothing was found. */
type NoHitRow = ScopeRow & { chunkId: null };
type HitRow = Omit<Hit, "snippet" | "matchType"> &
  ScopeRow & {
    headline: string;
    vectorRank: number | null;
    keywordRank: number | null;
    total: number;
  };

function toHit({
  headline,
  vectorRank,
  keywordRank,
  total: _,
  searched: __,
  otherSources: ___,
  otherModels: ____,
  ...row
}: HitRow): Hit {
  const matchType = vectorRank === null ? "keyword" : keywordRank === null ? "vector" : "hybrid";
  return { ...row, snippet: markedSnippet(headline, row.content), matchType };
}
