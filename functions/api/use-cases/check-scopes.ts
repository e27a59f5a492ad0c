import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { probeScopes, type ProbedIds, type ProbedScopes } from "#shared/confluence/probe-scopes.ts";
import { lossWithout, SCOPES, type ScopedCall } from "#shared/confluence/scopes.ts";
import { PermanentError, UserError } from "#shared/errors.ts";
import type { SiteRefusals } from "#shared/sites/site.ts";
import type { OptionalCall, RefusedCalls } from "#shared/sources/refused-calls.ts";
import { refusalOf } from "#shared/syncs/optional-calls.ts";

/** With the scope, these give 404. */
const UNKNOWN_IDS: ProbedIds = { accountId: "unknown", spaceId: "1", pageId: "1" };

/** The scopes of what a sync records as refused of a source. */
const CALLS_OF_SCOPES: Record<string, OptionalCall> = {
  "read:label:confluence": "labels",
  "read:user:confluence": "names",
  "read:folder:confluence": "folders",
  "read:content.metadata:confluence": "comments",
};

/** Tries each scope once. Throws `UserError` 422 `scope_missing` that names every needed one that the token lacks, and what for. */
export async function checkScopes(
  client: ConfluenceClient,
  known: ProbedIds,
  now: () => Date,
): Promise<ProbedScopes> {
  const probed = await probeScopes(client, known, now);
  if (probed.refused.some(({ call }) => call.need === "required")) throw lacking(probed);
  return probed;
}

/** Does what needs scopes itself; where one is missing, the error names every other one too. */
export async function namingScopes<T>(
  client: ConfluenceClient,
  now: () => Date,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PermanentError && error.code === "scope_missing")) throw error;
    await checkScopes(client, UNKNOWN_IDS, now);
    throw error;
  }
}

/** What is missing, as the API says it. */
export function missingOf({ refused }: ProbedScopes) {
  return refused
    .filter(({ call, error }) => call.need === "required" || error.code === "scope_missing")
    .map(({ call }) => ({
      call: call.call,
      scope: call.scope,
      needed_for: call.need === "required" ? purposeOf(call) : lossWithout(call.scope),
      need: call.need,
    }));
}

/** The record of what is missing on a site. */
export function refusalsOfSite({ refused }: ProbedScopes, now: Date): SiteRefusals {
  return Object.fromEntries(
    refused.map(({ call, error }) => [
      call.scope,
      { ...refusalOf(error, now), call: call.call, scope: call.scope },
    ]),
  );
}

/** The record of what is refused on a source. */
export function refusalsOfSource({ refused }: ProbedScopes, now: Date): RefusedCalls {
  return Object.fromEntries(
    refused.flatMap(({ call, error }) => {
      const name = CALLS_OF_SCOPES[call.scope];
      return name === undefined ? [] : [[name, refusalOf(error, now)]];
    }),
  );
}

function lacking(probed: ProbedScopes): UserError {
  const missing = missingOf(probed);
  const needed = missing.filter(({ need }) => need === "required");
  const named = needed.map(({ scope, needed_for }) => `${scope} (${needed_for})`).join(", ");
  const [first] = needed;
  return new UserError(
    422,
    "scope_missing",
    `The API token lacks what a sync needs: ${named}. Add it to a new token`,
    {
      details: { call: first?.call ?? null, scope: first?.scope ?? null, missing },
    },
  );
}

function purposeOf({ scope }: ScopedCall): string {
  return SCOPES[scope]?.for ?? "a sync";
}
