import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DeployedFunction } from "./deployed-functions.ts";
import { startRuntimeApi } from "./runtime-api.ts";

/** One execution environment: a process that runs a function's bundle under AWS's runtime client. */
export type ExecutionEnvironment = {
  /** From the start of the process to its first request for work. */
  initMs: number;
  /**
   * Rejects with what the handler threw, and with what Lambda reports when the process ended, needed more memory than the function has, or
   * took more time: `name` is the type of the error.
   */
  invoke: (event: unknown) => Promise<unknown>;
  /** The most resident memory that the process ever had. */
  peakMemoryMb: () => number;
  stop: () => Promise<void>;
};

/** Often enough: no file makes its reader grow by the machine's memory within this time. */
const MEMORY_INTERVAL_MS = 50;

export const REGION = "us-east-1";
const ACCOUNT = "000000000000";

/** Starts a bundle as Lambda does: in its folder, with its variables and those of the runtime. */
export async function startExecutionEnvironment(
  deployed: Pick<
    DeployedFunction,
    "name" | "directory" | "handler" | "timeoutSeconds" | "memoryMb" | "variables"
  >,
  options: { runtimeClient: string; variables: Record<string, string>; writeLog: (line: string) => void },
): Promise<ExecutionEnvironment> {
  const api = await startRuntimeApi();
  const started = performance.now();
  const child = spawn(process.execPath, [join(options.runtimeClient, "index.mjs"), deployed.handler], {
    cwd: deployed.directory,
    // Nothing of this process's environment: Lambda knows nothing of it either.
    env: {
      PATH: process.env.PATH,
      ...deployed.variables,
      ...options.variables,
      AWS_LAMBDA_RUNTIME_API: api.address,
      AWS_LAMBDA_FUNCTION_NAME: `confluence-sync-dev-${deployed.name}`,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(deployed.memoryMb),
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/confluence-sync-dev-${deployed.name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: "local",
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_SESSION_TOKEN: "test-session",
      LAMBDA_TASK_ROOT: deployed.directory,
      _HANDLER: deployed.handler,
      TZ: ":UTC",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output = (output + chunk).slice(-20_000);
      options.writeLog(chunk);
    });
  }
  let reason = "Runtime.ExitError";
  const end = (type: string) => {
    reason = type;
    child.kill("SIGKILL");
  };
  const memory = setInterval(() => {
    if (memoryMb(child.pid, "VmRSS") > deployed.memoryMb) end("Runtime.OutOfMemory");
  }, MEMORY_INTERVAL_MS);
  const died = new Promise<never>((_, reject) => {
    child.once("exit", (code, signal) => {
      clearInterval(memory);
      const message = `${deployed.name} ended (${signal ?? code}). Its last output:\n${output.slice(-2000)}`;
      reject(named(reason, message));
    });
  });
  died.catch(() => {});
  await Promise.race([api.initialised, died]);
  const initMs = performance.now() - started;
  return {
    initMs,
    invoke: async (event) => {
      const timeout = setTimeout(() => end("Sandbox.Timedout"), deployed.timeoutSeconds * 1000);
      const outcome = await Promise.race([
        api.invoke(event, {
          requestId: randomUUID(),
          deadlineMs: Date.now() + deployed.timeoutSeconds * 1000,
          functionArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:confluence-sync-dev-${deployed.name}`,
        }),
        died,
      ]).finally(() => clearTimeout(timeout));
      if (outcome.ok) return outcome.answer;
      const { errorType, errorMessage } = outcome.error;
      throw named(errorType, `${deployed.name}: ${errorType}: ${errorMessage}`);
    },
    peakMemoryMb: () => memoryMb(child.pid, "VmHWM"),
    stop: async () => {
      const running = child.exitCode === null && child.signalCode === null;
      const ended = running ? new Promise((resolve) => child.once("exit", resolve)) : null;
      child.kill("SIGKILL");
      await ended;
      await api.close();
    },
  };
}

/** Resident memory of a process, now (`VmRSS`) or at its peak (`VmHWM`); 0 when it has ended. */
function memoryMb(pid: number | undefined, which: "VmRSS" | "VmHWM"): number {
  const path = `/proc/${pid}/status`;
  const status = existsSync(path) ? readFileSync(path, "utf8") : "";
  return Number(new RegExp(`${which}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024;
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
