import type { Sql } from "#shared/db/connect.ts";

/** How long a key is remembered: as long as a client may reasonably keep retrying. */
const KEPT_MS = 24 * 60 * 60_000;
/** Longer than any request runs (API Gateway ends them after 30 s): a request without a response is older than this only if it crashed. */
const CUT_OFF_AFTER_MS = 60_000;

export type StoredResponse = { status: number; body: unknown; headers: Record<string, string> };

export type Claim =
  /** The request is new, or an earlier one failed or crashed: run it, and create its resource under this id. */
  | { outcome: "go"; resourceId: string }
  | { outcome: "completed"; response: StoredResponse }
  | { outcome: "in_progress" }
  /** The key was used for a different request. */
  | { outcome: "reused" };

/**
 * Claims the request that `key` names (unique per caller and route). Of several concurrent requests one gets the claim; the claim
 * of one that failed or crashed is taken over with its id, so that what it had already created is found. After a failure the key may be
 * used for a different request.
 */
export async function claimRequest(
  sql: Sql,
  request: { key: string; fingerprint: string; resourceId: string; now: Date },
): Promise<Claim> {
  const { key, fingerprint, resourceId, now } = request;
  await sql`delete from idempotent_requests where created_at < ${new Date(now.getTime() - KEPT_MS)}`;
  const [claimed] = await sql<{ resource_id: string }[]>`
    insert into idempotent_requests as r (key, fingerprint, resource_id, claimed_at, created_at)
    values (${key}, ${fingerprint}, ${resourceId}, ${now}, ${now})
    on conflict (key) do update set claimed_at = ${now}, fingerprint = excluded.fingerprint,
      resource_id = case when r.fingerprint = excluded.fingerprint then r.resource_id else excluded.resource_id end
      where r.answer is null and (r.fingerprint = ${fingerprint} or r.claimed_at = '-infinity')
        and r.claimed_at < ${new Date(now.getTime() - CUT_OFF_AFTER_MS)}
    returning resource_id`;
  if (claimed) return { outcome: "go", resourceId: claimed.resource_id };
  const [stored] = await sql<{ fingerprint: string; answer: StoredResponse | null }[]>`
    select fingerprint, answer from idempotent_requests where key = ${key}`;
  // It became too old a moment ago.
  if (!stored) return { outcome: "in_progress" };
  if (stored.fingerprint !== fingerprint) return { outcome: "reused" };
  return stored.answer ? { outcome: "completed", response: stored.answer } : { outcome: "in_progress" };
}

/** Stores the response for repeated requests with this key. */
export async function rememberResponse(sql: Sql, key: string, response: StoredResponse): Promise<void> {
  // As text: postgres.js would send a parameter of type json encoded twice.
  await sql`update idempotent_requests set answer = ${JSON.stringify(response)}::text::json where key = ${key}`;
}

/** Releases the claim of `claimedAt` on a request that failed, so that its key can be used again. */
export async function releaseRequest(
  sql: Sql,
  { key, claimedAt }: { key: string; claimedAt: Date },
): Promise<void> {
  await sql`
    update idempotent_requests set claimed_at = '-infinity' where key = ${key} and claimed_at = ${claimedAt}`;
}
