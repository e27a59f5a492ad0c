import { z } from "zod";
import { handleAdmin } from "./admin.ts";
import {
  bodyOf,
  ok,
  v1Error,
  v2Error,
  type Reply,
  type JsonResponse,
  type SiteRequest,
} from "./responses.ts";
import { failureOf } from "./failed-responses.ts";
import { takeFault, type Fault } from "./faults.ts";
import { spoiledListing } from "./spoiled-listing.ts";
import { replicaOf, type Site } from "./site.ts";
import { endpoint } from "./endpoints.ts";
import { currentUser } from "./v1-search.ts";
import type { ListingRequest } from "./v2-listing.ts";
import type { Viewer } from "./visibility.ts";

/** The site's id at Atlassian's gateway. */
export const CLOUD_ID = "5b2f0a36-3a6b-4a53-9a0c-6d1f4c0f9e11";

/** The log keeps this many requests; a day-long run must not fill memory. */
const MAX_LOGGED = 100_000;

/** Handles one request: faults first, then authentication, then the endpoint. Accepts paths of Atlassian's gateway too. */
export function handleRequest(site: Site, request: SiteRequest): JsonResponse {
  const url = new URL(request.target, site.url);
  if (url.pathname.startsWith("/admin/")) {
    const reply = handleAdmin(site, request.method, url, request.body);
    return { status: reply.status, headers: jsonHeaders(site), body: JSON.stringify(reply.json) };
  }
  const path = url.pathname.replace(/^\/ex\/confluence\/[^/]+/, "");
  const isDirect = path === url.pathname;
  const fault = takeFault(site, `${path}${url.search}`);
  const refused = isDirect && site.settings.token_works_at === "gateway";
  const sent = refused ? { ...request, headers: { authorization: "Basic" } } : request;
  const response = respond(site, sent, { path, query: url.searchParams }, fault);
  site.requests.push({
    at: site.now().toISOString(),
    method: request.method,
    path,
    query: url.search.slice(1),
    status: response.connection === "hang" || response.connection === "reset" ? 0 : response.status,
  });
  if (site.requests.length > MAX_LOGGED) site.requests.splice(0, MAX_LOGGED / 10);
  return response;
}

function respond(site: Site, request: SiteRequest, asked: ListingRequest, fault: Fault | null): JsonResponse {
  const { path, query } = asked;
  const headers = jsonHeaders(site);
  const failure = failureOf(site, fault, { path, headers });
  if (failure) return failure;
  const seen = fault?.effect === "old_version" ? replicaOf(site, fault.behind_seconds) : site;
  const reply = spoiledListing(replyTo(seen, request, asked), query, fault);
  const next = reply.listing?.links["next"];
  const link: Record<string, string> = next?.startsWith("/wiki/api/v2/")
    ? { link: `<${next}>; rel="next"` }
    : {};
  return {
    status: reply.status,
    headers: { ...headers, ...reply.headers, ...link },
    body: JSON.stringify(bodyOf(reply)),
    ...(fault?.effect === "slow" ? { delayMs: fault.delay_ms } : {}),
    ...(fault?.effect === "cut_body" ? { connection: "cut" as const } : {}),
    ...(fault?.effect === "endless_body" ? { connection: "endless" as const } : {}),
  };
}

function replyTo(site: Site, request: SiteRequest, asked: ListingRequest): Reply {
  const { path } = asked;
  if (path === "/_edge/tenant_info") return ok({ cloudId: CLOUD_ID });
  if (path === "/oauth/token") return exchangeCredentials(site, request.body);
  const viewer = viewerOf(site, request.headers["authorization"]);
  const v2 = path.startsWith("/wiki/api/v2/");
  if (viewer === null) return v2 ? v2Error(401, "Unauthorized") : v1Error(401, "Unauthorized");
  if (path === "/wiki/rest/api/user/current" && request.method === "GET") return currentUser(site, viewer);
  if (viewer === "anonymous" && !site.settings.anonymous_access) {
    return v2 ? v2Error(401, "Unauthorized") : v1Error(403, "Current user not permitted to use Confluence");
  }
  return endpoint(site, viewer, { ...asked, method: request.method, body: request.body });
}

const clientCredentials = z.object({
  grant_type: z.literal("client_credentials"),
  client_id: z.literal("demo-client"),
  client_secret: z.string(),
});

/** Atlassian's token endpoint: an access token for client credentials, valid for an hour. */
function exchangeCredentials(site: Site, body: string): Reply {
  const { token, client_secret: secret } = site.settings;
  const asked = clientCredentials.safeParse(JSON.parse(body));
  if (!asked.success || asked.data.client_secret !== secret) return v1Error(401, "access_denied");
  return ok({ access_token: token, expires_in: 3600, token_type: "Bearer" });
}

/** Null: the credentials are refused. */
function viewerOf(site: Site, authorization: string | undefined): Viewer | null {
  const { token, wrong_token, bearer, answer_as_anonymous } = site.settings;
  if (answer_as_anonymous || authorization === undefined) return "anonymous";
  const [scheme = "", value = ""] = authorization.split(" ");
  const isBearer = scheme.toLowerCase() === "bearer";
  if (isBearer && bearer !== "accept") return bearer === "reject" ? null : "anonymous";
  const given = isBearer
    ? value
    : Buffer.from(value, "base64")
        .toString()
        .replace(/^[^:]*:/, "");
  if (given === token) return "account";
  return wrong_token === "reject" ? null : "anonymous";
}

function jsonHeaders(site: Site): Record<string, string> {
  const { rate_limit } = site.settings;
  const reset = new Date(site.now().getTime() + (rate_limit?.reset_in_seconds ?? 0) * 1000);
  return {
    "content-type": "application/json",
    date: site.now().toUTCString(),
    ...(rate_limit
      ? {
          "x-ratelimit-limit": String(rate_limit.limit),
          "x-ratelimit-remaining": String(rate_limit.remaining),
          "x-ratelimit-nearlimit": String(rate_limit.near_limit),
          "x-ratelimit-reset": `${reset.toISOString().slice(0, 19)}Z`,
        }
      : {}),
  };
}
