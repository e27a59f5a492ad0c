-- A Confluence site as one account sees it: the connection that its spaces (sources) share.
create table confluence_sites (
  site_id text primary key,
  -- What people click: the site's root without /wiki.
  base_url text not null,
  -- Where requests go: the site, or Atlassian's gateway to it.
  api_base text not null,
  cloud_id text,
  account_id text not null,
  credential_kind text not null default 'api_token' check (credential_kind in ('api_token', 'client_credentials')),
  -- Of an API token; null: the token is sent as Bearer.
  email text,
  -- Of client credentials.
  client_id text,
  -- Ciphertext (KMS or key file); null: the site is being deleted.
  encrypted_secret text,
  -- The id that the ciphertext is bound to as authenticated data: the site's, or of a source whose token it was.
  secret_bound_to text not null,
  token_expires_at timestamptz,
  -- Calls that the credentials may not make, as archon_sources.refused_calls.
  refused_calls jsonb not null default '{}' check (jsonb_typeof(refused_calls) = 'object'),
  -- {include, exclude, personal, archived}: spaces that become sources. Null: sources are added one by one.
  space_rule jsonb check (jsonb_typeof(space_rule) = 'object'),
  -- {deletion_strategy, sync_interval_minutes, search_language} of sources that the rule makes.
  source_defaults jsonb not null default '{}' check (jsonb_typeof(source_defaults) = 'object'),
  discovered_at timestamptz,
  discovery_error jsonb check (jsonb_typeof(discovery_error) = 'object'),
  status text not null default 'active' check (status in ('active', 'credentials_expired', 'deleting')),
  -- Set by a 429, which is the account's: no request to the site before.
  paused_until timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index confluence_sites_account on confluence_sites (base_url, account_id) where status <> 'deleting';

alter table archon_sources add column site_id text references confluence_sites;
create index archon_sources_site on archon_sources (site_id);

-- Gives a source written without a site the one of its address and account. Code of the release before sites writes the credentials
-- to the source; a token that it sets holds for the site, as one set by newer code does.
create or replace function source_site() returns trigger language plpgsql as $$
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
end $$;

create trigger source_site before insert or update of encrypted_token, email, account_id on archon_sources
  for each row execute function source_site();

-- Each present source gets its site; of several tokens for one account the one that was set last and works is kept.
do $$
declare source record;
begin
  for source in select source_id from archon_sources order by (status = 'active'), updated_at loop
    update archon_sources set encrypted_token = encrypted_token where source_id = source.source_id;
  end loop;
  update archon_sources set status = 'active' where status = 'credentials_expired';
end $$;
