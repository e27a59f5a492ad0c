import { defineConfig } from "vitest/config";

/** Reads its environment variable while a library loads, which happens once in a process. */
const OWN_PROCESS = ["test/integration/confluence-site-schemas.test.ts"];

/** Every suite; the database is PGlite unless DATABASE_URL names a server (test/support/test-database.ts). */
export default defineConfig({
  test: {
    globalSetup: ["test/support/databases/global-setup.ts"],
    setupFiles: ["test/support/property-seed.ts"],
    // Not "threads": with several threads that use WebAssembly V8 ends the process now and then (nodejs/node issue 64500).
    pool: "forks",
    // The files of a process share their modules and compiled WebAssembly: to load and warm them up again costs seconds a file.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: "suites", include: ["test/**/*.test.ts"], exclude: OWN_PROCESS } },
      { extends: true, test: { name: "own process", include: OWN_PROCESS, isolate: true } },
    ],
  },
});
