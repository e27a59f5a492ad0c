-- Comments of pages and blog posts, as Confluence returns them. What is searched is one document per container: a row of
-- confluence_pages of the kind `comments`, made from these rows.
create table confluence_comments (
  source_id text not null references archon_sources on delete cascade,
  comment_id text not null,
  -- The page or blog post that it is on.
  container_id text not null,
  -- The comment that it replies to.
  parent_id text,
  location text not null check (location in ('footer', 'inline')),
  -- Of inline threads, Confluence's own word: open, reopened, resolved, dangling.
  resolution text,
  -- The text of the page that it is on, when it was written.
  selection text,
  author_id text,
  author_name text,
  created_at timestamptz,
  modified_at timestamptz,
  version integer not null,
  url text not null default '',
  -- In storage format.
  body text not null,
  -- The last check that listed it; and the last that found it gone by its id.
  listed_by uuid,
  gone_by uuid,
  -- Gone since a first check: left out of the document. A second one deletes it.
  missing_since timestamptz,
  primary key (source_id, comment_id)
);
-- The source second: an index that begins as the key does looks as good as the key to a planner without statistics.
create index confluence_comments_container on confluence_comments (container_id, source_id);

alter table confluence_pages drop constraint confluence_pages_kind_check;
alter table confluence_pages add constraint confluence_pages_kind_check check (kind in ('page', 'blogpost', 'comments'));
alter table confluence_pages
  -- Of a document of comments: what they are on.
  add column container_id text,
  -- Raised by each write of the container's comments; its `version` is the one that it was last made from.
  add column comments_revision integer;
create index confluence_pages_container on confluence_pages (container_id, source_id) where container_id is not null;

-- Documents of comments are no pages to the metrics.
alter table sync_work add column kind text not null default 'page';

-- Where in its page's file or thread a chunk stands, as {comment_id}: beside other metadata of the chunk.
alter table archon_staged_chunks add column place jsonb;
