import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";
import type postgres from "postgres";
import type { HitVerifier } from "#shared/access/live/hit-verifier.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { TokenCipher } from "#shared/crypto/token-cipher.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { embedMetrics } from "#shared/embedded-metrics.ts";
import { parseEnv, type Env } from "#shared/env.ts";
import { makeLog, type FunctionLog, type Log } from "#shared/log.ts";
import type { Extractor } from "#shared/extraction/extractor.ts";
import type { EventSender } from "#shared/notifications/event-sender.ts";
import type { DeadLetters } from "#shared/queue/dead-letters.ts";
import type { SiteAccess } from "#shared/syncs/sync-services.ts";
import type { TaskQueue } from "#shared/queue/task-queue.ts";
import type { Reranker } from "#shared/reranking/reranker.ts";

/** What functions work with. Time, ids and randomness are here too, so that a simulation decides them. */
export type Services = {
  now: () => Date;
  newId: () => string;
  random: () => number;
  log: Log;
  env: Env;
  sql: postgres.Sql;
  /** Numbers in vectors that one statement stores at most; null: any. Only the local runner's embedded database has such a limit. */
  vectorNumbersAtOnce: number | null;
  queue: TaskQueue;
  deadLetters: DeadLetters;
  /** A client for one site and account; `apiToken` in clear text. */
  confluence: (site: SiteAccess) => ConfluenceClient;
  embedder: Embedder;
  /** Downloads a file from its signed address and extracts its text, apart from everything else. */
  extractor: Extractor;
  /** Asks Confluence about the hits of a search, apart from what serves queries. */
  hitVerifier: HitVerifier;
  /** Null unless configured. */
  reranker: Reranker | null;
  cipher: TokenCipher;
  events: EventSender;
};

export type { SiteAccess } from "#shared/syncs/sync-services.ts";

type Base = "now" | "newId" | "random" | "log" | "env" | "vectorNumbersAtOnce";

/** Makes one service from the environment. A function imports only the providers it needs, and so only their libraries. */
export type Provider<K extends keyof Services> = {
  name: K;
  build: (env: Env, log: Log) => Services[K] | Promise<Services[K]>;
};

/** The services of a function that names these providers. */
export type ServicesOf<K extends keyof Services> = Pick<Services, K | Base>;

const given = new AsyncLocalStorage<Partial<Services>>();
const built = new Map<keyof Services, Promise<unknown>>();
let environment: Env | undefined;
let functionLog: FunctionLog | undefined;

/** Runs `work` (an invocation of a handler) on these services instead of those built from the environment. */
export function withServices<T>(services: Partial<Services>, work: () => T): T {
  return given.run(services, work);
}

/**
 * The services of this invocation: those given by `withServices`, else built from the environment, lazily, once per cold
 * start. A build that failed is forgotten, so that the next invocation tries again.
 */
export async function resolveServices<K extends keyof Services>(
  needs: readonly Provider<K>[],
): Promise<ServicesOf<K>> {
  const overrides = given.getStore() ?? {};
  const env = overrides.env ?? readEnvironment();
  const log = overrides.log ?? (functionLog ??= makeFunctionLog(env));
  const services: Partial<Services> = {
    now: overrides.now ?? now,
    env,
    newId: overrides.newId ?? randomUUID,
    random: overrides.random ?? Math.random,
    log,
    vectorNumbersAtOnce: overrides.vectorNumbersAtOnce ?? null,
  };
  for (const need of needs) {
    services[need.name] = overrides[need.name] ?? ((await buildOnce(need, env, log)) as Services[K]);
  }
  return services as ServicesOf<K>;
}

/** Log lines from here on name the invocation that they belong to. Each handler's first act; given logs know theirs. */
export function beginInvocation(context: Context): void {
  if (given.getStore()?.log) return;
  (functionLog ??= makeFunctionLog(readEnvironment())).beginInvocation(context);
}

const now = () => new Date();

function readEnvironment(): Env {
  return (environment ??= parseEnv(process.env));
}

/** The log of a function on AWS: its lines are metrics as well where their event is one. */
function makeFunctionLog(env: Env): FunctionLog {
  return makeLog(
    env.LOG_LEVEL,
    (line) => process.stdout.write(`${line}\n`),
    now,
    (event, fields, at) => embedMetrics(env.STAGE, event, fields, at),
  );
}

function buildOnce<K extends keyof Services>(provider: Provider<K>, env: Env, log: Log): Promise<unknown> {
  const existing = built.get(provider.name);
  if (existing) return existing;
  const building = Promise.resolve(env).then((ready) => provider.build(ready, log));
  built.set(provider.name, building);
  building.catch(() => built.delete(provider.name));
  return building;
}
