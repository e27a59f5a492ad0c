import { defineConfig } from "vitest/config";

/** Every suite; the database is PGlite unless DATABASE_URL names a server (test/support/test-database.ts). */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/databases/global-setup.ts"],
    setupFiles: ["test/support/property-seed.ts"],
    // Threads of one process share Postgres in WebAssembly as it is compiled: two seconds of CPU time a file that uses it.
    pool: "threads",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
