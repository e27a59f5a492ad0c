import type { Sql } from "#shared/db/connect.ts";

/** Lines of an operation's log that are kept. */
const LOG_LINES = 50;

/** The operation's log with these lines appended and the oldest beyond LOG_LINES removed: for an update of its row. */
export function logWith(tx: Sql, messages: readonly string[], now: Date) {
  const lines = messages.map((message) => ({ at: now.toISOString(), message }));
  return tx`(
    select coalesce(jsonb_agg(line order by position), '[]') from (
      select line, position
      from jsonb_array_elements(log || ${tx.json(lines)}) with ordinality as lines (line, position)
      order by position desc limit ${LOG_LINES}) as newest)`;
}
