import type { Sql } from "#shared/db/connect.ts";
import { siteExists, type Site } from "./site.ts";

export type NewSite = Pick<
  Site,
  | "siteId"
  | "baseUrl"
  | "apiBase"
  | "accountId"
  | "email"
  | "clientId"
  | "tokenExpiresAt"
  | "refusedCalls"
  | "rule"
  | "defaults"
  | "limits"
  | "pulse"
> & { cloudId: string | null; encryptedSecret: string };

/**
 * Stores a site and returns its id. One that was made for sources of the same address and account becomes this one; its secret is bound
 * to the id given here, by which a repeated request finds it. Throws `UserError` 409 `site_exists` when that one has a rule already.
 */
export async function insertSite(tx: Sql, site: NewSite, now: Date): Promise<string> {
  const [row] = await tx<{ site_id: string }[]>`
    insert into confluence_sites as c (site_id, base_url, api_base, cloud_id, account_id, credential_kind, email, client_id, encrypted_secret, secret_bound_to,
      token_expires_at, refused_calls, space_rule, source_defaults, limits, pulse, created_at, updated_at)
    values (${site.siteId}, ${site.baseUrl}, ${site.apiBase}, ${site.cloudId}, ${site.accountId},
      ${site.clientId === null ? "api_token" : "client_credentials"}, ${site.email}, ${site.clientId},
      ${site.encryptedSecret}, ${site.siteId}, ${site.tokenExpiresAt}, ${tx.json(site.refusedCalls)}, ${tx.json(site.rule)},
      ${tx.json(site.defaults)}, ${tx.json(site.limits)}, ${site.pulse}, ${now}, ${now})
    on conflict (base_url, account_id) where status <> 'deleting' do update set
      api_base = excluded.api_base, cloud_id = excluded.cloud_id, email = excluded.email,
      credential_kind = excluded.credential_kind, client_id = excluded.client_id,
      encrypted_secret = excluded.encrypted_secret, secret_bound_to = excluded.secret_bound_to, status = 'active',
      token_expires_at = excluded.token_expires_at, expiry_warned_days = null, refused_calls = excluded.refused_calls, space_rule = excluded.space_rule,
      source_defaults = excluded.source_defaults, limits = excluded.limits, pulse = excluded.pulse,
      updated_at = excluded.updated_at
    where c.space_rule is null or excluded.site_id in (c.site_id, c.secret_bound_to)
    returning site_id`;
  if (row) return row.site_id;
  const [other] = await tx<{ site_id: string }[]>`
    select site_id from confluence_sites
    where base_url = ${site.baseUrl} and account_id = ${site.accountId} and status <> 'deleting'`;
  throw siteExists(other?.site_id ?? null);
}
