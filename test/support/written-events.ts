import { globSync, readFileSync } from "node:fs";

/** A call that writes a log line: `log.warn("…"`, `services.log[level](…`, `log.with({…}).info("…"`. */
const CALL = /(?:\blog|\blog\.with\([^)]*\))(?:\.(?:debug|info|warn|error)|\[[^\]]+\])\(([^,){]*)/g;

export type LogCall = { file: string; line: number; events: string[] };

/** Every call of a log in the code, with the events that it can write: one, or both sides of a condition. */
export function logCalls(files: readonly string[] = sources()): LogCall[] {
  return files.flatMap((file) => callsIn(file, readFileSync(file, "utf8")));
}

export function callsIn(file: string, text: string): LogCall[] {
  return [...text.matchAll(CALL)].map((match) => ({
    file,
    line: text.slice(0, match.index).split("\n").length,
    events: [...(match[1] ?? "").matchAll(/"([a-z_]+\.[a-z_]+)"/g)].map(([, event = ""]) => event),
  }));
}

/** `shared/log.ts` passes on the events of others. */
function sources(): string[] {
  return globSync(["functions/**/*.ts", "shared/**/*.ts", "infra/**/*.ts"]).filter(
    (file) => file !== "shared/log.ts",
  );
}
