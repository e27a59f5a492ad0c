import {
  attribute,
  descendant,
  type MarkupElement,
  type MarkupNode,
} from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import { PlainElement } from "#shared/markdown/print/plain-tree.ts";
import { emphasizedHeaderRows, type SourceRow } from "./header-rows.ts";

const SECTIONS = new Set(["thead", "tbody", "tfoot"]);
/** HTML's own limits on spans. */
const MAX_COLSPAN = 1000;
const MAX_ROWSPAN = 65_534;

/** A parsed table: its rows in the order in which they are shown, and the content between them. */
type Parts = { rows: SourceRow[]; foot: SourceRow[]; between: MarkupNode[] };

/**
 * Converts a table: rows and cells unchanged, anything between them (captions, stray text) before the table. A table of one row or
 * one column with headings in it is used for layout: its cells are converted in order, without a table.
 */
export function convertTable(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const parts: Parts = { rows: [], foot: [], between: [] };
  collectRows(element.children, parts, null);
  const rows = [...parts.rows, ...parts.foot];
  const before = new PlainElement("DIV");
  build.append(parts.between, before);
  if (before.childNodes.length > 0) target.append(before);
  if (isLayout(rows)) {
    const part = new PlainElement("DIV", { part: true });
    target.append(part);
    for (const { cells } of rows) for (const cell of cells) build.element("DIV", cell.children, part);
    return;
  }
  const headerRows = emphasizedHeaderRows(rows);
  const rowsLeft = rowsLeftInSections(rows);
  const table = new PlainElement("TABLE");
  for (const [index, row] of rows.entries()) {
    const line = new PlainElement(row.inHead || index < headerRows ? "X-HEAD-ROW" : "TR");
    table.append(line);
    for (const cell of row.cells) {
      build.element(cell.name.toUpperCase(), cell.children, line, {
        colspan: span(attribute(cell, "colspan"), MAX_COLSPAN),
        rowspan: span(attribute(cell, "rowspan"), Math.min(MAX_ROWSPAN, rowsLeft[index] ?? 1)),
      });
    }
  }
  if (table.childNodes.length > 0) target.append(table);
}

/** For each row how many there are from it to the end of its section, beyond which no cell spans. */
function rowsLeftInSections(rows: readonly SourceRow[]): number[] {
  const left: number[] = [];
  for (let index = rows.length - 1; index >= 0; index--) {
    const isLast = rows[index]?.section !== rows[index + 1]?.section;
    left[index] = isLast ? 1 : (left[index + 1] ?? 0) + 1;
  }
  return left;
}

function collectRows(nodes: readonly MarkupNode[], parts: Parts, section: MarkupElement | null): void {
  const rows = rowsOf(section, parts);
  const inHead = section?.name === "thead";
  let loose: MarkupElement[] | null = null;
  for (const node of nodes) {
    if (typeof node === "string") {
      if (node.trim() !== "") parts.between.push(node);
      continue;
    }
    if (isCell(node)) {
      if (!loose) rows.push({ cells: (loose = []), inHead, style: null, section });
      loose.push(node);
      continue;
    }
    loose = null;
    if (SECTIONS.has(node.name)) collectRows(node.children, parts, node);
    else if (node.name === "tr") collectCells(node, parts, section);
    else if (node.name === "caption") parts.between.push({ ...node, name: "p" });
    else parts.between.push(node);
  }
}

function rowsOf(section: MarkupElement | null, parts: Parts): SourceRow[] {
  return section?.name === "tfoot" ? parts.foot : parts.rows;
}

function collectCells(row: MarkupElement, parts: Parts, section: MarkupElement | null): void {
  const cells: MarkupElement[] = [];
  rowsOf(section, parts).push({ cells, inHead: section?.name === "thead", style: row, section });
  for (const node of row.children) {
    if (typeof node === "string") {
      if (node.trim() !== "") parts.between.push(node);
    } else if (isCell(node)) cells.push(node);
    else if (node.name === "tr") collectRows([node], parts, section);
    else parts.between.push(node);
  }
}

function isCell(node: MarkupElement): boolean {
  return node.name === "td" || node.name === "th";
}

function isLayout(rows: readonly SourceRow[]): boolean {
  const isLine = rows.length === 1 || rows.every(({ cells }) => cells.length <= 1);
  return (
    isLine &&
    rows.some(({ cells }) =>
      cells.some((cell) => cell.name === "td" && descendant(cell, ({ name }) => /^h[1-6]$/.test(name))),
    )
  );
}

function span(value: string, limit: number): number {
  const number = Number.parseInt(value, 10);
  return number >= 1 ? Math.min(number, limit) : 1;
}
