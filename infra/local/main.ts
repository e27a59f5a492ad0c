import { defineCommand, runCommand } from "./runner/run-command.ts";
import { parseSettings } from "./runner/runner-env.ts";
import { startLocalRunner } from "./runner/start.ts";
import { stopOnSignal } from "./runner/stop-signals.ts";

const start = defineCommand({
  name: "npm start --",
  does: "The service on one machine, until SIGINT or SIGTERM.",
  options: {
    port: {
      type: "integer",
      value: "N",
      min: 0,
      max: 65_535,
      description: "port on 127.0.0.1, 0 for any free one; overrides PORT (3000)",
    },
    "data-dir": {
      type: "text",
      value: "DIR",
      description: "where its state is kept; overrides DATA_DIR (.data)",
    },
  },
  more: "All other settings are environment variables: infra/running.md.",
  run: async ({ port, "data-dir": dataDir }) => {
    process.umask(0o077);
    const settings = parseSettings({
      ...process.env,
      ...(port === undefined ? {} : { PORT: String(port) }),
      ...(dataDir ? { DATA_DIR: dataDir } : {}),
    });
    const runner = await startLocalRunner({ ...settings, env: process.env });
    stopOnSignal(async (reason) => {
      process.stderr.write(`${reason}: finishing what runs; once more to stop at once\n`);
      await runner.close();
      return 0;
    });
    process.stdout.write(
      `${runner.url} · ${runner.database} · embeddings by ${runner.services.embedder.model}\n` +
        `Console at ${runner.url}/console · API reference at ${runner.url}/docs · state in ${settings.dataDir} · Ctrl-C ends it\n`,
    );
  },
});

await runCommand(start);
