import { setTimeout as wait } from "node:timers/promises";
import type { SendRequestOptions } from "confluence.js/core";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { parseBaseUrl, type AddressPolicy } from "./address-guard.ts";
import type { BearerSource } from "./client-credentials.ts";
import { discardResponse, MAX_RESPONSE_BYTES, readResponse } from "./response-body.ts";
import { guardedFetch, type Fetch, type FetchedResponse } from "./guarded-fetch.ts";
import { isScopeFailure } from "./scopes.ts";
import { connectionError, scopeError, statusError } from "./transport-errors.ts";
import { readDate, readNearLimit, retryAfterMs, type NearLimit } from "./rate-limit-headers.ts";

/** An API call waits this long for its whole response: bulk bodies take seconds, a worker has 60. */
const FETCH_TIMEOUT_MS = 20_000;

/** No retry begins after this time, so that one call ends within a worker's 60 s even if its last attempt times out. */
export const RETRY_BUDGET_MS = 25_000;

export const MORE_TRIES = 2;
const MAX_RETRY_DELAY_MS = 2000;
const MAX_REDIRECTS = 3;

/** Milliseconds that call `n` (from 0) waits before its next attempt: 0.25 s, 1 s, then 2 s, up to half of it taken off at random. */
function retryDelayMs(n: number, random: () => number): number {
  return Math.min(250 * 4 ** n, MAX_RETRY_DELAY_MS) * (1 - random() / 2);
}

/** One HTTP request that got a response (or not: `status` null), for metrics; no query, since that may hold titles. */
export type CallReport = {
  method: string;
  path: string;
  status: number | null;
  durationMs: number;
  nearLimit: NearLimit | null;
};

export type TransportOptions = AddressPolicy & {
  baseUrl: string;
  /** Null: the token is sent as Bearer. */
  email: string | null;
  apiToken: string;
  /** Instead of `apiToken`: tokens that are renewed. */
  bearer?: BearerSource | undefined;
  now: () => Date;
  random: () => number;
  sleep?: (ms: number) => Promise<unknown>;
  fetch?: Fetch;
  fetchTimeoutMs?: number;
  /** Maximum bytes of one response, after decompression. */
  maxResponseBytes?: number;
  onCall?: (call: CallReport) => void;
};

type HttpTransport = {
  /** As `sendRequest`, with `retries` of its own (0 if the caller makes the request smaller instead), none after `giveUpAt`. */
  send: (
    request: SendRequestOptions,
    retries: number,
    giveUpAt: number,
    timeoutMs?: number,
  ) => Promise<unknown>;
  /** Where a GET redirects to, on whatever host: it is not followed, so that no other host gets the credentials. Retried as `send`. */
  redirect: (request: SendRequestOptions, retries: number, giveUpAt: number) => Promise<string>;
  /** The site's address as `parseBaseUrl` returns it. */
  readonly base: string;
  readonly callsMade: () => number;
  readonly rateLimitedCalls: () => number;
  readonly serverTime: () => Date | null;
  readonly nearLimit: () => NearLimit | null;
};

/**
 * HTTP for the functions of confluence.js: responses are returned as parsed JSON, unchecked. Brief retries happen here; a 429
 * is never waited for, but remembered: calls until then fail at once with the same error and send nothing.
 */
export function makeTransport(options: TransportOptions): HttpTransport {
  const { now, random } = options;
  const sleep = options.sleep ?? wait;
  const usualTimeoutMs = options.fetchTimeoutMs ?? FETCH_TIMEOUT_MS;
  const maxBytes = options.maxResponseBytes ?? MAX_RESPONSE_BYTES;
  const base = allowedBase(options);
  const fetch = options.fetch ?? guardedFetch(options);
  let calls = 0;
  let rateLimited = 0;
  let serverTime: Date | null = null;
  let nearLimit: NearLimit | null = null;
  let pausedUntil = 0;

  async function send(
    request: SendRequestOptions,
    retries: number,
    giveUpAt: number,
    timeoutMs = usualTimeoutMs,
  ): Promise<unknown> {
    const sendOnce = (authorization: string) =>
      exchange(request, authorization, Math.min(timeoutMs, usualTimeoutMs));
    return retried(() => authorized(sendOnce), retries, giveUpAt);
  }

  async function redirect(request: SendRequestOptions, retries: number, giveUpAt: number): Promise<string> {
    return retried(() => authorized((as) => findRedirect(request, as)), retries, giveUpAt);
  }

  /** A bearer token may be revoked before its end: with one that is refused the request is sent once more, with a new one. */
  async function authorized<T>(run: (authorization: string) => Promise<T>): Promise<T> {
    const { bearer, email, apiToken } = options;
    if (!bearer) return run(authorizationOf(email, apiToken));
    // No token is requested for an address that is refused.
    base.unwrap();
    const token = await bearer();
    try {
      return await run(`Bearer ${token}`);
    } catch (error) {
      if (!(error instanceof PermanentError && error.code === "credentials_rejected")) throw error;
    }
    return run(`Bearer ${await bearer(token)}`);
  }

  async function retried<T>(run: () => Promise<T>, retries: number, giveUpAt: number): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      const paused = pausedUntil - now().getTime();
      if (paused > 0) throw new RateLimitedError("Confluence asked for a pause that has not ended", paused);
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof TransientError) || tries >= retries || now().getTime() >= giveUpAt)
          throw error;
        await sleep(retryDelayMs(tries, random));
      }
    }
  }

  /** One request with the redirects that it leads to. */
  async function exchange(
    request: SendRequestOptions,
    authorization: string,
    timeoutMs: number,
  ): Promise<unknown> {
    let url = requestUrl(base.unwrap(), request);
    const signal = AbortSignal.timeout(timeoutMs);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const response = await fetchOnce(url, request, authorization, signal);
      const redirect =
        response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
      if (redirect === null) return await readOrRefuse(response, url, signal);
      await discardResponse(response.body);
      url = sameOrigin(redirect, url);
    }
    throw new PermanentError("invalid_answer", "Redirect loop: Confluence redirected too often");
  }

  async function findRedirect(request: SendRequestOptions, authorization: string): Promise<string> {
    const url = requestUrl(base.unwrap(), request);
    const signal = AbortSignal.timeout(usualTimeoutMs);
    const response = await fetchOnce(url, request, authorization, signal);
    const redirects = response.status >= 300 && response.status < 400;
    const location = redirects ? response.headers.get("location") : null;
    if (redirects) await discardResponse(response.body);
    else await readOrRefuse(response, url, signal);
    if (location !== null && URL.canParse(location, url.href)) return new URL(location, url.href).href;
    throw new PermanentError("invalid_answer", "Confluence did not say where the file is");
  }

  async function fetchOnce(
    url: URL,
    request: SendRequestOptions,
    authorization: string,
    signal: AbortSignal,
  ): Promise<FetchedResponse> {
    const method = request.method ?? "GET";
    const headers = {
      authorization,
      accept: "application/json",
      "user-agent": "confluence-rag-sync",
    };
    const started = now().getTime();
    calls += 1;
    const report = (status: number | null) =>
      options.onCall?.({
        method,
        path: url.pathname,
        status,
        durationMs: now().getTime() - started,
        nearLimit,
      });
    try {
      const response = await fetch(url.href, {
        method,
        redirect: "manual",
        signal,
        ...(request.body === undefined
          ? { headers }
          : {
              headers: { ...headers, "content-type": "application/json" },
              body: JSON.stringify(request.body),
            }),
      });
      serverTime = readDate(response.headers.get("date")) ?? serverTime;
      nearLimit = readNearLimit((name) => response.headers.get(name));
      if (response.status === 429) rateLimited += 1;
      report(response.status);
      return response;
    } catch (error) {
      report(null);
      throw connectionError(error, signal, url);
    }
  }

  async function readOrRefuse(response: FetchedResponse, url: URL, signal: AbortSignal): Promise<unknown> {
    const header = (name: string) => response.headers.get(name);
    if (response.status >= 200 && response.status < 300) {
      return await readResponse(response.body, maxBytes, (error) => connectionError(error, signal, url));
    }
    const body = await discardResponse(response.body);
    if (response.status === 429 || (response.status === 503 && header("retry-after") !== null)) {
      const pause = retryAfterMs(header, now(), random);
      pausedUntil = now().getTime() + pause;
      throw new RateLimitedError(`Confluence returned ${response.status}: too many requests`, pause);
    }
    if (response.status === 401 && isScopeFailure(header, body)) throw scopeError(url);
    throw statusError(response.status, url);
  }

  return {
    send,
    redirect,
    get base() {
      return base.unwrap();
    },
    callsMade: () => calls,
    rateLimitedCalls: () => rateLimited,
    serverTime: () => serverTime,
    nearLimit: () => nearLimit,
  };
}

/** The address is checked when the client is made, and a refusal is thrown by each call: a worker can record it on its page. */
function allowedBase(options: TransportOptions): { unwrap: () => string } {
  try {
    const base = parseBaseUrl(options.baseUrl, options);
    return { unwrap: () => base };
  } catch (cause) {
    return {
      unwrap: () => {
        throw new PermanentError("address_refused", "The site's address is not allowed", { cause });
      },
    };
  }
}

function authorizationOf(email: string | null, apiToken: string): string {
  if (email === null) return `Bearer ${apiToken}`;
  return `Basic ${Buffer.from(`${email}:${apiToken}`, "utf8").toString("base64")}`;
}

/** Lists are joined by commas, as the descriptions of `id`, `status` and `expand` say. */
function requestUrl(base: string, request: SendRequestOptions): URL {
  const url = new URL(base + request.url);
  for (const [name, value] of Object.entries(request.searchParams ?? {})) {
    if (value !== undefined && value !== null) {
      url.searchParams.set(name, parameterText(value));
    }
  }
  return url;
}

function parameterText(value: unknown): string {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "string" ? value : JSON.stringify(value);
}

function sameOrigin(location: string, from: URL): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from.href) : null;
  if (target?.origin === from.origin) return target;
  throw new PermanentError("address_refused", "Confluence redirects to another host, which is not followed");
}
