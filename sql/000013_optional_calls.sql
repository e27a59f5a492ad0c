-- Where people read the site (`_links.base`, with /wiki); null until a response named it. `base_url` may be Atlassian's gateway.
alter table archon_sources add column web_base text;
-- Calls that content does without, and that Confluence refuses: by name, {code, message, call, scope, since}.
alter table archon_sources add column refused_calls jsonb not null default '{}'
  check (jsonb_typeof(refused_calls) = 'object');

-- The page is stored from its storage body alone, because its rendered body could not be had:
-- {code, message, attempts, next_attempt_at}. Null: nothing is missing.
alter table confluence_pages add column rendered_missing jsonb
  check (rendered_missing is null or jsonb_typeof(rendered_missing) = 'object');
create index confluence_pages_unrendered on confluence_pages (source_id) where rendered_missing is not null;
