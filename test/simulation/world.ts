import type { Context } from "aws-lambda";
import type postgres from "postgres";
import { withServices, type Services } from "#functions/runtime/services.ts";
import { fetchFrom } from "#infra/local/confluence-site/in-process-fetch.ts";
import { createSite, type Site } from "#infra/local/confluence-site/site.ts";
import { loadHandlers } from "#infra/local/runner/load-handlers.ts";
import { observeSql } from "#infra/local/runner/observe-sql.ts";
import { functions, queues as queueSpecs, type FunctionName } from "#infra/topology.ts";
import { makeConfluenceClient } from "#shared/confluence/cloud-client.ts";
import type { Embedder } from "#shared/embeddings/embedder.ts";
import { registerModel } from "#shared/embeddings/embedding-models.ts";
import { parseEnv } from "#shared/env.ts";
import { extractAttachment } from "#shared/extraction/extract-attachment.ts";
import { extractFile } from "#shared/extraction/extract-file.ts";
import type { Ocr } from "#shared/extraction/ocr.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";
import type { LogEvent } from "#shared/log-events.ts";
import type { Log, LogFields } from "#shared/log.ts";
import type { QueueName } from "#shared/messages.ts";
import { changing } from "#test/support/confluence-site.ts";
import { fakeEmbedder } from "#test/support/fake-embedder.ts";
import { isRefusal, makeEventBus, type SimulatedBus } from "./event-bus.ts";
import { makeQueues, type SimulatedQueues } from "./queues.ts";
import { makeRandom, type Random } from "./random.ts";
import { makeScheduler, type MayRun, type Scheduler, type Worker } from "./scheduler.ts";

export type World = {
  sql: postgres.Sql;
  site: Site;
  /** Another site, at OTHER_HOST; it has no faults. */
  otherSite: Site;
  queues: SimulatedQueues;
  bus: SimulatedBus;
  scheduler: Scheduler;
  random: Random;
  now: () => Date;
  pass: (ms: number) => void;
  /** How long a step may take (slow ones run into the time limit of their function), and whether workers stall. */
  pace: { stepMs: number; stalls: boolean };
  /**
   * Calls of the embedder that fail from now on; `permanent`: it refuses the text, else it is out of order. `refused`: it refuses
   * every call with a text that contains this. `halfway`: it is out of order after half of the texts. `calls`: how many brought all.
   */
  embedding: {
    failures: number;
    permanent: boolean;
    refused: string | null;
    halfway: boolean;
    calls: number;
  };
  /**
   * Extractions from now on whose process ends without a word, which is the file's outcome; `calls`: how many brought a result;
   * `crashed`: Confluence's file ids of those that ended so.
   */
  extraction: { crashes: number; calls: number; crashed: Set<string>; ocr: Ocr | null; native: boolean };
  /** Starts an invocation of a function as a worker; `lifetime`: steps until it is killed. */
  invoke: (
    name: FunctionName,
    event: unknown,
    lifetime: number,
    onAnswer?: (answer: unknown) => void,
  ) => void;
  /** Receives a batch of a queue and works it off; false when there is nothing visible. */
  deliver: (queue: QueueName, lifetime: number) => boolean;
  services: (worker: Worker | null) => Partial<Services>;
  /** Whether a worker may have stored a page since this was asked last. */
  stored: () => boolean;
  /** Changes the JSON of the site's answers on their way, where set. */
  onTheWay: { change: ((text: string, url: string) => string) | null };
  /** What was logged, oldest first; the last LOGGED of it. */
  logged: LoggedLine[];
  /** Errors that invocations ended with: every one is in need of an explanation. */
  failures: { worker: string; error: unknown }[];
};

export type LoggedLine = { level: "debug" | "info" | "warn" | "error"; event: LogEvent; fields: LogFields };

/** Lines kept: what a test looks at is among the last of them. */
const LOGGED = 1000;

const MEDIA_HOST = "api.media.atlassian.com";

/** Every other host is the first site. */
export const OTHER_HOST = "far.atlassian.net";

/** A Tuesday, two weeks before clocks change in Europe. */
export const START = Date.parse("2026-10-13T08:00:00Z");

/** Workers of every queue, and functions that a schedule or a person runs. */
const simulated = new Set<FunctionName>([
  ...Object.values(queueSpecs).map(({ worker }) => worker),
  "start-scheduled-syncs",
  "pulse-sites",
  "sweep-access",
  "sweep",
  "sweep-access",
  "receive-hook",
]);
const handlers = await loadHandlers(
  Object.fromEntries(Object.entries(functions).filter(([name]) => simulated.has(name as FunctionName))),
);

const MINUTE_MS = 60_000;

/** Parsed once: a worker is given its environment thousands of times in a history. */
const withOcr = parseEnv({ OCR: "local" });
const withoutOcr = parseEnv({ OCR: "none" });

/**
 * The whole system in one process: the real handlers and SQL, the simulated site, and queues, clock, chance and crashes of
 * workers in the hands of the seed.
 */
export async function makeWorld(seed: number, sql: postgres.Sql): Promise<World> {
  const random = makeRandom(seed);
  const chance = random.fork();
  let clock = START;
  const now = () => new Date(clock);
  const site = createSite({ now, random: random.fork().next });
  const otherSite = createSite({ now, random: makeRandom(seed ^ 0xfa4).next });
  const queues = makeQueues(random.fork(), () => clock);
  const scheduler = makeScheduler(random.fork());
  const embedder = fakeEmbedder({ dimensions: 16 });
  const ids = random.fork();
  const bus = makeEventBus(random.fork());
  const failures: World["failures"] = [];
  const logged: LoggedLine[] = [];
  const onTheWay: World["onTheWay"] = { change: null };
  const pace = { stepMs: 1200, stalls: false };
  const embedding: World["embedding"] = {
    failures: 0,
    permanent: false,
    refused: null,
    halfway: false,
    calls: 0,
  };
  const extraction: World["extraction"] = {
    crashes: 0,
    calls: 0,
    crashed: new Set(),
    ocr: null,
    native: true,
  };
  let workers = 0;
  let mayHaveStored = false;

  const embed: Embedder["embed"] = async (texts, { onVectors, onTokens } = {}) => {
    const { refused } = embedding;
    const refuses = refused !== null && texts.some((text) => text.includes(refused));
    if (embedding.failures === 0 && !refuses) {
      embedding.calls += 1;
      return embedder.embed(texts, { onTokens });
    }
    if (!refuses) embedding.failures -= 1;
    if (embedding.permanent || refuses)
      throw new PermanentError("embedding_refused", "The simulated model refuses this text");
    if (embedding.halfway)
      onVectors?.(0, await embedder.embed(texts.slice(0, texts.length / 2), { onTokens }));
    throw new TransientError("embedding_failed", "The simulated model does not answer");
  };

  const newId = () => {
    const hex = Array.from({ length: 32 }, () => ids.below(16).toString(16)).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  };
  const pass = (ms: number) => {
    clock += ms;
  };
  await registerModel(sql, { model: embedder.model, dimensions: embedder.dimensions, now: now() });

  const services = (worker: Worker | null): Partial<Services> => {
    // A worker takes one step at a time, also where its code asks several sites at once.
    let lastStep: Promise<void> = Promise.resolve();
    const step = async (label: string) => {
      if (!worker) return;
      const mine = lastStep.then(() => worker.step(label));
      lastStep = mine.catch(() => {});
      await mine;
      if (/^process-(?:page|attachment)/.test(worker.id)) mayHaveStored = true;
      pass(chance.below(pace.stepMs));
    };
    const extractor: NonNullable<Services["extractor"]> = async (file) => {
      await step("extract");
      const extracted = await extractAttachment(file, {
        fetch: fetchFrom(site),
        mediaHosts: [MEDIA_HOST],
        allowLoopback: false,
        extractFile: async (bytes) =>
          extractFile({ ...bytes, ocr: extraction.ocr, native: extraction.native }),
        timeoutMs: MINUTE_MS,
      });
      if (extraction.crashes > 0) {
        extraction.crashes -= 1;
        extraction.crashed.add(new URL(file.url).pathname.split("/")[2] ?? "");
        const message = "The extractor was ended by its limits";
        return { result: "extraction_failed", extractor: "none", message };
      }
      extraction.calls += 1;
      return extracted;
    };
    return {
      now,
      newId,
      random: chance.next,
      env: extraction.ocr ? withOcr : withoutOcr,
      log: recordingLog(logged),
      sql: worker ? gatedSql(sql, worker, step) : sql,
      // Pages of several chunks are stored in steps.
      vectorNumbersAtOnce: embedder.dimensions,
      queue: {
        send: async (queue, tasks, options) => {
          await step(`send ${queue}`);
          await queues.accept(queue, tasks, options);
        },
      },
      embedder: {
        ...embedder,
        embed: async (texts, options) => (await step("embed"), embed(texts, options)),
      },
      // No other function is given what extracts.
      ...(worker?.id.startsWith("process-attachment") ? { extractor } : {}),
      cipher: { encrypt: async (token) => token, decrypt: async (token) => token },
      events: { send: async (events) => (await step("events"), bus.send(events)) },
      confluence: (access) =>
        makeConfluenceClient({
          ...access,
          allowedHosts: [".atlassian.net"],
          allowLoopback: false,
          now,
          random: chance.next,
          sleep: async (ms) => pass(ms),
          fetch: async (url, init) => {
            const { hostname, pathname } = new URL(url);
            await step(`${init.method} ${pathname}`);
            const { change } = onTheWay;
            const fetch = fetchFrom(hostname === OTHER_HOST ? otherSite : site);
            return (change ? changing(fetch, change) : fetch)(url, init);
          },
        }),
    };
  };

  /** Some workers of queues stand still for minutes: others overtake them, and what they go on with is old. */
  const stall = (name: FunctionName): MayRun => {
    const mayStall = pace.stalls && Object.values(queueSpecs).some(({ worker }) => worker === name);
    // A worker that is overtaken takes a page or a file back only if that was edited meanwhile: that needs many of them.
    const stores = name === "process-page" || name === "process-attachment";
    if (!mayStall || !chance.chance(stores ? 0.3 : 0.1)) return () => true;
    const after = chance.below(30);
    // What a page worker has read is old when it stores it only if it stalls after reading it. One that stalls for longer than its
    // function may run requeues its pages, unless it has just seen that there is time for the swap.
    const at = stores ? (chance.chance(0.5) ? "embed" : BEFORE_TRANSACTION) : null;
    let until: number | null = null;
    return ({ taken, label }) => {
      if (until === null && (taken < after || (at !== null && label !== at))) return true;
      until ??= clock + chance.below(15 * MINUTE_MS);
      return clock >= until;
    };
  };

  const invoke: World["invoke"] = (name, event, lifetime, onAnswer) => {
    const handler = handlers.get(name);
    if (!handler) throw new Error(`${name} is not simulated`);
    workers += 1;
    const id = `${name}#${workers}`;
    const limitMs = functions[name].timeoutSeconds * 1000;
    scheduler.start(
      id,
      { lifetime, mayRun: stall(name) },
      async (worker) => {
        // From its first step on: Lambda does not count what an invocation waited before it.
        const deadline = clock + limitMs;
        const context = { functionName: name, getRemainingTimeInMillis: () => deadline - clock } as Context;
        const answer = await withServices(services(worker), () => handler(event, context));
        onAnswer?.(answer);
      },
      (error) => {
        if (error !== undefined && !isRefusal(error)) failures.push({ worker: id, error });
      },
    );
  };

  const deliver: World["deliver"] = (queue, lifetime) => {
    const delivery = queues.receive(queue, clock);
    if (!delivery) return false;
    const event = {
      Records: delivery.messages.map((message) => ({ messageId: message.messageId, body: message.body })),
    };
    invoke(queueSpecs[queue].worker, event, lifetime, (answer) => {
      const failed = (answer as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures;
      const failedIds = new Set(failed.map((failure) => failure.itemIdentifier));
      queues.acknowledge(
        delivery.messages.map((message) => message.messageId).filter((id) => !failedIds.has(id)),
      );
    });
    return true;
  };

  return {
    sql,
    site,
    otherSite,
    queues,
    bus,
    scheduler,
    random,
    now,
    pass,
    pace,
    embedding,
    extraction,
    invoke,
    deliver,
    services,
    stored: () => {
      const answer = mayHaveStored;
      mayHaveStored = mayHaveStored && scheduler.running() > 0;
      return answer;
    },
    onTheWay,
    logged,
    failures,
  };
}

function recordingLog(lines: LoggedLine[], base: LogFields = {}): Log {
  const at =
    (level: LoggedLine["level"]) =>
    (event: LogEvent, fields: LogFields = {}) => {
      lines.push({ level, event, fields: { ...base, ...fields } });
      if (lines.length > LOGGED) lines.shift();
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => recordingLog(lines, { ...base, ...fields }),
  };
}

/** The step at which a worker decides to begin a transaction: others may be first. */
const BEFORE_TRANSACTION = "before a transaction";

/** Every statement outside a transaction, every begin, and every statement inside is a place to die; only the former let others go on. */
function gatedSql(sql: postgres.Sql, worker: Worker, step: (label: string) => Promise<void>): postgres.Sql {
  let inside: number | null = null;
  return observeSql(sql, {
    beforeTransaction: () => step(BEFORE_TRANSACTION),
    onStatement: async ({ text, transaction }) => {
      const label = text.trim().replaceAll(/\s+/g, " ").slice(0, 40);
      if (transaction === null || transaction !== inside) {
        inside = transaction;
        // The transaction has begun, and there is one connection: nobody else may be let in until it ends.
        if (transaction !== null) return worker.tick(`begin ${label}`);
        return step(label);
      }
      return worker.tick(label);
    },
    onTransactionEnd: () => {
      inside = null;
    },
  });
}
