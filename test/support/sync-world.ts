import { randomUUID } from "node:crypto";
import type postgres from "postgres";
import { addPage, addSpace } from "#infra/local/confluence-site/edits.ts";
import { ACCOUNT_ID, type Site, type SitePage } from "#infra/local/confluence-site/site.ts";
import type { LoggedRequest } from "#infra/local/confluence-site/recorded-requests.ts";
import type { FunctionName } from "#infra/topology.ts";
import type { ContentOptions } from "#shared/content-kinds.ts";
import type { Hit } from "#shared/documents/search-result.ts";
import { searchDocuments } from "#shared/documents/search.ts";
import { queueNames, type QueueName } from "#shared/messages.ts";
import { getSource, insertSource, type Source } from "#shared/sources/sources.ts";
import type { SyncMode } from "#shared/syncs/operations/operation-types.ts";
import type { OperationProgress } from "#shared/syncs/operations/progress-tracker.ts";
import { startOperation } from "#shared/syncs/operations/start-operation.ts";
import type { SiteServices, SyncServices } from "#shared/syncs/sync-services.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import type { PlannedChange } from "#shared/syncs/operations/planned-changes.ts";
import { makeWorld, type World } from "#test/simulation/world.ts";
import { makeApiClient, type ApiClient } from "#test/support/api-client.ts";

export const SPACE = "DEMO";
export const OTHER_SPACE = "ELSE";
export const SOURCE_ID = "source-1";
const MINUTE_MS = 60_000;
/** An operation that has not ended after a simulated day never will. */
const PATIENCE_MINUTES = 24 * 60;

export type SyncWorld = World & {
  /** Services for calls of the engine from outside a worker. */
  outside: SyncServices & SiteServices;
  /** The HTTP API over the same database, site and clock. */
  api: ApiClient;
  /** What the API lists of an operation's planned changes. */
  planned: (operationId: string) => Promise<PlannedChange[]>;
  source: () => Promise<Source>;
  page: (title: string) => SitePage;
  /** Starts a sync and returns its id; nothing has been done yet. */
  startSync: (options?: { mode?: SyncMode; dryRun?: boolean }) => Promise<string>;
  startCheck: (options?: { dryRun?: boolean; force?: boolean }) => Promise<string>;
  /** Processes what is visible in the queues now; no time passes except for the steps. */
  drain: () => Promise<void>;
  /** One invocation on the next message of a queue; killed after `lifetime` steps. False when nothing is visible. */
  deliverOne: (queue: QueueName, lifetime?: number) => Promise<boolean>;
  /** One invocation on the next message of a queue; killed at its next step once `reached` holds. */
  deliverUntil: (queue: QueueName, reached: () => Promise<boolean>) => Promise<void>;
  /** One minute: the sweeper (and other schedules that are named), then what is visible in the queues. */
  minute: (also?: FunctionName) => Promise<void>;
  /** Minutes go by until the operation has ended. */
  ended: (operationId: string) => Promise<OperationProgress>;
  /** What the API says of an operation, with the exact status and the error's code. */
  progress: (operationId: string) => Promise<OperationProgress>;
  sync: (options?: { mode?: SyncMode; dryRun?: boolean }) => Promise<OperationProgress>;
  check: (options?: { dryRun?: boolean; force?: boolean }) => Promise<OperationProgress>;
  /** Requests since the last call of this. */
  takeRequests: () => LoggedRequest[];
  /** The pages that a search by words finds, best first. */
  find: (query: string) => Promise<Hit[]>;
};

/** The engine's real handlers over a site with the pages `Page 1` … `Page n`, a source for it, queues that lose nothing, a clock. */
export async function makeSyncWorld(
  sql: postgres.Sql,
  options: {
    pages?: number;
    strategy?: Source["metadata"]["deletion_strategy"];
    content?: ContentOptions;
    intervalMinutes?: number;
    access?: Pick<Source, "access" | "unreadableContainers">;
  } = {},
): Promise<SyncWorld> {
  const world = await makeWorld(1, sql);
  world.queues.behave();
  world.pace.stepMs = 20;
  const { site } = world;
  const space = addSpace(site, { key: SPACE, name: "Demo" });
  addSpace(site, { key: OTHER_SPACE, name: "Elsewhere" });
  addDemoPages(site, options.pages ?? 0);
  world.pass(60 * MINUTE_MS);
  await insertSource(
    sql,
    {
      sourceId: SOURCE_ID,
      title: "Demo",
      baseUrl: site.url,
      spaceKey: SPACE,
      spaceId: space.id,
      spaceName: "Demo",
      accountId: ACCOUNT_ID,
      email: "sync@example.com",
      encryptedToken: "demo-token",
      syncIntervalMinutes: options.intervalMinutes ?? null,
      searchLanguage: "english",
      ...(options.content ? { content: options.content } : {}),
      ...options.access,
      embeddingModel: "fake-embedder",
      deletionStrategy: options.strategy ?? "on_demand",
    },
    world.now(),
  );
  // To look at an operation must not change what happens: these calls draw nothing from the world's chances and ids.
  const looks = { ...world.services(null), newId: randomUUID, random: Math.random };
  return withActions(world, await makeApiClient(world.services(null)), await makeApiClient(looks));
}

/** Pages `Page 1` … `Page n`, each with a word of its own (`word1` …). */
export function addDemoPages(site: Site, count: number, first = 1): SitePage[] {
  return Array.from({ length: count }, (_, n) =>
    addPage(site, { space: SPACE, title: `Page ${first + n}`, body: bodyOf(`word${first + n}`) }),
  );
}

/** Two sections, one of which does not change with `word`. */
export function bodyOf(word: string): string {
  return `<h2>Constant</h2><p>This section stays as it is.</p><h2>News</h2><p>It says ${word} here.</p>`;
}

function withActions(world: World, api: ApiClient, looks: ApiClient): SyncWorld {
  const { sql, site, scheduler, queues } = world;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the world fills in all that the engine uses
  const outside = world.services(null) as SyncWorld["outside"];
  const rest = async () => {
    while (scheduler.running() > 0) await scheduler.advance();
    const failure = world.failures.shift();
    if (failure) throw new Error(`${failure.worker} ended with an error`, { cause: failure.error });
  };
  const deliverOne: SyncWorld["deliverOne"] = async (queue, lifetime = Number.POSITIVE_INFINITY) => {
    const delivered = world.deliver(queue, lifetime);
    await rest();
    return delivered;
  };
  const deliverUntil: SyncWorld["deliverUntil"] = async (queue, reached) => {
    if (!world.deliver(queue, Number.POSITIVE_INFINITY)) throw new Error(`Nothing is visible in ${queue}`);
    let killed = false;
    while (scheduler.running() > 0) {
      killed ||= await reached();
      if (killed) scheduler.crashAt(() => true);
      await scheduler.advance();
    }
    scheduler.crashAt(null);
    if (!killed) throw new Error("The invocation ended without getting there");
    await rest();
  };
  const drain = async () => {
    let delivered = true;
    while (delivered) {
      delivered = false;
      for (const queue of queueNames) {
        if (await deliverOne(queue)) delivered = true;
      }
    }
  };
  const minute: SyncWorld["minute"] = async (also) => {
    world.pass(MINUTE_MS);
    for (const name of ["sweep", also] as const) {
      if (name) world.invoke(name, {}, Number.POSITIVE_INFINITY);
      await rest();
    }
    await drain();
  };
  const progress = (operationId: string) => readProgress(looks, operationId);
  const ended: SyncWorld["ended"] = async (operationId) => {
    await drain();
    for (let minutes = 0; minutes < PATIENCE_MINUTES; minutes += 1) {
      const found = await progress(operationId);
      if (found.finished_at !== null) return found;
      await minute();
    }
    throw new Error(`Operation ${operationId} has not ended after a day; ${queues.size()} messages are left`);
  };
  const started = ({ started: isNew, operationId }: { started: boolean; operationId: string }) => {
    if (!isNew) throw new Error(`Operation ${operationId} still runs`);
    return operationId;
  };
  const startSync: SyncWorld["startSync"] = async (options) =>
    started(await syncSpace(SOURCE_ID, SPACE, { ...options, actor: "api" }, outside));
  const startACheck: SyncWorld["startCheck"] = async ({ dryRun = false, force = false } = {}) =>
    started(
      await startOperation(
        { type: "deletion_check", sourceId: SOURCE_ID, actor: "manual", dryRun, force },
        outside,
      ),
    );
  return {
    ...world,
    outside,
    api,
    planned: (operationId) => readPlanned(api, operationId),
    deliverOne,
    deliverUntil,
    drain,
    minute,
    progress,
    ended,
    startSync,
    startCheck: startACheck,
    sync: async (options) => ended(await startSync(options)),
    check: async (options) => ended(await startACheck(options)),
    takeRequests: () => site.requests.splice(0),
    source: async () => {
      const source = await getSource(sql, SOURCE_ID);
      if (!source) throw new Error("The source is gone");
      return source;
    },
    page: (title) => {
      const page = [...site.pages.values()].find((candidate) => candidate.title === title);
      if (!page) throw new Error(`The site has no page ${title}`);
      return page;
    },
    find: (query) => findPages(sql, query),
  };
}

async function readProgress(api: ApiClient, operationId: string): Promise<OperationProgress> {
  const { status, body } = await api("GET", `/api/progress/${operationId}`);
  if (status !== 200) throw new Error(`Operation ${operationId} not found`);
  return { ...body, status: body.operation_status, error: body.error_details };
}

/** Two at a time, so that each list of more is read on. */
async function readPlanned(api: ApiClient, operationId: string): Promise<PlannedChange[]> {
  const changes: PlannedChange[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query = { limit: "2", ...(cursor ? { cursor } : {}) };
    const { body } = await api("GET", `/api/progress/${operationId}/planned-changes`, { query });
    changes.push(...body.planned_changes);
    cursor = body.next_cursor;
  }
  return changes;
}

async function findPages(sql: postgres.Sql, query: string): Promise<Hit[]> {
  const request = {
    query,
    embedding: null,
    sources: [SOURCE_ID],
    matchCount: 10,
    returnMode: "pages",
    readable: null,
  } as const;
  return (await searchDocuments(sql, request)).hits;
}
