import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const ready = z.object({ url: z.url(), facts: z.record(z.string(), z.string()) });
const report = z.object({ cpuMs: z.number(), counts: z.record(z.string(), z.number()) });
type Report = z.infer<typeof report>;

/** A process beside the service's own. `report` says what it has used and counted since its start. */
export type Part = z.infer<typeof ready> & { report: () => Promise<Report>; stop: () => Promise<void> };

/** Starts a script of this folder, which calls `servePart`. Throws when it ends before it is ready. */
export async function startPart(script: URL, args: readonly string[]): Promise<Part> {
  const child = fork(fileURLToPath(script), args);
  const ended = once(child, "exit");
  const failed = ended.then(([code]) => {
    throw new Error(`${script.pathname} ended with ${String(code)}`);
  });
  failed.catch(() => {});
  const next = async () => {
    const [message]: unknown[] = await Promise.race([once(child, "message"), failed]);
    return message;
  };
  const started = ready.parse(await next());
  return {
    ...started,
    report: async () => {
      const answer = next();
      child.send("report");
      return report.parse(await answer);
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** In the started process: serves reports until the process that started it is gone. */
export function servePart(started: z.infer<typeof ready>, counts: () => Record<string, number>): void {
  process.on("message", () => process.send?.({ cpuMs: cpuMs(), counts: counts() }));
  process.on("disconnect", () => process.exit());
  process.send?.(started);
}

/** Processor time of this process so far, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
