-- The last resort of a search: a query of whose words no chunk contains any is probably misspelled (shared/documents/correct-query.ts).

-- Words that such a query may have meant: the most common ones, and those of some chunks that begin as the query's words do
-- (`beginnings`: letters only). None if any chunk contains a word of the query, or if it has no words.
create or replace function words_instead(languages regconfig[], question text, beginnings text[]) returns table (word text)
language plpgsql stable
set enable_seqscan = off
as $$
declare
  read_at_most constant integer := 300;
  asked tsquery;
begin
  select string_agg(nullif(any_word_query(l, question)::text, ''), ' | ')::tsquery into asked from unnest(languages) l;
  if asked is null or exists (select from archon_crawled_pages c where c.search_vector @@ asked) then
    return;
  end if;
  return query
  select k.word from common_words() k
  union
  select l.lexeme from unnest(beginnings) b
  cross join lateral (
    select c.search_vector from archon_crawled_pages c where c.search_vector @@ (word_query(b)::text || ':*')::tsquery
    limit read_at_most) c
  cross join lateral unnest(c.search_vector) l
  where starts_with(l.lexeme, b);
end;
$$;

-- For each of these words the text of one chunk that contains it and that a search may show; no row for others.
create or replace function texts_with_words(
  words text[], source_ids text[], any_label text[], updated_since timestamptz, of_kinds text[]
)
returns table (word text, content text)
language sql stable
set enable_seqscan = off
begin atomic
  select w.word, concat_ws(' ', p.title, array_to_string(c.heading_path, ' '), c.content)
  from unnest(words) as w (word)
  cross join lateral (
    select c.source_id, c.page_id, c.heading_path, c.content from archon_crawled_pages c
    cross join lateral if_searched(c.source_id, c.page_id, c.metadata, source_ids, any_label, updated_since, of_kinds)
    where c.search_vector @@ word_query(w.word) limit 1) c
  join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id;
end;

-- The same for all kinds. The previous release calls it.
create or replace function texts_with_words(words text[], source_ids text[], any_label text[], updated_since timestamptz)
returns table (word text, content text)
language sql stable
begin atomic
  select * from texts_with_words(words, source_ids, any_label, updated_since, null::text[]);
end;
