import type { Sql } from "#shared/db/connect.ts";

export const IDENTITY_CLAIMS = ["email", "subject"] as const;
export type IdentityClaim = (typeof IDENTITY_CLAIMS)[number];

/** That a person of another directory is this Confluence account. */
export type Identity = { claim: IdentityClaim; value: string; accountId: string; updatedAt: Date };

/** Sets these mappings and deletes those whose account is null. E-mails count in lower case; of one that is named twice the last counts. */
export async function putIdentities(
  sql: Sql,
  changes: readonly { claim: IdentityClaim; value: string; accountId: string | null }[],
  now: Date,
): Promise<{ stored: number; deleted: number }> {
  const last = new Map(
    changes
      .map((change) => (change.claim === "email" ? { ...change, value: asEmail(change.value) } : change))
      .map((change) => [`${change.claim} ${change.value}`, change]),
  );
  const columns = {
    claims: [...last.values()].map(({ claim }) => claim),
    values: [...last.values()].map(({ value }) => value),
    accounts: [...last.values()].map(({ accountId }) => accountId),
  };
  const [row] = await sql<{ stored: number; deleted: number }[]>`
    with given as (
      select * from unnest(${columns.claims}::text[], ${columns.values}::text[], ${columns.accounts}::text[]) as g (claim, subject, account_id)
    ), stored as (
      insert into identities (claim, subject, account_id, updated_at)
      select claim, subject, account_id, ${now} from given where account_id is not null
      on conflict (claim, subject) do update set account_id = excluded.account_id, updated_at = excluded.updated_at
      returning 1
    ), deleted as (
      delete from identities i using given g
      where i.claim = g.claim and i.subject = g.subject and g.account_id is null returning 1
    )
    select (select count(*)::int from stored) as stored, (select count(*)::int from deleted) as deleted`;
  return row ?? { stored: 0, deleted: 0 };
}

/** Mappings by claim and value, from behind `after`. */
export async function listIdentities(
  sql: Sql,
  options: { after: { claim: string; value: string } | null; limit: number },
): Promise<Identity[]> {
  const { after, limit } = options;
  return sql<Identity[]>`
    select claim, subject as value, account_id as "accountId", updated_at as "updatedAt" from identities
    ${after ? sql`where (claim, subject) > (${after.claim}, ${after.value})` : sql``}
    order by claim, subject limit ${limit}`;
}

/** E-mails as they are stored and compared. */
export function asEmail(text: string): string {
  return text.trim().toLowerCase();
}
