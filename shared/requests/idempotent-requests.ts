import type { Sql } from "#shared/db/connect.ts";

/** How long a key is remembered: as long as a client may sensibly go on trying. */
const KEPT_MS = 24 * 60 * 60_000;
/** Longer than any request runs (API Gateway ends them after 30 s): after it, one without an answer was cut off. */
const CUT_OFF_AFTER_MS = 60_000;

export type StoredAnswer = { status: number; body: unknown; headers: Record<string, string> };

export type Claim =
  /** Nobody did it yet, or somebody was cut off: do it, making what it makes under this id. */
  | { outcome: "go"; resourceId: string }
  | { outcome: "answered"; answer: StoredAnswer }
  | { outcome: "in_progress" }
  /** The key came with another request before. */
  | { outcome: "reused" };

/**
 * Takes the right to do the request that `key` names (unique to caller and route). Of several at the same time one goes; one
 * that was cut off is taken over under the id that it had, so that what it had made already is found.
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
    on conflict (key) do update set claimed_at = ${now}
      where r.answer is null and r.fingerprint = ${fingerprint}
        and r.claimed_at < ${new Date(now.getTime() - CUT_OFF_AFTER_MS)}
    returning resource_id`;
  if (claimed) return { outcome: "go", resourceId: claimed.resource_id };
  const [stored] = await sql<{ fingerprint: string; answer: StoredAnswer | null }[]>`
    select fingerprint, answer from idempotent_requests where key = ${key}`;
  // Given up by whoever had it, a moment ago.
  if (!stored) return { outcome: "in_progress" };
  if (stored.fingerprint !== fingerprint) return { outcome: "reused" };
  return stored.answer ? { outcome: "answered", answer: stored.answer } : { outcome: "in_progress" };
}

/** Remembers the answer for whoever sends the key again. */
export async function rememberAnswer(sql: Sql, key: string, answer: StoredAnswer): Promise<void> {
  // As text: postgres.js would send a parameter of type json encoded twice.
  await sql`update idempotent_requests set answer = ${JSON.stringify(answer)}::text::json where key = ${key}`;
}

/** Forgets a request that came to nothing, so that the key can be used again. */
export async function forgetRequest(sql: Sql, key: string): Promise<void> {
  await sql`delete from idempotent_requests where key = ${key} and answer is null`;
}
