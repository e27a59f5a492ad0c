import { UserError } from "#shared/errors.ts";
import { parseSettings } from "./runner/runner-env.ts";
import { startLocalRunner } from "./runner/start.ts";
import { stopOnSignal } from "./runner/stop-signals.ts";

/** `npm start`: the service on one machine, until SIGINT or SIGTERM. */
async function main(): Promise<void> {
  process.umask(0o077);
  const settings = parseSettings(process.env);
  const runner = await startLocalRunner({ ...settings, env: process.env });
  stopOnSignal(async (reason) => {
    process.stderr.write(`${reason}: finishing what runs; once more to stop at once\n`);
    await runner.close();
    return 0;
  });
  process.stdout.write(
    `${runner.url} · ${runner.database} · embeddings by ${runner.services.embedder.model}\n` +
      `API reference at ${runner.url}/docs · state in ${settings.dataDir} · Ctrl-C ends it\n`,
  );
}

try {
  await main();
} catch (error) {
  const text =
    error instanceof UserError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
