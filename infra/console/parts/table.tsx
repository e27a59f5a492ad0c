import type { ComponentChildren } from "preact";

export type Column<T> = {
  head: ComponentChildren;
  /** For narrow screens, where each cell has its heading beside it; the head itself unless set. "": none. */
  label?: string;
  cell: (row: T) => ComponentChildren;
  /** `main`: names the row; `number`: aligned right; `actions`: without a heading on narrow screens. */
  kind?: "main" | "number" | "actions" | "wide" | "select";
  /** Left out on narrow screens, where each row takes several lines: what its link leads to has it. */
  onlyWide?: boolean;
};

const classOf = ({ kind, onlyWide = false }: Pick<Column<never>, "kind" | "onlyWide">) =>
  onlyWide ? `${kind ?? ""} only-wide` : kind;

/** Explicit roles: on narrow screens rows are laid out as blocks, which takes a table's meaning away in some browsers. */
const role = <const R extends string>(name: R) => ({ role: name });

/** A table that becomes a list of labelled values on narrow screens. */
export function Table<T>({
  caption,
  columns,
  rows,
  keyOf,
  empty,
}: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  empty: ComponentChildren;
}) {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <table {...role("table")}>
      <caption class="unseen">{caption}</caption>
      <thead {...role("rowgroup")}>
        <tr {...role("row")}>
          {columns.map((column, index) => (
            <th key={index} scope="col" {...role("columnheader")} class={classOf(column)}>
              {column.head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody {...role("rowgroup")}>
        {rows.map((row) => (
          <tr key={keyOf(row)} {...role("row")}>
            {columns.map((column, index) => {
              const label = column.label ?? (typeof column.head === "string" ? column.head : "");
              return column.kind === "main" ? (
                <th key={index} scope="row" {...role("rowheader")} class="main">
                  {column.cell(row)}
                </th>
              ) : (
                <td key={index} {...role("cell")} class={classOf(column)} data-label={label}>
                  {column.cell(row)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
