-- Makes pgvector's settings known to this session, so that a role that is no superuser may name them in `create function`.
select '[1]'::vector;

-- One search: vectors and full text, fused by reciprocal rank. STABLE, so that all of it sees the snapshot of the calling
-- statement: a page that is swapped meanwhile is seen as it was, in both legs and in the caller's joins.
--
-- The iterative scan goes on where dead index entries, filters and hidden pages used up the first candidates; the settings
-- stand here so that no caller can forget them. Models and dimensions are literals in dynamic SQL: the index of a model is
-- partial, and with a parameter the planner cannot prove that it applies.
create or replace function search_chunks(
  question text,
  -- Names in the question (`foo.bar`, `err_conn_42`), their pieces, and its quoted phrases.
  identifiers text[], parts text, phrases text[],
  -- The question as a vector of each model; both empty for full text alone.
  models text[], vectors text[],
  -- Null: no filter.
  sources text[], spaces text[], wanted_labels text[], updated_since timestamptz,
  -- Of each leg.
  candidates integer,
  keyword boolean
) returns table (
  chunk_id bigint, score double precision, similarity double precision, vector_rank integer, keyword_rank integer
)
language plpgsql stable rows 100
set hnsw.iterative_scan = 'relaxed_order'
set hnsw.ef_search = 500
set hnsw.max_scan_tuples = 40000
set hnsw.scan_mem_multiplier = 4
set jit = off
as $$
declare
  -- The constant of reciprocal rank fusion: at the usual 60, what is middling in both legs beats what is best in one.
  k constant integer := 10;
  -- What the rank by vectors, and what saying just what was asked, weigh beside the rank by words. Chosen by half of 1,500
  -- questions made of pages and half of 51 in other words: of the other halves the first is answered as before (MRR .959), the
  -- second better (.288 instead of .258 with 1 and 2).
  nearness constant numeric := 1.5;
  exactness constant numeric := 6;
  -- Chunks that full text ranks at most: words that are rarer are looked for first until their chunks are as many.
  ranked_at_most constant integer := 3000;
  -- Chunks that are read for words all of which are common, and for what is titled or quoted so.
  read_at_most constant integer := 4000;
  named_at_most constant integer := 1000;
  -- False for a chunk marked as going whose page has others; the last chunks of a page are found, marked or not.
  is_active constant text := $fragment$(
    c.metadata ->> '_pending_deletion' is distinct from 'true' or not exists (
      select from archon_crawled_pages o
      where o.source_id = c.source_id and o.page_id = c.page_id
        and o.metadata ->> '_pending_deletion' is distinct from 'true'))$fragment$;
  searched text[];
  languages regconfig[];
  filter text;
  scope bigint;
  exact_below bigint;
  chunk_total double precision;
  words text[];
  frequencies double precision[];
  are_common boolean[];
  rare_count integer;
  word_queries tsquery[];
  weights double precision[];
  candidate_query tsquery;
  all_query tsquery;
  phrase_query tsquery;
  exact_query tsquery;
  title text := lower(btrim(question));
  relevance text;
  coverage text;
  vector_ids bigint[] := '{}';
  vector_ranks integer[] := '{}';
  vector_distances double precision[] := '{}';
  leg_ids bigint[];
  leg_distances double precision[];
  keyword_ids bigint[] := '{}';
  exact_ids bigint[] := '{}';
  coverages double precision[] := '{}';
  kind text;
begin
  select array_agg(s.source_id), array_agg(distinct s.search_language::regconfig) into searched, languages
  from archon_sources s
  where s.status <> 'deleting' and (sources is null or s.source_id = any(sources))
    and (spaces is null or s.space_key = any(spaces));
  if searched is null then
    return;
  end if;

  select greatest(c.reltuples, 1) into chunk_total from pg_class c where c.oid = 'archon_crawled_pages'::regclass;

  -- Below this many chunks their vectors are compared one by one: exact, and no slower than an index that finds mostly others: for
  -- each of the candidates it looks at total / scope of them, and gives up at max_scan_tuples.
  exact_below := greatest(2000, sqrt(candidates * chunk_total));

  filter := 'p.source_id = any($1) and not p.is_deleted and p.missing_since is null'
    || case when wanted_labels is not null then ' and p.labels && $2' else '' end
    || case when updated_since is not null then ' and p.modified_at >= $3' else '' end;

  if cardinality(models) > 0 and (coalesce(sources, spaces, wanted_labels) is not null or updated_since is not null) then
    -- Counted only as far as it matters.
    execute 'select coalesce(sum(chunk_count), 0) from (
        select chunk_count from confluence_pages p where chunk_count > 0 and ' || filter || ' limit $4) n'
      into scope using searched, wanted_labels, updated_since, exact_below;
  end if;

  -- Of 200,000 chunks in clusters of near copies, the worst case for the index, 100 finds 0.65 of the ten nearest, 500 finds 0.92
  -- for some 7 ms more; of 10,000, 200 finds all but a few.
  perform set_config('hnsw.ef_search', least(500, greatest(200, chunk_total / 400))::integer::text, true);

  for i in 1 .. cardinality(models) loop
    select case when m.dimensions > 2000 then 'halfvec' else 'vector' end || '(' || m.dimensions || ')' into kind
    from embedding_models m where m.model = models[i];
    continue when kind is null;
    execute format(
      case when scope < exact_below then
        'with near as materialized (
           select e.chunk_id, e.embedding::%1$s <=> $4::%1$s as distance
           from confluence_pages p
           join archon_crawled_pages c on c.source_id = p.source_id and c.page_id = p.page_id
           join archon_chunk_embeddings e on e.chunk_id = c.id and e.model = %2$L
           where %3$s)
         select array_agg(chunk_id order by distance, chunk_id), array_agg(distance order by distance, chunk_id)
         from (select * from near order by distance, chunk_id limit $5) n'
      else
        'select array_agg(chunk_id order by distance, chunk_id), array_agg(distance order by distance, chunk_id)
         from (
           select e.chunk_id, e.embedding::%1$s <=> $4::%1$s as distance
           from archon_chunk_embeddings e
           join archon_crawled_pages c on c.id = e.chunk_id
           join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id
           where e.model = %2$L and %3$s
           order by e.embedding::%1$s <=> $4::%1$s limit $5) n'
      end,
      kind, models[i],
      -- A source's vectors of a model that it does not compare with (any more, or not yet) are left out.
      filter || format(' and p.source_id in (select source_id from archon_sources where embedding_model = %L)', models[i])
        || ' and ' || is_active)
    into leg_ids, leg_distances
    using searched, wanted_labels, updated_since, vectors[i], candidates;
    vector_ids := vector_ids || coalesce(leg_ids, '{}');
    vector_distances := vector_distances || coalesce(leg_distances, '{}');
    -- Distances of two models say nothing about each other, their ranks do.
    vector_ranks := vector_ranks || array(select generate_series(1, coalesce(cardinality(leg_ids), 0)));
  end loop;

  -- Also without words: a page may be titled by nothing but stop words ("Who we are").
  if keyword then
    select array_agg(w.word), array_agg(w.frequency), array_agg(w.is_common), array_agg(word_query(w.word)),
      array_agg(ln(1 + 1 / w.frequency))
    into words, frequencies, are_common, word_queries, weights
    from (select * from question_terms(languages, question || ' ' || parts, identifiers) limit 32) w;
    select count(*) filter (where total <= ranked_at_most or not is_common) into rare_count
    from (
      select sum(f * chunk_total) over (order by n) as total, is_common
      from unnest(frequencies, are_common) with ordinality as u (f, is_common, n)) t;
    select string_agg('(' || plainto_tsquery(l, question)::text || ')', ' | ')::tsquery into all_query
    from unnest(languages) l where numnode(plainto_tsquery(l, question)) > 0;
    select string_agg('(' || phraseto_tsquery(l, question)::text || ')', ' | ')::tsquery into phrase_query
    from unnest(languages) l where numnode(phraseto_tsquery(l, question)) > 1;
    select string_agg(word_query(i)::text, ' & ')::tsquery into exact_query from unnest(identifiers) i;
    select string_agg('(' || q::text || ')', ' & ')::tsquery into exact_query
    from (
      select exact_query as q where exact_query is not null
      union all
      select string_agg('(' || phraseto_tsquery(l, f)::text || ')', ' | ')::tsquery
      from unnest(phrases) f, unnest(languages) l where numnode(phraseto_tsquery(l, f)) > 0 group by f
    ) required;
    -- Rare words bring their chunks; when all are common, chunks that hold all of them do, or the two rarest.
    candidate_query := case
      when rare_count > 0 then (select string_agg(q::text, ' | ')::tsquery from unnest(word_queries[1:rare_count]) q)
      when cardinality(words) > 2 then (word_queries[1] && word_queries[2]) || all_query
      else coalesce(all_query, word_queries[1]) end;
    select string_agg(format('$10[%1$s] * ts_rank(''{0.3, 0.3, 0.6, 1}'', m.words, $9[%1$s])', n), ' + '),
      string_agg(format('case when b.words @@ $9[%1$s] then $10[%1$s] else 0 end', n), ' + ')
    into relevance, coverage from generate_subscripts(words, 1) n;
    relevance := coalesce(relevance, '0');
    coverage := coalesce(coverage, '0');
    -- What holds every name and quoted phrase of the question (all words, where it has none of these), or is titled so, is ranked
    -- once more among its like: a page that says just what was asked must not fall behind one that is merely near. What holds less
    -- counts there by its share of the words' weight, which says little unless it is most: by its fourth power; not beside a name
    -- or phrase.
    execute format(
      'with matching as materialized (
         (select c.id, c.search_vector || ''''::tsvector as words, true as named
          from confluence_pages p
          join archon_crawled_pages c on c.source_id = p.source_id and c.page_id = p.page_id
          where lower(p.title) = $8 and %1$s and %2$s limit %3$s)
         union all
         (select c.id, c.search_vector || ''''::tsvector, false
          from archon_crawled_pages c
          join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id
          where c.search_vector @@ $7 and lower(p.title) <> $8 and %1$s and %2$s limit %3$s)
         union all
         (select c.id, c.search_vector || ''''::tsvector, false
          from archon_crawled_pages c
          join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id
          where c.search_vector @@ $4 and (c.search_vector @@ $7) is not true and lower(p.title) <> $8 and %1$s and %2$s
          limit %4$s)
       ), ranked as (
         select id, m.words, named or coalesce(words @@ coalesce($7, $5), false) as exact,
           (%5$s) * (1::float8 + case when words @@ $5 then 0.5::float8 else 0 end
              + case when words @@ $6 then 0.5::float8 else 0 end + case when named then 1::float8 else 0 end) as relevance
         from matching m
       ), best as (
         select * from ranked order by exact desc, relevance desc, id limit $11
       )
       select array_agg(id order by relevance desc, id), array_agg(id order by relevance desc, id) filter (where exact),
         array_agg((%6$s) / $12 order by relevance desc, id)
       from best b',
      filter, is_active, named_at_most, read_at_most, relevance, coverage)
    into keyword_ids, exact_ids, coverages
    using searched, wanted_labels, updated_since, candidate_query, all_query, phrase_query, exact_query,
      title, word_queries, weights, candidates, (select sum(w) from unnest(weights) w);
  end if;

  if exact_query is not null and exact_ids is not null then
    coverages := '{}';
  end if;

  return query
  select u.id,
    (coalesce(nearness / (k + u.by_vector), 0) + coalesce(1.0 / (k + u.by_keyword), 0)
      + exactness * greatest(1.0 / (k + u.by_exact), coverages[u.by_keyword] ^ 4 / (k + u.by_keyword), 0))
      ::double precision * (k + 1) / (nearness + 1 + exactness),
    1 - u.distance, u.by_vector, u.by_keyword
  from (
    select l.id, min(l.v)::integer as by_vector, min(l.d) as distance, min(l.w)::integer as by_keyword,
      min(l.e)::integer as by_exact
    from (
      select id, v, d, null::bigint as w, null::bigint as e
      from unnest(vector_ids, vector_ranks, vector_distances) as n (id, v, d)
      union all
      select id, null, null, n, null from unnest(keyword_ids) with ordinality as w (id, n)
      union all
      select id, null, null, null, n from unnest(exact_ids) with ordinality as x (id, n)
    ) l group by l.id
  ) u
  order by 2 desc, 1;
end;
$$;
