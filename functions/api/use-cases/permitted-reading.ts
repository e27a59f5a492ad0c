import type { Sql } from "#shared/db/connect.ts";
import type { Env } from "#shared/env.ts";
import { UserError } from "#shared/errors.ts";
import { readableFor, type Permitted } from "#shared/access/readers/readable-nodes.ts";
import type { PersonClaim, Reader } from "#shared/access/readers/reader.ts";
import type { Caller, CallerScope } from "#functions/runtime/caller.ts";

/** How requests say for whom they are: searches in their body, other reads as query parameters (an e-mail has an @). */
export type AskedReader = {
  on_behalf_of?: string | { account_id: string } | { email: string } | undefined;
  visibility?: "all" | "anonymous" | undefined;
};

/** For whom a request reads. Throws `UserError` 403 `scope_required` unless the caller may ask so. */
export function readerOf(
  caller: Caller,
  { on_behalf_of: onBehalfOf, visibility }: AskedReader,
  env: Pick<Env, "IDENTITY_CLAIM">,
): Reader {
  if (onBehalfOf !== undefined && visibility !== undefined) {
    throw new UserError(400, "invalid_request", "Send either `on_behalf_of` or `visibility`, not both");
  }
  if (visibility === "all") {
    requireScope(caller, "search:all", 'visibility "all"');
    return { visibility };
  }
  if (visibility === "anonymous") return { visibility };
  if (onBehalfOf === undefined) return { visibility: "own", person: ownClaims(caller, env) };
  requireScope(caller, "search:on-behalf-of", "on_behalf_of");
  return { visibility: "own", person: [namedPerson(onBehalfOf)] };
}

/**
 * Throws `UserError` 403 `scope_required` unless the caller may search at all: for routes of another scope that tell what pages say.
 */
export function requireSearching(caller: Caller): void {
  const suffices: CallerScope[] = ["search:on-behalf-of", "search:all"];
  if (!suffices.some((scope) => caller.scopes.has(scope))) requireScope(caller, "search", "What pages say");
}

function requireScope(caller: Caller, scope: CallerScope, field: string): void {
  if (caller.scopes.has(scope)) return;
  throw new UserError(403, "scope_required", `${field} needs the scope ${scope}, which this caller lacks`, {
    details: { scope },
  });
}

function namedPerson(named: NonNullable<AskedReader["on_behalf_of"]>): PersonClaim {
  if (typeof named === "string") return named.includes("@") ? { email: named } : { accountId: named };
  return "email" in named ? { email: named.email } : { accountId: named.account_id };
}

/** What a caller's own token says of the person; null for callers that are nobody in particular. An unverified e-mail is no claim. */
function ownClaims({ claims }: Caller, { IDENTITY_CLAIM: only }: Pick<Env, "IDENTITY_CLAIM">) {
  if (claims === null) return null;
  const names = only === undefined ? ["atlassian_account_id", "email", "sub"] : [only];
  return names.flatMap((name): PersonClaim[] => {
    const value = claims[name];
    if (typeof value !== "string" || value === "") return [];
    if (name === "sub") return [{ subject: value }];
    if (name !== "email") return [{ accountId: value }];
    return String(claims.email_verified) === "true" ? [{ email: value }] : [];
  });
}

export type ReadServices = { sql: Sql; env: Env; now: () => Date };

/**
 * What the request may be shown of these sources (null: of all): the one way from a caller to a filter, for every route that shows
 * content. Throws as `readerOf` and `readableFor` do.
 */
export async function permittedReading(
  request: {
    caller: Caller;
    asked: AskedReader;
    sources: readonly string[] | null;
    spaces?: string[] | null;
  },
  { sql, env, now }: ReadServices,
): Promise<Permitted> {
  return readableFor(sql, {
    reader: readerOf(request.caller, request.asked, env),
    sources: request.sources,
    spaces: request.spaces ?? null,
    now: now(),
    maxAgeMs: env.ACCESS_MAX_AGE_HOURS * 3_600_000,
  });
}

/**
 * What may be counted of all sources for the same request, whichever it searches: a source that it would need an identity for
 * counts as not there.
 */
export async function permittedElsewhere(
  request: { caller: Caller; asked: AskedReader },
  { sql, env, now }: ReadServices,
): Promise<Permitted> {
  return readableFor(sql, {
    reader: readerOf(request.caller, request.asked, env),
    sources: null,
    spaces: null,
    now: now(),
    maxAgeMs: env.ACCESS_MAX_AGE_HOURS * 3_600_000,
    lenient: true,
  });
}

/** In a header: clients and gateways refuse long ones. */
const MAX_NAMED = 20;

/** Names the sources that show nothing, or the first of them, and counts them, where a response's body has no place for them. */
export function withheldHeaders({ permissions }: Permitted): Record<string, string> {
  const { withheldSources } = permissions;
  if (withheldSources.length === 0) return {};
  return {
    "x-permissions-withheld": withheldSources.slice(0, MAX_NAMED).join(","),
    "x-permissions-withheld-count": String(withheldSources.length),
  };
}

/**
 * Throws the 404 of a source that does not exist for one whose space the reader may not see. One that is withheld exists: it is named.
 */
export function requireReadable({ sources, permissions }: Permitted, sourceId: string): void {
  if (sources === null || sources.includes(sourceId) || permissions.withheldSources.includes(sourceId))
    return;
  throw new UserError(404, "source_not_found", `Source ${sourceId} not found`);
}
