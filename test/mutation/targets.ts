/** What is mutated, and the quickest tests that cover it. */
export type Target = { folder: string; tests: readonly string[]; without?: readonly string[] };

export const TARGETS: readonly Target[] = [
  { folder: "shared/chunking", tests: ["test/unit/chunking"] },
  {
    folder: "shared/embeddings",
    tests: [
      "test/unit/embeddings",
      "test/integration/embeddings",
      "test/integration/documents/change-models.test.ts",
      "test/unit/runtime/metered-embedder.test.ts",
    ],
    // Runs in a thread, which mutants are not switched on in.
    without: ["shared/embeddings/local-embedder-thread.ts"],
  },
  {
    folder: "shared/confluence",
    tests: [
      "test/unit/confluence",
      "test/integration/guarded-fetch.test.ts",
      "test/integration/confluence-connection.test.ts",
      "test/integration/syncs/gateway-links.test.ts",
      "test/integration/syncs/odd-answers.test.ts",
      "test/integration/syncs/folders.test.ts",
      "test/integration/syncs/optional-calls.test.ts",
      "test/integration/syncs/comments.test.ts",
      "test/integration/syncs/attachments.test.ts",
      "test/integration/syncs/late-bodies.test.ts",
      "test/integration/sources/token-scopes.test.ts",
      "test/integration/sources/site-credentials.test.ts",
      "test/integration/sources/changed-sites.test.ts",
      "test/integration/access/restrictions.test.ts",
      "test/integration/access/space-readers.test.ts",
      "test/integration/access/directory.test.ts",
    ],
  },
  {
    folder: "shared/documents",
    tests: [
      "test/unit/documents",
      "test/integration/documents",
      "test/integration/search/copies.test.ts",
      "test/integration/search/search.test.ts",
      "test/integration/search/words.test.ts",
      "test/integration/access/exact-search.test.ts",
      "test/integration/api/corrected-queries.test.ts",
      "test/integration/api/explain-page.test.ts",
      "test/integration/api/explained-search.test.ts",
      "test/integration/api/knowledge.test.ts",
      "test/integration/api/page-chunks.test.ts",
      "test/integration/api/pages.test.ts",
      "test/integration/mcp/read-page.test.ts",
      "test/integration/api/search.test.ts",
      "test/integration/syncs/comments.test.ts",
      "test/integration/syncs/folders.test.ts",
      "test/integration/syncs/gateway-links.test.ts",
      "test/integration/syncs/places-and-labels.test.ts",
      "test/integration/syncs/rendered-missing.test.ts",
    ],
  },
  {
    folder: "shared/sources",
    tests: [
      "test/unit/sources",
      "test/integration/sources",
      "test/integration/api/sources.test.ts",
      "test/integration/api/knowledge.test.ts",
      "test/integration/api/sites.test.ts",
      "test/integration/access/changed-mode.test.ts",
      "test/integration/syncs/gateway-links.test.ts",
      "test/integration/syncs/optional-calls.test.ts",
    ],
  },
  {
    folder: "shared/syncs",
    tests: [
      "test/unit/syncs",
      "test/integration/syncs",
      "test/integration/access",
      "test/integration/api/changes.test.ts",
      "test/integration/hooks",
      "test/integration/ops/measure-health.test.ts",
      "test/integration/sources/site-credentials.test.ts",
    ],
  },
  {
    folder: "functions/runtime",
    tests: [
      "test/unit/runtime",
      "test/unit/api",
      "test/integration/api/http.test.ts",
      "test/integration/api/idempotency.test.ts",
      "test/integration/correlation.test.ts",
      "test/integration/providers.test.ts",
      "test/integration/client-providers.test.ts",
      "test/integration/own-process-extractor.test.ts",
      "test/integration/access/who-asks.test.ts",
      "test/integration/invoked-extractor.test.ts",
      "test/integration/invoked-hit-verifier.test.ts",
      "test/integration/db/database-connection.test.ts",
    ],
  },
];

/** Lists a space of 10,000 pages again for each mutant. */
export const TOO_SLOW = ["test/integration/syncs/calls.test.ts"];
