/**
 * DATA ONLY: every function and queue (routes.ts has the routes, schedules.ts the schedules). The CDK stack and the local runner both read
 * it, so that they cannot drift apart. It imports only types.
 */
import type { QueueName } from "#shared/messages.ts";
import type { Access } from "./access.ts";

/** API Gateway ends an HTTP request after 30 s; its function must be done before that. */
const API_TIMEOUT_SECONDS = 29;
/** Workers stay within a minute, so that a killed worker's messages are redelivered within six. */
const WORKER_TIMEOUT_SECONDS = 60;
/** AWS's advice for event source mappings: visibility of six times the function's timeout. */
const VISIBILITY_FACTOR = 6;

/** A download and the extraction within its limits. */
const EXTRACTION_TIMEOUT_SECONDS = 90;
/** A file, and what is around it: its signed address, its embeddings, its swap. */
const FILE_WORKER_TIMEOUT_SECONDS = 180;
/** Files at the same time. */
const FILE_CONCURRENCY = 4;

export type FunctionSpec = {
  entry: string;
  timeoutSeconds: number;
  memoryMb: number;
  access: readonly Access[];
  /** Concurrent invocations, if no queue limits them (reserved concurrency): each holds a database connection. */
  maxConcurrency?: number;
  /** Folders that lie beside the code when it is bundled. */
  files?: readonly string[];
  /** Packages with native libraries, which lie beside the code in `node_modules`. */
  packages?: readonly string[];
};

/** A request takes some 20 ms of a connection: three at the same time are 150 requests a second of one kind. */
const API_CONCURRENCY = 3;
/** Called by people, and by scripts one after the other. */
const ADMIN = { maxConcurrency: 2 };
/** A search waits some 200 ms for the embedding of its query: 40 a second each, of the API's callers and of agents. */
const SEARCH_CONCURRENCY = 8;

/** A few milliseconds each. */
const METADATA_CONCURRENCY = 2;

/**
 * Its own share, so that a flood of deliveries takes no connection from the API: each finds its hook and its pages, records and counts
 * them, and starts operations for at most ten sources.
 */
const HOOK_CONCURRENCY = 3;

const api = (
  file: string,
  access: readonly Access[],
  { memoryMb = 512, maxConcurrency = API_CONCURRENCY } = {},
): FunctionSpec => ({
  entry: `functions/api/${file}.ts`,
  timeoutSeconds: API_TIMEOUT_SECONDS,
  memoryMb,
  access,
  maxConcurrency,
});

export const functions = {
  "create-source": api("create-source", ["database", "encrypt-token", "embed"], ADMIN),
  "list-sources": api("list-sources", ["database"]),
  "get-source": api("get-source", ["database"]),
  "update-source": api("update-source", ["database", "encrypt-token", "decrypt-token"], ADMIN),
  "delete-source": api("delete-source", ["database"], ADMIN),
  "connect-site": api("connect-site", ["database", "encrypt-token", "decrypt-token", "embed"], ADMIN),
  "manage-sites": api("manage-sites", ["database"], ADMIN),
  "trigger-sync": api("trigger-sync", ["database", "send-plan"]),
  "get-status": api("get-status", ["database"]),
  "cancel-sync": api("cancel-sync", ["database"], ADMIN),
  "check-deletions": api("check-deletions", ["database", "send-check"], ADMIN),
  "list-pages": api("list-pages", ["database", "show-content"]),
  "explain-access": api("explain-access", ["database"], ADMIN),
  "list-progress": api("list-progress", ["database", "price-embeddings"]),
  "get-progress": api("get-progress", ["database"]),
  search: api("search", ["database", "show-content", "embed", "rerank", "verify"], {
    memoryMb: 1024,
    maxConcurrency: SEARCH_CONCURRENCY,
  }),
  mcp: api("mcp", ["database", "show-content", "embed", "rerank", "verify"], {
    memoryMb: 1024,
    maxConcurrency: SEARCH_CONCURRENCY,
  }),
  // Whoever has no token yet asks it: not a share of those that have one.
  "mcp-metadata": api("mcp-metadata", ["name-issuer"], { maxConcurrency: METADATA_CONCURRENCY }),
  "knowledge-items": api("archon/knowledge-items", ["database", "show-content"]),
  "stored-pages": api("archon/stored-pages", ["database", "show-content"]),
  "not-provided": api("archon/not-provided", []),
  hooks: api("hooks", ["database"], ADMIN),
  "receive-hook": api("receive-hook", ["database", "send-plan"], { maxConcurrency: HOOK_CONCURRENCY }),
  identities: api("identities", ["database"], ADMIN),
  queues: api("queues", ["redrive", "read-queues"], ADMIN),
  health: api("health", ["database"]),
  openapi: api("openapi", []),
  "plan-sync": {
    entry: "functions/sync/plan-sync.ts",
    timeoutSeconds: WORKER_TIMEOUT_SECONDS,
    memoryMb: 512,
    access: ["database", "decrypt-token", "send-plan", "send-page", "send-file", "send-check"],
  },
  "process-page": {
    entry: "functions/sync/process-page.ts",
    timeoutSeconds: WORKER_TIMEOUT_SECONDS,
    // A 20 MB body is parsed to a tree of some ten times its size.
    memoryMb: 1024,
    access: ["database", "decrypt-token", "embed", "send-plan", "send-page", "send-file", "send-check"],
  },
  "process-attachment": {
    entry: "functions/sync/process-attachment.ts",
    timeoutSeconds: FILE_WORKER_TIMEOUT_SECONDS,
    // The text of a file has at most 2 million characters.
    memoryMb: 512,
    access: [
      "database",
      "decrypt-token",
      "embed",
      "extract",
      "send-plan",
      "send-page",
      "send-file",
      "send-check",
    ],
  },
  "extract-attachment": {
    entry: "functions/sync/extract-attachment.ts",
    timeoutSeconds: EXTRACTION_TIMEOUT_SECONDS,
    memoryMb: 2048,
    access: ["download-files"],
    maxConcurrency: FILE_CONCURRENCY,
    packages: ["@llamaindex/liteparse"],
    // Where OCR_DATA is by default.
    files: ["node_modules/@tesseract.js-data/eng/4.0.0_best_int"],
  },
  "verify-hits": {
    entry: "functions/sync/verify-hits.ts",
    timeoutSeconds: API_TIMEOUT_SECONDS,
    memoryMb: 512,
    access: ["database", "decrypt-token"],
    // Of the sources whose hits are verified live alone; it waits for Confluence, four calls at the same time.
    maxConcurrency: 4,
  },
  "reconcile-deletions": {
    entry: "functions/sync/reconcile-deletions.ts",
    timeoutSeconds: WORKER_TIMEOUT_SECONDS,
    memoryMb: 512,
    access: ["database", "decrypt-token", "send-plan", "send-page", "send-file", "send-check"],
  },
  "start-scheduled-syncs": {
    entry: "functions/sync/start-scheduled-syncs.ts",
    timeoutSeconds: WORKER_TIMEOUT_SECONDS,
    memoryMb: 512,
    access: ["database", "send-plan", "send-check"],
    maxConcurrency: 1,
  },
  "discover-spaces": {
    entry: "functions/sync/discover-spaces.ts",
    timeoutSeconds: WORKER_TIMEOUT_SECONDS,
    memoryMb: 512,
    access: ["database", "decrypt-token"],
    maxConcurrency: 1,
  },
  "pulse-sites": {
    entry: "functions/sync/pulse-sites.ts",
    timeoutSeconds: WORKER_TIMEOUT_SECONDS,
    memoryMb: 512,
    access: ["database", "decrypt-token", "send-plan"],
    maxConcurrency: 1,
  },
  "sweep-access": {
    entry: "functions/sync/sweep-access.ts",
    timeoutSeconds: WORKER_TIMEOUT_SECONDS,
    memoryMb: 512,
    access: ["database", "decrypt-token"],
    maxConcurrency: 1,
  },
  sweep: {
    entry: "functions/sync/sweep.ts",
    timeoutSeconds: WORKER_TIMEOUT_SECONDS,
    memoryMb: 512,
    access: ["database", "send-plan", "send-page", "send-file", "send-check", "put-events"],
    maxConcurrency: 1,
  },
  "change-models": {
    entry: "functions/sync/change-models.ts",
    timeoutSeconds: WORKER_TIMEOUT_SECONDS,
    memoryMb: 512,
    access: ["database", "embed"],
    maxConcurrency: 1,
  },
  "migrate-database": {
    entry: "functions/ops/migrate-database.ts",
    timeoutSeconds: 600,
    memoryMb: 512,
    access: ["database", "embed"],
    files: ["sql"],
  },
  "measure-health": {
    entry: "functions/ops/measure-health.ts",
    timeoutSeconds: WORKER_TIMEOUT_SECONDS,
    memoryMb: 512,
    access: ["database"],
    maxConcurrency: 1,
  },
  "redrive-dead-letters": {
    entry: "functions/ops/redrive-dead-letters.ts",
    timeoutSeconds: 300,
    memoryMb: 512,
    access: ["redrive"],
  },
} as const satisfies Record<string, FunctionSpec>;

export type FunctionName = keyof typeof functions;

/** What `extract` lets a function invoke. */
export const EXTRACT_FUNCTION: FunctionName = "extract-attachment";
/** What `verify` lets a function invoke. */
export const VERIFY_FUNCTION: FunctionName = "verify-hits";

export type QueueSpec = {
  worker: FunctionName;
  visibilityTimeoutSeconds: number;
  /** Messages per invocation: the pages of one batch are fetched in one call. */
  batchSize: number;
  /** How long the event source mapping gathers a batch; must be ≥ 1 for batches above 10. */
  batchWindowSeconds: number;
  /** Invocations at the same time: bounds database connections and load on Confluence. */
  maxConcurrency: number;
  /** Deliveries before a message goes to the dead-letter queue. */
  maxReceiveCount: number;
};

const queue = (spec: Omit<QueueSpec, "visibilityTimeoutSeconds">): QueueSpec => ({
  ...spec,
  visibilityTimeoutSeconds: functions[spec.worker].timeoutSeconds * VISIBILITY_FACTOR,
});

/** A new worker with `database` needs connections, all of which are given out: infra/extending.md says what to lower. */
export const queues = {
  plan: queue({
    worker: "plan-sync",
    batchSize: 1,
    batchWindowSeconds: 0,
    maxConcurrency: 5,
    maxReceiveCount: 5,
  }),
  page: queue({
    worker: "process-page",
    // As many as one call to Confluence fetches bodies. A worker hands back what it has no time for.
    batchSize: 100,
    batchWindowSeconds: 1,
    maxConcurrency: 8,
    maxReceiveCount: 5,
  }),
  file: queue({
    worker: "process-attachment",
    batchSize: 1,
    batchWindowSeconds: 0,
    maxConcurrency: FILE_CONCURRENCY,
    maxReceiveCount: 5,
  }),
  check: queue({
    worker: "reconcile-deletions",
    batchSize: 1,
    batchWindowSeconds: 0,
    maxConcurrency: 2,
    maxReceiveCount: 5,
  }),
} as const satisfies Record<QueueName, QueueSpec>;

/** Kept by a dead-letter queue: SQS's maximum, so that a long weekend loses nothing. */
export const DEAD_LETTER_RETENTION_DAYS = 14;
