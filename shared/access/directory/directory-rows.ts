import type { DirectoryAccount } from "#shared/confluence/content-rights.ts";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { errorCode, errorMessage } from "#shared/errors.ts";
import type postgres from "postgres";

/** A site whose groups and accounts this caller may read again. */
export type ClaimedDirectory = {
  siteId: string;
  apiBase: string;
  accountId: string;
  email: string | null;
  clientId: string | null;
  encryptedSecret: string | null;
  secretBoundTo: string;
  claimedUntil: Date;
  failures: number;
};

/** How old what is known of a group or an account may get before it is read again: half of what the service promises. */
export const REFRESH_MS = 5 * 60_000;
/** Longer than the timeout of the function that refreshes directories. */
const CLAIM_MS = 90_000;
/** After a failure, doubled at each. */
const FIRST_RETRY_MS = 30_000;
const MAX_RETRY_MS = 5 * 60_000;

const later = (at: Date, ms: number) => new Date(at.getTime() + ms);

function isDue(sql: Sql, now: Date) {
  return sql`c.status = 'active' and (c.paused_until is null or c.paused_until <= ${now})
    and (c.directory_claimed_until is null or c.directory_claimed_until <= ${now})
    and (c.directory_verified_at is null or c.directory_verified_at <= ${later(now, -REFRESH_MS)} or ${namesNewGroup(sql)})
    and (c.directory_error is null or (c.directory_error ->> 'retry_at')::timestamptz <= ${now})
    and exists (select from archon_sources s where s.site_id = c.site_id and s.access = 'per_user' and s.status <> 'deleting')`;
}

/** A group that rights name since its members were read lets nobody in until they are. */
function namesNewGroup(sql: Sql) {
  return sql`exists (
    select from access_nodes n join archon_sources s using (source_id) cross join lateral unnest(n.groups) id
    where s.site_id = c.site_id and s.access = 'per_user' and not exists (
      select from directory_groups g where g.site_id = c.site_id and g.group_id = id))`;
}

/** Ids of the sites whose directory is to be read, longest waiting first. */
export async function dueDirectories(sql: Sql, now: Date): Promise<string[]> {
  const rows = await sql<{ site_id: string }[]>`
    select c.site_id from confluence_sites c where ${isDue(sql, now)}
    order by c.directory_verified_at nulls first, c.site_id`;
  return rows.map((row) => row.site_id);
}

/** Claims a site's directory; null if it is not due, or another worker has it. */
export async function claimDirectory(sql: Sql, siteId: string, now: Date): Promise<ClaimedDirectory | null> {
  const [row] = await sql<ClaimedDirectory[]>`
    update confluence_sites c set directory_claimed_until = ${later(now, CLAIM_MS)}
    where c.site_id = ${siteId} and ${isDue(sql, now)}
    returning c.site_id as "siteId", c.api_base as "apiBase", c.account_id as "accountId", c.email, c.client_id as "clientId",
      c.encrypted_secret as "encryptedSecret", c.secret_bound_to as "secretBoundTo", c.directory_claimed_until as "claimedUntil",
      coalesce((c.directory_error ->> 'failures')::int, 0) as failures`;
  return row ?? null;
}

/** Lets the next worker continue at once. */
export async function releaseDirectory(sql: Sql, { siteId, claimedUntil }: ClaimedDirectory): Promise<void> {
  await sql`
    update confluence_sites set directory_claimed_until = null
    where site_id = ${siteId} and directory_claimed_until = ${claimedUntil}`;
}

/** Records why it could not be read: what is known stays, and ages. */
export async function failDirectory(
  sql: Sql,
  { siteId, claimedUntil, failures }: ClaimedDirectory,
  error: unknown,
  now: Date,
): Promise<void> {
  const waitMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
  await sql`
    update confluence_sites c set directory_claimed_until = null, directory_error = jsonb_build_object(
      'code', ${errorCode(error)}::text, 'message', ${errorMessage(error)}::text,
      'since', coalesce(c.directory_error ->> 'since', ${now.toISOString()}::text), 'failures', ${failures + 1}::int,
      'retry_at', ${later(now, waitMs).toISOString()}::text)
    where site_id = ${siteId} and directory_claimed_until = ${claimedUntil}`;
}

/**
 * Makes the directory's groups those that rights name and those of the licensed accounts; returns the ones to be read, longest
 * waiting first.
 */
export async function groupsToRead(
  sql: postgres.Sql,
  siteId: string,
  { licensed, now }: { licensed: readonly string[]; now: Date },
): Promise<string[]> {
  return transaction(sql, async (tx) => {
    const named = await tx<{ id: string }[]>`
      select distinct id from access_nodes n join archon_sources s using (source_id)
      cross join lateral unnest(n.groups || array(select jsonb_array_elements_text(n.pending -> 'groups'))) id
      where s.site_id = ${siteId} and s.access = 'per_user'`;
    const wanted = [...new Set([...licensed, ...named.map(({ id }) => id)])];
    await tx`delete from directory_groups where site_id = ${siteId} and group_id <> all(${wanted}::text[])`;
    await tx`
      update directory_groups set is_licensed = (group_id = any(${[...licensed]}::text[]))
      where site_id = ${siteId} and is_licensed <> (group_id = any(${[...licensed]}::text[]))`;
    const due = await tx<{ id: string }[]>`
      select id from unnest(${wanted}::text[]) id
      left join directory_groups g on g.site_id = ${siteId} and g.group_id = id
      where g.group_id is null or g.verified_at <= ${later(now, -REFRESH_MS)}
      order by g.verified_at nulls first, id`;
    return due.map(({ id }) => id);
  });
}

/** Replaces a group's members; null: they may not be read, so it lets nobody in. */
export async function replaceMembers(
  sql: postgres.Sql,
  siteId: string,
  group: { groupId: string; isLicensed: boolean; members: readonly string[] | null; readAt: Date },
): Promise<void> {
  const { groupId, isLicensed, members, readAt } = group;
  const state = members === null ? "unreadable" : "known";
  const ids = [...(members ?? [])];
  await transaction(sql, async (tx) => {
    await tx`
      insert into directory_groups (site_id, group_id, is_licensed, state, verified_at)
      values (${siteId}, ${groupId}, ${isLicensed}, ${state}, ${readAt})
      on conflict (site_id, group_id) do update set state = excluded.state, verified_at = excluded.verified_at`;
    await tx`
      delete from directory_members
      where site_id = ${siteId} and group_id = ${groupId} and account_id <> all(${ids}::text[])`;
    await tx`
      insert into directory_members (site_id, group_id, account_id)
      select ${siteId}, ${groupId}, unnest(${ids}::text[]) on conflict do nothing`;
  });
}

/** Accounts that groups or rights name and that are to be read, longest waiting first; those that nothing names go. */
export async function accountsToRead(
  sql: postgres.Sql,
  siteId: string,
  { now, limit }: { now: Date; limit: number },
): Promise<string[]> {
  return transaction(sql, async (tx) => {
    const named = tx`
      select account_id from directory_members where site_id = ${siteId}
      union select id from access_nodes n join archon_sources s using (source_id)
      cross join lateral unnest(n.users || array(select jsonb_array_elements_text(n.pending -> 'users'))) id
      where s.site_id = ${siteId} and s.access = 'per_user'`;
    await tx`delete from directory_accounts where site_id = ${siteId} and account_id not in (${named})`;
    const due = await tx<{ account_id: string }[]>`
      select n.account_id from (${named}) n
      left join directory_accounts a on a.site_id = ${siteId} and a.account_id = n.account_id
      where a.account_id is null or a.verified_at <= ${later(now, -REFRESH_MS)}
      order by a.verified_at nulls first, n.account_id limit ${limit}`;
    return due.map((row) => row.account_id);
  });
}

/** Stores what was read of these accounts; one that the site does not know (any more) is not active. */
export async function storeAccounts(
  sql: Sql,
  siteId: string,
  { asked, found, readAt }: { asked: readonly string[]; found: readonly DirectoryAccount[]; readAt: Date },
): Promise<void> {
  const byId = new Map(found.map((account) => [account.accountId, account]));
  const rows = asked.map((accountId) => {
    const { email = null, isActive = false, isGuest = false } = byId.get(accountId) ?? {};
    return {
      account_id: accountId,
      email: email === null ? null : email.toLowerCase(),
      is_active: isActive,
      is_guest: isGuest,
    };
  });
  await sql`
    insert into directory_accounts (site_id, account_id, email, is_active, is_guest, verified_at)
    select ${siteId}, account_id, email, is_active, is_guest, ${readAt}
    from jsonb_to_recordset(${sql.json(rows)}) as row (account_id text, email text, is_active boolean, is_guest boolean)
    on conflict (site_id, account_id) do update set
      email = excluded.email, is_active = excluded.is_active, is_guest = excluded.is_guest, verified_at = excluded.verified_at`;
}

/** The directory is as old as what was read of it longest ago. */
export async function completeDirectory(
  sql: Sql,
  { siteId, claimedUntil }: ClaimedDirectory,
  startedAt: Date,
): Promise<void> {
  await sql`
    update confluence_sites set directory_claimed_until = null, directory_error = null, directory_verified_at = least(${startedAt}::timestamptz,
      (select min(verified_at) from directory_groups where site_id = ${siteId}),
      (select min(verified_at) from directory_accounts where site_id = ${siteId}))
    where site_id = ${siteId} and directory_claimed_until = ${claimedUntil}`;
}
