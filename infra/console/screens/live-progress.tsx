import { useEffect, useRef } from "preact/hooks";
import type { Operation } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { count, sentence, withLocalTimes } from "#infra/console/parts/format.ts";
import { ErrorBanner, Notice } from "#infra/console/parts/notices.tsx";
import { Ago } from "#infra/console/parts/time.tsx";
import { announce, announceProgress } from "#infra/console/state/announce.ts";
import { useAction } from "#infra/console/state/action.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { isRunning, operationName, operationState } from "./source-states.ts";

type Running = Pick<
  Operation,
  | "operation_id"
  | "source_id"
  | "operation_type"
  | "mode"
  | "dry_run"
  | "stage"
  | "percent"
  | "pages_listed"
  | "pages_processed"
  | "pages_to_process"
  | "chunks_per_second"
  | "eta"
  | "warnings"
>;

type Ending = Pick<Operation, "operation_id" | "operation_type" | "mode" | "dry_run" | "status">;

/** Says how an operation ended; not of one that had ended when the screen was opened. */
export function useEndAnnounced(operation: Ending | null): void {
  /** The last that ended; undefined: nothing has been read. */
  const last = useRef<string | null | undefined>(undefined);
  const id = operation?.operation_id ?? null;
  const status = operation?.status ?? null;
  const name = operation === null ? "" : operationName(operation);
  useEffect(() => {
    if (status === null) return;
    const isFirst = last.current === undefined;
    if (isRunning(status)) {
      if (isFirst) last.current = null;
      return;
    }
    // One that began and ended between two reads was never seen running.
    if (!isFirst && last.current !== id) announce(`${name}: ${operationState(status).text}`);
    last.current = id;
  }, [id, name, status]);
}

/** What a running operation is doing, how far it is, and when it should end. */
export function LiveProgress({ operation, link = true }: { operation: Running; link?: boolean }) {
  const percent = Math.floor(operation.percent);
  useEffect(() => announceProgress(`${percent} percent, ${operation.stage}`), [percent, operation.stage]);
  const cancel = useAction(async () => {
    await call("cancelSync", { params: { source_id: operation.source_id } });
    return "Cancelling: pages in work are finished first.";
  });
  const total = operation.pages_processed + operation.pages_to_process;
  const name = operationName(operation);
  return (
    <section class="progress" aria-label="Progress">
      <div class="title">
        <h2>{link ? <a href={to.operation(operation.operation_id)}>{name}</a> : name} is running</h2>
        <div class="buttons">
          <Button sending={cancel.sending} onClick={() => void cancel.run()}>
            Cancel
          </Button>
        </div>
      </div>
      <div class="meter">
        <progress max={100} value={operation.percent} aria-label={name} />
        <strong>{percent} %</strong>
      </div>
      <p class="facts">
        <span>{operation.stage}</span>
        <span>
          {count(operation.pages_processed)} of {count(total)} pages
        </span>
        <span>{count(operation.pages_listed)} listed</span>
        {operation.chunks_per_second !== null && (
          <span>{operation.chunks_per_second.toFixed(1)} chunks/s</span>
        )}
        {operation.eta !== null && (
          <span>
            should end <Ago at={operation.eta} />
          </span>
        )}
      </p>
      {operation.warnings.map((warning) => (
        <Notice key={warning.code}>{sentence(withLocalTimes(warning.message))}</Notice>
      ))}
      {cancel.done !== null && <p>{cancel.done}</p>}
      {cancel.error && <ErrorBanner error={cancel.error} />}
    </section>
  );
}
