-- Search: the chunks nearest to a query's vectors and those that match its words, fused by what each of both says of each chunk. Its
-- constants were chosen with `npm run bench -- search` and `npm run evaluate -- search`.
--
-- No plan depends on statistics. A new table has none, and by guessing the planner compared every vector: 2.7 s instead of 20 ms at
-- 125,000 chunks. So each join runs in the order as written (`offset 0` keeps a subquery from being merged into another), and that
-- order depends on the number of chunks that pass the filter, which is counted.
--
-- All functions are STABLE and see the snapshot of the calling statement: both retrievers and the caller's joins see a page that is
-- swapped meanwhile as it was before.

-- Makes pgvector's settings known to this session, so that a role without superuser rights may name them in `create function`.
select '[1]'::vector;

-- The sources of these ids and space keys (null: all) that are not being deleted. Space keys are case-insensitive, as in Confluence.
create or replace function searched_sources(source_ids text[], space_keys text[])
returns table (source_id text, search_language text, embedding_model text)
language sql stable
begin atomic
  select s.source_id, s.search_language, s.embedding_model from archon_sources s
  where s.status <> 'deleting' and (source_ids is null or s.source_id = any(source_ids))
    and (space_keys is null or lower(s.space_key) in (select lower(k) from unnest(space_keys) k));
end;

-- Whether a search may show this page. `any_label`, `updated_since` and `of_kinds` (kinds of content) null: no filter.
-- `open_sources` and `readable_nodes`: as is_readable takes them.
create or replace function is_searched(
  page confluence_pages, any_label text[], updated_since timestamptz, of_kinds text[], open_sources text[], readable_nodes bytea
) returns boolean
language sql stable
return is_visible(page) and (any_label is null or page.labels && any_label) and (updated_since is null or page.modified_at >= updated_since)
  and (of_kinds is null or page.kind = any(of_kinds)) and is_readable(page, open_sources, readable_nodes);

-- The pages that a search may show.
create or replace function searched_pages(
  source_ids text[], any_label text[], updated_since timestamptz, of_kinds text[], open_sources text[], readable_nodes bytea
)
returns table (source_id text, page_id text, chunk_count integer)
language sql stable
begin atomic
  select p.source_id, p.page_id, p.chunk_count from confluence_pages p
  where p.source_id = any(source_ids) and is_searched(p, any_label, updated_since, of_kinds, open_sources, readable_nodes);
end;

-- The same, found by their nodes: for few nodes and any number of pages. No sources that are open as a whole. It has no SET clause, so that
-- the calling statement merges it, and a limit there ends the reading: a node may have all pages of a source.
create or replace function searched_pages_of_nodes(
  nodes integer[], source_ids text[], any_label text[], updated_since timestamptz, of_kinds text[], readable_nodes bytea
)
returns table (source_id text, page_id text, chunk_count integer)
language sql stable
begin atomic
  select p.source_id, p.page_id, p.chunk_count
  from unnest(nodes) as n (node)
  cross join lateral (
    select p.* from confluence_pages p
    where p.access_node = n.node and is_searched(p, any_label, updated_since, of_kinds, '{}', readable_nodes) offset 0) p
  where p.source_id = any(source_ids);
end;

-- The pages that a search may show, when they have fewer than `at_most` chunks: their keys and the number of their chunks. Else
-- `pages` is null. Only as many pages are read as matter, since each has a chunk; where rights leave few of many, only those.
create or replace function few_searched_pages(
  source_ids text[], any_label text[], updated_since timestamptz, of_kinds text[], open_sources text[], readable_nodes bytea,
  at_most bigint, out sources text[], out pages text[], out chunks bigint
)
language plpgsql stable
-- Either would read all pages of a node or source before the limit ends it. Where few of many carry a label, a third slower.
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  -- Looking up the pages of a node costs as much as reading some ten rows.
  nodes_at_most constant integer := 2000;
  nodes integer[];
  -- Not in the call: functions whose arguments are queries are not merged, and read all their pages whatever the limit is.
  open_ones constant text[] := array(select unnest(source_ids) intersect select unnest(open_sources));
  others constant text[] := array(select unnest(source_ids) except select unnest(open_sources));
begin
  if readable_nodes is not null then
    nodes := array(select * from set_bits(readable_nodes, nodes_at_most + 1));
  end if;
  if cardinality(nodes) <= nodes_at_most then
    select coalesce(array_agg(p.source_id), '{}'), coalesce(array_agg(p.page_id), '{}'), coalesce(sum(p.chunk_count), 0)
    into sources, pages, chunks
    from (
      select * from (
        select * from searched_pages(open_ones, any_label, updated_since, of_kinds, open_sources, readable_nodes)
        union all
        select * from searched_pages_of_nodes(nodes, others, any_label, updated_since, of_kinds, readable_nodes)) p
      where p.chunk_count > 0 limit at_most) p;
  else
    select coalesce(array_agg(p.source_id), '{}'), coalesce(array_agg(p.page_id), '{}'), coalesce(sum(p.chunk_count), 0)
    into sources, pages, chunks
    from (
      select p.* from searched_pages(source_ids, any_label, updated_since, of_kinds, open_sources, readable_nodes) p
      where p.chunk_count > 0 limit at_most) p;
  end if;
  if chunks >= at_most then
    pages := null;
  end if;
end;
$$;

-- One row if a search may show a chunk that an index found; none for a chunk marked for deletion whose page has others. The last
-- chunks of a page are found, marked or not.
create or replace function if_searched(
  of_source text, of_page text, chunk_metadata jsonb, source_ids text[], any_label text[], updated_since timestamptz, of_kinds text[],
  open_sources text[], readable_nodes bytea
) returns setof boolean
language sql stable rows 1
begin atomic
  select true from confluence_pages p
  where p.source_id = of_source and p.page_id = of_page
    and is_searched(p, any_label, updated_since, of_kinds, open_sources, readable_nodes)
    -- A condition on the argument, not on the row: otherwise an index of all pages of these sources may look as good as the key.
    and of_source = any(source_ids)
    and (chunk_metadata ->> '_pending_deletion' is distinct from 'true' or not exists (
      select from archon_crawled_pages other
      where other.source_id = of_source and other.page_id = of_page
        and other.metadata ->> '_pending_deletion' is distinct from 'true' offset 0))
  offset 0;
end;

-- The same of one chunk, for statements that read chunks in order.
create or replace function is_shown_chunk(c archon_crawled_pages) returns boolean
language sql stable
return c.metadata ->> '_pending_deletion' is distinct from 'true' or not exists (
  select from archon_crawled_pages other
  where other.source_id = c.source_id and other.page_id = c.page_id
    and other.metadata ->> '_pending_deletion' is distinct from 'true');

-- The chunks of one page that a search may show, by the same rule.
create or replace function searched_chunks_of(of_source text, of_page text) returns table (id bigint, search_vector tsvector)
language sql stable rows 10
begin atomic
  select c.id, c.search_vector from archon_crawled_pages c
  where c.source_id = of_source and c.page_id = of_page
    and (c.metadata ->> '_pending_deletion' is distinct from 'true' or not exists (
      select from archon_crawled_pages other
      where other.source_id = of_source and other.page_id = of_page
        and other.metadata ->> '_pending_deletion' is distinct from 'true' offset 0))
  offset 0;
end;

-- The chunks nearest to a vector of this model, by rank. With `few_sources` and `few_pages` (the keys of all pages in the filter, when
-- these are few) all their vectors are compared: exact, and as fast as the index, which then finds mostly other chunks.
--
-- The iterative scan continues where dead index entries, filters and hidden pages used up the first candidates; the settings are
-- here so that no caller can forget them. Model and dimensions are literals: the index of a model is on an expression and partial.
-- It ends somewhere: whoever may read little of what is near a query would find less than there is, so that what they may read is
-- then compared one by one.
create or replace function nearest_chunks(
  of_model text, to_vector text, source_ids text[], any_label text[], updated_since timestamptz, of_kinds text[],
  open_sources text[], readable_nodes bytea, few_sources text[], few_pages text[], at_most integer
) returns table (chunk_id bigint, distance double precision, rank integer)
language plpgsql stable rows 100
set hnsw.iterative_scan = 'relaxed_order'
set hnsw.ef_search = 500
set hnsw.max_scan_tuples = 40000
set hnsw.scan_mem_multiplier = 4
set enable_sort = on
as $$
declare
  compared_pages constant text := case when few_pages is null
    then 'searched_pages($2, $3, $4, $8, $9, $10) p' else 'unnest($6, $7) as p (source_id, page_id)' end;
  vector_type text;
  ids bigint[];
  distances double precision[];
begin
  select case when m.dimensions > 2000 then 'halfvec' else 'vector' end || '(' || m.dimensions || ')' into vector_type
  from embedding_models m where m.model = of_model;
  if vector_type is null or source_ids = '{}' then
    return;
  end if;
  -- Of 200,000 chunks in clusters of near copies, the worst case for the index, 100 finds 0.65 of the ten nearest, 500 finds 0.92
  -- for some 7 ms more. Of 124,000 chunks of spaces with versions of their pages, either finds all ten of a question about them; of
  -- one about something else, 100 finds 0.87 and 500 finds 0.97 for 5 ms more. Of 100,000 chunks of which a reader may see a tenth, a half,
  -- all, 500 finds 0.95, 0.94 to 0.96 and 0.94, and 700 finds 0.96 to 0.98 for some 5 ms more.
  perform set_config('hnsw.ef_search', least(1000, greatest(700, chunk_total() / 150))::integer::text, true);
  if few_pages is null then
    -- Without sorting, only the index can return the order.
    perform set_config('enable_sort', 'false', true);
    execute format(
      'with nearest as materialized (
         select e.chunk_id, e.embedding::%1$s <=> $1::%1$s as distance
         from archon_chunk_embeddings e
         cross join lateral (
           select c.source_id, c.page_id, c.metadata from archon_crawled_pages c where c.id = e.chunk_id offset 0) c
         cross join lateral if_searched(c.source_id, c.page_id, c.metadata, $2, $3, $4, $6, $7, $8)
         where e.model = %2$L
         order by e.embedding::%1$s <=> $1::%1$s limit $5
       )
       select array_agg(n.chunk_id), array_agg(n.distance) from nearest n', vector_type, of_model)
    using to_vector, source_ids, any_label, updated_since, at_most, of_kinds, open_sources, readable_nodes
    into ids, distances;
    perform set_config('enable_sort', 'true', true);
  end if;
  if few_pages is not null or (open_sources is not null and coalesce(cardinality(ids), 0) < at_most) then
    execute format(
      'with compared as materialized (
         select e.chunk_id, e.embedding::%1$s <=> $1::%1$s as distance
         from ' || compared_pages || '
         cross join lateral searched_chunks_of(p.source_id, p.page_id) c
         cross join lateral (
           select e.chunk_id, e.embedding from archon_chunk_embeddings e where e.chunk_id = c.id and e.model = %2$L offset 0) e
         where p.source_id = any($2)
       ), nearest as (
         select * from compared order by distance, chunk_id limit $5
       )
       select array_agg(n.chunk_id), array_agg(n.distance) from nearest n', vector_type, of_model)
    using to_vector, source_ids, any_label, updated_since, at_most, few_sources, few_pages, of_kinds, open_sources, readable_nodes
    into ids, distances;
  end if;
  return query
  select n.id, n.distance, row_number() over (order by n.distance, n.id)::integer from unnest(ids, distances) as n (id, distance);
end;
$$;

-- How words select chunks, best first: each of `levels` selects what no earlier one does, with less of the weight of the rarest words.
-- The last selects any of the first `rare_count` words. `any_word` selects all of it. Terms: rarest first.
create or replace function levels_of_words(
  terms tsquery[], weights double precision[], rare_count integer, out levels tsquery[], out any_word tsquery
)
language plpgsql immutable
as $$
declare
  -- Each further word doubles the number of combinations, and says less than the rarer ones.
  combined constant integer := least(5, coalesce(cardinality(terms), 0));
  -- 0.999: all of them, whatever is lost by adding.
  shares constant double precision[] := '{0.999, 0.7, 0.4}';
  of_all constant double precision := (select sum(w) from unnest(weights[1:combined]) w);
  share double precision;
  combinations tsquery;
begin
  levels := '{}';
  foreach share in array shares loop
    -- The combinations that have this share, but not without their lightest word.
    select string_agg('(' || s.words || ')', ' | ')::tsquery into combinations
    from (
      select string_agg('(' || terms[n]::text || ')', ' & ') as words, sum(weights[n]) as weight, min(weights[n]) as lightest
      from generate_series(1, (1 << combined) - 1) as chosen, generate_series(1, combined) as n
      where chosen & (1 << (n - 1)) > 0 group by chosen) s
    where s.weight >= share * of_all and s.weight - s.lightest < share * of_all;
    if combinations is distinct from any_word then
      levels := levels || (combinations && coalesce(!!any_word, ''));
      any_word := combinations;
    end if;
  end loop;
  if rare_count > 0 then
    select string_agg(t::text, ' | ')::tsquery into combinations from unnest(terms[1:rare_count]) t;
    levels := levels || (combinations && !!any_word);
    any_word := any_word || combinations;
  end if;
end;
$$;

-- The query as full text queries.
-- `required`: all its names and quoted phrases; null if it has none. `all_words`, `whole_phrase`: in each language.
-- `levels`: select the chunks to rank, best first, those with all that is required before others; `any_word`: selects all of them.
-- `expected`: number of chunks with the rarest words. `terms`: the parts of a chunk's relevance; `weights`: by their frequency.
create or replace function parsed_query(
  languages regconfig[], question text, identifiers text[], parts text, phrases text[],
  out required tsquery, out all_words tsquery, out whole_phrase tsquery, out levels tsquery[], out any_word tsquery,
  out expected double precision, out terms tsquery[], out weights double precision[]
)
language plpgsql stable
as $$
declare
  -- Rare are the words that have this many chunks together.
  rare_at_most constant integer := 1500;
  terms_at_most constant integer := 32;
  -- The chunks of words that are not common are counted, as the statistics do not know these words.
  counted_at_most constant integer := 500;
  total constant double precision := chunk_total();
  chunks double precision[];
  -- Position of the first word that a chunk contains.
  first integer;
  rare_count integer;
begin
  select array_agg(t.query order by t.chunks, t.query), array_agg(t.weight order by t.chunks, t.query),
    array_agg(t.chunks order by t.chunks, t.query)
  into terms, weights, chunks
  from (
    select t.query, case when c.count < counted_at_most then c.count else greatest(c.count, t.frequency * total) end as chunks,
      -- Of a word that its sources have seldom, an estimate.
      case when c.count < counted_at_most then least(2 * t.weight, ln(1 + total / greatest(1, c.count))) else t.weight end as weight
    from (
      select q.word::tsquery as query, q.frequency, q.is_common, ln(1 + 1 / q.frequency) as weight
      from question_terms(languages, question || ' ' || parts, identifiers) q limit terms_at_most) t
    cross join lateral (
      select case when not t.is_common then count(*) end as count
      from (
        select from archon_crawled_pages c
        where c.search_vector @@ t.query limit case when t.is_common then 0 else counted_at_most end) c) c) t;
  select 1 + count(*) filter (where c = 0) into first from unnest(chunks) c;
  select count(*) filter (where c.chunks <= rare_at_most) into rare_count
  from (select sum(u.chunks) over (order by u.n) as chunks from unnest(chunks[first:]) with ordinality as u (chunks, n)) c;
  select string_agg('(' || plainto_tsquery(l, question)::text || ')', ' | ')::tsquery into all_words
  from unnest(languages) l where numnode(plainto_tsquery(l, question)) > 0;
  select string_agg('(' || phraseto_tsquery(l, question)::text || ')', ' | ')::tsquery into whole_phrase
  from unnest(languages) l where numnode(phraseto_tsquery(l, question)) > 1;
  select string_agg('(' || r.query::text || ')', ' & ')::tsquery into required
  from (
    select string_agg(word_query(i)::text, ' & ')::tsquery as query from unnest(identifiers) i having count(*) > 0
    union all
    select string_agg('(' || phraseto_tsquery(l, p)::text || ')', ' | ')::tsquery
    from unnest(phrases) p, unnest(languages) l where numnode(phraseto_tsquery(l, p)) > 0 group by p
  ) r;
  select l.levels, l.any_word into levels, any_word from levels_of_words(terms[first:], weights[first:], rare_count) l;
  if required is not null and any_word is not null then
    levels := array[required && levels[1], required && !!levels[1]]
      || array(select l.query && !!required from unnest(levels) with ordinality as l (query, n) order by l.n);
    any_word := required || any_word;
  end if;
  expected := (select sum(c) from unnest(chunks[first:first + greatest(rare_count, 1) - 1]) c);
end;
$$;

-- The chunks that match a query's words best, by rank, and those of `also` that match any.
-- `relevance`: how much of what the words could say a chunk says, 0 to 1.2. `coverage`: the share of the words' weight that it
-- contains. `is_named`: it contains all that is `required`; `is_titled`: its page has the query as title.
-- `few_chunks`: number of chunks of the few pages; all are read unless the index is expected to find fewer.
create or replace function matching_chunks(
  question text, identifiers text[], parts text, phrases text[], languages regconfig[],
  source_ids text[], any_label text[], updated_since timestamptz, of_kinds text[], open_sources text[], readable_nodes bytea,
  few_sources text[], few_pages text[], few_chunks bigint, also bigint[], at_most integer
) returns table (
  chunk_id bigint, rank integer, relevance double precision, coverage double precision, is_named boolean, is_titled boolean
)
language plpgsql stable rows 100
-- The planner underestimates the cost of reading the words of a chunk, and overestimates memoizing the pages looked up.
set enable_seqscan = off
set enable_memoize = off
-- The words of 2,000 chunks; at the usual 4 MB they would be written to disk.
set work_mem = '16MB'
as $$
declare
  -- Reading and ranking a chunk costs some 14 microseconds. Those with most of the words come first: of 130,000 chunks, reading
  -- 300 in this order finds what reading 2,000 in the order of the table did.
  ranked_at_most constant integer := least(2000, greatest(300, 4 * at_most));
  one_by_one_at_most constant integer := 2000;
  titled_at_most constant integer := 1000;
  -- Of a chunk's relevance that is divided by its length: with more, short chunks that say little come first.
  length_share constant double precision := 0.12;
  relevance_at_most constant double precision := 1.2;
  whole_title constant text := lower(btrim(uncut_text(question)));
  q record;
  of_all double precision;
  one_by_one boolean;
begin
  select * into q from parsed_query(languages, question, identifiers, parts, phrases);
  of_all := greatest((select sum(w) from unnest(q.weights) w), 1e-9);
  one_by_one := few_pages is not null and coalesce(few_chunks < q.expected, false);
  return query
  with titled_page as materialized (
    select t.source_id, t.page_id
    from (select p.source_id, p.page_id from confluence_pages p where lower(p.title) = whole_title offset 0) t
    cross join lateral if_searched(t.source_id, t.page_id, null, source_ids, any_label, updated_since, of_kinds, open_sources,
      readable_nodes)
  ), titled as materialized (
    select c.id, c.search_vector || ''::tsvector as words, true as is_titled
    from titled_page p cross join lateral searched_chunks_of(p.source_id, p.page_id) c
    limit titled_at_most
  ), matching as materialized (
    (select c.id, c.search_vector || ''::tsvector as words, false as is_titled
     from unnest(q.levels) as l (query)
     cross join lateral (
       select c.id, c.search_vector from archon_crawled_pages c
       cross join lateral if_searched(c.source_id, c.page_id, c.metadata, source_ids, any_label, updated_since, of_kinds,
         open_sources, readable_nodes)
       where not one_by_one and c.search_vector @@ l.query
         and (c.source_id, c.page_id) not in (select t.source_id, t.page_id from titled_page t)
       offset 0) c
     limit ranked_at_most)
    union all
    (select c.id, c.search_vector || ''::tsvector, false
     from unnest(few_sources, few_pages) as p (source_id, page_id)
     cross join lateral searched_chunks_of(p.source_id, p.page_id) c
     where one_by_one and c.search_vector @@ q.any_word
       and (p.source_id, p.page_id) not in (select t.source_id, t.page_id from titled_page t)
     -- Those with most of the words first, where there may be too many.
     order by case when few_chunks > one_by_one_at_most then (
       select min(l.n) from unnest(q.levels) with ordinality as l (query, n) where c.search_vector @@ l.query) end
     limit one_by_one_at_most)
  ), found as (
    select * from titled union all select * from matching
    union all
    (select c.id, c.search_vector || ''::tsvector, false
     from unnest(also) as a (id) cross join lateral (
       select c.id, c.search_vector from archon_crawled_pages c where c.id = a.id offset 0) c
     offset 0)
  ), term as materialized (
    select * from unnest(q.terms, q.weights) as t (query, weight)
  ), described as materialized (
    -- One pass over the words of a chunk; one that was also asked for by id comes twice.
    select distinct on (f.id) f.id, f.is_titled, coalesce(f.words @@ q.required, false) as is_named, r.relevance, r.coverage,
      length(f.words) as length,
      1 + case when f.words @@ q.all_words then 0.5::float8 else 0 end
        + case when f.words @@ q.whole_phrase then 0.5::float8 else 0 end + case when f.is_titled then 1 else 0 end as factor
    from found f
    cross join lateral (
      select coalesce(sum(t.weight * t.rank), 0) / of_all as relevance,
        coalesce(sum(t.weight) filter (where t.rank > 0), 0) / of_all as coverage
      -- Divided by the number of a word's stems, of which a chunk contains that of its own language.
      from (
        select t.weight, ts_rank('{0.2, 0.3, 0.6, 1}', f.words, t.query) * ((numnode(t.query) + 1) / 2) as rank from term t offset 0) t) r
    order by f.id, f.is_titled desc
  ), ranked as (
    select d.id, d.is_named, d.is_titled, d.coverage,
      d.relevance / (1 - length_share + length_share * d.length / (select greatest(avg(o.length), 1) from described o)) * d.factor
        as relevance
    from described d where d.relevance > 0 or d.is_titled
  ), placed as (
    select r.*, row_number() over (order by r.is_titled desc, r.is_named desc, r.relevance desc, r.id)::integer as place
    from ranked r
  )
  select p.id, p.place, least(p.relevance, relevance_at_most), p.coverage, p.is_named, p.is_titled
  from placed p where p.place <= at_most or p.id = any(also);
end;
$$;

-- One search. `identifiers`: names in the query (`foo.bar`, `err_conn_42`); `parts`: their pieces; `phrases`: quoted phrases.
-- `models` and `vectors`: the query as a vector of each model; both empty for full text alone. Sources, spaces, labels, time, kinds:
-- null is no filter. `open_sources` and `readable_nodes`: as is_readable takes them. `candidates`: per retriever. Returns each chunk's score, and what it is made of: `similarity` is known also of a
-- chunk that only words found; relevance, coverage, is_named and is_titled are those of matching_chunks.
create or replace function scored_chunks(
  question text, identifiers text[], parts text, phrases text[], models text[], vectors text[],
  sources text[], spaces text[], wanted_labels text[], updated_since timestamptz, of_kinds text[], open_sources text[],
  readable_nodes bytea, candidates integer, keyword boolean
) returns table (
  chunk_id bigint, score double precision, similarity double precision, vector_rank integer, keyword_rank integer,
  relevance double precision, coverage double precision, is_named boolean, is_titled boolean, vector_weight double precision
)
language plpgsql stable rows 100
-- No plan depends on values either, so each session plans once.
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
  -- What each part of a score counts; the weight of the similarity belongs to its model (embedding_models). Ranks instead of these
  -- values lose how good a match is: the best match by words says little about a question in other words, and by rank it counts as
  -- much as any best match (MRR .44 instead of .54 on the sample's questions, .84 instead of .88 on questions by people about AWS).
  relevance_weight constant double precision := 1;
  coverage_weight constant double precision := 1.5;
  named_weight constant double precision := 1.5;
  titled_weight constant double precision := 2.5;
  source_ids text[];
  languages regconfig[];
  total constant double precision := chunk_total();
  exact_below bigint;
  few_sources text[];
  few_pages text[];
  few_chunks bigint;
  near_ids bigint[];
  near_distances double precision[];
  near_ranks integer[];
begin
  select array_agg(s.source_id), array_agg(distinct s.search_language::regconfig) into source_ids, languages
  from searched_sources(sources, spaces) s;
  if source_ids is null then
    return;
  end if;

  -- Up to this many chunks, vectors are compared one by one: the index has to visit, for each candidate, as many entries as the filter
  -- passes one of, so it is no faster, and it stops at max_scan_tuples.
  exact_below := greatest(2000, sqrt(candidates * total));
  if total < exact_below or coalesce(sources, spaces, wanted_labels, of_kinds, open_sources) is not null
    or updated_since is not null then
    select f.sources, f.pages, f.chunks into few_sources, few_pages, few_chunks
    from few_searched_pages(source_ids, wanted_labels, updated_since, of_kinds, open_sources, readable_nodes, exact_below) f;
  end if;

  select array_agg(n.chunk_id), array_agg(n.distance), array_agg(n.rank) into near_ids, near_distances, near_ranks
  from unnest(models, vectors) as m (model, vector)
  -- Vectors of a model that their source does not use (any more, or yet) are skipped.
  cross join lateral (
    select coalesce(array_agg(s.source_id), '{}') as source_ids
    from archon_sources s where s.source_id = any(source_ids) and s.embedding_model = m.model) own
  cross join lateral nearest_chunks(m.model, m.vector, own.source_ids, wanted_labels, updated_since, of_kinds,
    open_sources, readable_nodes, few_sources, few_pages, candidates) n;

  return query
  with matching as (
    -- Also without words: a title may consist of stop words ("Who we are").
    select m.*
    from matching_chunks(question, identifiers, parts, phrases, languages, source_ids, wanted_labels, updated_since, of_kinds,
      open_sources, readable_nodes, few_sources, few_pages, few_chunks, near_ids, candidates) m
    where keyword
  ), found as (
    select coalesce(n.id, m.chunk_id) as id, n.distance, n.rank as vector_rank, m.rank as keyword_rank,
      coalesce(m.relevance, 0) as relevance, coalesce(m.coverage, 0) as coverage,
      coalesce(m.is_named, false) as is_named, coalesce(m.is_titled, false) as is_titled
    from unnest(near_ids, near_distances, near_ranks) as n (id, distance, rank) full join matching m on m.chunk_id = n.id
  ), compared as (
    select f.*, coalesce(1 - f.distance, own.similarity) as similarity, coalesce(own.weight, 0) as weight
    from found f
    left join lateral (
      select 1 - (e.embedding <=> q.vector::vector) as similarity, m.vector_weight as weight
      from (select c.id, c.source_id from archon_crawled_pages c where c.id = f.id offset 0) c
      cross join lateral (select s.embedding_model from archon_sources s where s.source_id = c.source_id offset 0) s
      join unnest(models, vectors) as q (model, vector) on q.model = s.embedding_model
      cross join lateral (select m.vector_weight from embedding_models m where m.model = q.model offset 0) m
      cross join lateral (
        select e.embedding from archon_chunk_embeddings e where e.chunk_id = c.id and e.model = q.model offset 0) e
    ) own on true
  )
  -- The coverage counts squared, because a partial coverage says little.
  select c.id,
    greatest(0, c.weight * coalesce(c.similarity, 0) + relevance_weight * c.relevance + coverage_weight * c.coverage ^ 2
      + case when c.is_named then named_weight else 0 end + case when c.is_titled then titled_weight else 0 end)
      / ((select coalesce(max(m.vector_weight), 0) from embedding_models m where m.model = any(models))
        + 1.2 * relevance_weight + coverage_weight + named_weight + titled_weight),
    c.similarity, c.vector_rank, c.keyword_rank, c.relevance, c.coverage, c.is_named, c.is_titled, c.weight
  from compared c
  order by 2 desc, 1;
end;
$$;

-- The same for whoever may read what no source restricts. The previous release calls it, so name, parameters and columns stay.
create or replace function scored_chunks(
  question text, identifiers text[], parts text, phrases text[], models text[], vectors text[],
  sources text[], spaces text[], wanted_labels text[], updated_since timestamptz, of_kinds text[], candidates integer, keyword boolean
) returns table (
  chunk_id bigint, score double precision, similarity double precision, vector_rank integer, keyword_rank integer,
  relevance double precision, coverage double precision, is_named boolean, is_titled boolean, vector_weight double precision
)
language plpgsql stable rows 100
as $$
begin
  return query select * from scored_chunks(question, identifiers, parts, phrases, models, vectors, sources, spaces, wanted_labels,
    updated_since, of_kinds, sources_open_to_all(), null::bytea, candidates, keyword);
end;
$$;

-- The same for all kinds. An earlier release calls it.
create or replace function scored_chunks(
  question text, identifiers text[], parts text, phrases text[], models text[], vectors text[],
  sources text[], spaces text[], wanted_labels text[], updated_since timestamptz, candidates integer, keyword boolean
) returns table (
  chunk_id bigint, score double precision, similarity double precision, vector_rank integer, keyword_rank integer,
  relevance double precision, coverage double precision, is_named boolean, is_titled boolean, vector_weight double precision
)
language sql stable rows 100
begin atomic
  select * from scored_chunks(question, identifiers, parts, phrases, models, vectors, sources, spaces, wanted_labels, updated_since,
    null::text[], candidates, keyword);
end;

-- The same without the parts. The previous release calls it, so name, parameters and columns stay.
create or replace function search_chunks(
  question text, identifiers text[], parts text, phrases text[], models text[], vectors text[],
  sources text[], spaces text[], wanted_labels text[], updated_since timestamptz, candidates integer, keyword boolean
) returns table (
  chunk_id bigint, score double precision, similarity double precision, vector_rank integer, keyword_rank integer
)
language sql stable rows 100
begin atomic
  select f.chunk_id, f.score, case when f.vector_rank is not null then f.similarity end, f.vector_rank, f.keyword_rank
  from scored_chunks(question, identifiers, parts, phrases, models, vectors, sources, spaces, wanted_labels, updated_since,
    candidates, keyword) f
  order by f.score desc, f.chunk_id;
end;
