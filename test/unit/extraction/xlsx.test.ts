import { describe, expect, it } from "vitest";
import { extractFile } from "#shared/extraction/extract-file.ts";
import { MOST_ROWS } from "#shared/extraction/extracted-file.ts";
import { markdownOf, partsOf } from "#test/support/extract.ts";
import { sheetData, xlsx } from "#test/support/office-files.ts";

const row = (number: number, cells: string): string => `<row r="${number}">${cells}</row>`;

describe("the text of a workbook", () => {
  it("case 34: sheets come in the workbook's order with their names, and hidden ones are left out with a warning", async () => {
    const file = xlsx(
      { Plan: sheetData([["a"]]), Lists: sheetData([["secret"]]), Actual: sheetData([["b"]]) },
      { hidden: ["Lists"] },
    );
    const extracted = await extractFile({ name: "a.xlsx", mediaType: "", bytes: file });
    expect(extracted).toMatchObject({
      parts: [
        { place: { kind: "sheet", name: "Plan" }, markdown: "## Plan\n\na" },
        { place: { kind: "sheet", name: "Actual" }, markdown: "## Actual\n\nb" },
      ],
      warnings: ['The hidden sheet "Lists" was left out'],
    });
  });

  it("case 34: shared strings of a workbook are read without their phonetic runs", async () => {
    const strings =
      "<si><t>Name</t></si><si><r><t>東</t></r><r><t>京</t></r><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si>";
    const cells = row(1, '<c r="A1" t="s"><v>0</v></c>') + row(2, '<c r="A2" t="s"><v>1</v></c>');
    const markdown = await markdownOf("a.xlsx", xlsx({ S: `<sheetData>${cells}</sheetData>` }, { strings }));
    expect(markdown).toBe("## S\n\n| Name |\n| --- |\n| 東京 |");
  });

  it("case 34: numbers of a workbook show as their format says, and formulas show the value calculated last", async () => {
    const formats = [
      "General",
      "dd/mm/yyyy",
      "0.0%",
      "#,##0.00 [$€-407]",
      "[h]:mm",
      'hh:mm" Uhr"',
      "mmm yyyy",
    ];
    const styles =
      `<numFmts>${formats.map((code, index) => `<numFmt numFmtId="${200 + index}" formatCode="${code.replaceAll('"', "&quot;")}"/>`).join("")}</numFmts>` +
      `<cellXfs>${formats.map((_, index) => `<xf numFmtId="${200 + index}"/>`).join("")}<xf numFmtId="14"/></cellXfs>`;
    const values: [number, string][] = [
      [0, "0.30000000000000004"],
      [1, "43363"],
      [2, "0.1234"],
      [3, "1234.5"],
      [4, "1.5"],
      [5, "0.75"],
      [6, "43363"],
      [7, "59"],
      [7, "43363.999999"],
    ];
    const cells = values.map(
      ([style, value], index) =>
        `<c r="${String.fromCodePoint(65 + index)}1" s="${style}"><f>NOW()</f><v>${value}</v></c>`,
    );
    const sheet = `<sheetData>${row(1, cells.join(""))}</sheetData>`;
    const markdown = await markdownOf("a.xlsx", xlsx({ S: sheet }, { styles }));
    expect(markdown.split("\n")[2]).toBe(
      "| 0.3 | 2018-09-20 | 12.3% | 1234.50 € | 36:00:00 | 18:00 | 2018-09 | 1900-02-28 | 2018-09-21 |",
    );
  });

  it("case 34: dates of a workbook that counts from 1904 are four years later", async () => {
    const styles = '<cellXfs><xf numFmtId="14"/></cellXfs>';
    const sheet = `<sheetData>${row(1, '<c r="A1" s="0"><v>41901</v></c>')}</sheetData>`;
    const file = xlsx({ S: sheet }, { styles, properties: '<workbookPr date1904="1"/>' });
    expect(await markdownOf("a.xlsx", file)).toBe("## S\n\n2018-09-20");
  });

  it("case 34: a merged cell of a sheet is repeated in its area, and a title above a table is a paragraph", async () => {
    const rows = [["Report"], ["Region", "", "Sum"], ["North", "Oslo", "1"], ["", "Bergen", "2"]];
    const merged =
      '<mergeCells><mergeCell ref="A2:B2"/><mergeCell ref="A3:A4"/><mergeCell ref="A1:C1"/></mergeCells>';
    expect(await markdownOf("a.xlsx", xlsx({ S: sheetData(rows) + merged }))).toBe(
      "## S\n\nReport\n\n| Region | Region | Sum |\n| --- | --- | --- |\n| North | Oslo | 1 |\n| North | Bergen | 2 |",
    );
  });

  it("empty rows separate the tables of a sheet, and columns without a cell are left out", async () => {
    const rows = [["", "a", "", "b"], ["", "1", "", "2"], [], ["c", "d|e"], ["3", "4"]];
    expect(await markdownOf("a.xlsx", xlsx({ S: sheetData(rows) }))).toBe(
      "## S\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n| c | d\\|e |\n| --- | --- |\n| 3 | 4 |",
    );
  });

  it("column names that an empty row separates from their numbers are the header of that table", async () => {
    const rows = [
      ["in CHF", "2024", ""],
      [],
      ["in CHF", "Sales", "Profit"],
      ["", "gross", ""],
      [],
      ["North", "10", "3"],
    ];
    expect(await markdownOf("a.xlsx", xlsx({ S: sheetData(rows) }))).toBe(
      "## S\n\n| in CHF | 2024 |\n| --- | --- |\n\n| in CHF | Sales gross | Profit |\n| --- | --- | --- |\n| North | 10 | 3 |",
    );
  });

  it("case 30: a sheet with a cell at its far end stays small", async () => {
    const far = row(1_048_576, '<c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c>');
    const near = row(1, '<c r="A1" t="inlineStr"><is><t>near</t></is></c>');
    const markdown = await markdownOf("a.xlsx", xlsx({ S: `<sheetData>${near}${far}</sheetData>` }));
    expect(markdown).toBe("## S\n\nnear\n\nfar");
  });

  it("a sheet beyond the limit of rows is cut with a warning", async () => {
    const rows = Array.from({ length: MOST_ROWS + 5 }, (_, index) => [`n${index}`, "x"]);
    const file = await extractFile({ name: "a.xlsx", mediaType: "", bytes: xlsx({ Big: sheetData(rows) }) });
    expect(file).toMatchObject({
      warnings: [`The rows of sheet "Big" after the first ${MOST_ROWS} were left out`],
    });
    const [sheet] = await partsOf("a.xlsx", xlsx({ Big: sheetData(rows) }));
    expect(sheet?.markdown.match(/^\| n/gm)).toHaveLength(MOST_ROWS);
  });
});
