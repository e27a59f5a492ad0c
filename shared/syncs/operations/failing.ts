import { z } from "zod";
import type { Sql } from "#shared/db/connect.ts";
import { errorCode, errorMessage, TransientError } from "#shared/errors.ts";
import type { LogFields } from "#shared/log.ts";
import { RUNNING_STATUSES } from "#shared/operation-statuses.ts";
import { logWith } from "./operation-log.ts";

/** Why a running operation makes no progress: `archon_progress.failing`, from a failed attempt until one succeeds. */
export const failing = z.object({
  code: z.string(),
  message: z.string(),
  /** Consecutive failed attempts. */
  attempt: z.int(),
  max_attempts: z.int(),
  next_attempt_at: z.iso.datetime(),
});
export type Failing = z.infer<typeof failing>;

/** Codes of transient errors of Confluence itself, as opposed to the queue, the key service or the embedding model. */
const CONFLUENCE_CODES = new Set([
  "confluence_failed",
  "timeout",
  "connection_failed",
  "repeated_cursor",
  "invalid_answer",
  "forbidden",
  "not_found",
]);

const EMBEDDING_CODE = /^embedding_/;

/** Whether the embedding model is failing: that bodies can be fetched says nothing about it. */
export function isEmbeddingFailing(state: Pick<Failing, "code"> | null): boolean {
  return state !== null && EMBEDDING_CODE.test(state.code);
}

/** The record of a failed attempt. */
export function failingAfter(
  error: unknown,
  attempt: number,
  maxAttempts: number,
  nextAttemptAt: Date,
): Failing {
  return {
    code: errorCode(error),
    message: errorMessage(error),
    attempt,
    max_attempts: maxAttempts,
    next_attempt_at: nextAttemptAt.toISOString(),
  };
}

/** Log fields of a failed attempt that will be retried; `status` is the status of the HTTP response. */
export function retryFields(error: unknown, state: Failing): LogFields {
  const status = error instanceof TransientError ? error.details?.status : undefined;
  return {
    code: state.code,
    ...(status === undefined ? {} : { status }),
    attempt: state.attempt,
    max_attempts: state.max_attempts,
    next_attempt_at: state.next_attempt_at,
    error,
  };
}

export const FAILING_WARNINGS = ["confluence_failing", "embedding_failing", "operation_failing"] as const;
export type Warning = { code: (typeof FAILING_WARNINGS)[number]; message: string };

/** The warning that the source and the operation show while attempts fail. */
export function failingWarning(state: Failing): Warning {
  const [code, who] = whatFails(state);
  return {
    code,
    message: `${who} is failing: ${state.message} (${state.code}). Attempt ${state.attempt} of ${state.max_attempts} failed; the next attempt is at ${state.next_attempt_at}`,
  };
}

function whatFails(state: Failing): [Warning["code"], string] {
  if (CONFLUENCE_CODES.has(state.code)) return ["confluence_failing", "Confluence"];
  if (isEmbeddingFailing(state)) return ["embedding_failing", "The embedding model"];
  return ["operation_failing", "The operation"];
}

/**
 * Records a failed attempt of a running operation, with a line in its log. With `unlessKnown` it records nothing while the retry
 * of an earlier failure is still due: one of several pages that fail side by side is enough.
 */
export async function recordFailing(
  sql: Sql,
  operationId: string,
  state: Failing,
  { now, unlessKnown = false }: { now: Date; unlessKnown?: boolean },
): Promise<void> {
  await sql`
    update archon_progress set failing = ${sql.json(state)}, log = ${logWith(sql, [failingWarning(state).message], now)}
    where operation_id = ${operationId} and status = any(${RUNNING_STATUSES})
      and (not ${unlessKnown} or failing is null or (failing ->> 'next_attempt_at')::timestamptz <= ${now})`;
}

/** Removes the warning after a successful attempt, and writes a line to the operation's log. */
export async function clearFailing(sql: Sql, operationId: string, now: Date): Promise<void> {
  await sql`
    update archon_progress set failing = null, log = ${logWith(sql, [RECOVERED], now)}
    where operation_id = ${operationId} and failing is not null`;
}

/** The line of an operation's log that ends a series of failed attempts. */
export const RECOVERED = "Recovered: an attempt succeeded";
