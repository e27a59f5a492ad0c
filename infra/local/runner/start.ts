import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type postgres from "postgres";
import { routes } from "#infra/routes.ts";
import { schedules } from "#infra/schedules.ts";
import * as serviceTopology from "#infra/topology.ts";
import type { FunctionName } from "#infra/topology.ts";
import type { Services } from "#functions/runtime/services.ts";
import { verdicts } from "#shared/access/live/hit-verifier.ts";
import { chooseModel } from "#shared/embeddings/embedding-models.ts";
import { makeLog } from "#shared/log.ts";
import { forEachQueue, type QueueName } from "#shared/messages.ts";
import { makeSqsDeadLetters } from "#shared/queue/dead-letters.ts";
import { makeSqsTaskQueue } from "#shared/queue/sqs-task-queue.ts";
import { releaseAllClaims } from "#shared/syncs/schedules/sweep.ts";
import { readApiKeys } from "./api-keys.ts";
import { cleanUp } from "./clean-up.ts";
import { lockDataFolder } from "./data-folder-lock.ts";
import { makeEventBus, type PublishedEvent } from "./event-bus.ts";
import { startIntake } from "./intake.ts";
import { makeInvoker, type Handler, type Invoke } from "./invoke.ts";
import { keepStatistics } from "./keep-statistics.ts";
import { loadHandlers } from "./load-handlers.ts";
import { openDatabase } from "./runner-database.ts";
import { localEnv, type Variables } from "./runner-env.ts";
import { buildChosenServices, requireNewModelWorks } from "./runner-services.ts";
import { startSqsEndpoint, type LocalQueue } from "./sqs-endpoint.ts";
import type { Topology } from "./topology-types.ts";

export type LocalRunnerOptions = {
  /** Folder for queues, key file and, without DATABASE_URL, the database; without it nothing is kept. */
  dataDir?: string;
  /** The initial files of a new embedded database (`EmbeddedDatabase.image`); default: empty. */
  databaseImage?: Blob | undefined;
  /** 0, the default: any free port. */
  port?: number;
  /** Environment variables of the functions: DATABASE_URL, EMBEDDINGS, API_KEY, LOG_LEVEL, … */
  env?: Variables;
  /** Services to use instead of those that the environment selects. */
  services?: Partial<Services>;
  /** Wraps the database client that every function gets. */
  wrapSql?: (sql: postgres.Sql) => postgres.Sql;
  topology?: Topology;
  /** Instead of importing the topology's entry files. */
  handlers?: ReadonlyMap<string, Handler>;
  /** False: nothing is scheduled; scheduled functions are run with `invoke`. */
  schedules?: boolean;
  /** Seconds, instead of the topology's. */
  visibilityTimeoutSeconds?: number;
  writeLog?: (line: string) => void;
};

export type LocalRunner = {
  url: string;
  /** The location of the database, for people: no password. */
  database: string;
  services: Services;
  sqs: { url: string; client: SQSClient; queues: Record<string, LocalQueue> };
  invoke: Invoke;
  /** The last domain events, oldest first. */
  recentEvents: () => readonly PublishedEvent[];
  /** Stops accepting work, waits for running work (at most `withinMs`), and releases everything. */
  close: (withinMs?: number) => Promise<void>;
};

const SWEEPER: FunctionName = "sweep";

/** Vectors of so many numbers take the embedded database about 30 ms: 2 of 768, 4 of 384. */
export const VECTOR_NUMBERS_AT_ONCE = 1536;

/** The longest timeout of a worker in the topology but a file's, which is redelivered. */
const CLOSE_WITHIN_MS = 60_000;

/**
 * Starts the whole service in this process: database and migrations, queues, HTTP gateway, pollers and schedules, around the
 * same handlers that run on AWS. Throws `UserError` with what to do when it cannot (folder in use, port taken, environment
 * wrong, database not reached); whatever had started by then is stopped.
 */
export async function startLocalRunner(options: LocalRunnerOptions = {}): Promise<LocalRunner> {
  const started = cleanUp();
  try {
    return await start(options, started);
  } catch (error) {
    await started.run();
    throw error;
  }
}

async function start(options: LocalRunnerOptions, started: ReturnType<typeof cleanUp>): Promise<LocalRunner> {
  const topology: Topology = options.topology ?? { ...serviceTopology, routes, schedules };
  const folder = options.dataDir ?? (await mkdtemp(join(tmpdir(), "confluence-sync-")));
  const lock = options.dataDir ? lockDataFolder(folder) : null;
  if (lock) {
    started.add(() => lock.release());
  } else {
    started.add(() => rm(folder, { recursive: true, force: true }));
  }

  const given = options.services ?? {};
  const env = given.env ?? localEnv(options.env ?? {}, folder);
  const apiKeys = readApiKeys(env);
  const now = given.now ?? (() => new Date());
  const newId = given.newId ?? randomUUID;
  const writeLog = options.writeLog ?? ((line: string) => process.stderr.write(`${line}\n`));
  const log = given.log ?? makeLog(env.LOG_LEVEL, writeLog, now);

  for (const advice of lock?.advice ?? []) log.warn("runner.started", { advice });

  const database = await openDatabase({
    env,
    dataDir: options.dataDir ?? null,
    image: options.databaseImage,
    log,
  });
  started.add(database.close);
  const sqs = await startSqsEndpoint({
    dataDir: options.dataDir ? join(folder, "queues") : null,
    queues: topology.queues,
    visibilityTimeoutSeconds: options.visibilityTimeoutSeconds,
  });
  started.add(sqs.close);
  if (database.exclusive) await releaseAllClaims(database.sql);
  const eventBus = makeEventBus(log, now);
  const queueUrl = (id: QueueName) => sqs.queues[id]?.url ?? "";
  const queueUrls = forEachQueue(queueUrl);
  const services: Services = {
    ...(await buildChosenServices(env, log, given)),
    now,
    newId,
    random: Math.random,
    log,
    env,
    vectorNumbersAtOnce: database.exclusive ? VECTOR_NUMBERS_AT_ONCE : null,
    sql: options.wrapSql ? options.wrapSql(database.sql) : database.sql,
    queue: makeSqsTaskQueue(sqs.sqs, queueUrls),
    deadLetters: makeSqsDeadLetters(sqs.sqs, queueUrls),
    events: eventBus.sender,
    hitVerifier: async (request) =>
      verdicts.parse(await invoker.invoke(serviceTopology.VERIFY_FUNCTION, request)),
    ...given,
  };

  if (env.EMBEDDINGS !== "local" && !given.embedder)
    await requireNewModelWorks(database.sql, services.embedder);
  const { model, dimensions } = services.embedder;
  const { replaced } = await chooseModel(database.sql, { model, dimensions, now: now() });
  if (replaced) log.info("model_change.chosen", { model, replaced });

  const handlers = options.handlers ?? (await loadHandlers(topology.functions));
  const invoker = makeInvoker({ functions: topology.functions, handlers, services, log, newId });
  const intake = await startIntake({
    port: options.port ?? 0,
    topology: options.schedules === false ? { ...topology, schedules: {} } : topology,
    invoker,
    aroundRequest: database.request,
    eventBus,
    sqs: sqs.sqs,
    queues: sqs.queues,
    env,
    apiKeys,
    log,
    now,
    newId,
  });
  let withinMs = CLOSE_WITHIN_MS;
  // Added last, so run first: the functions stop before the services they use.
  started.add(async () => log.info("runner.stopped", { still_running: await intake.stop(withinMs) }));
  if (options.schedules !== false && database.exclusive) started.add(keepStatistics(database.sql, log).stop);
  // Work that the last run left behind is resumed at once, not at the next sweep.
  if (options.schedules !== false && invoker.has(SWEEPER)) invoker.invoke(SWEEPER, {}).catch(() => {});
  log.info("runner.started", { url: intake.url, database: database.name });
  return {
    url: intake.url,
    database: database.name,
    services,
    sqs: { url: sqs.url, client: sqs.sqs, queues: sqs.queues },
    invoke: invoker.invoke,
    recentEvents: eventBus.recent,
    close: async (within = CLOSE_WITHIN_MS) => {
      withinMs = within;
      await started.run();
    },
  };
}
