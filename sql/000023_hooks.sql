-- Deliveries of a Confluence site that announce changed pages: Automation rules, REST hooks, anything that sends JSON with page ids.
create table confluence_hooks (
  hook_id text primary key,
  site_id text not null references confluence_sites on delete cascade,
  kind text not null check (kind in ('automation', 'rest', 'generic')),
  -- SHA-256 (hex) of a secret of 32 random bytes, which needs no slow hash.
  secret_hash text not null,
  -- Of the secret before the last rotation, and until when it is accepted.
  previous_secret_hash text,
  previous_valid_until timestamptz,
  created_at timestamptz not null,
  rotated_at timestamptz,
  last_delivery_at timestamptz,
  last_refused_at timestamptz,
  last_missed_at timestamptz,
  -- Deliveries: accepted; with a wrong secret; with the secret, but not readable.
  received bigint not null default 0,
  refused bigint not null default 0,
  malformed bigint not null default 0,
  -- Pages in accepted deliveries: announced; of no synced space; asked for and found as they are stored.
  pages bigint not null default 0,
  unknown bigint not null default 0,
  false_alarms bigint not null default 0,
  -- Edits that a sync found although no delivery had announced them; and those since the last delivery.
  missed bigint not null default 0,
  missed_since_delivery bigint not null default 0
);
create index confluence_hooks_site on confluence_hooks (site_id);

-- Pages that are said to have changed: a hint decides when a page is asked for by id, and nothing else.
create table page_hints (
  source_id text not null references archon_sources on delete cascade,
  page_id text not null,
  -- The hook that announced it last; null: a request of the API, or a page below one that went.
  hook_id text,
  reasons text[] not null default '{}',
  -- Raised by each hint: one that comes while the page is being asked for is not removed with those before it.
  deliveries integer not null default 1,
  first_at timestamptz not null,
  due_at timestamptz not null,
  primary key (source_id, page_id)
);

-- A delivery names a page by its id alone.
create index confluence_pages_id on confluence_pages (page_id);

-- Hidden because of a hint: not yet missed by a complete deletion check, the second of which deletes. Null: it is not. (No default:
-- PostgreSQL 15 refuses one while functions use the table's row type.)
alter table confluence_pages add column hidden_by_hint boolean;

alter table archon_progress drop constraint archon_progress_operation_type_check;
alter table archon_progress add constraint archon_progress_operation_type_check
  check (operation_type in ('confluence_sync', 'deletion_check', 'page_sync'));
-- More pages are gone than single announcements may delete: a deletion check follows.
alter table archon_progress add column check_follows boolean not null default false;
