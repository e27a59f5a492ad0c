import { startLocalRunner } from "#infra/local/runner/start.ts";
import { embeddedImage } from "#test/support/databases/image.ts";

/** Makes a data folder of the local runner with an empty, migrated database: in a new folder the runner itself takes seconds for it. */
export async function makeDataFolder(dataDir: string): Promise<void> {
  const runner = await startLocalRunner({
    dataDir,
    databaseImage: await embeddedImage(),
    env: { LOG_LEVEL: "silent" },
    schedules: false,
  });
  await runner.close();
}
