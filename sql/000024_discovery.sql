-- The spaces that a site's account sees, as the last complete listing showed them.
create table confluence_spaces (
  site_id text not null references confluence_sites on delete cascade,
  space_id text not null,
  space_key text not null,
  name text not null,
  -- global, personal, collaboration, knowledge_base, or what Confluence calls it else.
  type text not null,
  -- current, archived.
  status text not null,
  -- Whether the site's rule includes it.
  fits boolean not null,
  -- Set when a complete listing did not have it: deleted, or no longer visible to the account.
  gone_since timestamptz,
  -- The key before the last change.
  renamed_from text,
  primary key (site_id, space_id)
);

-- {max_pages, max_dollars}: above them new spaces wait for a person's word.
alter table confluence_sites add column limits jsonb not null default '{}' check (jsonb_typeof(limits) = 'object');
-- {pages, chunks, tokens, dollars, minutes, spaces, at}: the estimate for the spaces that wait; null: none waits.
alter table confluence_sites add column held jsonb check (held is null or jsonb_typeof(held) = 'object');
-- First syncs of many spaces are spread: none before this time.
alter table archon_sources add column first_sync_at timestamptz;
-- The last threshold of days before the token's end that people were warned of; null: none.
alter table confluence_sites add column expiry_warned_days integer;
