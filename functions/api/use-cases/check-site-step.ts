import { parseBaseUrl } from "#shared/confluence/address-guard.ts";
import type { Env } from "#shared/env.ts";
import { UserError } from "#shared/errors.ts";
import { listSpaces } from "#shared/sites/discover.ts";
import type { SITE_CHECKS } from "#functions/api/contract/sites.ts";
import type { ServicesOf, SiteAccess } from "#functions/runtime/services.ts";
import { checkScopes, missingOf, namingScopes } from "./check-scopes.ts";
import { explain, idsOf, rejected } from "./check-site.ts";
import { connectAccount } from "./connect-account.ts";

type AskedAccess = {
  base_url: string;
  email?: string | undefined;
  api_token?: string | undefined;
  client_id?: string | undefined;
  client_secret?: string | undefined;
};

type CheckServices = Pick<ServicesOf<"confluence">, "confluence" | "env" | "now">;

type Result = { passed: boolean; message: string; code?: string; details?: Partial<Details> };

type Details = {
  base_url: string | null;
  reached_by: "site" | "gateway" | null;
  account_id: string | null;
  display_name: string | null;
  space_count: number | null;
  missing: ReturnType<typeof missingOf>;
  retry_after_seconds: number | null;
};

const NO_DETAILS: Details = {
  base_url: null,
  reached_by: null,
  account_id: null,
  display_name: null,
  space_count: null,
  missing: [],
  retry_after_seconds: null,
};

/** Errors of an account that the host knows nothing of, or too little: the host itself responds. */
const OF_THE_ACCOUNT = ["email_required", "credentials_rejected", "credentials_forbidden", "scope_missing"];

/** The site and the credentials of a request. Throws `UserError` 422 `invalid_base_url` or `address_refused`. */
export function accessOf(
  asked: AskedAccess,
  env: Pick<Env, "ALLOWED_HOSTS" | "ALLOW_LOOPBACK">,
): SiteAccess & { clientId: string | null } {
  const policy = { allowedHosts: env.ALLOWED_HOSTS, allowLoopback: env.ALLOW_LOOPBACK };
  return {
    baseUrl: parseBaseUrl(asked.base_url, policy),
    email: asked.client_id === undefined ? (asked.email ?? null) : null,
    clientId: asked.client_id ?? null,
    apiToken: asked.client_secret ?? asked.api_token ?? "",
  };
}

/** One check of those that connecting a site makes; what the caller can mend is a result, not an error. */
export async function checkStep(
  asked: AskedAccess & { check: (typeof SITE_CHECKS)[number] },
  services: CheckServices,
) {
  const { passed, message, code, details } = await run(asked, services).catch(failed);
  return { check: asked.check, passed, code: code ?? null, message, details: { ...NO_DETAILS, ...details } };
}

async function run(
  asked: AskedAccess & { check: (typeof SITE_CHECKS)[number] },
  services: CheckServices,
): Promise<Result> {
  const access = accessOf(asked, services.env);
  if (asked.check === "address") return checkAddress(access, services);
  const { client, account } = await signIn(access, services);
  if (asked.check === "account")
    return {
      passed: true,
      message: `Confluence knows the account: ${account.display_name ?? account.account_id}`,
      details: account,
    };
  const signedIn = access.clientId ?? access.email;
  const spaces = await explain(signedIn, () =>
    namingScopes(client, services.now, () => listSpaces(client, account.account_id)),
  );
  const details = { ...account, space_count: spaces.length };
  const [first] = spaces;
  if (!first) {
    const message = "The account sees no space: check its permissions in Confluence";
    return { passed: false, code: "space_not_found", message, details };
  }
  if (asked.check === "spaces")
    return {
      passed: true,
      message: `The account sees ${spaces.length} space${spaces.length === 1 ? "" : "s"}`,
      details,
    };
  const probed = await explain(signedIn, async () => {
    const found = await checkScopes(client, idsOf(account.account_id, first), services.now);
    // Some scopes were not tried then.
    if (found.limited) throw found.limited;
    return found;
  });
  const missing = missingOf(probed);
  if (missing.length === 0)
    return { passed: true, message: "The token may do everything that a sync does", details };
  const lacks = missing.map(({ scope, needed_for }) => `${scope}: ${needed_for}`).join("; ");
  const message = `A sync works, and Confluence refuses what it can do without. ${lacks}`;
  return { passed: false, code: "scope_missing", message, details: { ...details, missing } };
}

async function checkAddress(access: SiteAccess, services: CheckServices): Promise<Result> {
  const details = { base_url: access.baseUrl };
  try {
    await signIn(access, services);
  } catch (error) {
    const responds = error instanceof UserError && OF_THE_ACCOUNT.includes(error.code);
    if (!responds) throw error;
  }
  return { passed: true, message: `${access.baseUrl} responds as Confluence Cloud does`, details };
}

async function signIn(access: SiteAccess, services: CheckServices) {
  const signedIn = access.clientId ?? access.email;
  return explain(signedIn, async () => {
    const { client, cloudId } = await connectAccount(access, services);
    const { accountId, displayName } = await namingScopes(client, services.now, () => client.currentUser());
    if (accountId === null) throw rejected(signedIn);
    const account = {
      base_url: access.baseUrl,
      reached_by: cloudId === null ? ("site" as const) : ("gateway" as const),
      account_id: accountId,
      display_name: displayName,
    };
    return { client, account };
  });
}

function failed(error: unknown): Result {
  if (!(error instanceof UserError)) throw error;
  const { code, message, details } = error;
  const seconds = details?.retry_after_seconds;
  return {
    passed: false,
    code,
    message,
    details: {
      ...(typeof seconds === "number" ? { retry_after_seconds: seconds } : {}),
      ...(isMissing(details?.missing) ? { missing: details.missing } : {}),
    },
  };
}

function isMissing(listed: unknown): listed is Details["missing"] {
  return Array.isArray(listed);
}
