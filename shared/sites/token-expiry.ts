import type { Sql } from "#shared/db/connect.ts";
import { writeEvent } from "#shared/notifications/outbox.ts";
import { transaction } from "#shared/db/connect.ts";
import type postgres from "postgres";

const DAY_MS = 24 * 60 * 60_000;

/** Days before the end at which people are warned; Atlassian itself tells only the token's owner, about a day before. */
export const EXPIRY_WARNING_DAYS = [30, 14, 3] as const;

/** The warning that holds now: `days` is the last threshold passed. Null: none yet. */
export function expiryWarning(expiresAt: Date | null, now: Date): { at: Date; days: number } | null {
  if (expiresAt === null) return null;
  const left = expiresAt.getTime() - now.getTime();
  const days = EXPIRY_WARNING_DAYS.filter((threshold) => left <= threshold * DAY_MS).at(-1);
  return days === undefined ? null : { at: expiresAt, days };
}

/** Writes an event for each site whose token has passed a threshold since the last call; returns their ids. */
export async function warnOfExpiry(sql: postgres.Sql, now: Date): Promise<string[]> {
  const warned: string[] = [];
  for (const site of await sitesThatExpire(sql, now)) {
    const warning = expiryWarning(site.tokenExpiresAt, now);
    if (warning === null) continue;
    const isNew = await transaction(sql, async (tx) => {
      const { count } = await tx`
        update confluence_sites set expiry_warned_days = ${warning.days}
        where site_id = ${site.siteId} and (expiry_warned_days is null or expiry_warned_days > ${warning.days})
          and token_expires_at = ${warning.at}`;
      if (count === 0) return false;
      const detail = { site_id: site.siteId, expires_at: warning.at.toISOString(), days: warning.days };
      await writeEvent(tx, { type: "site.token_expires", detail, now });
      return true;
    });
    if (isNew) warned.push(site.siteId);
  }
  return warned;
}

async function sitesThatExpire(sql: Sql, now: Date): Promise<{ siteId: string; tokenExpiresAt: Date }[]> {
  const soon = new Date(now.getTime() + EXPIRY_WARNING_DAYS[0] * DAY_MS);
  return sql`
    select site_id as "siteId", token_expires_at as "tokenExpiresAt" from confluence_sites
    where status <> 'deleting' and token_expires_at <= ${soon}
      and (expiry_warned_days is null or expiry_warned_days > ${EXPIRY_WARNING_DAYS.at(-1) ?? 0})
    order by token_expires_at limit 100`;
}
