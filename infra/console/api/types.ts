import type { z } from "zod";
import type { AnyContract } from "#functions/runtime/http-contract.ts";
import type { explainAccess } from "#functions/api/contract/access.ts";
import type { getPage as getStoredPage } from "#functions/api/contract/archon-pages.ts";
import type {
  cancelSync,
  checkDeletions,
  getStatus,
  listHeldDeletions,
  operationSchema,
  plannedChange,
  syncMetrics,
  syncPage,
  triggerSync,
} from "#functions/api/contract/operations.ts";
import type { listPages, pageSchema } from "#functions/api/contract/pages.ts";
import type { getProgress, listPlannedChanges, listProgress } from "#functions/api/contract/progress.ts";
import type { search } from "#functions/api/contract/search.ts";
import type { health } from "#functions/api/contract/service.ts";
import type { plannedSpaces, siteSchema } from "#functions/api/contract/site-fields.ts";
import type {
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
  getStatus: typeof getStatus;
  triggerSync: typeof triggerSync;
  syncPage: typeof syncPage;
  checkDeletions: typeof checkDeletions;
  cancelSync: typeof cancelSync;
  listHeldDeletions: typeof listHeldDeletions;
  listPages: typeof listPages;
  listProgress: typeof listProgress;
  getProgress: typeof getProgress;
  listPlannedChanges: typeof listPlannedChanges;
  getStoredPage: typeof getStoredPage;
  explainAccess: typeof explainAccess;
  search: typeof search;
};

type Results<C extends AnyContract> = {
  [S in keyof C["responses"]]: C["responses"][S] extends z.ZodType ? z.output<C["responses"][S]> : null;
}[keyof C["responses"]];

/** What each of these calls takes and returns. */
export type ContractCalls = {
  [K in keyof Contracts]: {
    params: z.input<Contracts[K]["params"]>;
    query: z.input<Contracts[K]["query"]>;
    body: z.input<NonNullable<Contracts[K]["body"]>>;
    result: Results<Contracts[K]>;
  };
};

export type Source = z.output<typeof sourceSchema>;
export type Site = z.output<typeof siteSchema>;
export type PlannedSpaces = z.output<typeof plannedSpaces>;
export type Page = z.output<typeof pageSchema>;
export type Operation = z.output<typeof operationSchema>;
/** As `/api/progress` lists it: its `operation_status` is the exact one. */
export type ListedOperation = ContractCalls["listProgress"]["result"]["operations"][number];
export type Progress = ContractCalls["getProgress"]["result"];
export type SyncMetrics = z.output<typeof syncMetrics>;
export type PlannedChange = z.output<typeof plannedChange>;
export type AccessExplanation = ContractCalls["explainAccess"]["result"];
export type SearchRequest = z.input<NonNullable<(typeof search)["body"]>>;
export type SearchResult = ContractCalls["search"]["result"];
export type ChunkHit = Extract<SearchResult["results"][number], { chunk_id: string }>;
export type HitExplanation = NonNullable<ChunkHit["explanation"]>;
