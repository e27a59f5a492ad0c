import { defineConfig } from "vitest/config";

/** Every suite; the database is PGlite unless DATABASE_URL names a server (test/support/test-database.ts). */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/property-seed.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
