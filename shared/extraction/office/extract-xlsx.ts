import {
  type ExtractedFile,
  type FilePart,
  MOST_CHARACTERS,
  MOST_ROWS,
} from "#shared/extraction/extracted-file.ts";
import { textOrNone } from "#shared/extraction/extraction-failure.ts";
import { type GridRow, gridMarkdown, type MergedCells } from "#shared/extraction/text/grid-markdown.ts";
import { formatNumber, numberFormats } from "./number-formats.ts";
import { mainPartOf, partOf, relationsOf } from "./package-parts.ts";
import { eachElement, type XmlElement } from "./read-xml.ts";
import { sheetPart } from "./sheet-part.ts";
import { attributeOf, childAt, childrenOf, textOf } from "./xml-tree.ts";
import { openZip } from "./zip-archive.ts";

type Workbook = { strings: readonly string[]; formats: readonly string[]; from1904: boolean };

/**
 * The text of an Excel workbook: each visible sheet in the workbook's order, with the values that Excel calculated last. Hidden
 * sheets are left out, because they hold lists and raw data that the author took out of sight; a warning names them.
 */
export function extractXlsx(bytes: Uint8Array): ExtractedFile {
  const zip = openZip(bytes);
  const main = mainPartOf(zip, "xl/workbook.xml");
  const root = partOf(zip, main) ?? undefined;
  const relations = relationsOf(zip, main);
  const related = (kind: string): Uint8Array | null => {
    const part = [...relations.values()].find((relation) => relation.kind === kind);
    return part ? zip.read(part.target) : null;
  };
  const styles = related("styles");
  const workbook: Workbook = {
    strings: sharedStrings(related("sharedStrings")),
    formats: styles ? numberFormats(styles) : [],
    from1904: /^(?:1|true)$/.test(attributeOf(childAt(root, "workbookPr"), "date1904")),
  };
  const parts: FilePart[] = [];
  const warnings: string[] = [];
  for (const sheet of childrenOf(childAt(root, "sheets"), "sheet")) {
    const name = attributeOf(sheet, "name");
    const target = relations.get(idOf(sheet))?.target;
    const xml = target === undefined ? null : zip.read(target);
    if (/hidden/i.test(attributeOf(sheet, "state"))) warnings.push(`The hidden sheet "${name}" was left out`);
    else if (xml) parts.push(readSheet(xml, name, workbook, warnings));
  }
  return textOrNone(parts, warnings);
}

/** `r:id`, not the sheet's own number. */
function idOf(sheet: XmlElement): string {
  return Object.entries(sheet.attributes).find(([name]) => name.endsWith(":id"))?.[1] ?? "";
}

function sharedStrings(xml: Uint8Array | null): string[] {
  const strings: string[] = [];
  if (xml) eachElement(xml, { si: (string) => strings.push(stringOf(string)) });
  return strings;
}

/** A rich text without the phonetic runs beside it (`rPh`), which say how it is read aloud. */
function stringOf(string: XmlElement | undefined): string {
  return childrenOf(string)
    .map((part) => (part.name === "t" ? textOf(part) : part.name === "r" ? textOf(childAt(part, "t")) : ""))
    .join("");
}

function readSheet(xml: Uint8Array, name: string, workbook: Workbook, warnings: string[]): FilePart {
  const rows: GridRow[] = [];
  const merged: MergedCells[] = [];
  let index = -1;
  let characters = 0;
  let isCut = false;
  eachElement(xml, {
    row: (row) => {
      index = Number.parseInt(attributeOf(row, "r"), 10) - 1 || index + 1;
      const cells = readCells(row, workbook);
      if (cells.size === 0) return;
      // Areas of merged cells follow the rows: those of a sheet that is cut stay unknown, but reading it ends.
      isCut = rows.length >= MOST_ROWS || characters > MOST_CHARACTERS;
      if (isCut) return "stop";
      rows.push({ index, cells });
      for (const text of cells.values()) characters += text.length;
    },
    mergeCell: (area) => {
      const [from = "", to = from] = attributeOf(area, "ref").split(":");
      const [start, end] = [placeOf(from), placeOf(to)];
      if (start && end)
        merged.push({ top: start.row, left: start.column, bottom: end.row, right: end.column });
    },
  });
  if (isCut) warnings.push(`The rows of sheet "${name}" after the first ${rows.length} were left out`);
  return sheetPart(name, gridMarkdown(rows, merged));
}

function readCells(row: XmlElement, workbook: Workbook): Map<number, string> {
  const cells = new Map<number, string>();
  let column = -1;
  let characters = 0;
  for (const cell of childrenOf(row, "c")) {
    if (characters > MOST_CHARACTERS) break;
    column = placeOf(attributeOf(cell, "r"))?.column ?? column + 1;
    const text = valueOf(cell, workbook);
    if (text.trim() !== "") cells.set(column, text);
    characters += text.length;
  }
  return cells;
}

function valueOf(cell: XmlElement, { strings, formats, from1904 }: Workbook): string {
  const type = attributeOf(cell, "t");
  if (type === "inlineStr") return stringOf(childAt(cell, "is"));
  const value = textOf(childAt(cell, "v"));
  if (type === "s") return strings[Number(value)] ?? "";
  if (type === "b") return value === "1" ? "TRUE" : "FALSE";
  if ((type !== "" && type !== "n") || value === "" || !Number.isFinite(Number(value))) return value;
  return formatNumber(Number(value), formats[Number(attributeOf(cell, "s"))] ?? "General", from1904);
}

/** A cell's place from its name, "C7"; both count from 0. */
function placeOf(name: string): { row: number; column: number } | null {
  const match = /^\$?([A-Z]{1,3})\$?(\d{1,7})$/.exec(name);
  if (!match) return null;
  const [, letters = "", digits = ""] = match;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return { row: Number(digits) - 1, column: column - 1 };
}
