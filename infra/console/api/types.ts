import type { z } from "zod";
import type { AnyContract } from "#functions/runtime/http-contract.ts";
import type { explainAccess } from "#functions/api/contract/access.ts";
import type { getPage as getStoredPage } from "#functions/api/contract/archon-pages.ts";
import type {
  approveDeletions,
  cancelSync,
  checkDeletions,
  getStatus,
  listHeldDeletions,
  operationSchema,
  plannedChange,
  rejectDeletions,
  syncMetrics,
  syncPage,
  triggerSync,
} from "#functions/api/contract/operations.ts";
import type { explainPage } from "#functions/api/contract/explain-page.ts";
import type {
  getSourcePage,
  listPageChunks,
  listPages,
  pageChunkSchema,
  pageSchema,
} from "#functions/api/contract/pages.ts";
import type {
  changeSchema,
  getProgress,
  listChanges,
  listPlannedChanges,
  listProgress,
} from "#functions/api/contract/progress.ts";
import type { listQueues, redriveDeadLetters } from "#functions/api/contract/queues.ts";
import type { search } from "#functions/api/contract/search.ts";
import type { health } from "#functions/api/contract/service.ts";
import type { plannedSpaces, siteSchema } from "#functions/api/contract/site-fields.ts";
import type {
  checkSiteStep,
  connectSite,
  discoverSite,
  getSite,
  listSites,
  updateSite,
} from "#functions/api/contract/sites.ts";
import type {
  deleteSource,
  getSource,
  listSources,
  sourceSchema,
  updateSource,
} from "#functions/api/contract/sources.ts";
import type { getUsage } from "#functions/api/contract/usage.ts";

/** The contracts that the console calls, by the name of their call. */
export type Contracts = {
  health: typeof health;
  listSources: typeof listSources;
  getSource: typeof getSource;
  updateSource: typeof updateSource;
  deleteSource: typeof deleteSource;
  listSites: typeof listSites;
  getSite: typeof getSite;
  updateSite: typeof updateSite;
  connectSite: typeof connectSite;
  discoverSite: typeof discoverSite;
  checkSiteStep: typeof checkSiteStep;
  getStatus: typeof getStatus;
  triggerSync: typeof triggerSync;
  syncPage: typeof syncPage;
  checkDeletions: typeof checkDeletions;
  cancelSync: typeof cancelSync;
  listHeldDeletions: typeof listHeldDeletions;
  approveDeletions: typeof approveDeletions;
  rejectDeletions: typeof rejectDeletions;
  listPages: typeof listPages;
  getSourcePage: typeof getSourcePage;
  listPageChunks: typeof listPageChunks;
  listProgress: typeof listProgress;
  getProgress: typeof getProgress;
  listPlannedChanges: typeof listPlannedChanges;
  listChanges: typeof listChanges;
  getUsage: typeof getUsage;
  getStoredPage: typeof getStoredPage;
  explainAccess: typeof explainAccess;
  search: typeof search;
  explainPage: typeof explainPage;
  listQueues: typeof listQueues;
  redriveDeadLetters: typeof redriveDeadLetters;
};

type Results<C extends AnyContract> = {
  [S in keyof C["responses"]]: C["responses"][S] extends z.ZodType ? z.output<C["responses"][S]> : null;
}[keyof C["responses"]];

/** What each of these calls takes and returns. */
export type Calls = {
  [K in keyof Contracts]: {
    params: z.input<Contracts[K]["params"]>;
    query: z.input<Contracts[K]["query"]>;
    body: z.input<NonNullable<Contracts[K]["body"]>>;
    result: Results<Contracts[K]>;
  };
};

export type CallName = keyof Calls;

export type Source = z.output<typeof sourceSchema>;
export type Site = z.output<typeof siteSchema>;
export type PlannedSpaces = z.output<typeof plannedSpaces>;
export type Page = z.output<typeof pageSchema>;
export type Operation = z.output<typeof operationSchema>;
/** As `/api/progress` lists it: its `operation_status` is the exact one. */
export type ListedOperation = Calls["listProgress"]["result"]["operations"][number];
export type Progress = Calls["getProgress"]["result"];
export type SyncMetrics = z.output<typeof syncMetrics>;
export type PlannedChange = z.output<typeof plannedChange>;
export type AccessExplanation = Calls["explainAccess"]["result"];
export type SearchRequest = z.input<NonNullable<(typeof search)["body"]>>;
export type SearchResult = Calls["search"]["result"];
export type ChunkHit = Extract<SearchResult["results"][number], { chunk_id: string }>;
export type HitExplanation = NonNullable<ChunkHit["explanation"]>;
export type ShownPage = Calls["getSourcePage"]["result"];
export type PageChunk = z.output<typeof pageChunkSchema>;
export type Change = z.output<typeof changeSchema>;
export type Usage = Calls["getUsage"]["result"];
export type UsageFigures = Usage["totals"];
export type Queue = Calls["listQueues"]["result"]["queues"][number];
export type PageExplanation = Calls["explainPage"]["result"];
export type SiteCheckRequest = Calls["checkSiteStep"]["body"];
export type SiteCheck = SiteCheckRequest["check"];
export type SiteCredentials = Omit<SiteCheckRequest, "check">;
