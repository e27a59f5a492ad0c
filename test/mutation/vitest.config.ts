import config from "../vitest.config.ts";

/** The tests of one folder (MUTATE_TESTS, MUTATE_WITHOUT); few cases of each property, for each mutant runs them again. */
const files = (variable: string) => (process.env[variable] ?? "").split(" ").filter(Boolean);

export default {
  test: {
    ...config.test,
    projects: undefined,
    // A mutant may be in what a module does when it loads.
    isolate: true,
    setupFiles: ["test/support/property-seed.ts", "test/mutation/no-shrinking.ts"],
    include: files("MUTATE_TESTS").map((path) => (path.endsWith(".ts") ? path : `${path}/**/*.test.ts`)),
    exclude: files("MUTATE_WITHOUT"),
    env: { PROPERTY_RUNS: "100" },
    testTimeout: 100_000,
    hookTimeout: 300_000,
  },
};
