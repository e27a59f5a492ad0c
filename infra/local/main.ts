import { errorMessage, UserError } from "#shared/errors.ts";
import { parseSettings } from "./runner/runner-env.ts";
import { startLocalRunner, type LocalRunner } from "./runner/start.ts";

/** `npm start`: the service on one machine, until SIGINT or SIGTERM. */
async function main(): Promise<void> {
  const settings = parseSettings(process.env);
  const runner = await startLocalRunner({ ...settings, env: process.env });
  stopOnSignal(runner);
  process.stdout.write(
    `${runner.url} · ${runner.database} · embeddings by ${runner.services.embedder.model}\n` +
      `API reference at ${runner.url}/docs · state in ${settings.dataDir} · Ctrl-C ends it\n`,
  );
}

/** The first signal lets running work end; the second does not wait for it (the next start finishes it). */
function stopOnSignal(runner: LocalRunner): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(130);
    stopping = true;
    process.stderr.write(`${signal}: finishing what runs; once more to stop at once\n`);
    runner.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${errorMessage(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

try {
  await main();
} catch (error) {
  const text =
    error instanceof UserError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
