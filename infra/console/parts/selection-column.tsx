import type { Column } from "./table.tsx";

export type Selection = { selected: ReadonlySet<string>; select: (ids: ReadonlySet<string>) => void };

type Row = { page_id: string; title: string };

/** Boxes to select rows by their page's id, and in the head those of all shown rows that may be selected. */
export function selectionColumn<T extends Row>(
  rows: readonly T[],
  { selected, select }: Selection,
  maySelect: (row: T) => boolean = () => true,
): Column<T> {
  const all = rows.filter(maySelect).map((row) => row.page_id);
  const isAll = all.length > 0 && all.every((id) => selected.has(id));
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    select(next);
  };
  return {
    head: (
      <label class="box">
        <input
          type="checkbox"
          aria-label="Select all on this page"
          checked={isAll}
          onChange={() => select(isAll ? new Set() : new Set(all))}
        />
      </label>
    ),
    label: "",
    kind: "select",
    cell: (row) => (
      <label class="box">
        <input
          type="checkbox"
          aria-label={`Select ${row.title}`}
          disabled={!maySelect(row)}
          checked={selected.has(row.page_id)}
          onChange={() => toggle(row.page_id)}
        />
      </label>
    ),
  };
}
