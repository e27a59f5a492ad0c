import type { Sql } from "#shared/db/connect.ts";

/** Why a page is stored without what its macros render, and when rendering is tried again. */
export type RenderedMissing = {
  code: string;
  message: string;
  /** Attempts that have failed one after the other. */
  attempts: number;
  /** ISO-8601, UTC. */
  next_attempt_at: string;
};

const HOUR_MS = 60 * 60_000;
/** From one attempt to the next: a site recovers within hours, a macro that is broken for good costs a call a week. */
const INTERVALS_MS = [HOUR_MS, 4 * HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS];

/** What a page keeps after one more failed attempt. */
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

/** Whether rendering is to be tried again. */
export function isRenderingDue(missing: RenderedMissing | null, now: Date): boolean {
  return missing !== null && Date.parse(missing.next_attempt_at) <= now.getTime();
}

/** Notes a further failed attempt of a page whose storage body is stored already; a page stored anew since is left alone. */
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
