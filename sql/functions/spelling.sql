-- The last resort of a search: a query of whose words no chunk contains any is probably misspelled (shared/documents/correct-query.ts).

-- The chunks with these words that a search may show: by the index of words or, where `few_pages` is not null, by their pages, since
-- any number of others may have the same words.
create or replace function searched_chunks_with(
  words tsquery, source_ids text[], any_label text[], updated_since timestamptz, of_kinds text[], open_sources text[],
  readable_nodes bytea, few_sources text[], few_pages text[]
)
returns table (id bigint, search_vector tsvector)
language sql stable
begin atomic
  select c.id, c.search_vector from archon_crawled_pages c
  cross join lateral if_searched(c.source_id, c.page_id, c.metadata, source_ids, any_label, updated_since, of_kinds, open_sources,
    readable_nodes)
  where few_pages is null and c.search_vector @@ words
  union all
  select c.id, c.search_vector from unnest(few_sources, few_pages) as p (source_id, page_id)
  cross join lateral searched_chunks_of(p.source_id, p.page_id) c
  where few_pages is not null and c.search_vector @@ words;
end;

-- Words that such a query may have meant: the most common ones, and those of some chunks that begin as the query's words do
-- (`beginnings`: letters only) or might do (`other_beginnings`: for each word all of them, separated by blanks). None if a chunk
-- contains a word of the query, or if it has no words. Chunks of other sources and those that the reader may not read (`open_sources`
-- and `readable_nodes`: as is_readable takes them) count as not there: whether a query is corrected would tell whether they contain
-- its words.
-- For each beginning the index is descended once; the words of at most `read_at_most` chunks are read for each word of the query.
create or replace function words_instead(
  languages regconfig[], question text, beginnings text[], other_beginnings text[], source_ids text[], open_sources text[],
  readable_nodes bytea
) returns table (word text)
language plpgsql stable
set enable_seqscan = off
as $$
declare
  read_at_most constant integer := 300;
  few_at_most constant integer := 2000;
  few_sources text[];
  few_pages text[];
  asked tsquery;
begin
  select string_agg(nullif(any_word_query(l, question)::text, ''), ' | ')::tsquery into asked from unnest(languages) l;
  if asked is null then
    return;
  end if;
  select f.sources, f.pages into few_sources, few_pages
  from few_searched_pages(source_ids, null, null, null, open_sources, readable_nodes, few_at_most) f;
  if exists (
    select from searched_chunks_with(asked, source_ids, null, null, null, open_sources, readable_nodes, few_sources, few_pages)) then
    return;
  end if;
  return query
  select k.word from common_words() k
  union
  select l.lexeme from unnest(beginnings || other_beginnings) w
  cross join lateral (
    -- One pattern, because comparing each word with each beginning took most of the time.
    select string_agg(word_query(b)::text || ':*', ' | ')::tsquery as query, '^(' || string_agg(b, '|') || ')' as pattern
    from string_to_table(w, ' ') b) q
  cross join lateral (
    select c.search_vector
    from searched_chunks_with(q.query, source_ids, null, null, null, open_sources, readable_nodes, few_sources, few_pages) c
    limit read_at_most) c
  cross join lateral unnest(c.search_vector) l
  where l.lexeme ~ q.pattern;
end;
$$;

-- The same by the letters that the words begin with, only. The previous release calls it.
create or replace function words_instead(
  languages regconfig[], question text, beginnings text[], source_ids text[], open_sources text[], readable_nodes bytea
) returns table (word text)
language plpgsql stable
set enable_seqscan = off
as $$
begin
  return query select * from words_instead(languages, question, beginnings, '{}', source_ids, open_sources, readable_nodes);
end;
$$;

-- The same for whoever may read what no source restricts. The previous release calls it.
create or replace function words_instead(languages regconfig[], question text, beginnings text[]) returns table (word text)
language plpgsql stable
set enable_seqscan = off
as $$
begin
  return query select * from words_instead(languages, question, beginnings, array(select source_id from searched_sources(null, null)),
    sources_open_to_all(), null::bytea);
end;
$$;

-- For each of these words the text of one chunk that contains it and that a search may show; no row for others.
create or replace function texts_with_words(
  words text[], source_ids text[], any_label text[], updated_since timestamptz, of_kinds text[], open_sources text[],
  readable_nodes bytea
)
returns table (word text, content text)
language plpgsql stable
set enable_seqscan = off
as $$
declare
  few_at_most constant integer := 2000;
  few_sources text[];
  few_pages text[];
begin
  select f.sources, f.pages into few_sources, few_pages
  from few_searched_pages(source_ids, any_label, updated_since, of_kinds, open_sources, readable_nodes, few_at_most) f;
  return query
  select w.word, concat_ws(' ', p.title, array_to_string(c.heading_path, ' '), c.content)
  from unnest(words) as w (word)
  cross join lateral (
    select f.id from searched_chunks_with(word_query(w.word), source_ids, any_label, updated_since, of_kinds, open_sources,
      readable_nodes, few_sources, few_pages) f
    limit 1) found
  join archon_crawled_pages c on c.id = found.id
  join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id;
end;
$$;

-- The same for whoever may read what no source restricts. The previous release calls it.
create or replace function texts_with_words(
  words text[], source_ids text[], any_label text[], updated_since timestamptz, of_kinds text[]
)
returns table (word text, content text)
language sql stable
set enable_seqscan = off
begin atomic
  select * from texts_with_words(words, source_ids, any_label, updated_since, of_kinds, sources_open_to_all(), null::bytea);
end;

-- The same for all kinds. An earlier release calls it.
create or replace function texts_with_words(words text[], source_ids text[], any_label text[], updated_since timestamptz)
returns table (word text, content text)
language sql stable
begin atomic
  select * from texts_with_words(words, source_ids, any_label, updated_since, null::text[]);
end;
