import type { HitExplanation, Page, PlannedChange, SearchRequest } from "./types.ts";

/** Calls whose contracts are not in functions/api/contract yet: their shapes, to be replaced by the contracts' types. */
export type UpcomingCalls = {
  getSourcePage: Call<{ source_id: string; page_id: string }, NoFields, never, ShownPage>;
  listPageChunks: Call<
    { source_id: string; page_id: string },
    Paging & { of?: "current" | "previous"; on_behalf_of?: string; visibility?: "all" | "anonymous" },
    never,
    {
      source_id: string;
      page_id: string;
      of: "current" | "previous";
      version: number | null;
      chunks: PageChunk[];
      next_cursor: string | null;
    }
  >;
  listChanges: Call<
    { operation_id: string },
    Paging & { outcome?: string; kind?: string },
    never,
    { operation_id: string; changes: Change[]; next_cursor: string | null }
  >;
  getUsage: Call<NoFields, { days?: string; source_id?: string }, never, Usage>;
  approveHeldDeletions: Call<
    { source_id: string },
    NoFields,
    { operation_id: string; page_ids?: string[] },
    { operation_id: string }
  >;
  rejectHeldDeletions: Call<
    { source_id: string },
    NoFields,
    { operation_id: string; page_ids?: string[] },
    { rejected: number; held: number }
  >;
  listQueues: Call<NoFields, NoFields, never, { queues: Queue[] }>;
  redriveQueue: Call<
    { queue: string },
    NoFields,
    { source_id?: string; page_ids?: string[]; limit?: number },
    { redriven: number; kept: number }
  >;
  explainPage: Call<
    NoFields,
    NoFields,
    Omit<SearchRequest, "return_mode" | "explain"> & { page_id: string; source_id?: string },
    PageExplanation
  >;
  checkSiteStep: Call<NoFields, NoFields, SiteCredentials & { check: SiteCheck }, SiteCheckResult>;
};

/** Their names. */
export const UPCOMING: ReadonlySet<string> = new Set<keyof UpcomingCalls>([
  "getSourcePage",
  "listPageChunks",
  "listChanges",
  "getUsage",
  "approveHeldDeletions",
  "rejectHeldDeletions",
  "listQueues",
  "redriveQueue",
  "explainPage",
  "checkSiteStep",
]);

export type Call<Params, Query, Body, Result> = {
  params: Params;
  query: Query;
  body: Body;
  result: Result;
};
type NoFields = Record<string, never>;
type Paging = { limit?: string; cursor?: string };

export type ShownPage = Page & {
  previous: { version: number; replaced_at: string; chunk_count: number } | null;
};

export type PageChunk = {
  chunk_id: string | null;
  chunk_number: number;
  heading_path: string[];
  content: string;
  tokens: number;
  characters: number;
  change: "kept" | "added" | "removed" | null;
};

export type Outcome = "added" | "updated" | "moved" | "restored" | "deleted" | "hidden" | "failed";

export type Change = {
  page_id: string;
  kind: string;
  title: string;
  url: string;
  outcome: Outcome;
  reason: string | null;
  error: { code: string; message: string } | null;
  chunks_added: number;
  chunks_kept: number;
  chunks_removed: number;
  embeddings_created: number;
  at: string;
};

export type UsageFigures = {
  operations: number;
  embeddings_created: number;
  embeddings_reused: number;
  embedding_tokens: number;
  dollars: number | null;
  api_calls_made: number;
  rate_limited_calls: number;
};

export type Usage = {
  since: string;
  model: string;
  dollars_per_million_tokens: number | null;
  days: (UsageFigures & { day: string })[];
  totals: UsageFigures;
};

export type Queue = {
  queue: string;
  waiting: number;
  in_flight: number;
  delayed: number;
  dead_letters: number;
  impact: string;
  sample: {
    message_id: string;
    sent_at: string;
    source_id: string | null;
    operation_id: string | null;
    page_id: string | null;
  }[];
};

export type PageExplanation = {
  verdict:
    | "shown"
    | "below_match_count"
    | "not_candidate"
    | "copy_of"
    | "filtered"
    | "not_readable"
    | "pending"
    | "failed"
    | "deleted"
    | "hidden"
    | "not_in_index";
  message: string;
  page: {
    source_id: string;
    page_id: string;
    title: string;
    url: string;
    kind: string;
    status: string;
  } | null;
  rank: number | null;
  returned: number;
  candidates_at_most: number | null;
  hit: (HitExplanation & { heading_path: string[] }) | null;
  last_returned: { title: string; score: number } | null;
  words_missing: string[];
  copy_of: { page_id: string; title: string } | null;
  filter: "source" | "space" | "labels" | "updated_since" | "kinds" | null;
};

export type SiteCredentials = {
  base_url: string;
  email?: string;
  api_token?: string;
  client_id?: string;
  client_secret?: string;
};
export const SITE_CHECKS = ["address", "account", "permissions", "spaces"] as const;
export type SiteCheck = (typeof SITE_CHECKS)[number];
export type SiteCheckResult = {
  check: SiteCheck;
  passed: boolean;
  message: string;
  /** `scope_missing` of `permissions`: a sync works, with less. */
  code: string | null;
};

/** Fields that existing responses gain. */
export type LinkedChange = PlannedChange & { kind?: string; url?: string };

/** Comments are held by their number, not listed: only a forced deletion check decides on them. */
export type HeldCount = { held_comments?: number };
