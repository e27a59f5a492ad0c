-- The chunks that a page had before the last swap that added or removed any, for comparing: written by that swap.
create table page_previous_chunks (
  source_id text not null,
  page_id text not null,
  -- The version whose chunks they were.
  version integer not null,
  replaced_at timestamptz not null,
  -- In their order: {hash, heading_path, content}; content null: that of the page's chunk with the same input_hash, which the swap kept.
  chunks jsonb not null check (jsonb_typeof(chunks) = 'array'),
  primary key (source_id, page_id),
  foreign key (source_id, page_id) references confluence_pages on delete cascade
);
create index page_previous_chunks_replaced on page_previous_chunks (replaced_at);

-- Made again by functions/chunks.sql.
create or replace function delete_previous_chunks_of_page() returns trigger
language plpgsql
set search_path from current
as $$
begin
  delete from page_previous_chunks where source_id = new.source_id and page_id = new.page_id;
  return null;
end
$$;

create trigger delete_previous_chunks after update on confluence_pages
  for each row when (new.is_deleted and not old.is_deleted) execute function delete_previous_chunks_of_page();

-- Operations by their end: what they used by day, and those that expire.
create index archon_progress_finished on archon_progress (finished_at);
