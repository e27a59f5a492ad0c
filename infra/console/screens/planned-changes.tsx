import type { PlannedChange } from "#infra/console/api/types.ts";
import { words } from "#infra/console/parts/format.ts";
import { Outside } from "#infra/console/parts/links.tsx";
import { Table, type Column } from "#infra/console/parts/table.tsx";
import { kindName } from "./page-states.ts";
import { reasonText } from "./reasons.ts";
import { to } from "#infra/console/state/router.ts";

export type Selection = { selected: ReadonlySet<string>; select: (ids: ReadonlySet<string>) => void };

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
      kind: "main", // What would be added is not stored yet.
      cell: (one) =>
        one.outcome === "added" ? one.title : <a href={to.page(sourceId, one.page_id)}>{one.title}</a>,
    },
    { head: "Would be", cell: (one) => words(one.outcome) },
    { head: "Kind", cell: (one) => (one.kind === undefined ? "" : kindName(one.kind)) },
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
      columns={selection ? [boxes(changes, selection), ...columns] : columns}
      rows={changes}
      keyOf={(one) => one.page_id}
      empty={empty}
    />
  );
}

function boxes(changes: readonly PlannedChange[], { selected, select }: Selection): Column<PlannedChange> {
  const isAll = changes.length > 0 && changes.every((one) => selected.has(one.page_id));
  return {
    head: (
      <label class="box">
        <input
          type="checkbox"
          aria-label="Select all on this page"
          checked={isAll}
          onChange={() => select(isAll ? new Set() : new Set(changes.map((one) => one.page_id)))}
        />
      </label>
    ),
    label: "",
    kind: "select",
    cell: (one) => (
      <label class="box">
        <input
          type="checkbox"
          aria-label={`Select ${one.title}`}
          checked={selected.has(one.page_id)}
          onChange={() => {
            const next = new Set(selected);
            if (!next.delete(one.page_id)) next.add(one.page_id);
            select(next);
          }}
        />
      </label>
    ),
  };
}
