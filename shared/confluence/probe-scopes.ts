import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import type { ConfluenceClient, ProbeRequest } from "./client.ts";
import { SCOPED_CALLS, type ScopedCall } from "./scopes.ts";

/** What the ids in the paths of the calls stand for. One that does not exist will do: with the scope it gives 404. */
export type ProbedIds = { accountId: string; spaceId: string; pageId: string };

/** `refused`: the calls that got 401 or 403; `limited`: a 429, after which nothing more was asked. */
export type ProbedScopes = {
  refused: { call: ScopedCall; error: PermanentError }[];
  limited: RateLimitedError | null;
};

/** One call of each scope: the first. */
const PROBED_CALLS = SCOPED_CALLS.filter(
  ({ scope }, index) => SCOPED_CALLS.findIndex((other) => other.scope === scope) === index,
);
const CALLS_AT_ONCE = 5;
/** No call begins after this time; each ends within the client's limit for probes. */
const LAST_START_MS = 8000;

const LISTS = /(?:spaces|pages|blogposts|labels|group|space-roles|search)$/;

/** The request that tries a call: one that reads, and as little as possible. */
export function probeRequest({ call }: ScopedCall, known: ProbedIds): ProbeRequest {
  const [method, template = ""] = call.split(" ");
  const path = template.replaceAll("{id}", template.includes("/spaces/") ? known.spaceId : known.pageId);
  const query = {
    ...(LISTS.test(path) ? { limit: "1" } : {}),
    ...(path.endsWith("search") ? { cql: "type=page" } : {}),
  };
  return method === "POST"
    ? { method, path, query, body: bodyFor(path, known) }
    : { method: "GET", path, query };
}

function bodyFor(path: string, { accountId, pageId }: ProbedIds): unknown {
  if (path.endsWith("/convert-ids-to-types")) return { contentIds: [pageId] };
  if (path.endsWith("/users-bulk")) return { accountIds: [accountId] };
  return { subject: { type: "user", identifier: accountId }, operation: "read" };
}

/** Tries one call of each scope, a few at once. Only a refusal counts: what fails in another way may work when it is needed. */
export async function probeScopes(
  client: Pick<ConfluenceClient, "probe">,
  known: ProbedIds,
  now: () => Date,
): Promise<ProbedScopes> {
  const end = now().getTime() + LAST_START_MS;
  const found = new Map<ScopedCall, PermanentError>();
  let limited: RateLimitedError | null = null;
  const waiting = PROBED_CALLS.values();
  const work = async () => {
    for (const call of waiting) {
      if (limited !== null || now().getTime() > end) return;
      try {
        await client.probe(probeRequest(call, known));
      } catch (error) {
        if (error instanceof RateLimitedError) limited = error;
        else if (error instanceof PermanentError && REFUSALS.has(error.code)) found.set(call, error);
        else if (!(error instanceof PermanentError || error instanceof TransientError)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work));
  const refused = PROBED_CALLS.flatMap((call) => {
    const error = found.get(call);
    return error ? [{ call, error }] : [];
  });
  return { refused, limited };
}

const REFUSALS = new Set(["scope_missing", "credentials_rejected", "forbidden"]);
