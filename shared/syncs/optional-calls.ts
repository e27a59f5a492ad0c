import type { Sql } from "#shared/db/connect.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import {
  forgetRefused,
  noteRefused,
  type OptionalCall,
  type Refusal,
} from "#shared/sources/refused-calls.ts";
import type { Source } from "#shared/sources/source.ts";

/** What a call brought, or why it brought nothing. */
export type Attempt<T> = { ok: true; value: T } | { ok: false; error: PermanentError | TransientError };

/**
 * Calls that content does without: names of people, labels, folders, rendered bodies. Refused or failing they end nothing: not
 * the sync, and not the trust in the credentials, which the calls for content judge.
 */
export type OptionalCalls = {
  /**
   * Throws what is no fault of the call, `RateLimitedError` (a limit is waited for), and with `retryTransient` what may pass by
   * itself: for callers that try again anyway.
   */
  attempt: <T>(
    call: OptionalCall,
    run: () => Promise<T>,
    options?: { retryTransient?: boolean },
  ) => Promise<Attempt<T>>;
};

/** For readers that note nothing: they go on without what a call does not bring. */
export const silentCalls: OptionalCalls = { attempt: (_, run) => attempt(run) };

/** Calls that are left out for a while, by source and call; kept by a worker while it is warm. */
export type SkippedCalls = Map<
  string,
  { until: number; timeouts: number; error: PermanentError | TransientError }
>;

/** A token does not gain a scope within minutes. */
const REFUSED_PAUSE_MS = 10 * 60_000;
/** Rendered bodies that take for ever, one after the other, hold up what needs none of them. */
const MAX_TIMEOUTS = 3;
const TIMEOUT_PAUSE_MS = 5 * 60_000;
/** Refusals that are about the token, so that the same call for another page is refused as well. */
const OF_THE_TOKEN = new Set(["scope_missing", "credentials_rejected"]);

type Site = {
  source: Source;
  sql: Sql;
  log: Log;
  now: () => Date;
  skipped: SkippedCalls;
};

/** The optional calls of one source: what is refused is noted on the source and logged, once, and tried again later. */
export function optionalCalls(site: Site): OptionalCalls {
  const { source, sql, skipped } = site;
  return {
    async attempt(call, run, options = {}) {
      const key = `${source.sourceId}/${call}`;
      const known = skipped.get(key);
      if (known && known.until > site.now().getTime()) return { ok: false, error: known.error };
      const result = await attempt(run);
      if (result.ok) {
        skipped.delete(key);
        if (source.refusedCalls[call]) await forgetRefused(sql, source.sourceId, call);
        return result;
      }
      const { error } = result;
      if (options.retryTransient && error instanceof TransientError) throw error;
      const ofToken = OF_THE_TOKEN.has(error.code);
      const timeouts = error.code === "timeout" ? (known?.timeouts ?? 0) + 1 : 0;
      const pauseMs = ofToken ? REFUSED_PAUSE_MS : timeouts >= MAX_TIMEOUTS ? TIMEOUT_PAUSE_MS : 0;
      skipped.set(key, { until: site.now().getTime() + pauseMs, timeouts, error });
      // A page that is not rendered says so itself: it is one page, not the site.
      if (call !== "rendered" || ofToken) await note(site, call, error);
      return result;
    },
  };
}

/** Whether a failed call may be gone without; the rest is a limit to wait for, or a fault of our own. */
async function attempt<T>(run: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await run() };
  } catch (error) {
    if (error instanceof PermanentError || error instanceof TransientError) return { ok: false, error };
    throw error;
  }
}

async function note(site: Site, call: OptionalCall, error: PermanentError | TransientError): Promise<void> {
  const reason = refusalOf(error, site.now());
  if (!(await noteRefused(site.sql, site.source.sourceId, call, reason))) return;
  site.log.warn("confluence.call_refused", {
    source_id: site.source.sourceId,
    wanted: call,
    code: reason.code,
    call: reason.call,
    scope: reason.scope,
    error,
  });
}

/** What the source keeps of a refusal. */
export function refusalOf(error: PermanentError | TransientError, now: Date): Refusal {
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  return {
    code: error.code,
    message: error.message,
    call: text(error.details?.call) ?? text(error.details?.path),
    scope: text(error.details?.scope),
    since: now.toISOString(),
  };
}
