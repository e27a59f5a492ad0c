import { defineConfig, mergeConfig } from "vitest/config";
import config from "./vitest.config.ts";

/** `npm run test:fast`: the rules in memory, and the core of the engine on a database; what is left out is in test/README.md. */
export default mergeConfig(
  { test: { ...config.test, include: [], projects: undefined } },
  defineConfig({
    test: {
      include: [
        "test/unit/**/*.test.ts",
        "test/integration/documents/{add-documents,delete-pages,store-page}.test.ts",
        "test/integration/syncs/{deletion-check,failed-pages,listing}.test.ts",
        "test/integration/search/search.test.ts",
        "test/integration/api/{operations,sources}.test.ts",
      ],
      // Each synthesizes the stack: a third of the time of all.
      exclude: ["test/unit/infra/{alarms,connections,least-privilege,metrics,security,stack}.test.ts"],
      env: { PROPERTY_RUNS: "100" },
    },
  }),
);
