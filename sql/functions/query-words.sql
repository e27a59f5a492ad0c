-- The search vector that the store writes and the search reads: titles weigh most, then headings, then content, then further words.
-- Texts are cut into words where Postgres' parser would not do it (shared/documents/cut-words.ts). `identifiers` are names such as
-- err_conn_42 or c# that the parser would split; each is stored as one word. `parts`: their pieces, and words in other spellings;
-- these have no positions, so that no phrase consists of them.
create or replace function chunk_search_vector(
  language regconfig, title text, headings text[], content text, identifiers text[], parts text
) returns tsvector
language sql stable parallel safe
return setweight(to_tsvector(language, title), 'A')
  || setweight(to_tsvector(language, array_to_string(headings, ' ')), 'B')
  || setweight(to_tsvector(language, content), 'C')
  || strip(to_tsvector(language, parts))
  || array_to_tsvector(identifiers);

-- The text of which the application cut words: without the characters that it repeated, and its separators.
create or replace function uncut_text(cut text) returns text
language sql immutable strict parallel safe
return replace(regexp_replace(cut, E'\x1f.', '', 'g'), E'\x1e', '');

-- A tsquery of one word as it is in a search vector.
create or replace function word_query(word text) returns tsquery
language sql immutable strict parallel safe
return ('''' || replace(replace(word, '\', '\\'), '''', '''''') || '''')::tsquery;

-- Any of the words of a query, at any weight.
create or replace function any_word_query(language regconfig, question text) returns tsquery
language sql stable strict parallel safe
return (select coalesce(string_agg(word_query(lexeme)::text, ' | '), '')::tsquery from unnest(to_tsvector(language, question)));

-- The approximate number of chunks: where the table was never analyzed, or long ago, the server's counters are more exact.
create or replace function chunk_total() returns double precision
language sql stable
return (
  select greatest(c.reltuples, pg_stat_get_live_tuples(c.oid), 1) from pg_class c where c.oid = 'archon_crawled_pages'::regclass);

-- The most common words and the share of chunks that contain them, from the statistics of ANALYZE; no rows without statistics.
create or replace function common_words() returns table (word text, frequency double precision)
language sql stable
begin atomic
  -- The last frequencies are the minimum and maximum, which belong to no word.
  select c.word, c.frequency
  from pg_stats s
  cross join lateral unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) as c (word, frequency)
  where s.tablename = 'archon_crawled_pages' and s.attname = 'search_vector' and c.word is not null
    and s.schemaname = (select n.nspname from pg_namespace n join pg_class c on c.relnamespace = n.oid
                        where c.oid = 'archon_crawled_pages'::regclass);
end;

-- The words of a query, rarest first, each as the query for its stems in the languages, of which a chunk contains that of its own; with
-- the share of chunks that contain any. A word that is not among the common ones counts as half as frequent as the rarest of them; of very many chunks
-- that is still many, though the word may be in one: `is_common` distinguishes them. Without statistics 200 chunks from the whole table
-- are counted.
create or replace function question_terms(languages regconfig[], question text, identifiers text[])
returns table (word text, frequency double precision, is_common boolean)
language sql stable
begin atomic
  with words as materialized (
    select string_agg(word_query(s.stem)::text, ' | ' order by s.stem)::tsquery as query, array_agg(s.stem order by s.stem) as stems
    from (
      -- A parser for all languages: a word has the same place in each.
      select distinct t.positions[1] as place, t.lexeme as stem from unnest(languages) l, unnest(to_tsvector(l, question)) t) s
    group by s.place
    union
    select word_query(i), array[i] from unnest(identifiers) i
  ), known as materialized (
    select * from common_words()
  ), sample as materialized (
    select c.search_vector || ''::tsvector as words
    from (select min(id) as first, max(id) as last from archon_crawled_pages) ids
    cross join generate_series(0, 199) n
    cross join lateral (
      select search_vector from archon_crawled_pages
      where id >= ids.first + (ids.last - ids.first) * n / 200 order by id limit 1) c
    where not exists (select from known)
  ), common as (
    select words.stems, least(1, sum(known.frequency)) as frequency
    from words cross join unnest(words.stems) as u (word) join known using (word) group by words.stems
    union all
    select words.stems, count(*)::double precision / (select count(*) from sample)
    from words join sample on sample.words @@ words.query group by words.stems
  )
  select words.query::text, coalesce(common.frequency, (select min(known.frequency) / 2 from known), 0.5 / 200),
    common.stems is not null
  from words left join common using (stems)
  order by 2, words.stems;
end;
