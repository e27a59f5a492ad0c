import type { Sql } from "#shared/db/connect.ts";

/** Why a page is stored without its rendered macros, and when rendering is retried. */
export type RenderedMissing = {
  code: string;
  message: string;
  /** Consecutive failed attempts. */
  attempts: number;
  /** ISO-8601, UTC. */
  next_attempt_at: string;
};

const HOUR_MS = 60 * 60_000;
/** Delays between attempts: a site recovers within hours; a permanently broken macro costs a call a week. */
const INTERVALS_MS = [HOUR_MS, 4 * HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS];

/** The record of a page after one more failed attempt. */
export function renderingFailed(
  error: { code: string; message: string },
  before: RenderedMissing | null,
  now: Date,
): RenderedMissing {
  const attempts = (before?.attempts ?? 0) + 1;
  const interval = INTERVALS_MS[Math.min(attempts, INTERVALS_MS.length) - 1] ?? HOUR_MS;
  return {
    code: error.code,
    message: error.message.replaceAll("\u0000", ""),
    attempts,
    next_attempt_at: new Date(now.getTime() + interval).toISOString(),
  };
}

/** Whether rendering is due to be retried. */
export function isRenderingDue(missing: RenderedMissing | null, now: Date): boolean {
  return missing !== null && Date.parse(missing.next_attempt_at) <= now.getTime();
}

/** Records another failed attempt for a page whose storage body is stored; skips a page that was stored again since. */
export async function noteRenderingFailed(
  tx: Sql,
  page: { sourceId: string; pageId: string; version: number },
  missing: RenderedMissing,
): Promise<void> {
  await tx`
    update confluence_pages set rendered_missing = ${tx.json(missing)}
    where source_id = ${page.sourceId} and page_id = ${page.pageId} and version = ${page.version}
      and rendered_missing is not null`;
}
