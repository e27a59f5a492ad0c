-- A pulse: each minute one search over all spaces of a site, which decides which of its sources are synced now.
alter table confluence_sites
  -- False: its sources are synced at their intervals only.
  add column pulse boolean not null default false,
  -- When the last complete pulse began, by Confluence's clock: the next one looks back to it, less the overlap.
  add column pulse_since timestamptz,
  -- When the last complete pulse ended, by our clock.
  add column last_pulse_at timestamptz,
  -- When the last pulse began, however it ended: a site whose pulse outlives its function waits for its turn like the others.
  add column pulse_tried_at timestamptz,
  -- Why pulses fail: {code, message, since, at, failures, retry_at}. Null while they succeed.
  add column pulse_error jsonb check (jsonb_typeof(pulse_error) = 'object');

-- Pages that a pulse found in another version than the stored one: their sources wait for a sync.
create table pulse_hits (
  source_id text not null references archon_sources on delete cascade,
  -- '*': more pages changed than a pulse reads, so any page of the space may have.
  page_id text not null,
  version int not null,
  -- A sync that was started since then lists this version.
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  primary key (source_id, page_id)
);
