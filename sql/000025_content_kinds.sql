-- Kinds of content beside pages. All ids of Confluence come from one space, so page_id is the key of each.
alter table archon_sources
  -- {blogposts} which kinds besides pages are synced. Sources that existed keep pages only until they are changed; so do those
  -- that the previous release makes during a deployment.
  add column content jsonb not null default '{"blogposts": false}' check (jsonb_typeof(content) = 'object');

-- In two steps: a column with a default cannot be added to a table whose row type functions take.
alter table confluence_pages add column kind text;
update confluence_pages set kind = 'page';
alter table confluence_pages alter column kind set default 'page';
alter table confluence_pages alter column kind set not null;
alter table confluence_pages add constraint confluence_pages_kind_check check (kind in ('page', 'blogpost'));

-- The kinds that the operation listed completely, which its source's metadata gets when it ends.
alter table archon_progress add column listed_kinds text[] not null default '{}';
