import { errorMessage } from "#shared/errors.ts";

/** A Ctrl-C in a terminal arrives twice: from the terminal, and from npm, which passes on what it gets. */
const SAME_SIGNAL_MS = 500;
/** Interval at which the end of npm is checked. */
const PARENT_CHECK_MS = 1000;
const STOPPED_AT_ONCE = 130;

const startedBy = process.ppid;

/**
 * Runs `stop` once, at SIGINT, at SIGTERM, or when npm, which started this process, is gone; exits with the code that it
 * returns (1 when it throws). A later signal exits at once. npm signals its direct child only, a shell:
 * the scripts of services `exec` their command, which replaces the shell. A SIGKILL of npm shows as another parent process.
 */
export function stopOnSignal(stop: (reason: string) => Promise<number> | number): void {
  let stoppingSince: number | null = null;
  const begin = (reason: string) => {
    stoppingSince = performance.now();
    const stopped = (async () => stop(reason))();
    stopped.then(
      (code) => process.exit(code),
      (error: unknown) => {
        process.stderr.write(`${errorMessage(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stoppingSince === null) begin(signal);
      else if (performance.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(STOPPED_AT_ONCE);
    });
  }
  if (process.env.npm_lifecycle_event === undefined) return;
  const timer = setInterval(() => {
    if (process.ppid === startedBy) return;
    clearInterval(timer);
    if (stoppingSince === null) begin("npm ended");
  }, PARENT_CHECK_MS);
  timer.unref();
}
