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
