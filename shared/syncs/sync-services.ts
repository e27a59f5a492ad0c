import type postgres from "postgres";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { TokenCipher } from "#shared/crypto/token-cipher.ts";
import { PermanentError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import type { TaskQueue } from "#shared/queue/task-queue.ts";
import type { Site } from "#shared/sites/site.ts";
import type { Source } from "#shared/sources/sources.ts";

/** The services of the sync engine; time, ids and randomness are arguments, so that a simulation controls them. */
export type SyncServices = {
  now: () => Date;
  newId: () => string;
  random: () => number;
  log: Log;
  sql: postgres.Sql;
  queue: TaskQueue;
};

/** The services that connect to a source's Confluence site. */
export type SiteServices = {
  cipher: TokenCipher;
  /** `clientId`: `apiToken` is the secret of client credentials. */
  confluence: (site: {
    baseUrl: string;
    email: string | null;
    apiToken: string;
    clientId?: string | null | undefined;
  }) => ConfluenceClient;
};

/** A client with the site's credentials. */
export async function openClient(
  services: SiteServices,
  site: Pick<Site, "siteId" | "encryptedSecret" | "secretBoundTo" | "apiBase" | "email" | "clientId">,
): Promise<ConfluenceClient> {
  if (!site.encryptedSecret)
    throw new PermanentError("credentials_missing", `Site ${site.siteId} has no API token`);
  const apiToken = await services.cipher.decrypt(site.encryptedSecret, site.secretBoundTo);
  return services.confluence({ baseUrl: site.apiBase, email: site.email, clientId: site.clientId, apiToken });
}

/** A client with the credentials of the source's site. */
export async function openSite(services: SiteServices, source: Source): Promise<ConfluenceClient> {
  if (!source.encryptedToken) {
    throw new PermanentError("credentials_missing", `Source ${source.sourceId} has no API token`);
  }
  const apiToken = await services.cipher.decrypt(source.encryptedToken, source.tokenBoundTo);
  return services.confluence({
    baseUrl: source.apiBase,
    email: source.email,
    clientId: source.clientId,
    apiToken,
  });
}
