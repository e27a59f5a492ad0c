import type { CallName } from "./types.ts";

/** Method and path of each call; a test compares them with the contracts. */
export const ROUTES: Record<CallName, `${"GET" | "POST" | "PATCH" | "DELETE"} /${string}`> = {
  health: "GET /health",
  listSources: "GET /api/confluence/sources",
  getSource: "GET /api/confluence/{source_id}",
  updateSource: "PATCH /api/confluence/{source_id}",
  deleteSource: "DELETE /api/confluence/{source_id}",
  listSites: "GET /api/confluence/sites",
  getSite: "GET /api/confluence/sites/{site_id}",
  updateSite: "PATCH /api/confluence/sites/{site_id}",
  connectSite: "POST /api/confluence/sites",
  discoverSite: "POST /api/confluence/sites/{site_id}/discover",
  checkSiteStep: "POST /api/confluence/sites/check",
  getStatus: "GET /api/confluence/{source_id}/status",
  triggerSync: "POST /api/confluence/{source_id}/sync",
  syncPage: "POST /api/confluence/{source_id}/pages/{page_id}/sync",
  checkDeletions: "POST /api/confluence/{source_id}/deletion-check",
  cancelSync: "POST /api/confluence/{source_id}/cancel",
  listHeldDeletions: "GET /api/confluence/{source_id}/held-deletions",
  approveDeletions: "POST /api/confluence/{source_id}/held-deletions/approve",
  rejectDeletions: "POST /api/confluence/{source_id}/held-deletions/reject",
  listPages: "GET /api/confluence/{source_id}/pages",
  getSourcePage: "GET /api/confluence/{source_id}/pages/{page_id}",
  listPageChunks: "GET /api/confluence/{source_id}/pages/{page_id}/chunks",
  listProgress: "GET /api/progress",
  getProgress: "GET /api/progress/{operation_id}",
  listPlannedChanges: "GET /api/progress/{operation_id}/planned-changes",
  listChanges: "GET /api/progress/{operation_id}/changes",
  getUsage: "GET /api/usage",
  getStoredPage: "GET /api/pages/{page_id}",
  explainAccess: "GET /api/access/explain",
  search: "POST /api/rag/query",
  explainPage: "POST /api/rag/explain",
  listQueues: "GET /api/queues",
  redriveDeadLetters: "POST /api/queues/{queue}/redrive",
};

/** Calls that take an `Idempotency-Key`: repeated with the same key they happen once. */
export const IDEMPOTENT: ReadonlySet<CallName> = new Set<CallName>([
  "connectSite",
  "triggerSync",
  "syncPage",
  "checkDeletions",
  "approveDeletions",
]);
