import type { z } from "zod";
import { lossWithout, SCOPES } from "#shared/confluence/scopes.ts";
import { expiryWarning } from "#shared/sites/token-expiry.ts";
import type { SiteCounts } from "#shared/sites/site-overviews.ts";
import type { Site } from "#shared/sites/site.ts";
import type { siteSchema } from "#functions/api/contract/site-fields.ts";
import { hookHealthJson } from "./hook-json.ts";

type SiteJson = z.input<typeof siteSchema>;

/** A site as the API returns it: no secret. */
export function siteJson(site: Site, counts: SiteCounts, now: Date): SiteJson {
  return {
    site_id: site.siteId,
    base_url: site.baseUrl,
    reached_by: site.apiBase.includes("/ex/confluence/") ? "gateway" : "site",
    account_id: site.accountId,
    credential_kind: site.clientId === null ? "api_token" : "client_credentials",
    email: site.email,
    client_id: site.clientId,
    status: site.status === "deleting" ? "active" : site.status,
    spaces: site.rule,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the contract checked it when it was stored
    defaults: site.defaults as SiteJson["defaults"],
    limits: site.limits,
    token_expires_at: iso(site.tokenExpiresAt),
    paused_until: iso(site.pausedUntil),
    pulse: site.pulse,
    last_pulse_at: iso(site.lastPulseAt),
    directory_verified_at: iso(site.directoryVerifiedAt),
    findable_seconds: counts.findableSeconds,
    hooks: counts.hooks.map(hookHealthJson),
    source_count: counts.sourceCount,
    page_count: counts.pageCount,
    space_counts: counts.spaces,
    discovered_at: iso(site.discoveredAt),
    first_syncs_held: site.held,
    missing_scopes: missingScopes(site).map(([name, { call, scope }]) => ({
      call: call ?? name,
      scope,
      needed_for: lossWithout(scope),
    })),
    warnings: warningsOf(site, now),
    created_at: site.createdAt.toISOString(),
    updated_at: site.updatedAt.toISOString(),
  };
}

function iso(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

/** In one order: the database keeps none. */
function missingScopes({ refusedCalls }: Site) {
  const order = Object.keys(SCOPES);
  return Object.entries(refusedCalls)
    .filter(([, { code }]) => code === "scope_missing")
    .toSorted(([, a], [, b]) => order.indexOf(a.scope ?? "") - order.indexOf(b.scope ?? ""));
}

function warningsOf(site: Site, now: Date): SiteJson["warnings"] {
  const warnings: SiteJson["warnings"] = [];
  if (site.status === "credentials_expired")
    warnings.push({
      code: "credentials_expired",
      message: "Confluence rejects the API token: PATCH the site with a new api_token",
    });
  const expires = expiryWarning(site.tokenExpiresAt, now);
  if (expires !== null)
    warnings.push({
      code: "token_expires",
      message: `The API token expires on ${expires.at.toISOString().slice(0, 10)}: make a new one and PATCH the site with it`,
    });
  for (const [, { call, scope }] of missingScopes(site))
    warnings.push({
      code: "scope_missing",
      message: `The API token lacks ${scope ?? "a scope"}, which ${call ?? "a call"} needs: ${lossWithout(scope)}`,
    });
  if (site.held)
    warnings.push({
      code: "first_syncs_held",
      message: `${site.held.spaces} new spaces with ${site.held.pages} pages and ${site.held.blogposts} blog posts are above the site's limits: POST …/discover with approve adds them`,
    });
  if (site.pulseError)
    warnings.push({
      code: "pulse_failing",
      message: `Asking what changed has failed since ${site.pulseError.since} (${site.pulseError.code}): ${site.pulseError.message}. Sources are synced at their intervals`,
    });
  if (site.discoveryError)
    warnings.push({
      code: "discovery_failed",
      message: `The last look for new spaces failed at ${site.discoveryError.at}: ${site.discoveryError.message}`,
    });
  return warnings;
}
