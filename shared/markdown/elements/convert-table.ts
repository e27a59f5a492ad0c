import { attribute, type MarkupElement, type MarkupNode } from "#shared/markdown/parse/markup-tree.ts";
import type { PlainTreeBuilder } from "#shared/markdown/print/plain-tree-builder.ts";
import { PlainElement } from "#shared/markdown/print/plain-tree.ts";

const SECTIONS = new Set(["thead", "tbody", "tfoot"]);
/** HTML's own limits on spans. */
const MAX_COLSPAN = 1000;
const MAX_ROWSPAN = 65_534;

/** Converts a table: rows and cells as they are, anything that lies between them (captions, stray text) before the table. */
export function convertTable(element: MarkupElement, target: PlainElement, build: PlainTreeBuilder): void {
  const before = new PlainElement("DIV");
  const table = new PlainElement("TABLE");
  appendRows(element.children, table, before, build, false);
  if (before.childNodes.length > 0) target.append(before);
  if (table.childNodes.length > 0) target.append(table);
}

function appendRows(
  nodes: readonly MarkupNode[],
  table: PlainElement,
  before: PlainElement,
  build: PlainTreeBuilder,
  inHead: boolean,
): void {
  let loose: PlainElement | null = null;
  for (const node of nodes) {
    if (typeof node !== "string" && (node.name === "td" || node.name === "th")) {
      loose ??= newRow(table, inHead);
      appendCell(node, loose, build);
      continue;
    }
    if (typeof node === "string") {
      if (node.trim() !== "") build.text(node, before);
      continue;
    }
    loose = null;
    if (SECTIONS.has(node.name)) appendRows(node.children, table, before, build, node.name === "thead");
    else if (node.name === "tr") appendCells(node, newRow(table, inHead), table, before, build);
    else if (node.name === "caption") build.element("P", node.children, before);
    else build.append([node], before);
  }
}

function appendCells(
  row: MarkupElement,
  target: PlainElement,
  table: PlainElement,
  before: PlainElement,
  build: PlainTreeBuilder,
): void {
  for (const node of row.children) {
    if (typeof node === "string") {
      if (node.trim() !== "") build.text(node, before);
    } else if (node.name === "td" || node.name === "th") appendCell(node, target, build);
    else if (node.name === "tr") appendRows([node], table, before, build, false);
    else build.append([node], before);
  }
}

function newRow(table: PlainElement, inHead: boolean): PlainElement {
  const row = new PlainElement(inHead ? "X-HEAD-ROW" : "TR");
  table.append(row);
  return row;
}

function appendCell(cell: MarkupElement, row: PlainElement, build: PlainTreeBuilder): void {
  build.element(cell.name.toUpperCase(), cell.children, row, {
    colspan: span(attribute(cell, "colspan"), MAX_COLSPAN),
    rowspan: span(attribute(cell, "rowspan"), MAX_ROWSPAN),
  });
}

function span(value: string, limit: number): number {
  const number = Number.parseInt(value, 10);
  return number >= 1 ? Math.min(number, limit) : 1;
}
