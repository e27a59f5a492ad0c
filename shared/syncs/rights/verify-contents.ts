import { getSource, type Source } from "#shared/sources/sources.ts";
import { requestSweepAgain } from "#shared/access/sweeps/sweep-rows.ts";
import { openSite, type SiteServices, type SyncServices } from "#shared/syncs/sync-services.ts";
import { askAboutContents, type KeptVerdicts } from "#shared/access/live/ask-about-contents.ts";
import type { Verdicts, VerifyRequest } from "#shared/access/live/hit-verifier.ts";

/**
 * Asks the source's site. What differs from what is stored, and what it does not say, has the source's rights read again soon. A site
 * that is paused, or whose credentials have expired, is not asked: all is undecided.
 */
export async function verifyContents(
  { sourceId, accountId, contentIds, withinMs }: VerifyRequest,
  services: SiteServices & Pick<SyncServices, "sql" | "log" | "now">,
  kept: KeptVerdicts,
): Promise<Verdicts> {
  const now = services.now();
  const source = await getSource(services.sql, sourceId);
  if (!source || !mayBeAsked(source, now)) return { permitted: [], denied: [] };
  const { permitted, denied, failure } = await askAboutContents(
    {
      sourceId,
      subject: accountId === null ? { type: "anonymous" } : { type: "user", id: accountId },
      contentIds,
    },
    { client: () => openSite(services, source), kept, now: services.now, withinMs },
  );
  const undecided = contentIds.length - permitted.length - denied.length;
  if (undecided > 0)
    services.log.warn("hits.undecided", { source_id: sourceId, undecided, code: failure ?? "too_slow" });
  if (permitted.length < contentIds.length) await requestSweepAgain(services.sql, sourceId, now);
  return { permitted, denied };
}

const mayBeAsked = ({ status, pausedUntil }: Source, now: Date) =>
  status === "active" && (pausedUntil === null || pausedUntil <= now);
