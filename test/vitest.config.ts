import { defineConfig } from "vitest/config";

/** Reads its environment variable while a library loads, which happens once in a thread. */
const OWN_THREAD = ["test/integration/confluence-site-schemas.test.ts"];

/** Every suite; the database is PGlite unless DATABASE_URL names a server (test/support/test-database.ts). */
export default defineConfig({
  test: {
    globalSetup: ["test/support/databases/global-setup.ts"],
    setupFiles: ["test/support/property-seed.ts"],
    // Threads of one process share Postgres in WebAssembly as it is compiled: two seconds of CPU time a file that uses it.
    pool: "threads",
    // The files of a thread share their modules: to load and warm them up again costs a second or two a file.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: "suites", include: ["test/**/*.test.ts"], exclude: OWN_THREAD } },
      { extends: true, test: { name: "own thread", include: OWN_THREAD, isolate: true } },
    ],
  },
});
