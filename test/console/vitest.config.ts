import { defineConfig } from "vitest/config";

/**
 * The console in a real Chromium, against the whole service and a simulated site: `npm run test:console`. With SCREENSHOTS=DIR every
 * screen is written to DIR instead.
 */
export default defineConfig({
  test: {
    include: process.env.SCREENSHOTS ? ["test/console/screenshots.ts"] : ["test/console/*.console.ts"],
    globalSetup: ["test/support/databases/global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // The whole service and a browser share the machine with whatever else runs.
    expect: { poll: { timeout: 20_000 } },
    // As in test/vitest.config.ts: modules are loaded once a process.
    isolate: false,
    // One more than processors: the tests mostly wait for the browser and the service.
    maxWorkers: 3,
  },
});
