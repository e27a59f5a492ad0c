import { ApiError, readError } from "./api-error.ts";
import { makeEtagCache } from "./etag-cache.ts";
import { IDEMPOTENT, ROUTES } from "./routes.ts";
import type { CallName, Calls } from "./types.ts";

type Optional<Name extends string, T> = [T] extends [never]
  ? { [N in Name]?: undefined }
  : Record<string, never> extends T
    ? { [N in Name]?: T }
    : { [N in Name]: T };

export type Arguments<K extends CallName> = Optional<"params", Calls[K]["params"]> &
  Optional<"query", Calls[K]["query"]> & { body?: Calls[K]["body"] } & {
    idempotencyKey?: string;
    signal?: AbortSignal;
  };

export type Client = {
  /** Throws `ApiError`. A GET whose response has not changed returns the same object as before. */
  call: <K extends CallName>(name: K, input: Arguments<K>) => Promise<Calls[K]["result"]>;
  /** When another key is used: what was read with the last one is forgotten. */
  forget: () => void;
};

/** No request takes longer: API Gateway ends them after 30 s. */
const TIMEOUT_MS = 40_000;

/** The typed fetch; `key`: the API key to send, null for none. */
export function makeClient({
  fetch,
  base = "",
  key,
}: {
  fetch: typeof globalThis.fetch;
  base?: string;
  key: () => string | null;
}): Client {
  const cache = makeEtagCache();
  return {
    forget: cache.clear,
    async call(name, input) {
      const { method, path } = target(name, input);
      const apiKey = key();
      const etag = method === "GET" ? cache.tagOf(path) : undefined;
      const headers: Record<string, string> = {
        accept: "application/json",
        ...(apiKey === null ? {} : { "x-api-key": apiKey }),
        ...(etag === undefined ? {} : { "if-none-match": etag }),
        ...(input.idempotencyKey === undefined || !IDEMPOTENT.has(name)
          ? {}
          : { "idempotency-key": input.idempotencyKey }),
        ...(input.body === undefined ? {} : { "content-type": "application/json" }),
      };
      const timeout = AbortSignal.timeout(TIMEOUT_MS);
      const response = await reach(() =>
        fetch(base + path, {
          method,
          headers,
          // The browser's own cache would hide a 304 and answer without asking.
          cache: "no-store",
          signal: input.signal ? AbortSignal.any([input.signal, timeout]) : timeout,
          ...(input.body === undefined ? {} : { body: JSON.stringify(input.body) }),
        }),
      );
      // The contract's type is what the service is tested to return.
      type Result = Calls[typeof name]["result"];
      if (response.status === 304) {
        const body = cache.bodyOf(path);
        if (body !== undefined) return body as Result;
      }
      const body = await readJson(response);
      if (!response.ok) throw readError(response, body);
      const newTag = response.headers.get("etag");
      if (method === "GET" && newTag !== null) cache.keep(path, newTag, body);
      return body as Result;
    },
  };
}

function target(
  name: CallName,
  input: { params?: unknown; query?: unknown },
): { method: string; path: string } {
  const [method = "GET", template = "/"] = ROUTES[name].split(" ");
  const params = (input.params ?? {}) as Record<string, string>;
  const path = template.replaceAll(/\{(\w+)\}/g, (_, field: string) =>
    encodeURIComponent(params[field] ?? ""),
  );
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined && value !== null && value !== "") query.set(field, String(value));
  }
  const text = query.toString();
  return { method, path: text === "" ? path : `${path}?${text}` };
}

async function reach(send: () => Promise<Response>): Promise<Response> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    throw new ApiError(0, {
      code: "service_unreachable",
      message: timedOut ? "The service did not respond in time." : "The service cannot be reached.",
    });
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(response.status, {
      code: "not_json",
      message: `What responded (HTTP ${response.status}) is not the service's API: no JSON.`,
    });
  }
}
