import { tokenPriceOf } from "#shared/embeddings/token-prices.ts";

/**
 * List prices in US dollars (us-east-1, on demand, without free tiers, as noted in late 2025: check them for your region), and what
 * the arithmetic assumes of pages. Replace any of them: `node infra/scale/main.ts prices.json`.
 */
export const prices = {
  lambdaGbSecond: 0.000_013_333_4,
  lambdaPerMillion: 0.2,
  sqsPerMillion: 0.4,
  httpApiPerMillion: 1,
  eventsPerMillion: 1,
  kmsPer10k: 0.03,
  kmsKeyMonth: 1,
  secretMonth: 0.4,
  secretsPer10k: 0.05,
  logsPerGb: 0.5,
  metricMonth: 0.3,
  alarmMonth: 0.1,
  dashboardMonth: 3,
  titanPerMillionTokens: tokenPriceOf("amazon.titan-embed-text-v2:0") ?? 0,
  xrayPerMillionTraces: 5,
  auroraAcuHour: 0.12,
  auroraGbMonth: 0.1,
  auroraPerMillionIo: 0.2,
  natHour: 0.045,
  natPerGb: 0.045,
};

export type Prices = typeof prices;

/** Assumptions; `measured` ones follow from this repository's own benchmarks and tests, the others are round numbers. */
export const assumptions = {
  pagesPerSpace: 100,
  chunksPerPage: 6,
  tokensPerChunk: 300,
  /** Of the pages that change, those whose text does: the rest keep chunks and vectors. */
  changedChunkShare: 0.35,
  /** Pages that need a rendered body: one more call each. */
  renderedShare: 0.2,
  changesPerDayShare: 0.01,
  syncIntervalMinutes: 60,
  /** Of sources in a site with a pulse: the default of a connected site. */
  pulsedIntervalMinutes: 1440,
  /** From the start of one sweep of a space's rights to the next, and of reading a site's groups. */
  sweepMinutes: 15,
  directoryMinutes: 5,
  groups: 100,
  membersPerGroup: 100,
  secondsPerCall: 0.15,
  searchesPerDay: 5000,
  storageKbPerPage: 12,
  /** Seconds of a worker for a page: fetch its share of a bulk call, convert, embed six chunks side by side, swap. */
  secondsPerPage: 0.35,
  secondsPerIncrementalSync: 1.5,
  /** Measured: the lines of a page that is stored (its record, what its embeddings cost), and those of an invocation beside Lambda's own. */
  logKbPerPage: 1.25,
  logKbPerInvocation: 1.2,
  secondsPerTick: 0.3,
  /** A chunk with its text, search vector, rows and indexes, without its embedding. */
  chunkKb: 4.5,
  /** 1,024 numbers of four bytes, stored once and once more in the HNSW index, one element a page of 8 kB. */
  vectorKb: 4.1,
  vectorIndexKb: 8.2,
  /** Files beside each page, and those of them whose type is read: the others (pictures, archives) are found by name, not downloaded. */
  filesPerPage: 1,
  readFilesShare: 0.4,
  fileMb: 1,
  /** A file of 15,000 characters; of an unread one its name. */
  chunksPerFile: 12,
  chunksPerUnreadFile: 1,
  /** Seconds in the extracting function, the download included: of most files a fraction, of a report of 600 pages 5. */
  secondsPerExtraction: 1.5,
  /** Seconds of a file's worker beside them: its signed address, its embeddings, its swap. */
  secondsPerFile: 0.7,
  fileChangesPerDayShare: 0.002,
  /** The text that is kept, so that a new chunker downloads nothing, as Postgres compresses it. */
  keptTextKb: 8,
  /** Tokens a minute that Bedrock gives an account for Titan v2 by default: a quota to check and raise before a first sync. */
  embeddingTokensPerMinute: 300_000,
};

export type Assumptions = typeof assumptions;
