import type { PlannedChange } from "#infra/console/api/types.ts";
import { words } from "#infra/console/parts/format.ts";
import { Outside } from "#infra/console/parts/links.tsx";
import { selectionColumn, type Selection } from "#infra/console/parts/selection-column.tsx";
import { Table, type Column } from "#infra/console/parts/table.tsx";
import { kindName } from "./page-states.ts";
import { reasonText } from "./reasons.ts";
import { to } from "#infra/console/state/router.ts";

/** What an operation would do to each page, and why; with boxes to choose some. */
export function PlannedChanges({
  sourceId,
  changes,
  selection,
  empty,
}: {
  sourceId: string;
  changes: readonly PlannedChange[];
  selection?: Selection;
  empty: string;
}) {
  const columns: Column<PlannedChange>[] = [
    {
      head: "Title",
      kind: "main",
      // What would be added is not stored yet.
      cell: (one) =>
        one.outcome === "added" ? one.title : <a href={to.page(sourceId, one.page_id)}>{one.title}</a>,
    },
    { head: "Would be", cell: (one) => words(one.outcome) },
    { head: "Kind", cell: (one) => kindName(one.kind) },
    { head: "Because", kind: "wide", cell: (one) => reasonText(one.reason) },
    {
      head: <span class="unseen">Confluence</span>,
      label: "",
      kind: "actions",
      cell: (one) => (one.url ? <Outside url={one.url}>Confluence</Outside> : null),
    },
  ];
  return (
    <Table
      caption="What would change"
      columns={selection ? [selectionColumn(changes, selection), ...columns] : columns}
      rows={changes}
      keyOf={(one) => one.page_id}
      empty={empty}
    />
  );
}
