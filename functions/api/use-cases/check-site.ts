import type { ConfluenceClient, ConfluenceSpace } from "#shared/confluence/client.ts";
import type { ProbedIds } from "#shared/confluence/probe-scopes.ts";
import { allPagesCql } from "#shared/confluence/cql.ts";
import type { RefusedCalls } from "#shared/sources/refused-calls.ts";
import { PermanentError, RateLimitedError, TransientError, UserError } from "#shared/errors.ts";
import { checkScopes, namingScopes, refusalsOfSource } from "./check-scopes.ts";
import { tokenMissing } from "./stored-token.ts";

export type CheckedSite = {
  account: { accountId: string; displayName: string | null };
  space: ConfluenceSpace;
  /** Null when Confluence does not say. */
  pageCount: number | null;
  /** Where people read the site; null when no response named it. */
  webBase: string | null;
  /** What the token lacks and a sync can do without. */
  refusedCalls: RefusedCalls;
};

/**
 * Asks Confluence who the credentials belong to and for the space. Throws `UserError` 422 that says which of host, e-mail,
 * token and space is wrong, or 502 / 503 when Confluence is unavailable.
 */
export async function checkSite(
  client: ConfluenceClient,
  site: { spaceKey: string; email: string | null; now: () => Date },
): Promise<CheckedSite> {
  const { now } = site;
  const work = async () => {
    const user = await client.currentUser();
    // Confluence treats a request with an unknown token as anonymous and returns what is public.
    if (user.accountId === null) throw rejected(site.email);
    const space = await client.space(site.spaceKey);
    if (!space) {
      throw new UserError(
        422,
        "space_not_found",
        `${user.displayName ?? "The account"} cannot see a space with the key ${site.spaceKey}: check the key and the account's permissions`,
        { details: { account_id: user.accountId } },
      );
    }
    const pageCount = await client.countPages(allPagesCql(space.key));
    return {
      account: { accountId: user.accountId, displayName: user.displayName },
      space,
      pageCount,
      webBase: client.webBase(),
      refusedCalls: refusalsOfSource(await checkScopes(client, idsOf(user.accountId, space), now), now()),
    };
  };
  return explain(site.email, () => namingScopes(client, now, work));
}

/** What a probe of scopes asks about. */
export function idsOf(
  accountId: string,
  space: { id: string; homepageId?: string | null } | undefined,
): ProbedIds {
  const spaceId = space?.id ?? "1";
  return { accountId, spaceId, pageId: space?.homepageId ?? spaceId };
}

/** Translates what the client throws into what it means to a person: `UserError` 422, 502 or 503. */
export async function explain<T>(email: string | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error, email);
  }
}

/** What each failure of the client means to a person who has entered an address, an e-mail and a token. */
function translate(cause: unknown, email: string | null): unknown {
  if (cause instanceof RateLimitedError) {
    const seconds = Math.max(1, Math.ceil(cause.retryAfterMs / 1000));
    return new UserError(
      503,
      "confluence_rate_limited",
      `Confluence's rate limit is exhausted: try again in ${seconds} s`,
      {
        cause,
        details: { retry_after_seconds: seconds },
      },
    );
  }
  if (cause instanceof TransientError) {
    return isUnknownHost(cause)
      ? new UserError(422, "not_confluence", "The host of base_url does not exist", { cause })
      : new UserError(502, "confluence_unreachable", `${cause.message}; try again later`, {
          cause,
          details: { reason: cause.code },
        });
  }
  if (!(cause instanceof PermanentError)) return cause;
  switch (cause.code) {
    case "credentials_rejected":
      return rejected(email, cause);
    case "account_changed":
      return new UserError(422, "credentials_rejected", "The token is another account's than the site's", {
        cause,
      });
    case "token_undecryptable":
      return tokenMissing(cause);
    case "forbidden":
      return new UserError(
        422,
        "credentials_forbidden",
        "Confluence knows the account, which has no access to this site",
        { cause },
      );
    case "scope_missing":
      return new UserError(422, "scope_missing", cause.message, { cause, details: scopeDetails(cause) });
    case "address_refused":
      return new UserError(422, "address_refused", "base_url resolves to an address that is not allowed", {
        cause,
      });
    default:
      return new UserError(
        422,
        "not_confluence",
        "The host of base_url does not respond as Confluence Cloud does",
        {
          cause,
        },
      );
  }
}

function scopeDetails({ details }: PermanentError): Record<string, unknown> {
  return { call: details?.call ?? null, scope: details?.scope ?? null };
}

export function rejected(email: string | null, cause?: unknown): UserError {
  return email === null
    ? new UserError(
        422,
        "email_required",
        "Confluence rejected the token without an e-mail: send the account's e-mail too",
        { cause },
      )
    : new UserError(422, "credentials_rejected", "Confluence rejected these credentials", {
        cause,
      });
}

function isUnknownHost(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && cause.code === "ENOTFOUND") return true;
  }
  return false;
}
