import type postgres from "postgres";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { TokenCipher } from "#shared/crypto/token-cipher.ts";
import { PermanentError } from "#shared/errors.ts";
import type { Env } from "#shared/env.ts";
import type { Log } from "#shared/log.ts";
import type { TaskQueue } from "#shared/queue/task-queue.ts";
import type { Site } from "#shared/sites/site.ts";
import type { Source } from "#shared/sources/sources.ts";

/** The services of the sync engine; time, ids and randomness are arguments, so that a simulation controls them. */
export type SyncServices = {
  now: () => Date;
  newId: () => string;
  random: () => number;
  env: Pick<Env, "OCR" | "ACCESS_SWEEP_MINUTES">;
  log: Log;
  sql: postgres.Sql;
  queue: TaskQueue;
};

/** One site and account; `apiToken` in clear text. `clientId`: `apiToken` is the secret of client credentials. */
export type SiteAccess = {
  baseUrl: string;
  email: string | null;
  apiToken: string;
  clientId?: string | null | undefined;
};

/** The services that connect to a source's Confluence site. */
export type SiteServices = {
  cipher: TokenCipher;
  confluence: (site: SiteAccess) => ConfluenceClient;
};

/** A client with the site's credentials. */
export async function openClient(
  services: SiteServices,
  site: Pick<Site, "siteId" | "encryptedSecret" | "secretBoundTo" | "apiBase" | "email" | "clientId">,
): Promise<ConfluenceClient> {
  const { encryptedSecret, secretBoundTo, apiBase: baseUrl, email, clientId } = site;
  if (!encryptedSecret) throw noToken(`Site ${site.siteId}`);
  const apiToken = await services.cipher.decrypt(encryptedSecret, secretBoundTo);
  return services.confluence({ baseUrl, email, clientId, apiToken });
}

/** A client with the credentials of the source's site. */
export async function openSite(services: SiteServices, source: Source): Promise<ConfluenceClient> {
  const { encryptedToken, tokenBoundTo, apiBase: baseUrl, email, clientId } = source;
  if (!encryptedToken) throw noToken(`Source ${source.sourceId}`);
  const apiToken = await services.cipher.decrypt(encryptedToken, tokenBoundTo);
  return services.confluence({ baseUrl, email, clientId, apiToken });
}

function noToken(of: string): PermanentError {
  return new PermanentError("credentials_missing", `${of} has no API token`);
}
