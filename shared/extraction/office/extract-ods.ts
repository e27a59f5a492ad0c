import { type ExtractedFile, MOST_CHARACTERS, MOST_ROWS } from "#shared/extraction/extracted-file.ts";
import { ExtractionFailure, textOrNone } from "#shared/extraction/extraction-failure.ts";
import { type GridRow, gridMarkdown, type MergedCells } from "#shared/extraction/text/grid-markdown.ts";
import { eachElement, type XmlElement } from "./read-xml.ts";
import { sheetPart } from "./sheet-part.ts";
import { attributeOf, childrenOf, textOf } from "./xml-tree.ts";
import { openZip } from "./zip-archive.ts";

/** The columns of a sheet in LibreOffice. */
const MOST_COLUMNS = 16_384;

type Sheet = {
  name: string;
  rows: GridRow[];
  merged: MergedCells[];
  next: number;
  characters: number;
  left: number;
};

/** The text of an OpenDocument spreadsheet (ODS): each visible sheet in order, with the values as the sheet shows them. */
export function extractOds(bytes: Uint8Array): ExtractedFile {
  const zip = openZip(bytes);
  const content = zip.read("content.xml");
  if (content === null)
    throw new ExtractionFailure("extraction_failed", "The file lacks its part content.xml");
  const hidden = new Set<string>();
  const sheets = new Map<XmlElement, Sheet>();
  eachElement(content, {
    style: (style) => {
      const shown = childrenOf(style, "table-properties").map((properties) =>
        attributeOf(properties, "table:display"),
      );
      if (shown.includes("false")) hidden.add(attributeOf(style, "style:name"));
    },
    "table-row": (row, path) => {
      const table = path.findLast(({ name }) => name === "table");
      if (!table) return;
      const name = attributeOf(table, "table:name");
      const sheet = sheets.get(table) ?? { name, rows: [], merged: [], next: 0, characters: 0, left: 0 };
      sheets.set(table, sheet);
      addRow(row, sheet);
    },
  });
  const warnings: string[] = [];
  const parts = [...sheets].flatMap(([table, { name, rows, merged, left }]) => {
    if (hidden.has(attributeOf(table, "table:style-name"))) {
      warnings.push(`The hidden sheet "${name}" was left out`);
      return [];
    }
    if (left > 0) warnings.push(`The last ${left} rows of sheet "${name}" were left out`);
    return [sheetPart(name, gridMarkdown(rows, merged))];
  });
  return textOrNone(parts, warnings);
}

/** Adds a row as often as it is repeated, within the limits of a sheet. */
function addRow(row: XmlElement, sheet: Sheet): void {
  const copies = Number.parseInt(attributeOf(row, "table:number-rows-repeated"), 10) || 1;
  const index = sheet.next;
  sheet.next += copies;
  const cells = readCells(row, index, sheet);
  if (cells.size === 0) return;
  const length = [...cells.values()].reduce((sum, text) => sum + text.length, 0);
  const room = Math.ceil((MOST_CHARACTERS - sheet.characters) / length);
  const taken = Math.max(0, Math.min(copies, MOST_ROWS - sheet.rows.length, room));
  for (let copy = 0; copy < taken; copy++) sheet.rows.push({ index: index + copy, cells });
  sheet.characters += taken * length;
  sheet.left += copies - taken;
}

function readCells(row: XmlElement, index: number, { merged }: Sheet): Map<number, string> {
  const cells = new Map<number, string>();
  let column = 0;
  let characters = 0;
  for (const cell of childrenOf(row)) {
    const copies = Number.parseInt(attributeOf(cell, "table:number-columns-repeated"), 10) || 1;
    const end = Math.min(column + copies, MOST_COLUMNS);
    const text = cell.name === "table-cell" ? childrenOf(cell, "p").map(lineOf).join("\n").trim() : "";
    const written = text === "" ? column : end;
    for (let at = column; at < written && characters < MOST_CHARACTERS; at++) {
      cells.set(at, text);
      characters += text.length;
    }
    const [across, down] = [spanOf(cell, "columns"), spanOf(cell, "rows")];
    if (across > 1 || down > 1) {
      merged.push({ top: index, left: column, bottom: index + down - 1, right: column + across - 1 });
    }
    column = end;
  }
  return cells;
}

function spanOf(cell: XmlElement, direction: "columns" | "rows"): number {
  return Number.parseInt(attributeOf(cell, `table:number-${direction}-spanned`), 10) || 1;
}

/** A paragraph of a cell; `<text:s>` is a space. */
function lineOf(paragraph: XmlElement): string {
  return paragraph.children
    .map((node) =>
      typeof node === "string"
        ? node
        : node.name === "s"
          ? " "
          : node.name === "a" || node.name === "span"
            ? lineOf(node)
            : textOf(node),
    )
    .join("");
}
