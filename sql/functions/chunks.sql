-- What a foreign key would do, were the vectors of staged chunks not stored before their chunk.
create or replace function delete_embeddings_of_chunk() returns trigger
language plpgsql
set search_path from current
as $$
begin
  delete from archon_chunk_embeddings where chunk_id = old.id;
  return null;
end
$$;

-- The text of a deleted page is gone, whoever deleted it: also a worker of the release before, which knows no previous chunks.
create or replace function delete_previous_chunks_of_page() returns trigger
language plpgsql
set search_path from current
as $$
begin
  delete from page_previous_chunks where source_id = new.source_id and page_id = new.page_id;
  return null;
end
$$;
