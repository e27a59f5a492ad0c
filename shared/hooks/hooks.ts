import type { Sql } from "#shared/db/connect.ts";
import { UserError } from "#shared/errors.ts";
import { hashSecret, isSecret } from "./hook-secret.ts";

export const HOOK_KINDS = ["automation", "rest", "generic"] as const;
export type HookKind = (typeof HOOK_KINDS)[number];

/** The secret before a rotation is accepted for this long, or until the next rotation: time to enter the new one in Confluence. */
export const PREVIOUS_SECRET_MS = 60 * 60_000;

/** A hook and its health; counters since it was created. */
export type Hook = {
  hookId: string;
  siteId: string;
  kind: HookKind;
  createdAt: Date;
  rotatedAt: Date | null;
  previousValidUntil: Date | null;
  lastDeliveryAt: Date | null;
  lastRefusedAt: Date | null;
  lastMissedAt: Date | null;
  /** Deliveries: accepted; with a wrong secret; with the secret, but not readable. */
  received: number;
  refused: number;
  malformed: number;
  /** Pages in accepted deliveries; of them, pages of no synced space; pages asked for that had not changed. */
  pages: number;
  unknown: number;
  falseAlarms: number;
  /** Edits that a sync found although no delivery had announced them. */
  missed: number;
  missedSinceDelivery: number;
};

/** Edits missed since the last delivery that make a hook silent: one may have been made while Confluence was slow. */
export const SILENT_AFTER_MISSED = 3;

/** Stores a hook of a site. Throws `UserError` 404 `site_not_found`. */
export async function insertHook(
  sql: Sql,
  hook: { hookId: string; siteId: string; kind: HookKind; secret: string; now: Date },
): Promise<Hook> {
  const [row] = await sql<Hook[]>`
    insert into confluence_hooks as h (hook_id, site_id, kind, secret_hash, created_at)
    select ${hook.hookId}, site_id, ${hook.kind}, ${hashSecret(hook.secret)}, ${hook.now}
    from confluence_sites where site_id = ${hook.siteId} and status <> 'deleting'
    returning ${hookColumns(sql)}`;
  if (!row) throw siteNotFound(hook.siteId);
  return row;
}

/** The hooks of a site, oldest first. Throws `UserError` 404 `site_not_found`. */
export async function listHooks(sql: Sql, siteId: string): Promise<Hook[]> {
  const rows = await sql<(Hook | { hookId: null })[]>`
    select ${hookColumns(sql)} from confluence_sites c left join confluence_hooks h using (site_id)
    where c.site_id = ${siteId} and c.status <> 'deleting' order by h.created_at, h.hook_id`;
  if (rows.length === 0) throw siteNotFound(siteId);
  return rows.filter((row) => row.hookId !== null);
}

/** Sets a new secret; the one before is accepted for PREVIOUS_SECRET_MS. Throws `UserError` 404 `hook_not_found`. */
export async function rotateSecret(
  sql: Sql,
  hook: { hookId: string; siteId: string; secret: string; now: Date },
): Promise<Hook> {
  const { hookId, siteId, secret, now } = hook;
  const [row] = await sql<Hook[]>`
    update confluence_hooks h set secret_hash = ${hashSecret(secret)}, previous_secret_hash = h.secret_hash,
      previous_valid_until = ${new Date(now.getTime() + PREVIOUS_SECRET_MS)}, rotated_at = ${now}
    from confluence_sites c
    where c.site_id = h.site_id and c.status <> 'deleting' and h.hook_id = ${hookId} and h.site_id = ${siteId}
    returning ${hookColumns(sql)}`;
  if (!row) throw hookNotFound(hookId);
  return row;
}

/** Deletes a hook: its deliveries are refused from now on. Throws `UserError` 404 `hook_not_found`. */
export async function deleteHook(sql: Sql, siteId: string, hookId: string): Promise<void> {
  const { count } = await sql`delete from confluence_hooks where hook_id = ${hookId} and site_id = ${siteId}`;
  if (count === 0) throw hookNotFound(hookId);
}

/**
 * The site of the hook whose secret this is. Throws `UserError` 404 `hook_not_found` (also once its site is being deleted), or 401
 * `unauthorized`, which is counted.
 */
export async function authenticateDelivery(
  sql: Sql,
  delivery: { hookId: string; secret: string | undefined; now: Date },
): Promise<{ siteId: string }> {
  const { hookId, secret, now } = delivery;
  const [row] = await sql<{ site_id: string; secret_hash: string; previous: string | null }[]>`
    select h.site_id, secret_hash, case when previous_valid_until > ${now} then previous_secret_hash end as previous
    from confluence_hooks h join confluence_sites c using (site_id)
    where hook_id = ${hookId} and c.status <> 'deleting'`;
  if (!row) throw hookNotFound(hookId);
  const hashes = row.previous === null ? [row.secret_hash] : [row.secret_hash, row.previous];
  if (secret === undefined || !isSecret(secret, hashes)) {
    await sql`
      update confluence_hooks set refused = refused + 1, last_refused_at = ${now} where hook_id = ${hookId}`;
    throw new UserError(
      401,
      "unauthorized",
      "Missing or wrong secret of the hook: send it as `X-Hook-Secret`, as `Authorization: Bearer …`, or as `?token=`",
    );
  }
  return { siteId: row.site_id };
}

/** Counts an accepted delivery. */
export async function countDelivery(
  sql: Sql,
  delivery: { hookId: string; pages: number; unknown: number; now: Date },
): Promise<void> {
  await sql`
    update confluence_hooks set received = received + 1, pages = pages + ${delivery.pages}, unknown = unknown + ${delivery.unknown},
      last_delivery_at = greatest(last_delivery_at, ${delivery.now}), missed_since_delivery = 0
    where hook_id = ${delivery.hookId}`;
}

/** Counts a delivery that had the secret, but could not be read. */
export async function countMalformed(sql: Sql, hookId: string): Promise<void> {
  await sql`update confluence_hooks set malformed = malformed + 1 where hook_id = ${hookId}`;
}

function hookColumns(sql: Sql) {
  return sql`h.hook_id as "hookId", h.site_id as "siteId", h.kind, h.created_at as "createdAt", h.rotated_at as "rotatedAt",
    h.previous_valid_until as "previousValidUntil", h.last_delivery_at as "lastDeliveryAt",
    h.last_refused_at as "lastRefusedAt", h.last_missed_at as "lastMissedAt",
    h.received::float8, h.refused::float8, h.malformed::float8, h.pages::float8, h.unknown::float8,
    h.false_alarms::float8 as "falseAlarms", h.missed::float8, h.missed_since_delivery::float8 as "missedSinceDelivery"`;
}

function siteNotFound(siteId: string): UserError {
  return new UserError(404, "site_not_found", `Site ${siteId} not found`);
}

function hookNotFound(hookId: string): UserError {
  return new UserError(404, "hook_not_found", `Hook ${hookId} not found`);
}
