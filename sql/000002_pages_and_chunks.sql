-- One row a page, kept after its deletion. Keyed by Confluence's id, never by URL or title.
create table confluence_pages (
  source_id text not null references archon_sources on delete cascade,
  page_id text not null,
  title text not null,
  -- Confluence's version number; 0: seen in a listing but never stored.
  version integer not null default 0,
  -- Of converter and chunker: an older one is processed again by the next full sync.
  representation_revision integer not null default 0,
  status text not null default 'current',
  parent_id text,
  parent_type text,
  url text not null default '',
  labels text[] not null default '{}',
  -- Of the Markdown.
  content_hash text,
  chunk_count integer not null default 0,
  modified_at timestamptz,
  is_deleted boolean not null default false,
  deleted_at timestamptz,
  deleted_reason text,
  -- Hidden from search while set: a complete listing did not show the page and asking by id did not either.
  missing_since timestamptz,
  -- {code, message, attempts, permanent, at}: why the page could not be stored; queued again by the next sync.
  sync_error jsonb check (sync_error is null or jsonb_typeof(sync_error) = 'object'),
  text_lost text,
  -- Raised by every write that decides whether the page exists; a writer that read an older one gives up.
  state_revision integer not null default 0,
  last_synced_at timestamptz,
  primary key (source_id, page_id)
);

create index confluence_pages_parent on confluence_pages (source_id, parent_id);
create index confluence_pages_failed on confluence_pages (source_id) where sync_error is not null;

-- The chunks. `id` is never reused, so a reader can tell rows of two versions apart.
create table archon_crawled_pages (
  id bigint generated always as identity primary key,
  source_id text not null,
  page_id text not null,
  url text not null,
  chunk_number integer not null,
  content text not null,
  heading_path text[] not null default '{}',
  -- SHA-256 (hex) of exactly what is embedded.
  input_hash text not null,
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  -- Written by the store (title, headings, content weighted, in the source's language): a generated column cannot.
  search_vector tsvector not null,
  created_at timestamptz not null,
  -- Counted once: lists that add them up would otherwise read all the text again (10 s for 100,000 chunks).
  char_count integer not null generated always as (length(content)) stored,
  word_count integer not null generated always as (
    cardinality(array_remove(string_to_array(translate(content, E'\n\r\t', '   '), ' '), ''))) stored,
  foreign key (source_id, page_id) references confluence_pages on delete cascade,
  -- Deferred, so that old and new rows of a page coexist inside the swap; therefore no ON CONFLICT on this table.
  unique (source_id, page_id, chunk_number) deferrable initially deferred
);

create index archon_crawled_pages_search on archon_crawled_pages using gin (search_vector);
create index archon_crawled_pages_marked on archon_crawled_pages (source_id, page_id)
  where metadata ->> '_pending_deletion' = 'true';

-- Models that vectors may be of. The HNSW index of each is made when it is registered.
create table embedding_models (
  model text primary key,
  dimensions integer not null check (dimensions between 1 and 4000),
  index_name text not null unique,
  registered_at timestamptz not null
);

-- Apart from the chunks: an update of a chunk row would otherwise be written to the vector index again, and two models
-- must live side by side while a source re-embeds.
create table archon_chunk_embeddings (
  chunk_id bigint not null references archon_crawled_pages on delete cascade,
  model text not null references embedding_models,
  source_id text not null,
  embedding vector not null,
  primary key (chunk_id, model)
)
with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200, autovacuum_analyze_scale_factor = 0.05);

create index archon_chunk_embeddings_source on archon_chunk_embeddings (source_id, model);
