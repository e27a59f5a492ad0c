import type postgres from "postgres";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { TokenCipher } from "#shared/crypto/token-cipher.ts";
import { PermanentError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import type { TaskQueue } from "#shared/queue/task-queue.ts";
import type { Source } from "#shared/sources/sources.ts";

/** What the sync engine works with; time, ids and chance are handed in, so that a simulation decides them. */
export type SyncServices = {
  now: () => Date;
  newId: () => string;
  random: () => number;
  log: Log;
  sql: postgres.Sql;
  queue: TaskQueue;
};

/** What reaches a source's Confluence site. */
export type SiteServices = {
  cipher: TokenCipher;
  confluence: (site: { baseUrl: string; email: string | null; apiToken: string }) => ConfluenceClient;
};

/** A client with the source's credentials. */
export async function openSite(services: SiteServices, source: Source): Promise<ConfluenceClient> {
  if (!source.encryptedToken) {
    throw new PermanentError("credentials_missing", `Source ${source.sourceId} has no API token`);
  }
  const apiToken = await services.cipher.decrypt(source.encryptedToken, source.sourceId);
  return services.confluence({ baseUrl: source.baseUrl, email: source.email, apiToken });
}
