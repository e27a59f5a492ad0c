import { gatewayOf } from "#shared/confluence/address-guard.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import type { Services, SiteAccess } from "#functions/runtime/services.ts";

export type Connection = { client: ConfluenceClient; apiBase: string; cloudId: string | null };

/**
 * A client that reaches the site with this token: at the site itself, or, for scoped tokens, through Atlassian's gateway
 * (https://support.atlassian.com/atlassian-cloud/kb/401-unauthorized-error-when-service-account). Where neither knows the token, the
 * site's own response counts. Throws what the client throws, rejected credentials excepted.
 */
export async function connectAccount(
  access: SiteAccess,
  services: Pick<Services, "confluence">,
): Promise<Connection> {
  if (access.clientId) return byClientCredentials(access, services);
  const direct = { client: services.confluence(access), apiBase: access.baseUrl, cloudId: null };
  if (access.baseUrl.includes("/ex/confluence/") || (await isKnown(direct.client))) return direct;
  const cloudId = await unlessRefused(direct.client.cloudId(), null);
  if (cloudId === null) return direct;
  const apiBase = gatewayOf(access.baseUrl, cloudId);
  const client = services.confluence({ ...access, baseUrl: apiBase });
  return (await isKnown(client)) ? { client, apiBase, cloudId } : direct;
}

/** Client credentials work through the gateway only; the site's id is public, and asked for without them. */
async function byClientCredentials(
  access: SiteAccess,
  services: Pick<Services, "confluence">,
): Promise<Connection> {
  const asked = services.confluence({ baseUrl: access.baseUrl, email: null, apiToken: "none" });
  const cloudId = access.baseUrl.includes("/ex/confluence/")
    ? null
    : await unlessRefused(asked.cloudId(), null);
  const apiBase = cloudId === null ? access.baseUrl : gatewayOf(access.baseUrl, cloudId);
  return { client: services.confluence({ ...access, baseUrl: apiBase }), apiBase, cloudId };
}

/** A token that lacks a scope is known: the check of the site says which. */
async function isKnown(client: ConfluenceClient): Promise<boolean> {
  try {
    return (await client.currentUser()).accountId !== null;
  } catch (error) {
    if (error instanceof PermanentError && error.code === "scope_missing") return true;
    if (error instanceof PermanentError && error.code === "credentials_rejected") return false;
    throw error;
  }
}

/** What is asked of a site beside its API may be answered in any way. */
async function unlessRefused<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof PermanentError || error instanceof TransientError) return otherwise;
    throw error;
  }
}
