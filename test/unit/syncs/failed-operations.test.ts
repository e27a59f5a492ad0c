import { expect, it } from "vitest";
import { PermanentError, TransientError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import { logFailed, statusAfter } from "#shared/syncs/operations/fail-operation.ts";

const IDS = { operationId: "operation-1", sourceId: "source-1" };

/** Level and event of each line, and the fields of the last one. */
function linesOf(error: PermanentError | TransientError) {
  const lines: string[] = [];
  const fields: unknown[] = [];
  const at = (level: string) => (event: string, more: unknown) => {
    lines.push(`${level} ${event}`);
    fields.push(more);
  };
  const log = { info: at("info"), warn: at("warn"), error: at("error") } as unknown as Log;
  logFailed({ ...IDS, error }, log);
  return { lines, fields };
}

it.each([
  ["credentials_rejected", "credentials_expired"],
  ["credentials_missing", "credentials_expired"],
  ["space_unavailable", "space_unavailable"],
  ["scope_missing", null],
  ["account_changed", null],
  ["source_deleted", null],
])("after %s the status of a source is %s", (code, status) => {
  expect(statusAfter({ code })).toBe(status);
});

it.each([
  ["credentials_rejected", ["error source.credentials_expired", "error operation.finished"]],
  ["space_unavailable", ["error source.space_unavailable", "error operation.finished"]],
  ["worker_died", ["error operation.finished"]],
  ["source_deleted", ["info operation.finished"]],
])("an operation that failed with %s is logged as what it is", (code, expected) => {
  expect(linesOf(new PermanentError(code, "It ended")).lines).toEqual(expected);
});

it("the log lines of a failed operation name it, its source and the reason", () => {
  const error = new TransientError("timeout", "Too late");
  const about = { source_id: "source-1", operation_id: "operation-1", code: "timeout", error };
  expect(linesOf(error).fields).toEqual([{ ...about, status: "failed" }]);
  const expired = new PermanentError("credentials_missing", "No token");
  expect(linesOf(expired).fields).toMatchObject([
    { source_id: "source-1", operation_id: "operation-1", code: "credentials_missing", error: expired },
    { status: "failed" },
  ]);
});
