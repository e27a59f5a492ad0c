-- Chunks of pages that are being stored in steps, where a search would wait for a page stored at once (the embedded database). They
-- are in no index of chunks, so that no reader finds them, until the swap of their page moves them to archon_crawled_pages.
create table archon_staged_chunks (
  -- Of the chunk to be.
  chunk_id bigint primary key,
  source_id text not null,
  page_id text not null,
  content text not null,
  heading_path text[] not null,
  input_hash text not null,
  search_vector tsvector not null,
  words_revision smallint not null,
  -- Those of a worker that crashed are deleted when they are old.
  staged_at timestamptz not null
);

-- The vectors of staged chunks are stored before their chunk, which no foreign key allows: what it did is done by a trigger.
alter table archon_chunk_embeddings drop constraint archon_chunk_embeddings_chunk_id_fkey;

-- Made again by functions/chunks.sql.
create function delete_embeddings_of_chunk() returns trigger
language plpgsql
set search_path from current
as $$
begin
  delete from archon_chunk_embeddings where chunk_id = old.id;
  return null;
end
$$;

create trigger delete_embeddings after delete on archon_crawled_pages
  for each row execute function delete_embeddings_of_chunk();
