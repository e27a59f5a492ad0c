-- Content that pages stand below and that is no page: for breadcrumbs only. Never searched, counted or deleted as pages are.
create table confluence_folders (
  source_id text not null references archon_sources on delete cascade,
  folder_id text not null,
  -- folder, whiteboard, database or embed.
  kind text not null,
  -- Null: Confluence does not show it to the account.
  title text,
  parent_id text,
  parent_type text,
  -- The listing that asked for it last: each asks once.
  operation_id text not null,
  primary key (source_id, folder_id)
);
