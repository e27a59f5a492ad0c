import type { Calls, Site, SiteCredentials, Source } from "#infra/console/api/types.ts";

/** New credentials as a person enters them. */
export type CredentialsForm = {
  kind: Site["credential_kind"];
  /** Empty: the token is sent as a bearer token. */
  email: string;
  token: string;
  clientId: string;
  clientSecret: string;
};

type Connection = Pick<Site, "base_url" | "account_id">;

/** Whether the source is of this connection: an address may be connected by several accounts. */
export function isOfSite(source: Connection, site: Connection): boolean {
  return source.base_url === site.base_url && source.account_id === site.account_id;
}

/** The connection that a source belongs to; null: not among these. */
export function siteOf(source: Pick<Source, "base_url" | "account_id">, sites: readonly Site[]): Site | null {
  return sites.find((site) => isOfSite(source, site)) ?? null;
}

/** The form of a site, with its secret left to be entered. */
export function formOfSite(site: Pick<Site, "credential_kind" | "email" | "client_id">): CredentialsForm {
  return {
    kind: site.credential_kind,
    email: site.email ?? "",
    token: "",
    clientId: site.client_id ?? "",
    clientSecret: "",
  };
}

/** What stores the credentials. An e-mail that is left out would stay the stored one, so none is sent as null. */
export function credentialChanges(form: CredentialsForm): Calls["updateSite"]["body"] {
  if (form.kind === "client_credentials")
    return { client_id: form.clientId.trim(), client_secret: form.clientSecret.trim() };
  const email = form.email.trim();
  return { api_token: form.token.trim(), email: email === "" ? null : email };
}

/** What tries the credentials without storing them. */
export function credentialsToTry(baseUrl: string, form: CredentialsForm): SiteCredentials {
  const { email, ...changes } = credentialChanges(form);
  const { api_token, client_id, client_secret } = changes;
  return {
    base_url: baseUrl,
    ...(email ? { email } : {}),
    ...(api_token === undefined ? { client_id, client_secret } : { api_token }),
  };
}
