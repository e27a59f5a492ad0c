import type { Sql } from "#shared/db/connect.ts";
import type { Credentials } from "#shared/sources/source.ts";

/** Atlassian's default and longest lifetime of an API token. */
export const TOKEN_LIFETIME_MS = 365 * 24 * 60 * 60_000;

/**
 * The site of this address and account, with these credentials from now on: the latest that worked are the account's. Made when
 * there is none. Nobody says when a token that is new ends: after a year, as where a site is connected. Returns its id.
 */
export async function siteOfAccount(
  tx: Sql,
  site: { baseUrl: string; apiBase: string; credentials: Credentials; now: Date },
): Promise<string> {
  const { credentials, now } = site;
  const expiresAt = new Date(now.getTime() + TOKEN_LIFETIME_MS);
  const { isSameToken = false } = credentials;
  const [row] = await tx<{ siteId: string }[]>`
    insert into confluence_sites as c (site_id, base_url, api_base, account_id, email, encrypted_secret, secret_bound_to, token_expires_at, created_at, updated_at)
    values (gen_random_uuid()::text, ${site.baseUrl}, ${site.apiBase}, ${credentials.accountId}, ${credentials.email},
      ${credentials.encryptedToken}, ${credentials.boundTo}, ${expiresAt}, ${now}, ${now})
    on conflict (base_url, account_id) where status <> 'deleting' do update set
      api_base = excluded.api_base, credential_kind = 'api_token', email = excluded.email, client_id = null,
      encrypted_secret = excluded.encrypted_secret, secret_bound_to = excluded.secret_bound_to, status = 'active',
      token_expires_at = case when ${isSameToken} then c.token_expires_at else excluded.token_expires_at end,
      expiry_warned_days = case when ${isSameToken} then c.expiry_warned_days end,
      pulse_error = null, updated_at = excluded.updated_at
    returning site_id as "siteId"`;
  if (!row) throw new Error("An upsert returns its row");
  return row.siteId;
}

/** Deletes the secret of a site that was made for its sources and has none left. Its row goes with their rows. */
export async function forgetUnusedSite(tx: Sql, siteId: string | null, now: Date): Promise<void> {
  // In a statement of its own: after it the next one sees the sources that whoever held the lock has added or deleted.
  await tx`select from confluence_sites where site_id = ${siteId} for no key update`;
  await tx`
    update confluence_sites c
    set status = 'deleting', encrypted_secret = null, email = null, client_id = null, paused_until = null, updated_at = ${now}
    where c.site_id = ${siteId} and c.space_rule is null and c.status <> 'deleting'
      and not exists (select from archon_sources s where s.site_id = c.site_id and s.status <> 'deleting')`;
}

/** Removes sites that are being deleted and that no source refers to any more. */
export async function removeDeletedSites(sql: Sql): Promise<number> {
  const { count } = await sql`
    delete from confluence_sites c where c.status = 'deleting'
      and not exists (select from archon_sources s where s.site_id = c.site_id)`;
  return count;
}
