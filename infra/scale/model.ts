import { schedules } from "#infra/schedules.ts";
import { functions, queues, type FunctionName } from "#infra/topology.ts";
import type { Assumptions, Prices } from "./prices.ts";

export const SPACES = [10, 1000, 10_000] as const;

const DAYS = 30;
const HOURS = 730;
const MINUTES = HOURS * 60;
/** SendMessageBatch, ReceiveMessage and DeleteMessageBatch take ten messages each. */
const SQS_BATCH = 10;
/** Lambda polls an idle queue with five long polls of 20 s. */
const IDLE_POLLS_PER_MINUTE = 15;
/** v2 lists 250 pages a call. */
const LISTING_PAGE = 250;
/** Calls of a sync that finds nothing changed: account, count, search, space, account (test/integration/syncs/calls.test.ts). */
const CALLS_PER_EMPTY_SYNC = 5;
/** Of a site that finds nothing changed, whatever its spaces: account, count, search (test/integration/syncs/pulse.test.ts). */
const CALLS_PER_PULSE = 3;
/** v1 returns 100 pages of a search that expands restrictions. */
const RIGHTS_PAGE = 100;
/** Readers of the space, count; where the site has folders and its search names none, another count. */
const CALLS_PER_SWEEP = 2;
/** Account twice, whether there are roles, whether there are folders: once for the spaces that one invocation sweeps, each minute. */
const CALLS_PER_SWEEPING_INVOCATION = 4;
/** Account, groups with a licence, accounts. */
const CALLS_PER_DIRECTORY = 3;
const MEMBERS_PAGE = 200;
/** Sources at the same time, in the seconds of each minute that are left to begin a step (shared/syncs/rights/sweep-sources.ts). */
const SWEPT_AT_ONCE = 4;
const SWEEP_SECONDS_A_MINUTE = 30;
const KB_PER_GB = 1_000_000;
/** An ACU brings 2 GiB of memory; a vector index that does not fit is read from disk at every search. */
const GB_PER_ACU = 2.1;
/** X-Ray's default rule records the first request of each second and 5 % of the others. */
const SAMPLED = 0.05;

function tracesOf(invocations: number): number {
  return Math.min(invocations, MINUTES * 60 + invocations * SAMPLED);
}

/** The files beside so many pages. OCR (Amazon Textract) is not used: scans are found by name. */
function modelFiles(pages: number, a: Assumptions) {
  const files = pages * a.filesPerPage;
  const read = files * a.readFilesShare;
  const chunks = read * a.chunksPerFile + (files - read) * a.chunksPerUnreadFile;
  return {
    files,
    read,
    listingCalls: Math.ceil(files / LISTING_PAGE),
    /** Each asks Confluence for a signed address; the bytes come from the media host. */
    downloads: read,
    downloadGb: (read * a.fileMb) / 1000,
    extractionSeconds: read * a.secondsPerExtraction,
    workerSeconds: read * a.secondsPerExtraction + files * a.secondsPerFile,
    hours: (read * a.secondsPerExtraction + files * a.secondsPerFile) / queues.file.maxConcurrency / 3600,
    chunks,
    tokens: chunks * a.tokensPerChunk,
    /** One of a worker for each file, one of the extracting function for each that is read. */
    invocations: files + read,
    sqsRequests: files * 3,
    keptTextGb: (read * a.keptTextKb) / KB_PER_GB,
  };
}

export type Scale = ReturnType<typeof modelScale>;

/** The work of a deployment with this many spaces: its first sync and each month after it. */
export function modelScale(spaces: number, a: Assumptions) {
  const pages = spaces * a.pagesPerSpace;
  const files = modelFiles(pages, a);
  const pageChunks = pages * a.chunksPerPage;
  const chunks = pageChunks + files.chunks;
  const worker = queues.page;
  const pagesPerSecond = worker.maxConcurrency / a.secondsPerPage;
  const tokens = pageChunks * a.tokensPerChunk;
  const first = {
    pages,
    confluenceCalls:
      Math.ceil(pages / LISTING_PAGE) +
      Math.ceil(pages / worker.batchSize) +
      Math.ceil(pages * a.renderedShare),
    messages: pages + spaces,
    sqsRequests: Math.ceil(((pages + spaces) / SQS_BATCH) * 3),
    invocations: Math.ceil(pages / worker.batchSize) + spaces,
    workerSeconds: pages * a.secondsPerPage,
    embeddings: pageChunks,
    tokens,
    hoursByWorkers: pages / pagesPerSecond / 3600,
    logKb: pages * a.logKbPerPage,
    hoursByEmbeddingQuota: (tokens + files.tokens) / a.embeddingTokensPerMinute / 60,
  };
  const changedPages = pages * a.changesPerDayShare * DAYS;
  const changedFiles = modelFiles(pages * a.fileChangesPerDayShare * DAYS, a);
  const syncs = spaces * (MINUTES / a.syncIntervalMinutes);
  const checks = spaces * (DAYS / 7);
  const ticks = Object.values(schedules).reduce(
    (sum, { every }) => sum + ("minutes" in every ? MINUTES / every.minutes : DAYS),
    0,
  );
  const invocations = Math.ceil(syncs + changedPages + checks * 2 + ticks + a.searchesPerDay * DAYS);
  const month = {
    changedPages,
    syncs,
    confluenceCalls: Math.ceil(
      syncs * CALLS_PER_EMPTY_SYNC +
        changedPages * (1 + a.renderedShare) +
        changedFiles.downloads +
        checks * (2 + a.pagesPerSpace / LISTING_PAGE),
    ),
    messages: syncs + changedPages + checks * 2,
    sqsRequests: Math.ceil(
      (syncs + changedPages + checks * 2) * 3 + MINUTES * IDLE_POLLS_PER_MINUTE * Object.keys(queues).length,
    ),
    invocations,
    logKb: invocations * a.logKbPerInvocation + changedPages * a.logKbPerPage,
    gbSeconds:
      syncs * a.secondsPerIncrementalSync * gb("plan-sync") +
      changedPages * a.secondsPerPage * 3 * gb("process-page") +
      ticks * a.secondsPerTick * gb("sweep") +
      a.searchesPerDay * DAYS * 0.3 * gb("search"),
    tokens: changedPages * a.chunksPerPage * a.changedChunkShare * a.tokensPerChunk,
    searches: a.searchesPerDay * DAYS,
  };
  const vectorIndexGb = (chunks * a.vectorIndexKb) / KB_PER_GB;
  return {
    spaces,
    pages,
    chunks,
    files,
    changedFiles,
    first,
    month,
    databaseGb: files.keptTextGb + (chunks * (a.chunkKb + a.vectorKb + a.vectorIndexKb)) / KB_PER_GB,
    vectorIndexGb,
    acu: Math.max(0.5, Math.ceil((vectorIndexGb / GB_PER_ACU) * 2) / 2),
    /** Incremental syncs that must run concurrently, compared with what the plan queue runs. */
    plansAtOnce: (spaces * a.secondsPerIncrementalSync) / (a.syncIntervalMinutes * 60),
    confluenceCallsPerSecond: month.confluenceCalls / (MINUTES * 60),
  };
}

function gb(name: FunctionName): number {
  return functions[name].memoryMb / 1024;
}

/**
 * Calls to Confluence a month when all spaces are of one site: each synced at the interval, or with a pulse each minute, a sync of the
 * space for every changed page (at most: several edits within a minute need one), and a sync a day.
 */
export function callsOfOneSite(spaces: number, a: Assumptions) {
  const { month } = modelScale(spaces, a);
  const besideSyncs = month.confluenceCalls - month.syncs * CALLS_PER_EMPTY_SYNC;
  const dailySyncs = spaces * (MINUTES / a.pulsedIntervalMinutes);
  const withPulse = {
    pulses: MINUTES * CALLS_PER_PULSE,
    syncs: (dailySyncs + month.changedPages) * CALLS_PER_EMPTY_SYNC,
    pages: besideSyncs,
  };
  const pulsed = withPulse.pulses + withPulse.syncs + withPulse.pages;
  return { atIntervals: month.confluenceCalls, withPulse, pulsed, pulsedPerSecond: pulsed / (MINUTES * 60) };
}

/**
 * What carrying rights over takes beside that, when all spaces are of one site: sweeps of each space, and its groups every few minutes.
 * `minutesOfFunction`: of each interval, how long the one sweeping function works, which has 30 s of each minute.
 */
export function rightsOfOneSite(spaces: number, a: Assumptions) {
  const listing = Math.ceil(a.pagesPerSpace / RIGHTS_PAGE);
  const ofSpaces = spaces * (CALLS_PER_SWEEP + listing);
  const minutesOfFunction = (ofSpaces * a.secondsPerCall) / SWEPT_AT_ONCE / SWEEP_SECONDS_A_MINUTE;
  // Spaces that were added at different minutes are swept at different minutes.
  const invocations = Math.min(spaces, Math.max(Math.ceil(minutesOfFunction), a.sweepMinutes));
  const sweep = ofSpaces + CALLS_PER_SWEEPING_INVOCATION * invocations;
  const directory = CALLS_PER_DIRECTORY + a.groups * Math.ceil(a.membersPerGroup / MEMBERS_PAGE);
  const perMinute = sweep / a.sweepMinutes + directory / a.directoryMinutes;
  return {
    ofSpaces,
    sweep,
    directory,
    perMonth: perMinute * MINUTES,
    perSecond: perMinute / 60,
    minutesOfFunction,
  };
}

export type Cost = Record<string, number>;

/** Dollars for bringing these files up to date. */
function filesCost(files: Scale["files"], prices: Prices): Cost {
  return {
    "Files: embeddings": (files.tokens / 1e6) * prices.titanPerMillionTokens,
    "Files: extraction": files.extractionSeconds * gb("extract-attachment") * prices.lambdaGbSecond,
    "Files: workers, messages":
      files.workerSeconds * gb("process-attachment") * prices.lambdaGbSecond +
      (files.invocations / 1e6) * prices.lambdaPerMillion +
      (files.sqsRequests / 1e6) * prices.sqsPerMillion,
  };
}

/** Dollars once, for the first sync. */
export function firstSyncCost(scale: Scale, prices: Prices): Cost {
  const { first } = scale;
  return {
    Embeddings: (first.tokens / 1e6) * prices.titanPerMillionTokens,
    Lambda:
      first.workerSeconds * gb("process-page") * prices.lambdaGbSecond +
      (first.invocations / 1e6) * prices.lambdaPerMillion,
    SQS: (first.sqsRequests / 1e6) * prices.sqsPerMillion,
    Logs: (first.logKb / KB_PER_GB) * prices.logsPerGb,
    ...filesCost(scale.files, prices),
  };
}

/** Dollars a month, without the database. */
export function monthlyCost(scale: Scale, prices: Prices, alarms: number, metrics: number): Cost {
  const { month } = scale;
  return {
    Lambda: month.gbSeconds * prices.lambdaGbSecond + (month.invocations / 1e6) * prices.lambdaPerMillion,
    SQS: (month.sqsRequests / 1e6) * prices.sqsPerMillion,
    "HTTP API": (month.searches / 1e6) * prices.httpApiPerMillion,
    Embeddings: (month.tokens / 1e6) * prices.titanPerMillionTokens,
    EventBridge: (month.syncs / 1e6) * prices.eventsPerMillion,
    "KMS and secrets":
      prices.kmsKeyMonth +
      prices.secretMonth +
      (month.syncs / 1e4) * prices.kmsPer10k +
      (month.invocations / 10 / 1e4) * prices.secretsPer10k,
    Traces: (tracesOf(month.invocations) / 1e6) * prices.xrayPerMillionTraces,
    "Logs, metrics, alarms, dashboard":
      (month.logKb / KB_PER_GB) * prices.logsPerGb +
      metrics * prices.metricMonth +
      alarms * prices.alarmMonth +
      prices.dashboardMonth,
    ...filesCost(scale.changedFiles, prices),
  };
}

/** Dollars a month for Aurora with its VPC, sized so that the vector index stays in memory. */
export function auroraCost(scale: Scale, prices: Prices): Cost {
  return {
    [`Aurora, ${scale.acu} ACU`]: scale.acu * HOURS * prices.auroraAcuHour,
    Storage: scale.databaseGb * prices.auroraGbMonth,
    "Reads and writes":
      ((scale.month.changedPages * 200 + scale.month.syncs * 20) / 1e6) * prices.auroraPerMillionIo,
    "NAT gateway": HOURS * prices.natHour + scale.month.confluenceCalls * 0.000_01 * prices.natPerGb,
  };
}

export function total(cost: Cost): number {
  return Object.values(cost).reduce((sum, part) => sum + part, 0);
}
