import { describe, expect, it } from "vitest";
import { extractFile } from "#shared/extraction/extract-file.ts";
import { markdownOf, partsOf } from "#test/support/extract.ts";
import { openDocument } from "#test/support/office-files.ts";

const LISTS =
  '<text:list-style style:name="N"><text:list-level-style-number text:level="1" style:num-format="1"/>' +
  '<text:list-level-style-bullet text:level="2" text:bullet-char="•"/></text:list-style>';

describe("the text of an OpenDocument file", () => {
  it("an ODT keeps headings, lists by level, links and footnotes, and leaves deleted text out", async () => {
    const body =
      "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>" +
      '<text:h text:outline-level="2">Rules</text:h>' +
      '<text:p>See <text:a xlink:href="https://example.org/">here</text:a><text:note><text:note-citation>1</text:note-citation>' +
      "<text:note-body><text:p>The note.</text:p></text:note-body></text:note></text:p>" +
      '<text:list text:style-name="N"><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>inner</text:p>' +
      "</text:list-item></text:list></text:list-item></text:list>";
    expect(await markdownOf("a.odt", openDocument("text", body, LISTS))).toBe(
      "## Rules\n\nSee [here](https://example.org/)[1]\n\n1. one\n\n   - inner\n\n***\n\n1. The note.",
    );
  });

  it("an ODP gives its slides in order with title, shapes and notes", async () => {
    const frame = (kind: string, text: string): string =>
      `<draw:frame presentation:class="${kind}"><draw:text-box><text:p>${text}</text:p></draw:text-box></draw:frame>`;
    const notes = `<presentation:notes>${frame("notes", "Slowly")}</presentation:notes>`;
    const body = `<draw:page>${frame("subtitle", "2025")}${frame("title", "Sales")}${notes}</draw:page><draw:page>${frame("title", "End")}</draw:page>`;
    expect(await partsOf("a.odp", openDocument("presentation", body))).toEqual([
      { place: { kind: "slide", number: 1 }, markdown: "## Sales\n\n2025\n\nNotes:\n\nSlowly" },
      { place: { kind: "slide", number: 2 }, markdown: "## End" },
    ]);
  });

  it("paragraphs of an ODP in a list without marks, or in a cell's list of one item, are not items", async () => {
    const styles =
      '<text:list-style style:name="plain"><text:list-level-style-number text:level="1" style:num-format=""/></text:list-style>' +
      '<text:list-style style:name="dots"><text:list-level-style-bullet text:level="1" text:bullet-char="•"/></text:list-style>';
    const list = (style: string, text: string): string =>
      `<text:list text:style-name="${style}"><text:list-item><text:p>${text}</text:p></text:list-item></text:list>`;
    const cells = ["A", "B"]
      .map((text) => `<table:table-cell>${list("dots", text)}</table:table-cell>`)
      .join("");
    const table = `<table:table><table:table-row>${cells}</table:table-row><table:table-row>${cells}</table:table-row></table:table>`;
    const body = `<draw:page>${list("plain", "Agenda")}${list("dots", "Budget")}${table}</draw:page>`;
    expect(await markdownOf("a.odp", openDocument("presentation", body, styles))).toBe(
      "Agenda\n\n- Budget\n\n| A | B |\n| --- | --- |\n| A | B |",
    );
  });

  it("an ODS gives the visible sheets, merged cells repeated, and neither endless repeated cells nor hidden sheets", async () => {
    const cell = (text: string, attributes = ""): string =>
      `<table:table-cell ${attributes}><text:p>${text}</text:p></table:table-cell>`;
    const styles =
      '<style:style style:name="off"><style:table-properties table:display="false"/></style:style>';
    const body =
      `<table:table table:name="Data"><table:table-row>${cell("Year")}${cell("Ducks")}<table:table-cell table:number-columns-repeated="16382"/></table:table-row>` +
      `<table:table-row>${cell("2024", 'table:number-rows-spanned="2"')}${cell("1")}</table:table-row>` +
      `<table:table-row><table:covered-table-cell/>${cell("2")}</table:table-row>` +
      '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>' +
      `<table:table table:name="Lists" table:style-name="off"><table:table-row>${cell("x")}</table:table-row></table:table>`;
    const file = await extractFile({
      name: "a.ods",
      mediaType: "",
      bytes: openDocument("spreadsheet", body, styles),
    });
    expect(file).toMatchObject({
      parts: [
        {
          place: { kind: "sheet", name: "Data" },
          markdown: "## Data\n\n| Year | Ducks |\n| --- | --- |\n| 2024 | 1 |\n| 2024 | 2 |",
        },
      ],
      warnings: ['The hidden sheet "Lists" was left out'],
    });
  });
});
