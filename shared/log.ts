import { LogFormatter, Logger, LogItem } from "@aws-lambda-powertools/logger";
import type { LogAttributes, UnformattedAttributes } from "@aws-lambda-powertools/logger/types";
import type { Context } from "aws-lambda";
import type { LogEvent } from "./log-events.ts";
import { SERVICE } from "./log-metrics.ts";

/** Structured log lines: an event name that metric filters know, and plain fields; never bodies, never tokens. */
export type Log = {
  debug(event: LogEvent, fields?: LogFields): void;
  info(event: LogEvent, fields?: LogFields): void;
  warn(event: LogEvent, fields?: LogFields): void;
  error(event: LogEvent, fields?: LogFields): void;
  /** A log that adds these fields to all its lines. */
  with(fields: LogFields): Log;
};

/** Powertools drops fields of its own names. */
type Reserved = { level?: never; message?: never; service?: never; timestamp?: never; sampling_rate?: never };
export type LogFields = Record<string, unknown> & Reserved;

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** A log of a Lambda function: its lines name their invocation. */
export type FunctionLog = Log & { beginInvocation(context: Context): void };

/**
 * Powertools' logger; writes one JSON line per event to `write`. In a function its lines have the request id, whether it was a
 * cold start, and the X-Ray trace id. `extend` adds fields to a line, such as metrics.
 */
export function makeLog(
  level: LogLevel,
  write: (line: string) => void,
  now: () => Date,
  extend: (event: LogEvent, fields: LogFields, at: Date) => LogFields = () => ({}),
): FunctionLog {
  class LineLogger extends Logger {
    protected override printLog(_level: number, line: LogItem): void {
      line.prepareForPrint();
      write(JSON.stringify(line.getAttributes(), this.getJsonReplacer()));
    }
  }
  const logger = new LineLogger({
    serviceName: SERVICE,
    logLevel: upperCase(level),
    logFormatter: new EventFormatter(now),
  });
  const withBase = (base: LogFields): Log => {
    const at =
      (name: Exclude<LogLevel, "silent">) =>
      (event: LogEvent, fields: LogFields = {}) => {
        const all = { ...base, ...fields };
        logger[name](event, { ...all, ...extend(event, all, now()) });
      };
    return {
      debug: at("debug"),
      info: at("info"),
      warn: at("warn"),
      error: at("error"),
      with: (fields) => withBase({ ...base, ...fields }),
    };
  };
  return { ...withBase({}), beginInvocation: (context) => logger.addContext(context) };
}

function upperCase<T extends string>(text: T): Uppercase<T> {
  // The method behaves as the type declares.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return text.toUpperCase() as Uppercase<T>;
}

/** Powertools' own keys, but `event` in place of `message`, and errors as code, message and stack. */
class EventFormatter extends LogFormatter {
  readonly #now: () => Date;
  constructor(now: () => Date) {
    super();
    this.#now = now;
  }

  override formatAttributes(attributes: UnformattedAttributes, fields: LogAttributes): LogItem {
    const { lambdaContext } = attributes;
    return new LogItem({
      attributes: {
        level: attributes.logLevel,
        timestamp: this.formatTimestamp(this.#now()),
        event: attributes.message,
        service: attributes.serviceName,
        function_name: lambdaContext?.functionName,
        function_request_id: lambdaContext?.awsRequestId,
        function_memory_size: lambdaContext?.memoryLimitInMB,
        cold_start: lambdaContext?.coldStart,
        xray_trace_id: attributes.xRayTraceId,
        ...fields,
      },
    });
  }

  /** Without causes, which may quote bodies. */
  override formatError(error: Error): LogAttributes {
    return {
      name: error.name,
      code: "code" in error ? error.code : undefined,
      message: error.message,
      stack: error.stack,
    };
  }
}
