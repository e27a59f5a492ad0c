import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export type RunnerProcess = {
  url: string;
  pid: number | undefined;
  /** What it has written to stdout. */
  output: () => string;
  /** Writes a line to its stdin. */
  write: (line: string) => void;
  /** Sends the signal and waits for its end. */
  end: (signal: NodeJS.Signals) => Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends the signal to it and all its children, as a terminal does at Ctrl-C. */
  endGroup: (signal: NodeJS.Signals) => Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

class StartFailedError extends Error {
  readonly code: number | null;
  constructor(message: string, code: number | null) {
    super(message);
    this.name = "StartFailedError";
    this.code = code;
  }
}

const MAIN = fileURLToPath(new URL("../../infra/local/main.ts", import.meta.url));
const SHORT_LIVED = new URL("./short-lived.mjs", import.meta.url).href;

/** For processes that live for seconds: half the CPU time of a start is compiling, most of it what is never run. */
export const shortLived = {
  NODE_OPTIONS: `--import ${SHORT_LIVED}`,
  NODE_COMPILE_CACHE: fileURLToPath(new URL("../../node_modules/.cache/compiled", import.meta.url)),
};

/**
 * Starts the local runner as a process of its own, as `npm start` does, on a free port. Resolves when it says its URL; rejects
 * with what it wrote to stderr and its exit code when it ends before that.
 */
export async function spawnRunner(
  variables: Record<string, string>,
  script: readonly string[] = [MAIN],
): Promise<RunnerProcess> {
  return spawnService(process.execPath, script, variables);
}

/** `npm run NAME -- ARGS` in a process group of its own: what a terminal, a service manager or a container starts. */
export async function spawnNpm(
  name: string,
  variables: Record<string, string>,
  args: readonly string[] = [],
): Promise<RunnerProcess> {
  return spawnService("npm", ["run", name, "--", ...args], variables);
}

async function spawnService(
  command: string,
  args: readonly string[],
  variables: Record<string, string>,
): Promise<RunnerProcess> {
  const { DATABASE_URL: _ours, ...inherited } = process.env;
  const child = spawn(command, args, {
    env: { ...inherited, ...shortLived, PORT: "0", ...variables },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  let errors = "";
  child.stderr.on("data", (part: Buffer) => (errors += part.toString()));
  // "close" waits for every process that holds its output, npm's own children too.
  const exited = once(child, "close").then(() => ({ code: child.exitCode, signal: child.signalCode }));
  const url = new Promise<string>((resolve) => {
    child.stdout.on("data", (part: Buffer) => {
      output += part.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
      if (found) resolve(found);
    });
  });
  const failed = exited.then(({ code }) => {
    throw new StartFailedError(errors, code);
  });
  failed.catch(() => {});
  return {
    url: await Promise.race([url, failed]),
    pid: child.pid,
    output: () => output,
    exited,
    write: (line) => void child.stdin.write(`${line}\n`),
    end: async (signal) => {
      child.kill(signal);
      return exited;
    },
    endGroup: async (signal) => {
      if (child.pid) process.kill(-child.pid, signal);
      return exited;
    },
  };
}
