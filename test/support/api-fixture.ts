import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import { defaultSettings } from "#infra/local/confluence-site/settings.ts";
import type { Site } from "#infra/local/confluence-site/site.ts";
import { confluence as confluenceProvider } from "#functions/runtime/providers/confluence.ts";
import { database as databaseProvider } from "#functions/runtime/providers/database.ts";
import { tokenCipher } from "#functions/runtime/providers/token-cipher.ts";
import {
  resolveServices,
  withServices,
  type Services,
  type SiteAccess,
} from "#functions/runtime/services.ts";
import type { KeptVerdicts } from "#shared/access/live/ask-about-contents.ts";
import type { HitVerifier } from "#shared/access/live/hit-verifier.ts";
import { verifyContents } from "#shared/syncs/rights/verify-contents.ts";
import { makeKeyFileTokenCipher } from "#shared/crypto/key-file-token-cipher.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { bearerSource, type CachedToken } from "#shared/confluence/client-credentials.ts";
import { parseEnv } from "#shared/env.ts";
import { makeLog } from "#shared/log.ts";
import type { QueueName } from "#shared/messages.ts";
import { makeApiClient, type ApiClient } from "#test/support/api-client.ts";
import {
  addPages,
  clientOf,
  makeTestSite,
  testClock,
  type TestClock,
} from "#test/support/confluence-site.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

export type ApiFixture = {
  api: ApiClient;
  services: Partial<Services>;
  database: TestDatabase;
  clock: TestClock;
  embedder: Embedder;
  /** The site that `https://acme.atlassian.net` leads to. */
  site: Site;
  /** The tasks sent to the queues. */
  sent: { queue: QueueName; task: unknown }[];
  /** Makes the next sends fail. */
  failSends: (error: Error | null) => void;
  logLines: () => Record<string, unknown>[];
  /** Empties tables, queues and log, and sets the site back to what it was. */
  reset: () => Promise<void>;
  close: () => Promise<void>;
  /** Creates a source for the space DEMO, which shows what is stored without its rights, and returns its id. */
  addSource: (fields?: Record<string, unknown>) => Promise<string>;
};

/** The API's functions over a real database and a simulated Confluence site in this process. */
export async function makeApiFixture(env: Record<string, string> = {}): Promise<ApiFixture> {
  const database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), "api-test-"));
  const clock = testClock();
  const { site } = makeTestSite({ clock });
  addPages(site, clock, 3);
  const embedder = fakeEmbedder();
  const lines: string[] = [];
  const tokens = new Map<string, CachedToken>();
  const sent: ApiFixture["sent"] = [];
  let sendError: Error | null = null;
  const services: Partial<Services> = {
    now: clock.now,
    env: parseEnv(env),
    log: makeLog("info", (line) => lines.push(line), clock.now),
    sql: database.sql,
    embedder,
    cipher: await makeKeyFileTokenCipher(join(folder, "token.key")),
    confluence: ({ clientId, ...access }: SiteAccess) => {
      const credentials = clientId ? { clientId, clientSecret: access.apiToken } : null;
      const bearer = credentials
        ? bearerSource(access.baseUrl, credentials, {
            fetch: fetchFrom(site),
            now: clock.now,
            random: () => 0.5,
            cache: tokens,
          })
        : undefined;
      return clientOf(site, { ...access, bearer });
    },
    queue: {
      send: async (queue, tasks) => {
        if (sendError) throw sendError;
        for (const task of tasks) sent.push({ queue, task });
      },
    },
    deadLetters: {
      redrive: async () => ({ redriven: 0, kept: 0 }),
      look: async () => ({ waiting: sent.length, inFlight: 0, delayed: 0, deadLetters: 0, sample: [] }),
    },
  };
  services.hitVerifier = verifierOf(services);
  const api = await makeApiClient(services);
  return {
    api,
    services,
    database,
    clock,
    embedder,
    site,
    sent,
    failSends: (error) => {
      sendError = error;
    },
    logLines: () => lines.map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line))),
    reset: async () => {
      await database.clear();
      await database.sql`truncate idempotent_requests`;
      sent.length = 0;
      lines.length = 0;
      sendError = null;
      site.settings = defaultSettings();
      site.faults.length = 0;
    },
    close: async () => {
      await database.close();
      await rm(folder, { recursive: true });
    },
    addSource: async (fields = {}) => {
      const body = { ...NEW_SOURCE, access: "everything", ...fields };
      const answer = await api("POST", "/api/confluence/sources", { body });
      if (answer.status !== 201) throw new Error(answer.text);
      return String(answer.body.source_id);
    },
  };
}

/** Asks the site of these services, in this process. */
export function verifierOf(services: Partial<Services>, withinMs = Infinity): HitVerifier {
  const kept: KeptVerdicts = new Map();
  return async (request) =>
    withServices(services, async () => {
      const resolved = await resolveServices([databaseProvider, confluenceProvider, tokenCipher]);
      const atMost = Math.min(request.withinMs, withinMs);
      return verifyContents({ ...request, withinMs: atMost }, resolved, kept);
    });
}

export const NEW_SOURCE = {
  base_url: "https://acme.atlassian.net",
  email: "sync@example.com",
  api_token: "demo-token",
  space_key: "DEMO",
};
