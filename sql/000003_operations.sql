-- One row an operation (a sync or a deletion check), kept after it ends.
create table archon_progress (
  operation_id uuid primary key,
  source_id text not null references archon_sources on delete cascade,
  operation_type text not null check (operation_type in ('confluence_sync', 'deletion_check')),
  status text not null check (status in (
    'queued', 'listing', 'processing', 'finishing', 'completed', 'completed_with_errors', 'failed', 'cancelled', 'held')),
  -- incremental | full for a sync; null for a check.
  mode text check (mode in ('incremental', 'full')),
  dry_run boolean not null default false,
  force boolean not null default false,
  -- Who or what started it: api, schedule, manual, after_sync.
  actor text not null,
  -- Where the listing stands; written in the transaction that writes the listed work.
  checkpoint jsonb not null default '{}' check (jsonb_typeof(checkpoint) = 'object'),
  -- Counters of the listing while it runs; the final metrics once it has ended.
  counters jsonb not null default '{}' check (jsonb_typeof(counters) = 'object'),
  -- The last events: [{at, message}], bounded.
  log jsonb not null default '[]' check (jsonb_typeof(log) = 'array'),
  error jsonb check (error is null or jsonb_typeof(error) = 'object'),
  -- Two deliveries of one plan or check message never work at the same time.
  claimed_until timestamptz,
  -- When its next message was last sent: an operation that stands still without one is sent again by the sweeper.
  enqueued_at timestamptz,
  not_before timestamptz,
  created_at timestamptz not null,
  started_at timestamptz,
  listed_at timestamptz,
  finished_at timestamptz,
  updated_at timestamptz not null
);

create index archon_progress_newest on archon_progress (created_at desc, operation_id);
create index archon_progress_source on archon_progress (source_id, created_at desc);
create index archon_progress_active on archon_progress (status)
  where status in ('queued', 'listing', 'processing', 'finishing');

-- One row per page and operation. Progress is counted from it, and a lost message is found in it.
create table sync_work (
  operation_id uuid not null references archon_progress on delete cascade,
  source_id text not null,
  page_id text not null,
  -- As listed; for people who read what a dry run would do.
  title text not null default '',
  -- pending: to be processed; done, failed: ended; seen: listed and unchanged; candidate: stored but not listed (checks);
  -- planned: what a dry run would do.
  state text not null check (state in ('pending', 'done', 'failed', 'seen', 'candidate', 'planned')),
  -- added, updated, unchanged, moved, deleted, hidden, restored, skipped: what became (or would become) of the page.
  outcome text,
  reason text,
  listed_version integer,
  attempts integer not null default 0,
  not_before timestamptz,
  enqueued_at timestamptz,
  claimed_until timestamptz,
  -- chunks_added, chunks_kept, chunks_removed, embeddings_created, embeddings_reused, api_calls_made, …
  counters jsonb not null default '{}' check (jsonb_typeof(counters) = 'object'),
  updated_at timestamptz not null,
  primary key (operation_id, page_id)
);

create index sync_work_open on sync_work (operation_id) where state = 'pending';
create index sync_work_source on sync_work (source_id);

-- Domain events, written in the transaction that causes them and sent afterwards.
create table event_outbox (
  id bigint generated always as identity primary key,
  event_type text not null,
  detail jsonb not null check (jsonb_typeof(detail) = 'object'),
  created_at timestamptz not null,
  sent_at timestamptz
);

create index event_outbox_unsent on event_outbox (id) where sent_at is null;
