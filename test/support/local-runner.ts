import { startLocalRunner, type LocalRunner, type LocalRunnerOptions } from "#infra/local/runner/start.ts";
import { embeddedImage } from "#test/support/databases/image.ts";
import { createTestDatabase } from "#test/support/test-database.ts";

/**
 * The local runner for a test: quiet, on free ports, everything in memory unless `dataDir` is given, migrated already, schedules only by
 * `invoke`. With DATABASE_URL in the test's environment it uses a database of its own on that server.
 */
export async function startTestRunner(options: LocalRunnerOptions = {}): Promise<LocalRunner> {
  const own = process.env.DATABASE_URL && !options.env?.DATABASE_URL ? await createTestDatabase() : null;
  const runner = await startLocalRunner({
    schedules: false,
    databaseImage: process.env.DATABASE_URL ? undefined : await embeddedImage(),
    ...options,
    env: { LOG_LEVEL: "silent", ...(own ? { DATABASE_URL: own.address.url } : {}), ...options.env },
  });
  return {
    ...runner,
    close: async (withinMs) => {
      await runner.close(withinMs);
      await own?.close();
    },
  };
}
