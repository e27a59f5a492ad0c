import type { ListedOperation } from "#infra/console/api/types.ts";
import { count, duration } from "#infra/console/parts/format.ts";
import { Badge } from "#infra/console/parts/notices.tsx";
import { Table, type Column } from "#infra/console/parts/table.tsx";
import { At } from "#infra/console/parts/time.tsx";
import { to } from "#infra/console/state/router.ts";
import { actorName, changesInWords, isRunning, operationName, operationState } from "./source-states.ts";

/** Operations with what each changed. */
export function Operations({
  operations,
  loading,
}: {
  operations: readonly ListedOperation[];
  loading: boolean;
}) {
  return (
    <Table
      caption="Operations, newest first"
      columns={columns}
      rows={operations}
      keyOf={(one) => one.operation_id}
      empty={loading ? "Reading the operations …" : "No operation yet."}
    />
  );
}

const columns: readonly Column<ListedOperation>[] = [
  {
    head: "Operation",
    kind: "main",
    cell: (one) => <a href={to.operation(one.operation_id)}>{operationName(one)}</a>,
  },
  { head: "Started", cell: (one) => <At at={one.started_at ?? one.created_at} /> },
  { head: "By", cell: (one) => actorName(one.actor) },
  {
    head: "Result",
    cell: (one) => {
      const { tone, text } = operationState(one.operation_status);
      return <Badge tone={tone}>{text}</Badge>;
    },
  },
  { head: "Changed", cell: changed },
  {
    head: "Embeddings",
    kind: "number",
    onlyWide: true,
    cell: (one) => count(one.sync_metrics.embeddings_created),
  },
  { head: "Calls", kind: "number", onlyWide: true, cell: (one) => count(one.sync_metrics.api_calls_made) },
  {
    head: "Took",
    kind: "number",
    cell: (one) => (one.finished_at === null ? "" : duration(one.sync_metrics.duration_ms)),
  },
];

function changed(one: ListedOperation) {
  if (isRunning(one.operation_status)) return <span class="quiet">{Math.floor(one.percent)} % done</span>;
  const text = changesInWords(one.sync_metrics);
  if (one.dry_run) return <>{text === null ? "" : `would be: ${text}`}</>;
  return text === null ? <span class="quiet">nothing</span> : <>{text}</>;
}
