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

/** The result of a call, or its error. */
export type Attempt<T> = { ok: true; value: T } | { ok: false; error: PermanentError | TransientError };

/**
 * Calls that are optional for content: names of people, labels, folders, rendered bodies. Refused or failing, they do not end the
 * sync and do not mark the credentials as rejected; only the calls for content do.
 */
export type OptionalCalls = {
  /**
   * Throws internal errors, `RateLimitedError` (a limit is waited for), and with `retryTransient` transient errors: for callers
   * that retry anyway.
   */
  attempt: <T>(
    call: OptionalCall,
    run: () => Promise<T>,
    options?: { retryTransient?: boolean },
  ) => Promise<Attempt<T>>;
};

/** For readers that record nothing: they continue without the result of a failed call. */
export const silentCalls: OptionalCalls = { attempt: (_, run) => attempt(run) };

/** Calls that are skipped for a while, by source and call; kept by a worker while it is warm. */
export type SkippedCalls = Map<
  string,
  { until: number; timeouts: number; error: PermanentError | TransientError }
>;

/** A token does not gain a scope within minutes. */
const REFUSED_PAUSE_MS = 10 * 60_000;
/** Consecutive timeouts of rendered bodies would delay the pages that need none. */
const MAX_TIMEOUTS = 3;
const TIMEOUT_PAUSE_MS = 5 * 60_000;
const OF_ONE_DOCUMENT: ReadonlySet<OptionalCall> = new Set<OptionalCall>(["rendered", "files"]);
/** Codes of refusals that concern the token, so that the same call for another page is refused too. */
export const OF_THE_TOKEN = new Set(["scope_missing", "credentials_rejected"]);

type Site = {
  source: Source;
  sql: Sql;
  log: Log;
  now: () => Date;
  skipped: SkippedCalls;
};

/** The optional calls of one source: a refusal is recorded on the source and logged, once, and the call is retried later. */
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
      // A page that cannot be rendered, or a file that is lost, records that itself: it concerns one document, not the site.
      if (!OF_ONE_DOCUMENT.has(call) || ofToken) await note(site, call, error);
      return result;
    },
  };
}

/** Whether a failed call can be skipped; otherwise it is a limit to wait for, or an internal error. */
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

/** The record of a refusal on the source. */
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
