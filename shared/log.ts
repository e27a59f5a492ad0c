import type { LogEvent } from "./log-events.ts";

/** Structured log lines: an event name that metric filters know, and plain fields; never bodies, never tokens. */
export type Log = {
  debug(event: LogEvent, fields?: LogFields): void;
  info(event: LogEvent, fields?: LogFields): void;
  warn(event: LogEvent, fields?: LogFields): void;
  error(event: LogEvent, fields?: LogFields): void;
  /** A log whose lines all carry these fields too. */
  with(fields: LogFields): Log;
};

export type LogFields = Record<string, unknown>;

const levels = { debug: 10, info: 20, warn: 30, error: 40, silent: 99 } as const;
export type LogLevel = keyof typeof levels;

/** One JSON line an event to `write`; errors become code, message and stack, without their causes (they may quote bodies).
 * `extend` adds to a line what its event means elsewhere. */
export function makeLog(
  level: LogLevel,
  write: (line: string) => void,
  now: () => Date,
  base: LogFields = {},
  extend: (event: LogEvent, fields: LogFields, at: Date) => LogFields = () => ({}),
): Log {
  const at =
    (name: Exclude<LogLevel, "silent">) =>
    (event: LogEvent, fields: LogFields = {}) => {
      if (levels[name] < levels[level]) return;
      const all = { ...base, ...fields };
      const time = now();
      write(
        JSON.stringify(
          { level: name, time: time.toISOString(), event, ...all, ...extend(event, all, time) },
          replaceErrors,
        ),
      );
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => makeLog(level, write, now, { ...base, ...fields }, extend),
  };
}

function replaceErrors(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    code: "code" in value ? value.code : undefined,
    message: value.message,
    stack: value.stack,
  };
}
