-- What the migrations make, for reading and for comparing. Written by `npm run schema`; never run.

create table access_nodes (
  node_id integer generated always as identity not null,
  source_id text not null,
  content_id text,
  parent_node integer,
  users text[] default '{}'::text[] not null,
  groups text[] default '{}'::text[] not null,
  classes text[] default '{}'::text[] not null,
  state text not null,
  verified_at timestamp with time zone,
  pending jsonb,
  read_at timestamp with time zone default '1970-01-01 00:00:00+00'::timestamp with time zone not null,
  proven_for jsonb,
  constraint access_nodes_check CHECK (((content_id IS NOT NULL) OR (parent_node IS NULL))),
  constraint access_nodes_pending_check CHECK (((pending IS NULL) OR (jsonb_typeof(pending) = 'object'::text))),
  constraint access_nodes_proven_for_check CHECK (((proven_for IS NULL) OR (jsonb_typeof(proven_for) = 'object'::text))),
  constraint access_nodes_state_check CHECK ((state = ANY (ARRAY['known'::text, 'open'::text, 'unknown'::text]))),
  constraint access_nodes_parent_node_fkey FOREIGN KEY (parent_node) REFERENCES access_nodes(node_id),
  constraint access_nodes_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint access_nodes_pkey PRIMARY KEY (node_id),
  constraint access_nodes_source_id_content_id_key UNIQUE (source_id, content_id)
);

create table access_sweep_lists (
  source_id text not null,
  number integer not null,
  content_ids text[] not null,
  constraint access_sweep_lists_source_id_fkey FOREIGN KEY (source_id) REFERENCES access_sweeps(source_id) ON DELETE CASCADE,
  constraint access_sweep_lists_pkey PRIMARY KEY (source_id, number)
);

create table access_sweeps (
  source_id text not null,
  due_at timestamp with time zone not null,
  claimed_until timestamp with time zone,
  started_at timestamp with time zone,
  checkpoint jsonb default '{}'::jsonb not null,
  completed_at timestamp with time zone,
  omits_folders boolean default false not null,
  error jsonb,
  counters jsonb default '{}'::jsonb not null,
  nodes_changed_in bigint default 0 not null,
  constraint access_sweeps_checkpoint_check CHECK ((jsonb_typeof(checkpoint) = 'object'::text)),
  constraint access_sweeps_counters_check CHECK ((jsonb_typeof(counters) = 'object'::text)),
  constraint access_sweeps_error_check CHECK (((error IS NULL) OR (jsonb_typeof(error) = 'object'::text))),
  constraint access_sweeps_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint access_sweeps_pkey PRIMARY KEY (source_id)
);

create table archon_chunk_embeddings (
  chunk_id bigint not null,
  model text not null,
  source_id text not null,
  embedding vector not null,
  constraint archon_chunk_embeddings_model_fkey FOREIGN KEY (model) REFERENCES embedding_models(model),
  constraint archon_chunk_embeddings_pkey PRIMARY KEY (chunk_id, model)
)
with (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=200, autovacuum_analyze_scale_factor=0.05);

create table archon_crawled_pages (
  id bigint generated always as identity not null,
  source_id text not null,
  page_id text not null,
  url text not null,
  chunk_number integer not null,
  content text not null,
  heading_path text[] default '{}'::text[] not null,
  input_hash text not null,
  metadata jsonb default '{}'::jsonb not null,
  search_vector tsvector not null,
  created_at timestamp with time zone not null,
  char_count integer default length(content) not null,
  word_count integer default cardinality(array_remove(string_to_array(translate(content, '
	'::text, '   '::text), ' '::text), ''::text)) not null,
  words_revision smallint default 0 not null,
  constraint archon_crawled_pages_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
  constraint archon_crawled_pages_source_id_page_id_fkey FOREIGN KEY (source_id, page_id) REFERENCES confluence_pages(source_id, page_id) ON DELETE CASCADE,
  constraint archon_crawled_pages_pkey PRIMARY KEY (id),
  constraint archon_crawled_pages_source_id_page_id_chunk_number_key UNIQUE (source_id, page_id, chunk_number) DEFERRABLE INITIALLY DEFERRED
);

create table archon_progress (
  operation_id uuid not null,
  source_id text not null,
  operation_type text not null,
  status text not null,
  mode text,
  dry_run boolean default false not null,
  force boolean default false not null,
  actor text not null,
  checkpoint jsonb default '{}'::jsonb not null,
  counters jsonb default '{}'::jsonb not null,
  log jsonb default '[]'::jsonb not null,
  error jsonb,
  claimed_until timestamp with time zone,
  enqueued_at timestamp with time zone,
  not_before timestamp with time zone,
  created_at timestamp with time zone not null,
  started_at timestamp with time zone,
  listed_at timestamp with time zone,
  finished_at timestamp with time zone,
  updated_at timestamp with time zone not null,
  failing jsonb,
  failures integer default 0 not null,
  confluence_started_at timestamp with time zone,
  scheduled_for timestamp with time zone,
  time_zone text,
  listing_incomplete boolean default false not null,
  held_deletions jsonb,
  pages_expected integer default 0 not null,
  percent_floor integer default 0 not null,
  check_follows boolean default false not null,
  listed_kinds text[] default '{}'::text[] not null,
  approves uuid,
  constraint archon_progress_checkpoint_check CHECK ((jsonb_typeof(checkpoint) = 'object'::text)),
  constraint archon_progress_counters_check CHECK ((jsonb_typeof(counters) = 'object'::text)),
  constraint archon_progress_error_check CHECK (((error IS NULL) OR (jsonb_typeof(error) = 'object'::text))),
  constraint archon_progress_failing_check CHECK (((failing IS NULL) OR (jsonb_typeof(failing) = 'object'::text))),
  constraint archon_progress_held_deletions_check CHECK (((held_deletions IS NULL) OR (jsonb_typeof(held_deletions) = 'object'::text))),
  constraint archon_progress_log_check CHECK ((jsonb_typeof(log) = 'array'::text)),
  constraint archon_progress_mode_check CHECK ((mode = ANY (ARRAY['incremental'::text, 'full'::text]))),
  constraint archon_progress_operation_type_check CHECK ((operation_type = ANY (ARRAY['confluence_sync'::text, 'deletion_check'::text, 'page_sync'::text, 'approved_deletions'::text]))),
  constraint archon_progress_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'listing'::text, 'processing'::text, 'finishing'::text, 'completed'::text, 'completed_with_errors'::text, 'failed'::text, 'cancelled'::text, 'held'::text]))),
  constraint archon_progress_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint archon_progress_pkey PRIMARY KEY (operation_id)
);

create table archon_sources (
  source_id text not null,
  title text not null,
  base_url text not null,
  space_key text not null,
  space_id text not null,
  space_name text not null,
  account_id text not null,
  email text,
  encrypted_token text,
  sync_interval_minutes integer,
  search_language text default 'english'::text not null,
  embedding_model text not null,
  metadata jsonb default '{}'::jsonb not null,
  status text default 'active'::text not null,
  lease_operation_id uuid,
  lease_until timestamp with time zone,
  paused_until timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  model_change_claimed_until timestamp with time zone,
  web_base text,
  refused_calls jsonb default '{}'::jsonb not null,
  site_id text,
  first_sync_at timestamp with time zone,
  content jsonb default '{"blogposts": false}'::jsonb not null,
  access text default 'everything'::text not null,
  unreadable_containers text default 'hide'::text not null,
  access_verified_at timestamp with time zone,
  access_changed_at timestamp with time zone,
  verify text default 'stored'::text not null,
  access_before text,
  constraint archon_sources_access_before_check CHECK ((access_before = ANY (ARRAY['unrestricted'::text, 'per_user'::text]))),
  constraint archon_sources_access_check CHECK ((access = ANY (ARRAY['unrestricted'::text, 'per_user'::text, 'everything'::text]))),
  constraint archon_sources_content_check CHECK ((jsonb_typeof(content) = 'object'::text)),
  constraint archon_sources_metadata_check CHECK ((jsonb_typeof(metadata) = 'object'::text)),
  constraint archon_sources_refused_calls_check CHECK ((jsonb_typeof(refused_calls) = 'object'::text)),
  constraint archon_sources_status_check CHECK ((status = ANY (ARRAY['active'::text, 'credentials_expired'::text, 'space_unavailable'::text, 'deleting'::text]))),
  constraint archon_sources_sync_interval_minutes_check CHECK ((sync_interval_minutes > 0)),
  constraint archon_sources_unreadable_containers_check CHECK ((unreadable_containers = ANY (ARRAY['hide'::text, 'trust'::text]))),
  constraint archon_sources_verify_check CHECK ((verify = ANY (ARRAY['stored'::text, 'live'::text]))),
  constraint archon_sources_site_id_fkey FOREIGN KEY (site_id) REFERENCES confluence_sites(site_id),
  constraint archon_sources_pkey PRIMARY KEY (source_id)
);

create table archon_staged_chunks (
  chunk_id bigint not null,
  source_id text not null,
  page_id text not null,
  content text not null,
  heading_path text[] not null,
  input_hash text not null,
  search_vector tsvector not null,
  words_revision smallint not null,
  staged_at timestamp with time zone not null,
  place jsonb,
  constraint archon_staged_chunks_pkey PRIMARY KEY (chunk_id)
);

create table attachment_texts (
  source_id text not null,
  attachment_id text not null,
  version integer not null,
  revision integer not null,
  extracted jsonb not null,
  extracted_at timestamp with time zone not null,
  constraint attachment_texts_extracted_check CHECK ((jsonb_typeof(extracted) = 'object'::text)),
  constraint attachment_texts_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint attachment_texts_pkey PRIMARY KEY (source_id, attachment_id)
);

create table confluence_comments (
  source_id text not null,
  comment_id text not null,
  container_id text not null,
  parent_id text,
  location text not null,
  resolution text,
  selection text,
  author_id text,
  author_name text,
  created_at timestamp with time zone,
  modified_at timestamp with time zone,
  version integer not null,
  url text default ''::text not null,
  body text not null,
  listed_by uuid,
  gone_by uuid,
  missing_since timestamp with time zone,
  constraint confluence_comments_location_check CHECK ((location = ANY (ARRAY['footer'::text, 'inline'::text]))),
  constraint confluence_comments_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint confluence_comments_pkey PRIMARY KEY (source_id, comment_id)
);

create table confluence_folders (
  source_id text not null,
  folder_id text not null,
  kind text not null,
  title text,
  parent_id text,
  parent_type text,
  operation_id text not null,
  constraint confluence_folders_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint confluence_folders_pkey PRIMARY KEY (source_id, folder_id)
);

create table confluence_hooks (
  hook_id text not null,
  site_id text not null,
  kind text not null,
  secret_hash text not null,
  previous_secret_hash text,
  previous_valid_until timestamp with time zone,
  created_at timestamp with time zone not null,
  rotated_at timestamp with time zone,
  last_delivery_at timestamp with time zone,
  last_refused_at timestamp with time zone,
  last_missed_at timestamp with time zone,
  received bigint default 0 not null,
  refused bigint default 0 not null,
  malformed bigint default 0 not null,
  pages bigint default 0 not null,
  unknown bigint default 0 not null,
  false_alarms bigint default 0 not null,
  missed bigint default 0 not null,
  missed_since_delivery bigint default 0 not null,
  constraint confluence_hooks_kind_check CHECK ((kind = ANY (ARRAY['automation'::text, 'rest'::text, 'generic'::text]))),
  constraint confluence_hooks_site_id_fkey FOREIGN KEY (site_id) REFERENCES confluence_sites(site_id) ON DELETE CASCADE,
  constraint confluence_hooks_pkey PRIMARY KEY (hook_id)
);

create table confluence_pages (
  source_id text not null,
  page_id text not null,
  title text not null,
  version integer default 0 not null,
  representation_revision integer default 0 not null,
  status text default 'current'::text not null,
  parent_id text,
  parent_type text,
  url text default ''::text not null,
  labels text[] default '{}'::text[] not null,
  content_hash text,
  chunk_count integer default 0 not null,
  modified_at timestamp with time zone,
  is_deleted boolean default false not null,
  deleted_at timestamp with time zone,
  deleted_reason text,
  missing_since timestamp with time zone,
  sync_error jsonb,
  text_lost text,
  state_revision integer default 0 not null,
  last_synced_at timestamp with time zone,
  rendered_missing jsonb,
  hidden_by_hint boolean,
  kind text default 'page'::text not null,
  container_id text,
  comments_revision integer,
  file jsonb,
  hidden_with_container boolean,
  subtype text,
  access_node integer,
  shows_others boolean,
  shows_unguarded boolean,
  constraint confluence_pages_file_check CHECK ((jsonb_typeof(file) = 'object'::text)),
  constraint confluence_pages_kind_check CHECK ((kind = ANY (ARRAY['page'::text, 'blogpost'::text, 'comments'::text, 'attachment'::text]))),
  constraint confluence_pages_rendered_missing_check CHECK (((rendered_missing IS NULL) OR (jsonb_typeof(rendered_missing) = 'object'::text))),
  constraint confluence_pages_sync_error_check CHECK (((sync_error IS NULL) OR (jsonb_typeof(sync_error) = 'object'::text))),
  constraint confluence_pages_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint confluence_pages_pkey PRIMARY KEY (source_id, page_id)
);

create table confluence_sites (
  site_id text not null,
  base_url text not null,
  api_base text not null,
  cloud_id text,
  account_id text not null,
  credential_kind text default 'api_token'::text not null,
  email text,
  client_id text,
  encrypted_secret text,
  secret_bound_to text not null,
  token_expires_at timestamp with time zone,
  refused_calls jsonb default '{}'::jsonb not null,
  space_rule jsonb,
  source_defaults jsonb default '{}'::jsonb not null,
  discovered_at timestamp with time zone,
  discovery_error jsonb,
  status text default 'active'::text not null,
  paused_until timestamp with time zone,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  pulse boolean default false not null,
  pulse_since timestamp with time zone,
  last_pulse_at timestamp with time zone,
  pulse_tried_at timestamp with time zone,
  pulse_error jsonb,
  limits jsonb default '{}'::jsonb not null,
  held jsonb,
  expiry_warned_days integer,
  directory_verified_at timestamp with time zone,
  directory_claimed_until timestamp with time zone,
  directory_error jsonb,
  constraint confluence_sites_credential_kind_check CHECK ((credential_kind = ANY (ARRAY['api_token'::text, 'client_credentials'::text]))),
  constraint confluence_sites_directory_error_check CHECK (((directory_error IS NULL) OR (jsonb_typeof(directory_error) = 'object'::text))),
  constraint confluence_sites_discovery_error_check CHECK ((jsonb_typeof(discovery_error) = 'object'::text)),
  constraint confluence_sites_held_check CHECK (((held IS NULL) OR (jsonb_typeof(held) = 'object'::text))),
  constraint confluence_sites_limits_check CHECK ((jsonb_typeof(limits) = 'object'::text)),
  constraint confluence_sites_pulse_error_check CHECK ((jsonb_typeof(pulse_error) = 'object'::text)),
  constraint confluence_sites_refused_calls_check CHECK ((jsonb_typeof(refused_calls) = 'object'::text)),
  constraint confluence_sites_source_defaults_check CHECK ((jsonb_typeof(source_defaults) = 'object'::text)),
  constraint confluence_sites_space_rule_check CHECK ((jsonb_typeof(space_rule) = 'object'::text)),
  constraint confluence_sites_status_check CHECK ((status = ANY (ARRAY['active'::text, 'credentials_expired'::text, 'deleting'::text]))),
  constraint confluence_sites_pkey PRIMARY KEY (site_id)
);

create table confluence_spaces (
  site_id text not null,
  space_id text not null,
  space_key text not null,
  name text not null,
  type text not null,
  status text not null,
  fits boolean not null,
  gone_since timestamp with time zone,
  renamed_from text,
  constraint confluence_spaces_site_id_fkey FOREIGN KEY (site_id) REFERENCES confluence_sites(site_id) ON DELETE CASCADE,
  constraint confluence_spaces_pkey PRIMARY KEY (site_id, space_id)
);

create table content_access (
  source_id text not null,
  content_id text not null,
  ancestor_ids text[] not null,
  is_container boolean default false not null,
  node_id integer,
  read_at timestamp with time zone default '1970-01-01 00:00:00+00'::timestamp with time zone not null,
  constraint content_access_node_id_fkey FOREIGN KEY (node_id) REFERENCES access_nodes(node_id),
  constraint content_access_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint content_access_pkey PRIMARY KEY (source_id, content_id)
);

create table directory_accounts (
  site_id text not null,
  account_id text not null,
  email text,
  is_active boolean not null,
  is_guest boolean default false not null,
  verified_at timestamp with time zone not null,
  constraint directory_accounts_site_id_fkey FOREIGN KEY (site_id) REFERENCES confluence_sites(site_id) ON DELETE CASCADE,
  constraint directory_accounts_pkey PRIMARY KEY (site_id, account_id)
);

create table directory_groups (
  site_id text not null,
  group_id text not null,
  is_licensed boolean default false not null,
  state text not null,
  verified_at timestamp with time zone not null,
  constraint directory_groups_state_check CHECK ((state = ANY (ARRAY['known'::text, 'unreadable'::text]))),
  constraint directory_groups_site_id_fkey FOREIGN KEY (site_id) REFERENCES confluence_sites(site_id) ON DELETE CASCADE,
  constraint directory_groups_pkey PRIMARY KEY (site_id, group_id)
);

create table directory_members (
  site_id text not null,
  group_id text not null,
  account_id text not null,
  constraint directory_members_site_id_group_id_fkey FOREIGN KEY (site_id, group_id) REFERENCES directory_groups(site_id, group_id) ON DELETE CASCADE,
  constraint directory_members_pkey PRIMARY KEY (site_id, group_id, account_id)
);

create table embedding_models (
  model text not null,
  dimensions integer not null,
  index_name text not null,
  registered_at timestamp with time zone not null,
  chosen_at timestamp with time zone,
  vector_weight double precision default 3 not null,
  constraint embedding_models_dimensions_check CHECK (((dimensions >= 1) AND (dimensions <= 4000))),
  constraint embedding_models_vector_weight_check CHECK ((vector_weight >= (0)::double precision)),
  constraint embedding_models_pkey PRIMARY KEY (model),
  constraint embedding_models_index_name_key UNIQUE (index_name)
);

create table event_outbox (
  id bigint generated always as identity not null,
  event_type text not null,
  detail jsonb not null,
  created_at timestamp with time zone not null,
  sent_at timestamp with time zone,
  constraint event_outbox_detail_check CHECK ((jsonb_typeof(detail) = 'object'::text)),
  constraint event_outbox_pkey PRIMARY KEY (id)
);

create table forgotten_content (
  source_id text not null,
  content_id text not null,
  read_at timestamp with time zone not null,
  constraint forgotten_content_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint forgotten_content_pkey PRIMARY KEY (source_id, content_id)
);

create table idempotent_requests (
  key text not null,
  fingerprint text not null,
  resource_id text not null,
  answer json,
  claimed_at timestamp with time zone not null,
  created_at timestamp with time zone not null,
  constraint idempotent_requests_answer_check CHECK (((answer IS NULL) OR (json_typeof(answer) = 'object'::text))),
  constraint idempotent_requests_pkey PRIMARY KEY (key)
);

create table identities (
  claim text not null,
  subject text not null,
  account_id text not null,
  updated_at timestamp with time zone not null,
  constraint identities_claim_check CHECK ((claim = ANY (ARRAY['email'::text, 'subject'::text]))),
  constraint identities_pkey PRIMARY KEY (claim, subject)
);

create table page_dependencies (
  source_id text not null,
  page_id text not null,
  kind text not null,
  target text default ''::text not null,
  target_id text default ''::text not null,
  space_key text default ''::text not null,
  depth integer,
  shows_text boolean not null,
  constraint page_dependencies_kind_check CHECK ((kind = ANY (ARRAY['page'::text, 'children'::text, 'label'::text, 'files'::text, 'unknown'::text]))),
  constraint page_dependencies_source_id_page_id_fkey FOREIGN KEY (source_id, page_id) REFERENCES confluence_pages(source_id, page_id) ON DELETE CASCADE,
  constraint page_dependencies_pkey PRIMARY KEY (source_id, page_id, kind, space_key, target, target_id)
);

create table page_hints (
  source_id text not null,
  page_id text not null,
  hook_id text,
  reasons text[] default '{}'::text[] not null,
  deliveries integer default 1 not null,
  first_at timestamp with time zone not null,
  due_at timestamp with time zone not null,
  constraint page_hints_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint page_hints_pkey PRIMARY KEY (source_id, page_id)
);

create table page_previous_chunks (
  source_id text not null,
  page_id text not null,
  version integer not null,
  replaced_at timestamp with time zone not null,
  chunks jsonb not null,
  constraint page_previous_chunks_chunks_check CHECK ((jsonb_typeof(chunks) = 'array'::text)),
  constraint page_previous_chunks_source_id_page_id_fkey FOREIGN KEY (source_id, page_id) REFERENCES confluence_pages(source_id, page_id) ON DELETE CASCADE,
  constraint page_previous_chunks_pkey PRIMARY KEY (source_id, page_id)
);

create table page_renderings (
  source_id text not null,
  page_id text not null,
  shown_revision integer default 0 not null,
  rendered_revision integer default 0 not null,
  rendered_at timestamp with time zone not null,
  refreshed_at timestamp with time zone,
  refresh_after timestamp with time zone,
  shows_gone boolean default false not null,
  failed_macros text[] default '{}'::text[] not null,
  constraint page_renderings_source_id_page_id_fkey FOREIGN KEY (source_id, page_id) REFERENCES confluence_pages(source_id, page_id) ON DELETE CASCADE,
  constraint page_renderings_pkey PRIMARY KEY (source_id, page_id)
);

create table pulse_hits (
  source_id text not null,
  page_id text not null,
  version integer not null,
  first_seen_at timestamp with time zone not null,
  last_seen_at timestamp with time zone not null,
  constraint pulse_hits_source_id_fkey FOREIGN KEY (source_id) REFERENCES archon_sources(source_id) ON DELETE CASCADE,
  constraint pulse_hits_pkey PRIMARY KEY (source_id, page_id)
);

create table schema_functions (
  name text not null,
  hash text not null,
  applied_at timestamp with time zone default now() not null,
  constraint schema_functions_pkey PRIMARY KEY (name)
);

create table schema_migrations (
  name text not null,
  applied_at timestamp with time zone default now() not null,
  needs text,
  constraint schema_migrations_pkey PRIMARY KEY (name)
);

create table sync_work (
  operation_id uuid not null,
  source_id text not null,
  page_id text not null,
  title text default ''::text not null,
  state text not null,
  outcome text,
  reason text,
  listed_version integer,
  attempts integer default 0 not null,
  not_before timestamp with time zone,
  enqueued_at timestamp with time zone,
  claimed_until timestamp with time zone,
  counters jsonb default '{}'::jsonb not null,
  updated_at timestamp with time zone not null,
  suspect boolean default false not null,
  claimed_alone boolean default false not null,
  crashes integer default 0 not null,
  state_revision integer,
  kind text default 'page'::text not null,
  refreshes boolean default false not null,
  decision text,
  constraint sync_work_counters_check CHECK ((jsonb_typeof(counters) = 'object'::text)),
  constraint sync_work_decision_check CHECK ((decision = ANY (ARRAY['approved'::text, 'rejected'::text]))),
  constraint sync_work_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'done'::text, 'failed'::text, 'seen'::text, 'candidate'::text, 'planned'::text]))),
  constraint sync_work_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES archon_progress(operation_id) ON DELETE CASCADE,
  constraint sync_work_pkey PRIMARY KEY (operation_id, page_id)
);

CREATE INDEX access_nodes_classes ON confluence_sync.access_nodes USING btree (source_id) WHERE ((state = 'known'::text) AND (classes <> '{}'::text[]));
CREATE INDEX access_nodes_groups ON confluence_sync.access_nodes USING gin (groups) WITH (fastupdate=off);
CREATE INDEX access_nodes_open ON confluence_sync.access_nodes USING btree (source_id) WHERE (state = 'open'::text);
CREATE INDEX access_nodes_parent ON confluence_sync.access_nodes USING btree (parent_node);
CREATE UNIQUE INDEX access_nodes_space ON confluence_sync.access_nodes USING btree (source_id) WHERE (content_id IS NULL);
CREATE INDEX access_nodes_users ON confluence_sync.access_nodes USING gin (users) WITH (fastupdate=off);
CREATE INDEX access_sweeps_due ON confluence_sync.access_sweeps USING btree (due_at);
CREATE INDEX archon_chunk_embeddings_source ON confluence_sync.archon_chunk_embeddings USING btree (source_id, model);
CREATE INDEX archon_crawled_pages_marked ON confluence_sync.archon_crawled_pages USING btree (source_id, page_id) WHERE ((metadata ->> '_pending_deletion'::text) = 'true'::text);
CREATE INDEX archon_crawled_pages_outdated_words ON confluence_sync.archon_crawled_pages USING btree (source_id, page_id) WHERE (words_revision < 2);
CREATE INDEX archon_crawled_pages_search ON confluence_sync.archon_crawled_pages USING gin (search_vector) WITH (gin_pending_list_limit='256');
CREATE INDEX archon_progress_active ON confluence_sync.archon_progress USING btree (status) WHERE (status = ANY (ARRAY['queued'::text, 'listing'::text, 'processing'::text, 'finishing'::text]));
CREATE INDEX archon_progress_finished ON confluence_sync.archon_progress USING btree (finished_at);
CREATE INDEX archon_progress_newest ON confluence_sync.archon_progress USING btree (created_at DESC, operation_id);
CREATE INDEX archon_progress_source ON confluence_sync.archon_progress USING btree (source_id, created_at DESC);
CREATE INDEX archon_sources_site ON confluence_sync.archon_sources USING btree (site_id);
CREATE UNIQUE INDEX archon_sources_space ON confluence_sync.archon_sources USING btree (base_url, space_key) WHERE (status <> 'deleting'::text);
CREATE INDEX confluence_comments_container ON confluence_sync.confluence_comments USING btree (container_id, source_id);
CREATE INDEX confluence_hooks_site ON confluence_sync.confluence_hooks USING btree (site_id);
CREATE INDEX confluence_pages_access_node ON confluence_sync.confluence_pages USING btree (access_node) WHERE (access_node IS NOT NULL);
CREATE INDEX confluence_pages_container ON confluence_sync.confluence_pages USING btree (container_id, source_id) WHERE (container_id IS NOT NULL);
CREATE INDEX confluence_pages_deleted ON confluence_sync.confluence_pages USING btree (deleted_at) WHERE is_deleted;
CREATE INDEX confluence_pages_failed ON confluence_sync.confluence_pages USING btree (source_id) WHERE (sync_error IS NOT NULL);
CREATE INDEX confluence_pages_id ON confluence_sync.confluence_pages USING btree (page_id, source_id);
CREATE INDEX confluence_pages_title ON confluence_sync.confluence_pages USING hash (lower(title));
CREATE INDEX confluence_pages_unrendered ON confluence_sync.confluence_pages USING btree (source_id) WHERE (rendered_missing IS NOT NULL);
CREATE INDEX confluence_pages_url ON confluence_sync.confluence_pages USING hash (url);
CREATE UNIQUE INDEX confluence_sites_account ON confluence_sync.confluence_sites USING btree (base_url, account_id) WHERE (status <> 'deleting'::text);
CREATE INDEX content_access_node ON confluence_sync.content_access USING btree (node_id);
CREATE INDEX directory_accounts_email ON confluence_sync.directory_accounts USING btree (email) WHERE (email IS NOT NULL);
CREATE INDEX directory_members_account ON confluence_sync.directory_members USING btree (account_id, site_id);
CREATE UNIQUE INDEX embedding_models_chosen ON confluence_sync.embedding_models USING btree ((true)) WHERE (chosen_at IS NOT NULL);
CREATE INDEX event_outbox_unsent ON confluence_sync.event_outbox USING btree (id) WHERE (sent_at IS NULL);
CREATE INDEX idempotent_requests_age ON confluence_sync.idempotent_requests USING btree (created_at);
CREATE INDEX page_dependencies_target ON confluence_sync.page_dependencies USING btree (target, space_key) WHERE (target <> ''::text);
CREATE INDEX page_dependencies_target_id ON confluence_sync.page_dependencies USING btree (target_id) WHERE (target_id <> ''::text);
CREATE INDEX page_dependencies_unknown ON confluence_sync.page_dependencies USING btree (source_id) WHERE (kind = 'unknown'::text);
CREATE INDEX page_previous_chunks_replaced ON confluence_sync.page_previous_chunks USING btree (replaced_at);
CREATE INDEX page_renderings_outdated ON confluence_sync.page_renderings USING btree (source_id, page_id) WHERE (refresh_after IS NOT NULL);
CREATE INDEX sync_work_pending ON confluence_sync.sync_work USING btree (operation_id, page_id) WHERE (state = 'pending'::text);
CREATE INDEX sync_work_refreshes ON confluence_sync.sync_work USING btree (operation_id, page_id) WHERE refreshes;
CREATE INDEX sync_work_source ON confluence_sync.sync_work USING btree (source_id);
CREATE INDEX sync_work_suspects ON confluence_sync.sync_work USING btree (operation_id) WHERE ((state = 'pending'::text) AND suspect);

CREATE OR REPLACE FUNCTION confluence_sync.any_word_query(language regconfig, question text)
 RETURNS tsquery
 LANGUAGE sql
 STABLE PARALLEL SAFE STRICT
RETURN (SELECT (COALESCE(string_agg((word_query(unnest.lexeme))::text, ' | '::text), ''::text))::tsquery AS "coalesce" FROM unnest(to_tsvector(any_word_query.language, any_word_query.question)) unnest(lexeme, positions, weights))
;

CREATE OR REPLACE FUNCTION confluence_sync.chunk_search_vector(language regconfig, title text, headings text[], content text, identifiers text[], parts text)
 RETURNS tsvector
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN ((((setweight(to_tsvector(language, title), 'A'::"char") || setweight(to_tsvector(language, array_to_string(headings, ' '::text)), 'B'::"char")) || setweight(to_tsvector(language, content), 'C'::"char")) || strip(to_tsvector(language, parts))) || array_to_tsvector(identifiers))
;

CREATE OR REPLACE FUNCTION confluence_sync.chunk_total()
 RETURNS double precision
 LANGUAGE sql
 STABLE
RETURN (SELECT GREATEST(c.reltuples, (pg_stat_get_live_tuples(c.oid))::real, (1)::real) AS "greatest" FROM pg_class c WHERE (c.oid = ('archon_crawled_pages'::regclass)::oid))
;

CREATE OR REPLACE FUNCTION confluence_sync.common_words()
 RETURNS TABLE(word text, frequency double precision)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT c.word,
     c.frequency
    FROM (pg_stats s
      CROSS JOIN LATERAL UNNEST(((s.most_common_elems)::text)::text[], s.most_common_elem_freqs) c(word, frequency))
   WHERE ((s.tablename = 'archon_crawled_pages'::name) AND (s.attname = 'search_vector'::name) AND (c.word IS NOT NULL) AND (s.schemaname = ( SELECT n.nspname
            FROM (pg_namespace n
              JOIN pg_class c_1 ON ((c_1.relnamespace = n.oid)))
           WHERE (c_1.oid = ('archon_crawled_pages'::regclass)::oid))));
END
;

CREATE OR REPLACE FUNCTION confluence_sync.copy_facts_of_listing()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  in_checkpoint constant text[] := array['started_at', 'tick', 'time_zone', 'incomplete', 'held'];
  in_counters constant text[] := array['pages_expected', 'percent_floor'];
begin
  -- Only the previous release writes these keys: this one writes checkpoint and counters without them, together with the columns.
  if new.checkpoint ?| in_checkpoint then
    new.confluence_started_at := (new.checkpoint ->> 'started_at')::timestamptz;
    new.scheduled_for := (new.checkpoint ->> 'tick')::timestamptz;
    new.time_zone := new.checkpoint ->> 'time_zone';
    new.listing_incomplete := coalesce((new.checkpoint ->> 'incomplete')::boolean, false);
    new.held_deletions := nullif(new.checkpoint -> 'held', 'null');
  else
    new.checkpoint := (new.checkpoint - in_checkpoint) || jsonb_strip_nulls(jsonb_build_object(
      'started_at', to_char(new.confluence_started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'tick', to_char(new.scheduled_for at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'time_zone', new.time_zone,
      'incomplete', nullif(new.listing_incomplete, false),
      'held', new.held_deletions));
  end if;
  if new.counters ?| in_counters then
    new.pages_expected := coalesce((new.counters ->> 'pages_expected')::integer, 0);
    new.percent_floor := coalesce((new.counters ->> 'percent_floor')::integer, 0);
  else
    new.counters := (new.counters - in_counters) || jsonb_strip_nulls(jsonb_build_object(
      'pages_expected', nullif(new.pages_expected, 0), 'percent_floor', nullif(new.percent_floor, 0)));
  end if;
  return new;
end
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.delete_embeddings_of_chunk()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'confluence_sync', 'public', 'extensions'
AS $function$
begin
  delete from archon_chunk_embeddings where chunk_id = old.id;
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.delete_previous_chunks_of_page()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'confluence_sync', 'public', 'extensions'
AS $function$
begin
  delete from page_previous_chunks where source_id = new.source_id and page_id = new.page_id;
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.few_searched_pages(source_ids text[], any_label text[], updated_since timestamp with time zone, of_kinds text[], open_sources text[], readable_nodes bytea, at_most bigint, OUT sources text[], OUT pages text[], OUT chunks bigint)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
AS $function$
declare
  -- Looking up the pages of a node costs as much as reading some ten rows.
  nodes_at_most constant integer := 2000;
  nodes integer[];
  -- Not in the call: functions whose arguments are queries are not merged, and read all their pages whatever the limit is.
  open_ones constant text[] := array(select unnest(source_ids) intersect select unnest(open_sources));
  others constant text[] := array(select unnest(source_ids) except select unnest(open_sources));
begin
  if readable_nodes is not null then
    nodes := array(select * from set_bits(readable_nodes, nodes_at_most + 1));
  end if;
  if cardinality(nodes) <= nodes_at_most then
    select coalesce(array_agg(p.source_id), '{}'), coalesce(array_agg(p.page_id), '{}'), coalesce(sum(p.chunk_count), 0)
    into sources, pages, chunks
    from (
      select * from (
        select * from searched_pages(open_ones, any_label, updated_since, of_kinds, open_sources, readable_nodes)
        union all
        select * from searched_pages_of_nodes(nodes, others, any_label, updated_since, of_kinds, readable_nodes)) p
      where p.chunk_count > 0 limit at_most) p;
  else
    select coalesce(array_agg(p.source_id), '{}'), coalesce(array_agg(p.page_id), '{}'), coalesce(sum(p.chunk_count), 0)
    into sources, pages, chunks
    from (
      select p.* from searched_pages(source_ids, any_label, updated_since, of_kinds, open_sources, readable_nodes) p
      where p.chunk_count > 0 limit at_most) p;
  end if;
  if chunks >= at_most then
    pages := null;
  end if;
end;
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.follow_access_node()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update confluence_pages p set access_node = node_of_page(p)
  from changed n where p.source_id = n.source_id and p.page_id = n.content_id and p.container_id is null
    and p.access_node is distinct from node_of_page(p);
  update confluence_pages p set access_node = node_of_page(p)
  from changed n where p.source_id = n.source_id and p.container_id = n.content_id and p.access_node is distinct from node_of_page(p);
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.hide_what_includes_gone()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update confluence_pages p set access_node = null
  where p.source_id = new.source_id and p.page_id = new.page_id and p.access_node is not null and exists (
    select from page_dependencies d where d.source_id = p.source_id and d.page_id = p.page_id and d.kind = 'page');
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.hide_what_shows()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'confluence_sync', 'public', 'extensions'
AS $function$
begin
  with moved as (
    select n.source_id, n.content_id, o.node_id is not null as was_known
    from changed n join before o on o.source_id = n.source_id and o.content_id = n.content_id
    where o.node_id is distinct from n.node_id
  ), showing as (
    select m.source_id, m.content_id as page_id, m.was_known from moved m where m.was_known
    union all
    select m.source_id, m.content_id, m.was_known from moved m cross join lateral (
      select from page_dependencies d where d.source_id = m.source_id and d.page_id = m.content_id and d.kind = 'page' limit 1) d
    where not m.was_known
    union all
    select d.source_id, d.page_id, m.was_known from moved m
    join confluence_pages t on t.source_id = m.source_id and t.page_id = m.content_id
    cross join lateral (
      (select d.source_id, d.page_id from page_dependencies d where d.target = t.title and d.target <> '' and d.kind = 'page' offset 0)
      union all
      (select d.source_id, d.page_id from page_dependencies d where d.target_id = t.page_id and d.target_id <> '' and d.kind = 'page'
        offset 0)) d
    where d.source_id = m.source_id
  ), outdated as (
    update page_renderings r set shown_revision = r.shown_revision + 1, shows_gone = r.shows_gone or s.was_known,
      refresh_after = to_timestamp(0)
    from (select source_id, page_id, bool_or(was_known) as was_known from showing group by source_id, page_id) s
    where r.source_id = s.source_id and r.page_id = s.page_id
    returning r.source_id, r.page_id, r.shows_gone
  )
  -- Hidden or not: it waits for a rendering that shows the page again.
  update confluence_pages p set access_node = null
  from outdated o where o.shows_gone and p.source_id = o.source_id and p.page_id = o.page_id;
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.if_searched(of_source text, of_page text, chunk_metadata jsonb, source_ids text[], any_label text[], updated_since timestamp with time zone, of_kinds text[], open_sources text[], readable_nodes bytea)
 RETURNS SETOF boolean
 LANGUAGE sql
 STABLE ROWS 1
BEGIN ATOMIC
 SELECT true
    FROM confluence_pages p
   WHERE ((p.source_id = if_searched.of_source) AND (p.page_id = if_searched.of_page) AND is_searched(p.*, if_searched.any_label, if_searched.updated_since, if_searched.of_kinds, if_searched.open_sources, if_searched.readable_nodes) AND (if_searched.of_source = ANY (if_searched.source_ids)) AND (((if_searched.chunk_metadata ->> '_pending_deletion'::text) IS DISTINCT FROM 'true'::text) OR (NOT (EXISTS ( SELECT
            FROM archon_crawled_pages other
           WHERE ((other.source_id = if_searched.of_source) AND (other.page_id = if_searched.of_page) AND ((other.metadata ->> '_pending_deletion'::text) IS DISTINCT FROM 'true'::text))
          OFFSET 0)))))
  OFFSET 0;
END
;

CREATE OR REPLACE FUNCTION confluence_sync.is_findable(page confluence_pages)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (is_visible(page) AND ((page).version > 0))
;

CREATE OR REPLACE FUNCTION confluence_sync.is_readable(page confluence_pages, open_sources text[], readable_nodes bytea)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((open_sources IS NULL) OR ((page).source_id = ANY (open_sources)) OR CASE WHEN ((page).access_node < (8 * octet_length(readable_nodes))) THEN (get_bit(readable_nodes, ((page).access_node)::bigint) = 1) ELSE false END)
;

CREATE OR REPLACE FUNCTION confluence_sync.is_readable_content(of_source text, of_content text, open_sources text[], readable_nodes bytea)
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN ((open_sources IS NULL) OR (of_source = ANY (open_sources)) OR (EXISTS (SELECT FROM content_access c WHERE ((c.source_id = is_readable_content.of_source) AND (c.content_id = is_readable_content.of_content) AND CASE WHEN (c.node_id < (8 * octet_length(is_readable_content.readable_nodes))) THEN (get_bit(is_readable_content.readable_nodes, (c.node_id)::bigint) = 1) ELSE false END))))
;

CREATE OR REPLACE FUNCTION confluence_sync.is_readable_source(of_source text, open_sources text[], readable_nodes bytea)
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN ((open_sources IS NULL) OR (of_source = ANY (open_sources)) OR (EXISTS (SELECT FROM access_nodes n WHERE ((n.source_id = is_readable_source.of_source) AND (n.content_id IS NULL) AND CASE WHEN (n.node_id < (8 * octet_length(is_readable_source.readable_nodes))) THEN (get_bit(is_readable_source.readable_nodes, (n.node_id)::bigint) = 1) ELSE false END))))
;

CREATE OR REPLACE FUNCTION confluence_sync.is_searched(page confluence_pages, any_label text[], updated_since timestamp with time zone, of_kinds text[], open_sources text[], readable_nodes bytea)
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN (is_visible(page) AND ((any_label IS NULL) OR ((page).labels && any_label)) AND ((updated_since IS NULL) OR ((page).modified_at >= updated_since)) AND ((of_kinds IS NULL) OR ((page).kind = ANY (of_kinds))) AND is_readable(page, open_sources, readable_nodes))
;

CREATE OR REPLACE FUNCTION confluence_sync.is_shown_chunk(c archon_crawled_pages)
 RETURNS boolean
 LANGUAGE sql
 STABLE
RETURN ((((c).metadata ->> '_pending_deletion'::text) IS DISTINCT FROM 'true'::text) OR (NOT (EXISTS (SELECT FROM archon_crawled_pages other WHERE ((other.source_id = (is_shown_chunk.c).source_id) AND (other.page_id = (is_shown_chunk.c).page_id) AND ((other.metadata ->> '_pending_deletion'::text) IS DISTINCT FROM 'true'::text))))))
;

CREATE OR REPLACE FUNCTION confluence_sync.is_visible(page confluence_pages)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((NOT (page).is_deleted) AND ((page).missing_since IS NULL))
;

CREATE OR REPLACE FUNCTION confluence_sync.levels_of_words(terms tsquery[], weights double precision[], rare_count integer, OUT levels tsquery[], OUT any_word tsquery)
 RETURNS record
 LANGUAGE plpgsql
 IMMUTABLE
AS $function$
declare
  -- Each further word doubles the number of combinations, and says less than the rarer ones.
  combined constant integer := least(5, coalesce(cardinality(terms), 0));
  -- 0.999: all of them, whatever is lost by adding.
  shares constant double precision[] := '{0.999, 0.7, 0.4}';
  of_all constant double precision := (select sum(w) from unnest(weights[1:combined]) w);
  share double precision;
  combinations tsquery;
begin
  levels := '{}';
  foreach share in array shares loop
    -- The combinations that have this share, but not without their lightest word.
    select string_agg('(' || s.words || ')', ' | ')::tsquery into combinations
    from (
      select string_agg('(' || terms[n]::text || ')', ' & ') as words, sum(weights[n]) as weight, min(weights[n]) as lightest
      from generate_series(1, (1 << combined) - 1) as chosen, generate_series(1, combined) as n
      where chosen & (1 << (n - 1)) > 0 group by chosen) s
    where s.weight >= share * of_all and s.weight - s.lightest < share * of_all;
    if combinations is distinct from any_word then
      levels := levels || (combinations && coalesce(!!any_word, ''));
      any_word := combinations;
    end if;
  end loop;
  if rare_count > 0 then
    select string_agg(t::text, ' | ')::tsquery into combinations from unnest(terms[1:rare_count]) t;
    levels := levels || (combinations && !!any_word);
    any_word := any_word || combinations;
  end if;
end;
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.matching_chunks(question text, identifiers text[], parts text, phrases text[], languages regconfig[], source_ids text[], any_label text[], updated_since timestamp with time zone, of_kinds text[], open_sources text[], readable_nodes bytea, few_sources text[], few_pages text[], few_chunks bigint, also bigint[], at_most integer)
 RETURNS TABLE(chunk_id bigint, rank integer, relevance double precision, coverage double precision, is_named boolean, is_titled boolean)
 LANGUAGE plpgsql
 STABLE ROWS 100
 SET enable_seqscan TO 'off'
 SET enable_memoize TO 'off'
 SET work_mem TO '16MB'
AS $function$
declare
  -- Reading and ranking a chunk costs some 14 microseconds. Those with most of the words come first: of 130,000 chunks, reading
  -- 300 in this order finds what reading 2,000 in the order of the table did.
  ranked_at_most constant integer := least(2000, greatest(300, 4 * at_most));
  one_by_one_at_most constant integer := 2000;
  titled_at_most constant integer := 1000;
  -- Of a chunk's relevance that is divided by its length: with more, short chunks that say little come first.
  length_share constant double precision := 0.12;
  relevance_at_most constant double precision := 1.2;
  whole_title constant text := lower(btrim(uncut_text(question)));
  q record;
  of_all double precision;
  one_by_one boolean;
begin
  select * into q from parsed_query(languages, question, identifiers, parts, phrases);
  of_all := greatest((select sum(w) from unnest(q.weights) w), 1e-9);
  one_by_one := few_pages is not null and coalesce(few_chunks < q.expected, false);
  return query
  with titled_page as materialized (
    select t.source_id, t.page_id
    from (select p.source_id, p.page_id from confluence_pages p where lower(p.title) = whole_title offset 0) t
    cross join lateral if_searched(t.source_id, t.page_id, null, source_ids, any_label, updated_since, of_kinds, open_sources,
      readable_nodes)
  ), titled as materialized (
    select c.id, c.search_vector || ''::tsvector as words, true as is_titled
    from titled_page p cross join lateral searched_chunks_of(p.source_id, p.page_id) c
    limit titled_at_most
  ), matching as materialized (
    (select c.id, c.search_vector || ''::tsvector as words, false as is_titled
     from unnest(q.levels) as l (query)
     cross join lateral (
       select c.id, c.search_vector from archon_crawled_pages c
       cross join lateral if_searched(c.source_id, c.page_id, c.metadata, source_ids, any_label, updated_since, of_kinds,
         open_sources, readable_nodes)
       where not one_by_one and c.search_vector @@ l.query
         and (c.source_id, c.page_id) not in (select t.source_id, t.page_id from titled_page t)
       offset 0) c
     limit ranked_at_most)
    union all
    (select c.id, c.search_vector || ''::tsvector, false
     from unnest(few_sources, few_pages) as p (source_id, page_id)
     cross join lateral searched_chunks_of(p.source_id, p.page_id) c
     where one_by_one and c.search_vector @@ q.any_word
       and (p.source_id, p.page_id) not in (select t.source_id, t.page_id from titled_page t)
     -- Those with most of the words first, where there may be too many.
     order by case when few_chunks > one_by_one_at_most then (
       select min(l.n) from unnest(q.levels) with ordinality as l (query, n) where c.search_vector @@ l.query) end
     limit one_by_one_at_most)
  ), found as (
    select * from titled union all select * from matching
    union all
    (select c.id, c.search_vector || ''::tsvector, false
     from unnest(also) as a (id) cross join lateral (
       select c.id, c.search_vector from archon_crawled_pages c where c.id = a.id offset 0) c
     offset 0)
  ), term as materialized (
    select * from unnest(q.terms, q.weights) as t (query, weight)
  ), described as materialized (
    -- One pass over the words of a chunk; one that was also asked for by id comes twice.
    select distinct on (f.id) f.id, f.is_titled, coalesce(f.words @@ q.required, false) as is_named, r.relevance, r.coverage,
      length(f.words) as length,
      1 + case when f.words @@ q.all_words then 0.5::float8 else 0 end
        + case when f.words @@ q.whole_phrase then 0.5::float8 else 0 end + case when f.is_titled then 1 else 0 end as factor
    from found f
    cross join lateral (
      select coalesce(sum(t.weight * t.rank), 0) / of_all as relevance,
        coalesce(sum(t.weight) filter (where t.rank > 0), 0) / of_all as coverage
      -- Divided by the number of a word's stems, of which a chunk contains that of its own language.
      from (
        select t.weight, ts_rank('{0.2, 0.3, 0.6, 1}', f.words, t.query) * ((numnode(t.query) + 1) / 2) as rank from term t offset 0) t) r
    order by f.id, f.is_titled desc
  ), ranked as (
    select d.id, d.is_named, d.is_titled, d.coverage,
      d.relevance / (1 - length_share + length_share * d.length / (select greatest(avg(o.length), 1) from described o)) * d.factor
        as relevance
    from described d where d.relevance > 0 or d.is_titled
  ), placed as (
    select r.*, row_number() over (order by r.is_titled desc, r.is_named desc, r.relevance desc, r.id)::integer as place
    from ranked r
  )
  select p.id, p.place, least(p.relevance, relevance_at_most), p.coverage, p.is_named, p.is_titled
  from placed p where p.place <= at_most or p.id = any(also);
end;
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.nearest_chunks(of_model text, to_vector text, source_ids text[], any_label text[], updated_since timestamp with time zone, of_kinds text[], open_sources text[], readable_nodes bytea, few_sources text[], few_pages text[], at_most integer)
 RETURNS TABLE(chunk_id bigint, distance double precision, rank integer)
 LANGUAGE plpgsql
 STABLE ROWS 100
 SET "hnsw.iterative_scan" TO 'relaxed_order'
 SET "hnsw.ef_search" TO '500'
 SET "hnsw.max_scan_tuples" TO '40000'
 SET "hnsw.scan_mem_multiplier" TO '4'
 SET enable_sort TO 'on'
AS $function$
declare
  compared_pages constant text := case when few_pages is null
    then 'searched_pages($2, $3, $4, $8, $9, $10) p' else 'unnest($6, $7) as p (source_id, page_id)' end;
  vector_type text;
  ids bigint[];
  distances double precision[];
begin
  select case when m.dimensions > 2000 then 'halfvec' else 'vector' end || '(' || m.dimensions || ')' into vector_type
  from embedding_models m where m.model = of_model;
  if vector_type is null or source_ids = '{}' then
    return;
  end if;
  -- Of 200,000 chunks in clusters of near copies, the worst case for the index, 100 finds 0.65 of the ten nearest, 500 finds 0.92
  -- for some 7 ms more. Of 124,000 chunks of spaces with versions of their pages, either finds all ten of a question about them; of
  -- one about something else, 100 finds 0.87 and 500 finds 0.97 for 5 ms more. Of 100,000 chunks of which a reader may see a tenth, a half,
  -- all, 500 finds 0.95, 0.94 to 0.96 and 0.94, and 700 finds 0.96 to 0.98 for some 5 ms more.
  perform set_config('hnsw.ef_search', least(1000, greatest(700, chunk_total() / 150))::integer::text, true);
  if few_pages is null then
    -- Without sorting, only the index can return the order.
    perform set_config('enable_sort', 'false', true);
    execute format(
      'with nearest as materialized (
         select e.chunk_id, e.embedding::%1$s <=> $1::%1$s as distance
         from archon_chunk_embeddings e
         cross join lateral (
           select c.source_id, c.page_id, c.metadata from archon_crawled_pages c where c.id = e.chunk_id offset 0) c
         cross join lateral if_searched(c.source_id, c.page_id, c.metadata, $2, $3, $4, $6, $7, $8)
         where e.model = %2$L
         order by e.embedding::%1$s <=> $1::%1$s limit $5
       )
       select array_agg(n.chunk_id), array_agg(n.distance) from nearest n', vector_type, of_model)
    using to_vector, source_ids, any_label, updated_since, at_most, of_kinds, open_sources, readable_nodes
    into ids, distances;
    perform set_config('enable_sort', 'true', true);
  end if;
  if few_pages is not null or (open_sources is not null and coalesce(cardinality(ids), 0) < at_most) then
    execute format(
      'with compared as materialized (
         select e.chunk_id, e.embedding::%1$s <=> $1::%1$s as distance
         from ' || compared_pages || '
         cross join lateral searched_chunks_of(p.source_id, p.page_id) c
         cross join lateral (
           select e.chunk_id, e.embedding from archon_chunk_embeddings e where e.chunk_id = c.id and e.model = %2$L offset 0) e
         where p.source_id = any($2)
       ), nearest as (
         select * from compared order by distance, chunk_id limit $5
       )
       select array_agg(n.chunk_id), array_agg(n.distance) from nearest n', vector_type, of_model)
    using to_vector, source_ids, any_label, updated_since, at_most, few_sources, few_pages, of_kinds, open_sources, readable_nodes
    into ids, distances;
  end if;
  return query
  select n.id, n.distance, row_number() over (order by n.distance, n.id)::integer from unnest(ids, distances) as n (id, distance);
end;
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.node_of_page(page confluence_pages)
 RETURNS integer
 LANGUAGE sql
 STABLE
RETURN (SELECT c.node_id FROM content_access c WHERE ((c.source_id = (node_of_page.page).source_id) AND (c.content_id = COALESCE((node_of_page.page).container_id, (node_of_page.page).page_id)) AND ((node_of_page.page).shows_unguarded IS FALSE) AND (NOT (EXISTS (SELECT FROM page_renderings r WHERE ((r.source_id = (node_of_page.page).source_id) AND (r.page_id = (node_of_page.page).page_id) AND r.shows_gone))))))
;

CREATE OR REPLACE FUNCTION confluence_sync.nodes_that_let_in(unrestricted text[], per_user text[], account text, own_groups text[], own_classes text[], since timestamp with time zone)
 RETURNS TABLE(node_id integer, parent_node integer, source_id text, content_id text, verified_at timestamp with time zone)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT n.node_id,
     n.parent_node,
     n.source_id,
     n.content_id,
     n.verified_at
    FROM ( SELECT s.node_id,
             s.parent_node,
             s.source_id,
             s.content_id,
             s.verified_at
            FROM access_nodes s
           WHERE ((s.source_id = ANY (nodes_that_let_in.unrestricted)) AND (s.content_id IS NULL))
         UNION ALL
          SELECT o.node_id,
             o.parent_node,
             o.source_id,
             o.content_id,
             o.verified_at
            FROM access_nodes o
           WHERE ((o.source_id = ANY ((nodes_that_let_in.unrestricted || nodes_that_let_in.per_user))) AND (o.state = 'open'::text))
         UNION ALL
          SELECT c.node_id,
             c.parent_node,
             c.source_id,
             c.content_id,
             c.verified_at
            FROM access_nodes c
           WHERE ((c.source_id = ANY (nodes_that_let_in.per_user)) AND (c.state = 'known'::text) AND (c.classes <> '{}'::text[]) AND (c.classes && nodes_that_let_in.own_classes))
         UNION ALL
          SELECT u.node_id,
             u.parent_node,
             u.source_id,
             u.content_id,
             u.verified_at
            FROM ( SELECT u_1.node_id,
                     u_1.source_id,
                     u_1.content_id,
                     u_1.parent_node,
                     u_1.users,
                     u_1.groups,
                     u_1.classes,
                     u_1.state,
                     u_1.verified_at,
                     u_1.pending,
                     u_1.read_at,
                     u_1.proven_for
                    FROM access_nodes u_1
                   WHERE (u_1.users @> ARRAY[nodes_that_let_in.account])
                  OFFSET 0) u
           WHERE ((u.source_id = ANY (nodes_that_let_in.per_user)) AND (u.state = 'known'::text))
         UNION ALL
          SELECT g.node_id,
             g.parent_node,
             g.source_id,
             g.content_id,
             g.verified_at
            FROM (unnest(nodes_that_let_in.own_groups) mine(id)
              CROSS JOIN LATERAL ( SELECT g_1.node_id,
                     g_1.source_id,
                     g_1.content_id,
                     g_1.parent_node,
                     g_1.users,
                     g_1.groups,
                     g_1.classes,
                     g_1.state,
                     g_1.verified_at,
                     g_1.pending,
                     g_1.read_at,
                     g_1.proven_for
                    FROM access_nodes g_1
                   WHERE (g_1.groups @> ARRAY[mine.id])
                  OFFSET 0) g)
           WHERE ((g.source_id = ANY (nodes_that_let_in.per_user)) AND (g.state = 'known'::text))) n
   WHERE (((n.content_id IS NULL) OR (n.parent_node IS NOT NULL)) AND ((n.verified_at IS NULL) OR (n.verified_at >= nodes_that_let_in.since)));
END
;

CREATE OR REPLACE FUNCTION confluence_sync.note_changed_nodes()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update access_sweeps w set nodes_changed_in = pg_current_xact_id()::text::bigint
  where w.source_id in (select c.source_id from changed c) and w.nodes_changed_in <> pg_current_xact_id()::text::bigint;
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.own_nodes(unrestricted text[], per_user text[], in_both_modes text[], account text, own_groups text[], own_classes text[], since timestamp with time zone)
 RETURNS TABLE(nodes bytea, spaces text[], evidence timestamp with time zone)
 LANGUAGE sql
 STABLE
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT string_agg(int8send((((n.node_id)::bigint << 32) | (COALESCE(n.parent_node, 0))::bigint)), '\x'::bytea) AS string_agg,
     COALESCE(array_agg(DISTINCT n.source_id) FILTER (WHERE (n.content_id IS NULL)), '{}'::text[]) AS "coalesce",
     min(n.verified_at) AS min
    FROM nodes_that_let_in(own_nodes.unrestricted, own_nodes.per_user, own_nodes.account, own_nodes.own_groups, own_nodes.own_classes, own_nodes.since) n(node_id, parent_node, source_id, content_id, verified_at)
   WHERE ((n.source_id <> ALL (own_nodes.in_both_modes)) OR (n.node_id IN ( SELECT e.node_id
            FROM nodes_that_let_in(own_nodes.in_both_modes, '{}'::text[], NULL::text, '{}'::text[], '{}'::text[], own_nodes.since) e(node_id, parent_node, source_id, content_id, verified_at))));
END
;

CREATE OR REPLACE FUNCTION confluence_sync.page_status(page confluence_pages)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (page).is_deleted THEN 'deleted'::text WHEN ((page).missing_since IS NOT NULL) THEN 'hidden'::text WHEN is_findable(page) THEN 'current'::text WHEN ((page).sync_error IS NOT NULL) THEN 'failed'::text ELSE 'pending'::text END
;

CREATE OR REPLACE FUNCTION confluence_sync.parsed_query(languages regconfig[], question text, identifiers text[], parts text, phrases text[], OUT required tsquery, OUT all_words tsquery, OUT whole_phrase tsquery, OUT levels tsquery[], OUT any_word tsquery, OUT expected double precision, OUT terms tsquery[], OUT weights double precision[])
 RETURNS record
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  -- Rare are the words that have this many chunks together.
  rare_at_most constant integer := 1500;
  terms_at_most constant integer := 32;
  -- The chunks of words that are not common are counted, as the statistics do not know these words.
  counted_at_most constant integer := 500;
  total constant double precision := chunk_total();
  chunks double precision[];
  -- Position of the first word that a chunk contains.
  first integer;
  rare_count integer;
begin
  select array_agg(t.query order by t.chunks, t.query), array_agg(t.weight order by t.chunks, t.query),
    array_agg(t.chunks order by t.chunks, t.query)
  into terms, weights, chunks
  from (
    select t.query, case when c.count < counted_at_most then c.count else greatest(c.count, t.frequency * total) end as chunks,
      -- Of a word that its sources have seldom, an estimate.
      case when c.count < counted_at_most then least(2 * t.weight, ln(1 + total / greatest(1, c.count))) else t.weight end as weight
    from (
      select q.word::tsquery as query, q.frequency, q.is_common, ln(1 + 1 / q.frequency) as weight
      from question_terms(languages, question || ' ' || parts, identifiers) q limit terms_at_most) t
    cross join lateral (
      select case when not t.is_common then count(*) end as count
      from (
        select from archon_crawled_pages c
        where c.search_vector @@ t.query limit case when t.is_common then 0 else counted_at_most end) c) c) t;
  select 1 + count(*) filter (where c = 0) into first from unnest(chunks) c;
  select count(*) filter (where c.chunks <= rare_at_most) into rare_count
  from (select sum(u.chunks) over (order by u.n) as chunks from unnest(chunks[first:]) with ordinality as u (chunks, n)) c;
  select string_agg('(' || plainto_tsquery(l, question)::text || ')', ' | ')::tsquery into all_words
  from unnest(languages) l where numnode(plainto_tsquery(l, question)) > 0;
  select string_agg('(' || phraseto_tsquery(l, question)::text || ')', ' | ')::tsquery into whole_phrase
  from unnest(languages) l where numnode(phraseto_tsquery(l, question)) > 1;
  select string_agg('(' || r.query::text || ')', ' & ')::tsquery into required
  from (
    select string_agg(word_query(i)::text, ' & ')::tsquery as query from unnest(identifiers) i having count(*) > 0
    union all
    select string_agg('(' || phraseto_tsquery(l, p)::text || ')', ' | ')::tsquery
    from unnest(phrases) p, unnest(languages) l where numnode(phraseto_tsquery(l, p)) > 0 group by p
  ) r;
  select l.levels, l.any_word into levels, any_word from levels_of_words(terms[first:], weights[first:], rare_count) l;
  if required is not null and any_word is not null then
    levels := array[required && levels[1], required && !!levels[1]]
      || array(select l.query && !!required from unnest(levels) with ordinality as l (query, n) order by l.n);
    any_word := required || any_word;
  end if;
  expected := (select sum(c) from unnest(chunks[first:first + greatest(rare_count, 1) - 1]) c);
end;
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.question_terms(languages regconfig[], question text, identifiers text[])
 RETURNS TABLE(word text, frequency double precision, is_common boolean)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 WITH words AS MATERIALIZED (
          SELECT (string_agg((word_query(s.stem))::text, ' | '::text ORDER BY s.stem))::tsquery AS query,
             array_agg(s.stem ORDER BY s.stem) AS stems
            FROM ( SELECT DISTINCT t.positions[1] AS place,
                     t.lexeme AS stem
                    FROM unnest(question_terms.languages) l(l),
                     LATERAL unnest(to_tsvector(l.l, question_terms.question)) t(lexeme, positions, weights)) s
           GROUP BY s.place
         UNION
          SELECT word_query(i.i) AS word_query,
             ARRAY[i.i] AS "array"
            FROM unnest(question_terms.identifiers) i(i)
         ), known AS MATERIALIZED (
          SELECT common_words.word,
             common_words.frequency
            FROM common_words() common_words(word, frequency)
         ), sample AS MATERIALIZED (
          SELECT (c.search_vector || ''::tsvector) AS words
            FROM ((( SELECT min(archon_crawled_pages.id) AS first,
                     max(archon_crawled_pages.id) AS last
                    FROM archon_crawled_pages) ids
              CROSS JOIN generate_series(0, 199) n(n))
              CROSS JOIN LATERAL ( SELECT archon_crawled_pages.search_vector
                    FROM archon_crawled_pages
                   WHERE (archon_crawled_pages.id >= (ids.first + (((ids.last - ids.first) * n.n) / 200)))
                   ORDER BY archon_crawled_pages.id
                  LIMIT 1) c)
           WHERE (NOT (EXISTS ( SELECT
                    FROM known)))
         ), common AS (
          SELECT words_1.stems,
             LEAST((1)::double precision, sum(known.frequency)) AS frequency
            FROM ((words words_1
              CROSS JOIN LATERAL unnest(words_1.stems) u(word))
              JOIN known USING (word))
           GROUP BY words_1.stems
         UNION ALL
          SELECT words_1.stems,
             ((count(*))::double precision / (( SELECT count(*) AS count
                    FROM sample sample_1))::double precision)
            FROM (words words_1
              JOIN sample ON ((sample.words @@ words_1.query)))
           GROUP BY words_1.stems
         )
  SELECT (words.query)::text AS query,
     COALESCE(common.frequency, ( SELECT (min(known.frequency) / (2)::double precision)
            FROM known), ((0.5 / (200)::numeric))::double precision) AS "coalesce",
     (common.stems IS NOT NULL)
    FROM (words
      LEFT JOIN common USING (stems))
   ORDER BY COALESCE(common.frequency, ( SELECT (min(known.frequency) / (2)::double precision)
            FROM known), ((0.5 / (200)::numeric))::double precision), words.stems;
END
;

CREATE OR REPLACE FUNCTION confluence_sync.scored_chunks(question text, identifiers text[], parts text, phrases text[], models text[], vectors text[], sources text[], spaces text[], wanted_labels text[], updated_since timestamp with time zone, candidates integer, keyword boolean)
 RETURNS TABLE(chunk_id bigint, score double precision, similarity double precision, vector_rank integer, keyword_rank integer, relevance double precision, coverage double precision, is_named boolean, is_titled boolean, vector_weight double precision)
 LANGUAGE sql
 STABLE ROWS 100
BEGIN ATOMIC
 SELECT scored_chunks.chunk_id,
     scored_chunks.score,
     scored_chunks.similarity,
     scored_chunks.vector_rank,
     scored_chunks.keyword_rank,
     scored_chunks.relevance,
     scored_chunks.coverage,
     scored_chunks.is_named,
     scored_chunks.is_titled,
     scored_chunks.vector_weight
    FROM scored_chunks(scored_chunks.question, scored_chunks.identifiers, scored_chunks.parts, scored_chunks.phrases, scored_chunks.models, scored_chunks.vectors, scored_chunks.sources, scored_chunks.spaces, scored_chunks.wanted_labels, scored_chunks.updated_since, NULL::text[], scored_chunks.candidates, scored_chunks.keyword) scored_chunks(chunk_id, score, similarity, vector_rank, keyword_rank, relevance, coverage, is_named, is_titled, vector_weight);
END
;

CREATE OR REPLACE FUNCTION confluence_sync.scored_chunks(question text, identifiers text[], parts text, phrases text[], models text[], vectors text[], sources text[], spaces text[], wanted_labels text[], updated_since timestamp with time zone, of_kinds text[], candidates integer, keyword boolean)
 RETURNS TABLE(chunk_id bigint, score double precision, similarity double precision, vector_rank integer, keyword_rank integer, relevance double precision, coverage double precision, is_named boolean, is_titled boolean, vector_weight double precision)
 LANGUAGE plpgsql
 STABLE ROWS 100
AS $function$
begin
  return query select * from scored_chunks(question, identifiers, parts, phrases, models, vectors, sources, spaces, wanted_labels,
    updated_since, of_kinds, sources_open_to_all(), null::bytea, candidates, keyword);
end;
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.scored_chunks(question text, identifiers text[], parts text, phrases text[], models text[], vectors text[], sources text[], spaces text[], wanted_labels text[], updated_since timestamp with time zone, of_kinds text[], open_sources text[], readable_nodes bytea, candidates integer, keyword boolean)
 RETURNS TABLE(chunk_id bigint, score double precision, similarity double precision, vector_rank integer, keyword_rank integer, relevance double precision, coverage double precision, is_named boolean, is_titled boolean, vector_weight double precision)
 LANGUAGE plpgsql
 STABLE ROWS 100
 SET plan_cache_mode TO 'force_generic_plan'
 SET jit TO 'off'
AS $function$
declare
  -- What each part of a score counts; the weight of the similarity belongs to its model (embedding_models). Ranks instead of these
  -- values lose how good a match is: the best match by words says little about a question in other words, and by rank it counts as
  -- much as any best match (MRR .44 instead of .54 on the sample's questions, .84 instead of .88 on questions by people about AWS).
  relevance_weight constant double precision := 1;
  coverage_weight constant double precision := 1.5;
  named_weight constant double precision := 1.5;
  titled_weight constant double precision := 2.5;
  source_ids text[];
  languages regconfig[];
  total constant double precision := chunk_total();
  exact_below bigint;
  few_sources text[];
  few_pages text[];
  few_chunks bigint;
  near_ids bigint[];
  near_distances double precision[];
  near_ranks integer[];
begin
  select array_agg(s.source_id), array_agg(distinct s.search_language::regconfig) into source_ids, languages
  from searched_sources(sources, spaces) s;
  if source_ids is null then
    return;
  end if;

  -- Up to this many chunks, vectors are compared one by one: the index has to visit, for each candidate, as many entries as the filter
  -- passes one of, so it is no faster, and it stops at max_scan_tuples.
  exact_below := greatest(2000, sqrt(candidates * total));
  if total < exact_below or coalesce(sources, spaces, wanted_labels, of_kinds, open_sources) is not null
    or updated_since is not null then
    select f.sources, f.pages, f.chunks into few_sources, few_pages, few_chunks
    from few_searched_pages(source_ids, wanted_labels, updated_since, of_kinds, open_sources, readable_nodes, exact_below) f;
  end if;

  select array_agg(n.chunk_id), array_agg(n.distance), array_agg(n.rank) into near_ids, near_distances, near_ranks
  from unnest(models, vectors) as m (model, vector)
  -- Vectors of a model that their source does not use (any more, or yet) are skipped.
  cross join lateral (
    select coalesce(array_agg(s.source_id), '{}') as source_ids
    from archon_sources s where s.source_id = any(source_ids) and s.embedding_model = m.model) own
  cross join lateral nearest_chunks(m.model, m.vector, own.source_ids, wanted_labels, updated_since, of_kinds,
    open_sources, readable_nodes, few_sources, few_pages, candidates) n;

  return query
  with matching as (
    -- Also without words: a title may consist of stop words ("Who we are").
    select m.*
    from matching_chunks(question, identifiers, parts, phrases, languages, source_ids, wanted_labels, updated_since, of_kinds,
      open_sources, readable_nodes, few_sources, few_pages, few_chunks, near_ids, candidates) m
    where keyword
  ), found as (
    select coalesce(n.id, m.chunk_id) as id, n.distance, n.rank as vector_rank, m.rank as keyword_rank,
      coalesce(m.relevance, 0) as relevance, coalesce(m.coverage, 0) as coverage,
      coalesce(m.is_named, false) as is_named, coalesce(m.is_titled, false) as is_titled
    from unnest(near_ids, near_distances, near_ranks) as n (id, distance, rank) full join matching m on m.chunk_id = n.id
  ), compared as (
    select f.*, coalesce(1 - f.distance, own.similarity) as similarity, coalesce(own.weight, 0) as weight
    from found f
    left join lateral (
      select 1 - (e.embedding <=> q.vector::vector) as similarity, m.vector_weight as weight
      from (select c.id, c.source_id from archon_crawled_pages c where c.id = f.id offset 0) c
      cross join lateral (select s.embedding_model from archon_sources s where s.source_id = c.source_id offset 0) s
      join unnest(models, vectors) as q (model, vector) on q.model = s.embedding_model
      cross join lateral (select m.vector_weight from embedding_models m where m.model = q.model offset 0) m
      cross join lateral (
        select e.embedding from archon_chunk_embeddings e where e.chunk_id = c.id and e.model = q.model offset 0) e
    ) own on true
  )
  -- The coverage counts squared, because a partial coverage says little.
  select c.id,
    greatest(0, c.weight * coalesce(c.similarity, 0) + relevance_weight * c.relevance + coverage_weight * c.coverage ^ 2
      + case when c.is_named then named_weight else 0 end + case when c.is_titled then titled_weight else 0 end)
      / ((select coalesce(max(m.vector_weight), 0) from embedding_models m where m.model = any(models))
        + 1.2 * relevance_weight + coverage_weight + named_weight + titled_weight),
    c.similarity, c.vector_rank, c.keyword_rank, c.relevance, c.coverage, c.is_named, c.is_titled, c.weight
  from compared c
  order by 2 desc, 1;
end;
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.search_chunks(question text, identifiers text[], parts text, phrases text[], models text[], vectors text[], sources text[], spaces text[], wanted_labels text[], updated_since timestamp with time zone, candidates integer, keyword boolean)
 RETURNS TABLE(chunk_id bigint, score double precision, similarity double precision, vector_rank integer, keyword_rank integer)
 LANGUAGE sql
 STABLE ROWS 100
BEGIN ATOMIC
 SELECT f.chunk_id,
     f.score,
         CASE
             WHEN (f.vector_rank IS NOT NULL) THEN f.similarity
             ELSE NULL::double precision
         END AS "case",
     f.vector_rank,
     f.keyword_rank
    FROM scored_chunks(search_chunks.question, search_chunks.identifiers, search_chunks.parts, search_chunks.phrases, search_chunks.models, search_chunks.vectors, search_chunks.sources, search_chunks.spaces, search_chunks.wanted_labels, search_chunks.updated_since, search_chunks.candidates, search_chunks.keyword) f(chunk_id, score, similarity, vector_rank, keyword_rank, relevance, coverage, is_named, is_titled, vector_weight)
   ORDER BY f.score DESC, f.chunk_id;
END
;

CREATE OR REPLACE FUNCTION confluence_sync.searched_chunks_of(of_source text, of_page text)
 RETURNS TABLE(id bigint, search_vector tsvector)
 LANGUAGE sql
 STABLE ROWS 10
BEGIN ATOMIC
 SELECT c.id,
     c.search_vector
    FROM archon_crawled_pages c
   WHERE ((c.source_id = searched_chunks_of.of_source) AND (c.page_id = searched_chunks_of.of_page) AND (((c.metadata ->> '_pending_deletion'::text) IS DISTINCT FROM 'true'::text) OR (NOT (EXISTS ( SELECT
            FROM archon_crawled_pages other
           WHERE ((other.source_id = searched_chunks_of.of_source) AND (other.page_id = searched_chunks_of.of_page) AND ((other.metadata ->> '_pending_deletion'::text) IS DISTINCT FROM 'true'::text))
          OFFSET 0)))))
  OFFSET 0;
END
;

CREATE OR REPLACE FUNCTION confluence_sync.searched_chunks_with(words tsquery, source_ids text[], any_label text[], updated_since timestamp with time zone, of_kinds text[], open_sources text[], readable_nodes bytea, few_sources text[], few_pages text[])
 RETURNS TABLE(id bigint, search_vector tsvector)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT c.id,
     c.search_vector
    FROM (archon_crawled_pages c
      CROSS JOIN LATERAL if_searched(c.source_id, c.page_id, c.metadata, searched_chunks_with.source_ids, searched_chunks_with.any_label, searched_chunks_with.updated_since, searched_chunks_with.of_kinds, searched_chunks_with.open_sources, searched_chunks_with.readable_nodes) if_searched(if_searched))
   WHERE ((searched_chunks_with.few_pages IS NULL) AND (c.search_vector @@ searched_chunks_with.words))
 UNION ALL
  SELECT c.id,
     c.search_vector
    FROM (UNNEST(searched_chunks_with.few_sources, searched_chunks_with.few_pages) p(source_id, page_id)
      CROSS JOIN LATERAL searched_chunks_of(p.source_id, p.page_id) c(id, search_vector))
   WHERE ((searched_chunks_with.few_pages IS NOT NULL) AND (c.search_vector @@ searched_chunks_with.words));
END
;

CREATE OR REPLACE FUNCTION confluence_sync.searched_pages(source_ids text[], any_label text[], updated_since timestamp with time zone, of_kinds text[], open_sources text[], readable_nodes bytea)
 RETURNS TABLE(source_id text, page_id text, chunk_count integer)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT p.source_id,
     p.page_id,
     p.chunk_count
    FROM confluence_pages p
   WHERE ((p.source_id = ANY (searched_pages.source_ids)) AND is_searched(p.*, searched_pages.any_label, searched_pages.updated_since, searched_pages.of_kinds, searched_pages.open_sources, searched_pages.readable_nodes));
END
;

CREATE OR REPLACE FUNCTION confluence_sync.searched_pages_of_nodes(nodes integer[], source_ids text[], any_label text[], updated_since timestamp with time zone, of_kinds text[], readable_nodes bytea)
 RETURNS TABLE(source_id text, page_id text, chunk_count integer)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT p.source_id,
     p.page_id,
     p.chunk_count
    FROM (unnest(searched_pages_of_nodes.nodes) n(node)
      CROSS JOIN LATERAL ( SELECT p_1.source_id,
             p_1.page_id,
             p_1.title,
             p_1.version,
             p_1.representation_revision,
             p_1.status,
             p_1.parent_id,
             p_1.parent_type,
             p_1.url,
             p_1.labels,
             p_1.content_hash,
             p_1.chunk_count,
             p_1.modified_at,
             p_1.is_deleted,
             p_1.deleted_at,
             p_1.deleted_reason,
             p_1.missing_since,
             p_1.sync_error,
             p_1.text_lost,
             p_1.state_revision,
             p_1.last_synced_at,
             p_1.rendered_missing,
             p_1.hidden_by_hint,
             p_1.kind,
             p_1.container_id,
             p_1.comments_revision,
             p_1.file,
             p_1.hidden_with_container,
             p_1.subtype,
             p_1.access_node,
             p_1.shows_others,
             p_1.shows_unguarded
            FROM confluence_pages p_1
           WHERE ((p_1.access_node = n.node) AND is_searched(p_1.*, searched_pages_of_nodes.any_label, searched_pages_of_nodes.updated_since, searched_pages_of_nodes.of_kinds, '{}'::text[], searched_pages_of_nodes.readable_nodes))
          OFFSET 0) p)
   WHERE (p.source_id = ANY (searched_pages_of_nodes.source_ids));
END
;

CREATE OR REPLACE FUNCTION confluence_sync.searched_sources(source_ids text[], space_keys text[])
 RETURNS TABLE(source_id text, search_language text, embedding_model text)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT s.source_id,
     s.search_language,
     s.embedding_model
    FROM archon_sources s
   WHERE ((s.status <> 'deleting'::text) AND ((searched_sources.source_ids IS NULL) OR (s.source_id = ANY (searched_sources.source_ids))) AND ((searched_sources.space_keys IS NULL) OR (lower(s.space_key) IN ( SELECT lower(k.k) AS lower
            FROM unnest(searched_sources.space_keys) k(k)))));
END
;

CREATE OR REPLACE FUNCTION confluence_sync.set_access_node()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  -- A sweep that changes it waits, and then finds this row; or this waits, and takes what the sweep set.
  perform from content_access c
    where c.source_id = new.source_id and c.content_id = coalesce(new.container_id, new.page_id) for share;
  new.access_node := node_of_page(new);
  return new;
end
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.set_bits(bits bytea, at_most integer)
 RETURNS SETOF integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
 SELECT ((8 * byte.byte) + "bit"."bit")
    FROM (generate_series(0, (octet_length(set_bits.bits) - 1)) byte(byte)
      CROSS JOIN generate_series(0, 7) "bit"("bit"))
   WHERE ((get_byte(set_bits.bits, byte.byte) <> 0) AND (get_bit(set_bits.bits, (((8 * byte.byte) + "bit"."bit"))::bigint) = 1))
  LIMIT set_bits.at_most;
END
;

CREATE OR REPLACE FUNCTION confluence_sync.show_rendered_again()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update confluence_pages p set access_node = node_of_page(p)
  where p.source_id = old.source_id and p.page_id = old.page_id and p.access_node is distinct from node_of_page(p);
  return null;
end
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.source_site()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.status = 'deleting' or (tg_op = 'INSERT' and new.site_id is not null) then
    return new;
  end if;
  if tg_op = 'UPDATE' and new.site_id is not null and (new.encrypted_token is null
      or (new.encrypted_token, new.email, new.account_id)
        is not distinct from (old.encrypted_token, old.email, old.account_id)) then
    return new;
  end if;
  insert into confluence_sites as c (site_id, base_url, api_base, account_id, email, encrypted_secret, secret_bound_to, status,
    paused_until, created_at, updated_at)
  values (gen_random_uuid()::text, new.base_url, new.base_url, new.account_id, new.email, new.encrypted_token, new.source_id,
    case when new.status = 'credentials_expired' then 'credentials_expired' else 'active' end, new.paused_until,
    new.created_at, new.updated_at)
  on conflict (base_url, account_id) where status <> 'deleting' do update set
    email = case when excluded.encrypted_secret is null then c.email else excluded.email end,
    encrypted_secret = coalesce(excluded.encrypted_secret, c.encrypted_secret),
    secret_bound_to = case when excluded.encrypted_secret is null then c.secret_bound_to else excluded.secret_bound_to end,
    status = case when excluded.encrypted_secret is null then c.status else excluded.status end,
    paused_until = greatest(c.paused_until, excluded.paused_until),
    updated_at = excluded.updated_at
  returning c.site_id into new.site_id;
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION confluence_sync.sources_open_to_all()
 RETURNS text[]
 LANGUAGE sql
 STABLE
RETURN (SELECT CASE WHEN (NOT bool_and((s.access = 'everything'::text))) THEN COALESCE(array_agg(s.source_id) FILTER (WHERE (s.access = 'everything'::text)), '{}'::text[]) ELSE NULL::text[] END AS "case" FROM archon_sources s)
;

CREATE OR REPLACE FUNCTION confluence_sync.texts_with_words(words text[], source_ids text[], any_label text[], updated_since timestamp with time zone)
 RETURNS TABLE(word text, content text)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT texts_with_words.word,
     texts_with_words.content
    FROM texts_with_words(texts_with_words.words, texts_with_words.source_ids, texts_with_words.any_label, texts_with_words.updated_since, NULL::text[]) texts_with_words(word, content);
END
;

CREATE OR REPLACE FUNCTION confluence_sync.texts_with_words(words text[], source_ids text[], any_label text[], updated_since timestamp with time zone, of_kinds text[])
 RETURNS TABLE(word text, content text)
 LANGUAGE sql
 STABLE
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT texts_with_words.word,
     texts_with_words.content
    FROM texts_with_words(texts_with_words.words, texts_with_words.source_ids, texts_with_words.any_label, texts_with_words.updated_since, texts_with_words.of_kinds, sources_open_to_all(), NULL::bytea) texts_with_words(word, content);
END
;

CREATE OR REPLACE FUNCTION confluence_sync.texts_with_words(words text[], source_ids text[], any_label text[], updated_since timestamp with time zone, of_kinds text[], open_sources text[], readable_nodes bytea)
 RETURNS TABLE(word text, content text)
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
AS $function$
declare
  few_at_most constant integer := 2000;
  few_sources text[];
  few_pages text[];
begin
  select f.sources, f.pages into few_sources, few_pages
  from few_searched_pages(source_ids, any_label, updated_since, of_kinds, open_sources, readable_nodes, few_at_most) f;
  return query
  select w.word, concat_ws(' ', p.title, array_to_string(c.heading_path, ' '), c.content)
  from unnest(words) as w (word)
  cross join lateral (
    select f.id from searched_chunks_with(word_query(w.word), source_ids, any_label, updated_since, of_kinds, open_sources,
      readable_nodes, few_sources, few_pages) f
    limit 1) found
  join archon_crawled_pages c on c.id = found.id
  join confluence_pages p on p.source_id = c.source_id and p.page_id = c.page_id;
end;
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.uncut_text(cut text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN replace(regexp_replace(cut, '.'::text, ''::text, 'g'::text), ''::text, ''::text)
;

CREATE OR REPLACE FUNCTION confluence_sync.word_query(word text)
 RETURNS tsquery
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN (((''''::text || replace(replace(word, '\'::text, '\\'::text), ''''::text, ''''''::text)) || ''''::text))::tsquery
;

CREATE OR REPLACE FUNCTION confluence_sync.words_instead(languages regconfig[], question text, beginnings text[])
 RETURNS TABLE(word text)
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
AS $function$
begin
  return query select * from words_instead(languages, question, beginnings, array(select source_id from searched_sources(null, null)),
    sources_open_to_all(), null::bytea);
end;
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.words_instead(languages regconfig[], question text, beginnings text[], source_ids text[], open_sources text[], readable_nodes bytea)
 RETURNS TABLE(word text)
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
AS $function$
begin
  return query select * from words_instead(languages, question, beginnings, '{}', source_ids, open_sources, readable_nodes);
end;
$function$
;

CREATE OR REPLACE FUNCTION confluence_sync.words_instead(languages regconfig[], question text, beginnings text[], other_beginnings text[], source_ids text[], open_sources text[], readable_nodes bytea)
 RETURNS TABLE(word text)
 LANGUAGE plpgsql
 STABLE
 SET enable_seqscan TO 'off'
AS $function$
declare
  read_at_most constant integer := 300;
  few_at_most constant integer := 2000;
  few_sources text[];
  few_pages text[];
  asked tsquery;
begin
  select string_agg(nullif(any_word_query(l, question)::text, ''), ' | ')::tsquery into asked from unnest(languages) l;
  if asked is null then
    return;
  end if;
  select f.sources, f.pages into few_sources, few_pages
  from few_searched_pages(source_ids, null, null, null, open_sources, readable_nodes, few_at_most) f;
  if exists (
    select from searched_chunks_with(asked, source_ids, null, null, null, open_sources, readable_nodes, few_sources, few_pages)) then
    return;
  end if;
  return query
  select k.word from common_words() k
  union
  select l.lexeme from unnest(beginnings || other_beginnings) w
  cross join lateral (
    -- One pattern, because comparing each word with each beginning took most of the time.
    select string_agg(word_query(b)::text || ':*', ' | ')::tsquery as query, '^(' || string_agg(b, '|') || ')' as pattern
    from string_to_table(w, ' ') b) q
  cross join lateral (
    select c.search_vector
    from searched_chunks_with(q.query, source_ids, null, null, null, open_sources, readable_nodes, few_sources, few_pages) c
    limit read_at_most) c
  cross join lateral unnest(c.search_vector) l
  where l.lexeme ~ q.pattern;
end;
$function$
;

CREATE TRIGGER copy_facts_of_listing BEFORE INSERT OR UPDATE ON archon_progress FOR EACH ROW EXECUTE FUNCTION copy_facts_of_listing();

CREATE TRIGGER delete_embeddings AFTER DELETE ON archon_crawled_pages FOR EACH ROW EXECUTE FUNCTION delete_embeddings_of_chunk();

CREATE TRIGGER delete_previous_chunks AFTER UPDATE ON confluence_pages FOR EACH ROW WHEN ((new.is_deleted AND (NOT old.is_deleted))) EXECUTE FUNCTION delete_previous_chunks_of_page();

CREATE TRIGGER follow_access_node AFTER UPDATE ON content_access REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_access_node();

CREATE TRIGGER follow_access_node_of_new AFTER INSERT ON content_access REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION follow_access_node();

CREATE TRIGGER hide_what_includes_gone AFTER UPDATE OF shows_gone ON page_renderings FOR EACH ROW WHEN ((new.shows_gone AND (NOT old.shows_gone))) EXECUTE FUNCTION hide_what_includes_gone();

CREATE TRIGGER hide_what_shows AFTER UPDATE ON content_access REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION hide_what_shows();

CREATE TRIGGER note_changed_nodes AFTER UPDATE ON access_nodes REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_nodes();

CREATE TRIGGER note_lost_nodes AFTER DELETE ON access_nodes REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_nodes();

CREATE TRIGGER note_new_nodes AFTER INSERT ON access_nodes REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_changed_nodes();

CREATE TRIGGER set_access_node BEFORE INSERT OR UPDATE OF container_id, shows_unguarded ON confluence_pages FOR EACH ROW EXECUTE FUNCTION set_access_node();

CREATE TRIGGER show_rendered_again AFTER UPDATE OF shows_gone ON page_renderings FOR EACH ROW WHEN ((old.shows_gone AND (NOT new.shows_gone))) EXECUTE FUNCTION show_rendered_again();

CREATE TRIGGER show_without_rendering AFTER DELETE ON page_renderings FOR EACH ROW WHEN (old.shows_gone) EXECUTE FUNCTION show_rendered_again();

CREATE TRIGGER source_site BEFORE INSERT OR UPDATE OF encrypted_token, email, account_id ON archon_sources FOR EACH ROW EXECUTE FUNCTION source_site();

