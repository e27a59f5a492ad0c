import type { Sql } from "#shared/db/connect.ts";
import { asEmail } from "./identities.ts";
import type { PersonClaim } from "./reader.ts";

/**
 * The Confluence account of a person, by the first claim that names one; null when none does. An operator's mapping decides before
 * the sites' directories, in which an e-mail names an account only if exactly one active account has it.
 */
export async function identifyAccount(sql: Sql, claims: readonly PersonClaim[]): Promise<string | null> {
  for (const claim of claims) {
    const account = await accountNamedBy(sql, claim);
    if (account !== null) return account;
  }
  return null;
}

async function accountNamedBy(sql: Sql, claim: PersonClaim): Promise<string | null> {
  if ("accountId" in claim) return claim.accountId;
  if ("subject" in claim) return mappedAccount(sql, "subject", claim.subject);
  const email = asEmail(claim.email);
  const mapped = await mappedAccount(sql, "email", email);
  if (mapped !== null) return mapped;
  const accounts = await sql<{ accountId: string }[]>`
    select distinct account_id as "accountId" from directory_accounts where email = ${email} and is_active limit 2`;
  return accounts.length === 1 ? (accounts[0]?.accountId ?? null) : null;
}

async function mappedAccount(sql: Sql, claim: "email" | "subject", subject: string): Promise<string | null> {
  const [row] = await sql<{ accountId: string }[]>`
    select account_id as "accountId" from identities where claim = ${claim} and subject = ${subject}`;
  return row?.accountId ?? null;
}

/** What an account is on a site. */
export type Membership = {
  siteId: string;
  accountId: string;
  /** Neither deactivated nor without access to the site: a member of a licensed group, or a guest. */
  isActive: boolean;
  isGuest: boolean;
  groups: string[];
  /** `anonymous` is everybody. */
  classes: string[];
};

/** What an account is on each of these sites that knows it. A group that cannot be read, or was read before `since`, has no members. */
export async function membershipsOf(
  sql: Sql,
  accountId: string,
  siteIds: readonly string[],
  since: Date,
): Promise<Membership[]> {
  const rows = await sql<(Omit<Membership, "classes"> & { isLicensed: boolean })[]>`
    select a.site_id as "siteId", a.account_id as "accountId", a.is_active as "isActive", a.is_guest as "isGuest",
      coalesce(bool_or(g.is_licensed), false) as "isLicensed",
      coalesce(array_agg(g.group_id order by g.group_id) filter (where g.group_id is not null), '{}') as groups
    from directory_accounts a
    left join directory_members m on m.account_id = a.account_id and m.site_id = a.site_id
    left join directory_groups g on g.site_id = m.site_id and g.group_id = m.group_id
      and g.state = 'known' and g.verified_at >= ${since}
    where a.account_id = ${accountId} and a.site_id = any(${[...siteIds]})
    group by a.site_id, a.account_id`;
  return rows.map(({ isLicensed, ...row }) => ({
    ...row,
    isActive: row.isActive && (isLicensed || row.isGuest),
    classes: isLicensed && !row.isGuest ? ["anonymous", "all-licensed"] : ["anonymous"],
  }));
}
