-- One row a Confluence space that is kept in step.
create table archon_sources (
  source_id text primary key,
  title text not null,
  -- Site root without /wiki, lower-case host.
  base_url text not null,
  space_key text not null,
  space_id text not null,
  space_name text not null,
  -- The account behind the token when the source was made: a deletion check by any other account is refused.
  account_id text not null,
  email text,
  -- Ciphertext (KMS or key file) with the source id as authenticated data; null once the source is being deleted.
  encrypted_token text,
  -- Null: synced on demand only.
  sync_interval_minutes integer check (sync_interval_minutes > 0),
  search_language text not null default 'english',
  -- Searches of this source compare with vectors of this model only.
  embedding_model text not null,
  -- last_sync_timestamp, sync_metrics, deletion_strategy, last_deletion_check, …: only ever merged, never replaced.
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  status text not null default 'active'
    check (status in ('active', 'credentials_expired', 'space_unavailable', 'deleting')),
  -- The one operation that may run now; a dead holder's lease runs out.
  lease_operation_id uuid,
  lease_until timestamptz,
  -- Set by a 429: no request for this source before.
  paused_until timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create unique index archon_sources_space on archon_sources (base_url, space_key) where status <> 'deleting';
