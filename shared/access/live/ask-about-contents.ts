import { setTimeout as delay } from "node:timers/promises";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { RightsSubject } from "#shared/confluence/content-rights.ts";
import { errorCode } from "#shared/errors.ts";
import type { Verdicts } from "./hit-verifier.ts";

/** Calls at the same time: with a site's usual 100 ms, the hits of a search within half a second. */
const AT_ONCE = 4;
/** How long what Confluence said of a person and a content is believed. */
export const KEPT_MS = 60_000;
const MAX_KEPT = 20_000;

/** What Confluence said lately, by source, person and content. */
export type KeptVerdicts = Map<string, { isPermitted: boolean; until: number }>;

/**
 * Which of these contents the subject may read, as Confluence says (`permission/check`), or said within the last minute. What it does not
 * say by the deadline, and each call that fails, is undecided; `failure` is the code of the first.
 */
export async function askAboutContents(
  request: { sourceId: string; subject: RightsSubject; contentIds: readonly string[] },
  deps: {
    client: () => Promise<Pick<ConfluenceClient, "isPermitted">>;
    kept: KeptVerdicts;
    now: () => Date;
    withinMs: number;
  },
): Promise<Verdicts & { failure: string | null }> {
  const { sourceId, subject } = request;
  const contentIds = [...new Set(request.contentIds)];
  const keyOf = (id: string) => JSON.stringify([sourceId, subject, id]);
  const believed = (id: string) => {
    const known = deps.kept.get(keyOf(id));
    return known && known.until > deps.now().getTime() ? known.isPermitted : null;
  };
  const unknown = contentIds.filter((id) => believed(id) === null);
  let failure: string | null = null;
  const ended = new AbortController();
  const askNext = async (client: Pick<ConfluenceClient, "isPermitted">): Promise<void> => {
    for (let id = unknown.shift(); id !== undefined && !ended.signal.aborted; id = unknown.shift()) {
      try {
        const isPermitted = await client.isPermitted(id, subject);
        remember(deps.kept, keyOf(id), { isPermitted, until: deps.now().getTime() + KEPT_MS });
      } catch (error) {
        failure ??= errorCode(error);
      }
    }
  };
  const askAll = async () => {
    if (unknown.length === 0) return;
    const client = await deps.client();
    await Promise.all(Array.from({ length: AT_ONCE }, async () => askNext(client)));
  };
  try {
    await Promise.race([askAll(), delay(deps.withinMs, undefined, { signal: ended.signal }).catch(() => {})]);
  } catch (error) {
    failure ??= errorCode(error);
  } finally {
    ended.abort();
  }
  const saidOf = (verdict: boolean) => contentIds.filter((id) => believed(id) === verdict);
  return { permitted: saidOf(true), denied: saidOf(false), failure };
}

function remember(kept: KeptVerdicts, key: string, verdict: { isPermitted: boolean; until: number }): void {
  kept.delete(key);
  kept.set(key, verdict);
  for (const oldest of kept.keys()) {
    if (kept.size <= MAX_KEPT) break;
    kept.delete(oldest);
  }
}
