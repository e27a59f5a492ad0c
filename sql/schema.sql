-- What the migrations make, for reading and for comparing. Written by `npm run schema`; never run.

create table archon_chunk_embeddings (
  chunk_id bigint not null,
  model text not null,
  source_id text not null,
  embedding vector not null,
  constraint archon_chunk_embeddings_chunk_id_fkey FOREIGN KEY (chunk_id) REFERENCES archon_crawled_pages(id) ON DELETE CASCADE,
  constraint archon_chunk_embeddings_model_fkey FOREIGN KEY (model) REFERENCES embedding_models(model),
  constraint archon_chunk_embeddings_pkey PRIMARY KEY (chunk_id, model)
)
with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=200, autovacuum_analyze_scale_factor=0.05);

create table archon_crawled_pages (
  id bigint generated always as identity not null,
  source_id text not null,
  page_id text not null,
  url text not null,
  chunk_number integer not null,
  content text not null,
  heading_path text[] default '{}'::text[] not null,
  input_hash text not null,
  metadata jsonb default '{}'::jsonb not null,
  search_vector tsvector not null,
  created_at timestamp with time zone not null,
  char_count integer default length(content) not null,
  word_count integer default cardinality(array_remove(string_to_array(translate(content, '
	'::text, '   '::text), ' '::text), ''::text)) not null,
  constraint archon_crawled_pages_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
  constraint archon_crawled_pages_source_id_page_id_fkey FOREIGN KEY (source_id, page_id) REFERENCES confluence_pages(source_id, page_id) ON DELETE CASCADE,
  constraint archon_crawled_pages_pkey PRIMARY KEY (id),
  constraint archon_crawled_pages_source_id_page_id_chunk_number_key UNIQUE (source_id, page_id, chunk_number) DEFERRABLE INITIALLY DEFERRED
);

create table archon_progress (
  operation_id uuid not null,
  source_id text not null,
  operation_type text not null,
  status text not null,
  mode text,
  dry_run boolean default false not null,
  force boolean default false not null,
  actor text not null,
  checkpoint jsonb default '{}'::jsonb not null,
  counters jsonb default '{}'::jsonb not null,
  log jsonb default '[]'::jsonb not null,
  error jsonb,
  claimed_until timestamp with time zone,
  enqueued_at timestamp with time zone,
  not_before timestamp with time zone,
  created_at timestamp with time zone not null,
  started_at timestamp with time zone,
  listed_at timestamp with time zone,
  finished_at timestamp with time zone,
  updated_at timestamp with time zone not null,
  failing jsonb,
  failures integer default 0 not null,
  constraint archon_progress_checkpoint_check CHECK ((jsonb_typeof(checkpoint) = 'object'::text)),
  constraint archon_progress_counters_check CHECK ((jsonb_typeof(counters) = 'object'::text)),
  constraint archon_progress_error_check CHECK (((error IS NULL) OR (jsonb_typeof(error) = 'object'::text))),
  constraint archon_progress_failing_check CHECK (((failing IS NULL) OR (jsonb_typeof(failing) = 'object'::text))),
  constraint archon_progress_log_check CHECK ((jsonb_typeof(log) = 'array'::text)),
  constraint archon_progress_mode_check CHECK ((mode = ANY (ARRAY['incremental'::text, 'full'::text]))),
  constraint archon_progress_operation_type_check CHECK ((operation_type = ANY (ARRAY['confluence_sync'::text, 'deletion_check'::text]))),
  constraint archon_progress_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'listing'::text, 'processing'::text, 'finishing'::text, 'completed'::text, 'completed_with_errors'::text, 'failed'::text, 'cancelled'::text, 'held'::text]))),
  constraint archon_progress_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint archon_progress_pkey PRIMARY KEY (operation_id)
);

create table archon_sources (
  source_id text not null,
  title text not null,
  base_url text not null,
  space_key text not null,
  space_id text not null,
  space_name text not null,
  account_id text not null,
  email text,
  encrypted_token text,
  sync_interval_minutes integer,
  search_language text default 'english'::text not null,
  embedding_model text not null,
  metadata jsonb default '{}'::jsonb not null,
  status text default 'active'::text not null,
  lease_operation_id uuid,
  lease_until timestamp with time zone,
  paused_until timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  model_change_claimed_until timestamp with time zone,
  web_base text,
  refused_calls jsonb default '{}'::jsonb not null,
  constraint archon_sources_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
  constraint archon_sources_refused_calls_check CHECK ((jsonb_typeof(refused_calls) = 'object'::text)),
  constraint archon_sources_status_check CHECK ((status = ANY (ARRAY['active'::text, 'credentials_expired'::text, 'space_unavailable'::text, 'deleting'::text]))),
  constraint archon_sources_sync_interval_minutes_check CHECK ((sync_interval_minutes > 0)),
  constraint archon_sources_pkey PRIMARY KEY (source_id)
);

create table confluence_folders (
  source_id text not null,
  folder_id text not null,
  kind text not null,
  title text,
  parent_id text,
  parent_type text,
  operation_id text not null,
  constraint confluence_folders_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint confluence_folders_pkey PRIMARY KEY (source_id, folder_id)
);

create table confluence_pages (
  source_id text not null,
  page_id text not null,
  title text not null,
  version integer default 0 not null,
  representation_revision integer default 0 not null,
  status text default 'current'::text not null,
  parent_id text,
  parent_type text,
  url text default ''::text not null,
  labels text[] default '{}'::text[] not null,
  content_hash text,
  chunk_count integer default 0 not null,
  modified_at timestamp with time zone,
  is_deleted boolean default false not null,
  deleted_at timestamp with time zone,
  deleted_reason text,
  missing_since timestamp with time zone,
  sync_error jsonb,
  text_lost text,
  state_revision integer default 0 not null,
  last_synced_at timestamp with time zone,
  rendered_missing jsonb,
  constraint confluence_pages_rendered_missing_check CHECK (((rendered_missing IS NULL) OR (jsonb_typeof(rendered_missing) = 'object'::text))),
  constraint confluence_pages_sync_error_check CHECK (((sync_error IS NULL) OR (jsonb_typeof(sync_error) = 'object'::text))),
  constraint confluence_pages_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint confluence_pages_pkey PRIMARY KEY (source_id, page_id)
);

create table embedding_models (
  model text not null,
  dimensions integer not null,
  index_name text not null,
  registered_at timestamp with time zone not null,
  chosen_at timestamp with time zone,
  constraint embedding_models_dimensions_check CHECK (((dimensions >= 1) AND (dimensions <= 4000))),
  constraint embedding_models_pkey PRIMARY KEY (model),
  constraint embedding_models_index_name_key UNIQUE (index_name)
);

create table event_outbox (
  id bigint generated always as identity not null,
  event_type text not null,
  detail jsonb not null,
  created_at timestamp with time zone not null,
  sent_at timestamp with time zone,
  constraint event_outbox_detail_check CHECK ((jsonb_typeof(detail) = 'object'::text)),
  constraint event_outbox_pkey PRIMARY KEY (id)
);

create table idempotent_requests (
  key text not null,
  fingerprint text not null,
  resource_id text not null,
  answer json,
  claimed_at timestamp with time zone not null,
  created_at timestamp with time zone not null,
  constraint idempotent_requests_answer_check CHECK (((answer IS NULL) OR (json_typeof(answer) = 'object'::text))),
  constraint idempotent_requests_pkey PRIMARY KEY (key)
);

create table schema_functions (
  name text not null,
  hash text not null,
  applied_at timestamp with time zone default now() not null,
  constraint schema_functions_pkey PRIMARY KEY (name)
);

create table schema_migrations (
  name text not null,
  applied_at timestamp with time zone default now() not null,
  needs text,
  constraint schema_migrations_pkey PRIMARY KEY (name)
);

create table sync_work (
  operation_id uuid not null,
  source_id text not null,
  page_id text not null,
  title text default ''::text not null,
  state text not null,
  outcome text,
  reason text,
  listed_version integer,
  attempts integer default 0 not null,
  not_before timestamp with time zone,
  enqueued_at timestamp with time zone,
  claimed_until timestamp with time zone,
  counters jsonb default '{}'::jsonb not null,
  updated_at timestamp with time zone not null,
  suspect boolean default false not null,
  claimed_alone boolean default false not null,
  crashes integer default 0 not null,
  state_revision integer,
  constraint sync_work_counters_check CHECK ((jsonb_typeof(counters) = 'object'::text)),
  constraint sync_work_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'done'::text, 'failed'::text, 'seen'::text, 'candidate'::text, 'planned'::text]))),
  constraint sync_work_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES archon_progress(operation_id) ON DELETE CASCADE,
  constraint sync_work_pkey PRIMARY KEY (operation_id, page_id)
);

CREATE INDEX archon_chunk_embeddings_source ON confluence_sync.archon_chunk_embeddings USING btree (source_id, model);
CREATE INDEX archon_crawled_pages_marked ON confluence_sync.archon_crawled_pages USING btree (source_id, page_id) WHERE ((metadata ->> '_pending_deletion'::text) = 'true'::text);
CREATE INDEX archon_crawled_pages_search ON confluence_sync.archon_crawled_pages USING gin (search_vector);
CREATE INDEX archon_progress_active ON confluence_sync.archon_progress USING btree (status) WHERE (status = ANY (ARRAY['queued'::text, 'listing'::text, 'processing'::text, 'finishing'::text]));
CREATE INDEX archon_progress_newest ON confluence_sync.archon_progress USING btree (created_at DESC, operation_id);
CREATE INDEX archon_progress_source ON confluence_sync.archon_progress USING btree (source_id, created_at DESC);
CREATE UNIQUE INDEX archon_sources_space ON confluence_sync.archon_sources USING btree (base_url, space_key) WHERE (status <> 'deleting'::text);
CREATE INDEX confluence_pages_failed ON confluence_sync.confluence_pages USING btree (source_id) WHERE (sync_error IS NOT NULL);
CREATE INDEX confluence_pages_parent ON confluence_sync.confluence_pages USING btree (source_id, parent_id);
CREATE INDEX confluence_pages_title ON confluence_sync.confluence_pages USING hash (lower(title));
CREATE INDEX confluence_pages_unrendered ON confluence_sync.confluence_pages USING btree (source_id) WHERE (rendered_missing IS NOT NULL);
CREATE UNIQUE INDEX embedding_models_chosen ON confluence_sync.embedding_models USING btree ((true)) WHERE (chosen_at IS NOT NULL);
CREATE INDEX event_outbox_unsent ON confluence_sync.event_outbox USING btree (id) WHERE (sent_at IS NULL);
CREATE INDEX idempotent_requests_age ON confluence_sync.idempotent_requests USING btree (created_at);
CREATE INDEX sync_work_open ON confluence_sync.sync_work USING btree (operation_id) WHERE (state = 'pending'::text);
CREATE INDEX sync_work_source ON confluence_sync.sync_work USING btree (source_id);
CREATE INDEX sync_work_suspects ON confluence_sync.sync_work USING btree (operation_id) WHERE ((state = 'pending'::text) AND suspect);

CREATE OR REPLACE FUNCTION confluence_sync.any_word_query(language regconfig, question text)
 RETURNS tsquery
 LANGUAGE sql
 STABLE PARALLEL SAFE STRICT
RETURN (SELECT (COALESCE(string_agg((word_query(unnest.lexeme))::text, ' | '::text), ''::text))::tsquery AS "coalesce" FROM unnest(to_tsvector(any_word_query.language, any_word_query.question)) unnest(lexeme, positions, weights))
;

CREATE OR REPLACE FUNCTION confluence_sync.chunk_search_vector(language regconfig, title text, headings text[], content text, identifiers text[], parts text)
 RETURNS tsvector
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN ((((setweight(to_tsvector(language, title), 'A'::"char") || setweight(to_tsvector(language, array_to_string(headings, ' '::text)), 'B'::"char")) || to_tsvector(language, content)) || to_tsvector(language, parts)) || array_to_tsvector(identifiers))
;

CREATE OR REPLACE FUNCTION confluence_sync.question_terms(languages regconfig[], question text, identifiers text[])
 RETURNS TABLE(word text, frequency double precision, is_common boolean)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 WITH words AS (
          SELECT DISTINCT unnest.lexeme AS word
            FROM unnest(question_terms.languages) l(l),
             LATERAL unnest(to_tsvector(l.l, question_terms.question)) unnest(lexeme, positions, weights)
         UNION
          SELECT unnest(question_terms.identifiers) AS unnest
         ), statistics AS MATERIALIZED (
          SELECT ((pg_stats.most_common_elems)::text)::text[] AS words,
             pg_stats.most_common_elem_freqs AS frequencies
            FROM pg_stats
           WHERE ((pg_stats.tablename = 'archon_crawled_pages'::name) AND (pg_stats.attname = 'search_vector'::name) AND (pg_stats.schemaname = ( SELECT n.nspname
                    FROM (pg_namespace n
                      JOIN pg_class c ON ((c.relnamespace = n.oid)))
                   WHERE (c.oid = ('archon_crawled_pages'::regclass)::oid))))
         ), common AS (
          SELECT c.word,
             c.frequency
            FROM statistics,
             LATERAL UNNEST(statistics.words, statistics.frequencies) c(word, frequency)
           WHERE (c.word IS NOT NULL)
         )
  SELECT words.word,
     COALESCE((common.frequency)::double precision, ( SELECT (min(common_1.frequency) / (2)::double precision)
            FROM common common_1), (0.0005)::double precision) AS "coalesce",
     (common.word IS NOT NULL)
    FROM (words
      LEFT JOIN common USING (word))
   ORDER BY COALESCE((common.frequency)::double precision, ( SELECT (min(common_1.frequency) / (2)::double precision)
            FROM common common_1), (0.0005)::double precision), words.word;
END
;

CREATE OR REPLACE FUNCTION confluence_sync.search_chunks(question text, identifiers text[], parts text, phrases text[], models text[], vectors text[], sources text[], spaces text[], wanted_labels text[], updated_since timestamp with time zone, candidates integer, keyword boolean)
 RETURNS TABLE(chunk_id bigint, score double precision, similarity double precision, vector_rank integer, keyword_rank integer)
 LANGUAGE plpgsql
 STABLE ROWS 100
 SET "hnsw.iterative_scan" TO 'relaxed_order'
 SET "hnsw.ef_search" TO '500'
 SET "hnsw.max_scan_tuples" TO '40000'
 SET "hnsw.scan_mem_multiplier" TO '4'
 SET jit TO 'off'
AS $function$
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
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.word_query(word text)
 RETURNS tsquery
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN (((''''::text || replace(replace(word, '\'::text, '\\'::text), ''''::text, ''''''::text)) || ''''::text))::tsquery
;

