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
