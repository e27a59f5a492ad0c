import { UserError } from "#shared/errors.ts";
import { discoverSpaces, listSpaces } from "#shared/sites/discover.ts";
import { insertSite } from "#shared/sites/insert-site.ts";
import { requireSite, updateSite as storeChanges, type Site, type SiteChanges } from "#shared/sites/site.ts";
import { countSite } from "#shared/sites/site-overviews.ts";
import { TOKEN_LIFETIME_MS } from "#shared/sources/account-site.ts";
import { later } from "#shared/syncs/later.ts";
import { checkSiteStep, connectSite, discoverSite, updateSite } from "#functions/api/contract/sites.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { confluence } from "#functions/runtime/providers/confluence.ts";
import { database } from "#functions/runtime/providers/database.ts";
import { embedder } from "#functions/runtime/providers/embedder.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import type { ServicesOf, SiteAccess } from "#functions/runtime/services.ts";
import { siteJson } from "./responses/site-json.ts";
import { checkScopes, namingScopes, refusalsOfSite } from "./use-cases/check-scopes.ts";
import { explain, idsOf, rejected } from "./use-cases/check-site.ts";
import { accessOf, checkStep } from "./use-cases/check-site-step.ts";
import { connectAccount } from "./use-cases/connect-account.ts";
import { storedToken } from "./use-cases/stored-token.ts";
import { planSpaces } from "./use-cases/plan-spaces.ts";

type SiteFunctionServices = ServicesOf<"sql" | "confluence" | "cipher" | "embedder">;
const needs = [database, confluence, tokenCipher, embedder] as const;

/** POST and PATCH of a site, and its discovery: what asks Confluence. */
export const handler = httpHandler(
  route(connectSite)(needs, async ({ body, resourceId }, services) => {
    const { env, sql, now } = services;
    const access = accessOf(body, env);
    const { baseUrl } = access;
    const checked = await checkAccount(access, services);
    if (body.dry_run) {
      const site = { siteId: null, baseUrl, rule: body.spaces, content: body.defaults.content };
      return { status: 200, body: await planSpaces(checked.client, checked.spaces, site, services) };
    }
    const siteId = await insertSite(
      sql,
      {
        siteId: resourceId,
        baseUrl,
        apiBase: checked.apiBase,
        cloudId: checked.cloudId,
        accountId: checked.accountId,
        email: access.email,
        clientId: access.clientId,
        encryptedSecret: await services.cipher.encrypt(access.apiToken, resourceId),
        tokenExpiresAt: access.clientId === null ? expiryOf(body.token_expires_at, now()) : null,
        refusedCalls: checked.refusedCalls,
        rule: body.spaces,
        defaults: body.defaults,
        limits: body.limits,
        pulse: body.pulse,
      },
      now(),
    );
    await explain(access.email, () =>
      discoverSpaces(siteId, discovery(services), { listed: checked.spaces }),
    );
    return {
      status: 201,
      headers: { location: `/api/confluence/sites/${siteId}` },
      body: await shown(siteId, services),
    };
  }),
  route(checkSiteStep)([confluence], async ({ body }, services) => ({
    status: 200,
    body: await checkStep(body, services),
  })),
  route(updateSite)(needs, async ({ params, body }, services) => {
    const { sql, now } = services;
    const site = await requireSite(sql, params.site_id);
    if (body.dry_run && body.spaces) {
      const client = await storedClient(site, services);
      const spaces = await explain(site.email, () => listSpaces(client, site.accountId));
      const { content } = body.defaults ?? site.defaults;
      const planned = { siteId: site.siteId, baseUrl: site.baseUrl, rule: body.spaces, content };
      return { status: 200, body: await planSpaces(client, spaces, planned, services) };
    }
    const tried =
      body.api_token === undefined && body.email === undefined && body.client_secret === undefined
        ? {}
        : await tryCredentials(site, body, services);
    const changes: SiteChanges = {
      ...tried,
      ...(body.api_token === undefined ? {} : { tokenExpiresAt: expiryOf(undefined, now()) }),
      ...(body.client_secret === undefined ? {} : { tokenExpiresAt: null }),
      ...(body.token_expires_at === undefined
        ? {}
        : { tokenExpiresAt: body.token_expires_at === null ? null : new Date(body.token_expires_at) }),
      ...(body.spaces === undefined ? {} : { rule: body.spaces }),
      ...(body.defaults === undefined ? {} : { defaults: body.defaults }),
      ...(body.limits === undefined ? {} : { limits: body.limits }),
      ...(body.pulse === undefined ? {} : { pulse: body.pulse }),
    };
    await storeChanges(sql, site.siteId, changes, now());
    return { status: 200, body: await shown(site.siteId, services) };
  }),
  route(discoverSite)(needs, async ({ params, body }, services) => {
    const site = await requireSite(services.sql, params.site_id);
    const found = await explain(site.email, () =>
      discoverSpaces(site.siteId, discovery(services), { approve: body.approve }),
    );
    return {
      status: 200,
      body: { spaces_listed: found.listed, sources_added: found.created, first_syncs_held: found.held },
    };
  }),
);

function discovery(services: SiteFunctionServices) {
  return { ...services, model: services.embedder.model };
}

async function shown(siteId: string, { sql, now }: Pick<SiteFunctionServices, "sql" | "now">) {
  return siteJson(await requireSite(sql, siteId), await countSite(sql, siteId), now());
}

function expiryOf(given: string | undefined, now: Date): Date {
  return given === undefined ? later(now, TOKEN_LIFETIME_MS) : new Date(given);
}

/** The account behind the credentials, its spaces, and what the token may not do. Throws `UserError` that says what is wrong. */
async function checkAccount(access: SiteAccess, services: Pick<SiteFunctionServices, "confluence" | "now">) {
  const signedIn = access.clientId ?? access.email;
  return explain(signedIn, async () => {
    const { client, apiBase, cloudId } = await connectAccount(access, services);
    const { accountId, spaces } = await namingScopes(client, services.now, async () => {
      const user = await client.currentUser();
      if (user.accountId === null) throw rejected(signedIn);
      return { accountId: user.accountId, spaces: await listSpaces(client, user.accountId) };
    });
    const probed = await checkScopes(client, idsOf(accountId, spaces[0]), services.now);
    const refusedCalls = refusalsOfSite(probed, services.now());
    return { client, apiBase, cloudId, accountId, spaces, refusedCalls };
  });
}

/** The changes that make the site use these credentials, once they were tried. */
async function tryCredentials(
  site: Site,
  given: {
    email?: string | null | undefined;
    api_token?: string | undefined;
    client_id?: string | undefined;
    client_secret?: string | undefined;
  },
  services: SiteFunctionServices,
): Promise<SiteChanges> {
  const isToken =
    given.api_token !== undefined || (given.client_secret === undefined && site.clientId === null);
  const email = isToken ? (given.email === undefined ? site.email : given.email) : null;
  const clientId = isToken ? null : (given.client_id ?? site.clientId);
  if (!isToken && clientId === null)
    throw new UserError(422, "credentials_rejected", "The site has no client_id: send it with client_secret");
  const apiToken = given.client_secret ?? given.api_token ?? (await tokenOf(site, services));
  const checked = await checkAccount({ baseUrl: site.baseUrl, email, clientId, apiToken }, services);
  return {
    email,
    clientId,
    accountId: checked.accountId,
    apiBase: checked.apiBase,
    refusedCalls: checked.refusedCalls,
    encryptedSecret: await services.cipher.encrypt(apiToken, site.siteId),
    secretBoundTo: site.siteId,
    status: "active",
  };
}

async function storedClient(site: Site, services: SiteFunctionServices) {
  const apiToken = await tokenOf(site, services);
  return services.confluence({ baseUrl: site.apiBase, email: site.email, clientId: site.clientId, apiToken });
}

function tokenOf(site: Site, { cipher }: Pick<SiteFunctionServices, "cipher">): Promise<string> {
  return storedToken({ ciphertext: site.encryptedSecret, boundTo: site.secretBoundTo }, cipher);
}
