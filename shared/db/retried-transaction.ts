import type postgres from "postgres";
import { transaction } from "./connect.ts";

/**
 * Error codes of a transaction that lost a race or its connection: serialization failure, deadlock, a deferred unique violation
 * at commit, a server shutdown, and postgres.js's own codes for a dead socket (a Lambda that was frozen).
 */
const RETRYABLE = new Set([
  "40001",
  "40P01",
  "23505",
  "57P01",
  "57P02",
  "57P03",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "ECONNRESET",
  "EPIPE",
]);

const MAX_ATTEMPTS = 4;

/**
 * Runs `work` in a transaction, and again from its start when it lost a race or its connection. `work` must therefore be
 * idempotent: the response to a commit may be lost after it took effect. `onRetry` receives each code, for counting.
 */
export async function retriedTransaction<T>(
  sql: postgres.Sql,
  work: (tx: postgres.TransactionSql) => Promise<T>,
  onRetry: (code: string) => void = () => {},
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction(sql, work);
    } catch (error) {
      const code = databaseErrorCode(error);
      if (code === null || !RETRYABLE.has(code) || attempt === MAX_ATTEMPTS) throw error;
      onRetry(code);
    }
  }
}

function databaseErrorCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}
