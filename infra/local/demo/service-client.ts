import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";

/** The demo's client of the service: only its HTTP API. */
export type ServiceClient = {
  createSource(site: {
    base_url: string;
    email: string;
    api_token: string;
    space_key: string;
    deletion_strategy: string;
    access?: string;
  }): Promise<string>;
  startSync(sourceId: string): Promise<string>;
  operation(operationId: string): Promise<Operation>;
  /** The source's running operation, or its last one. */
  latestOperation(sourceId: string): Promise<Operation>;
  pages(sourceId: string, status: "current" | "deleted"): Promise<StoredPage[]>;
  /** Chunks of the whole source, of comments too. */
  chunkCount(sourceId: string): Promise<number>;
  /** What this person may see, or the demo's own. */
  search(query: string, matchCount: number, accountId?: string): Promise<Hit[]>;
  searchPages(query: string, matchCount: number): Promise<FoundPage[]>;
};

const operation = z.object({
  operation_id: z.string(),
  operation_type: z.string(),
  actor: z.string().optional(),
  status: z.string(),
  percent: z.number(),
  pages_listed: z.number(),
  pages_to_process: z.number(),
  pages_processed: z.number(),
  eta: z.string().nullable(),
  finished_at: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  failed_pages: z.array(z.object({ page_id: z.string(), code: z.string(), message: z.string() })),
  sync_metrics: z.record(z.string(), z.number()),
});
export type Operation = z.infer<typeof operation>;

/** `/api/progress` has the status that Archon's clients know, and the exact one beside it. */
const progress = operation
  .omit({ status: true, error: true })
  .extend({ operation_status: z.string(), error_details: operation.shape.error })
  .transform(({ operation_status: status, error_details: error, ...rest }) => ({ ...rest, status, error }));

const storedPage = z.object({
  page_id: z.string(),
  title: z.string(),
  version: z.number(),
  parent_id: z.string().nullable(),
  chunk_count: z.number(),
  deleted_reason: z.string().nullable().optional(),
});
export type StoredPage = z.infer<typeof storedPage>;

const hit = z.object({
  page_id: z.string(),
  title: z.string(),
  url: z.string(),
  heading_path: z.array(z.string()),
  content: z.string(),
  file: z.object({ page: z.int().nullable() }).nullable(),
});
export type Hit = z.infer<typeof hit>;

const foundPage = z.object({ page_id: z.string(), title: z.string() });
export type FoundPage = z.infer<typeof foundPage>;

const started = z.object({ operation_id: z.string() });
const created = z.object({ source_id: z.string() });
const countedSource = z.object({ chunk_count: z.int() });
const pageList = z.object({ pages: z.array(storedPage), next_cursor: z.string().nullable() });

/** Delays of a client that is asked to retry later, so that a restart or a full pool is not a failure. */
const RETRY_AFTER_MS = 200;
const TRIES = 25;

/** Searches are for this person, unless another is named; without one for nobody in particular. Throws with the service's message if it refuses. */
export function makeServiceClient(url: string, person?: string): ServiceClient {
  async function call<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(url + path, {
        method,
        ...(body === undefined
          ? {}
          : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.ok) return schema.parse(JSON.parse(text));
      if (response.status !== 503 || attempt === TRIES) {
        throw new Error(`${method} ${path} returned ${response.status}: ${text}`);
      }
      await delay(RETRY_AFTER_MS);
    }
  }
  async function search<T>(
    result: z.ZodType<T>,
    request: Record<string, unknown>,
    accountId = person,
  ): Promise<T[]> {
    const found = z.object({ results: z.array(result) });
    const forPerson = accountId === undefined ? {} : { on_behalf_of: { account_id: accountId } };
    return (await call(found, "POST", "/api/rag/query", { ...request, ...forPerson })).results;
  }
  return {
    createSource: async (site) => (await call(created, "POST", "/api/confluence/sources", site)).source_id,
    startSync: async (sourceId) =>
      (await call(started, "POST", `/api/confluence/${sourceId}/sync`, {})).operation_id,
    operation: (operationId) => call(progress, "GET", `/api/progress/${operationId}`),
    latestOperation: (sourceId) => call(operation, "GET", `/api/confluence/${sourceId}/status`),
    async chunkCount(sourceId) {
      const source = await call(countedSource, "GET", `/api/confluence/${sourceId}`);
      return source.chunk_count;
    },
    async pages(sourceId, status) {
      const pages: StoredPage[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const query = new URLSearchParams({ status, limit: "200", ...(cursor ? { cursor } : {}) });
        const response: z.infer<typeof pageList> = await call(
          pageList,
          "GET",
          `/api/confluence/${sourceId}/pages?${query.toString()}`,
        );
        pages.push(...response.pages);
        cursor = response.next_cursor;
      }
      return pages;
    },
    search: (query, matchCount, accountId) =>
      search(hit, { query, match_count: matchCount, return_mode: "chunks" }, accountId),
    searchPages: (query, matchCount) =>
      search(foundPage, { query, match_count: matchCount, return_mode: "pages" }),
  };
}
