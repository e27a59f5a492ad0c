import { spawn } from "node:child_process";
import { UsageError } from "#infra/local/runner/command-options.ts";
import { defineCommand, runCommand } from "#infra/local/runner/run-command.ts";
import { stopOnSignal } from "#infra/local/runner/stop-signals.ts";
import { startConsoleProxy } from "#infra/local/console/console-proxy.ts";

const console_ = defineCommand({
  name: "npm run console --",
  does: "The console for a service elsewhere, on AWS or not: served on 127.0.0.1, forwards what it calls to the service.",
  options: {
    api: { type: "text", value: "URL", default: "http://127.0.0.1:3000", description: "of the service" },
    port: {
      type: "integer",
      value: "N",
      min: 0,
      max: 65_535,
      default: 3100,
      description: "port on 127.0.0.1, 0 for any free one",
    },
    open: {
      type: "choice",
      choices: ["yes", "no"],
      default: "yes",
      description: "whether to open the browser",
    },
    aws: {
      type: "flag",
      description: "signs with AWS credentials, as for hosts *.execute-api.*.amazonaws.com",
    },
  },
  more: "API_KEY holds the service's key, if it has one. On AWS the credentials are those that the AWS CLI finds (AWS_PROFILE, SSO, a role).",
  run: async ({ api, port, open, aws }) => {
    const apiKey = process.env.API_KEY || undefined;
    if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey))
      throw new UsageError("API_KEY must be visible ASCII characters without spaces or line breaks");
    if (aws && apiKey !== undefined)
      throw new UsageError("With --aws requests are signed: leave API_KEY unset");
    const proxy = await startConsoleProxy({ api, apiKey, aws, port });
    stopOnSignal(async () => {
      await proxy.close();
      return 0;
    });
    process.stdout.write(`Console at ${proxy.url} for ${api} · Ctrl-C ends it\n`);
    if (open !== "no" && process.stdout.isTTY) openBrowser(proxy.url);
  },
});

/** Where there is a browser to open; the address is printed anyway. */
function openBrowser(url: string): void {
  const command = process.platform === "darwin" ? "open" : "xdg-open";
  const child = spawn(command, [url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

await runCommand(console_);
