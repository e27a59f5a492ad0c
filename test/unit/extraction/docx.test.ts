import { describe, expect, it } from "vitest";
import { markdownOf } from "#test/support/extract.ts";
import { docx, relationships, wordPart } from "#test/support/office-files.ts";

const paragraph = (text: string, properties = ""): string =>
  `<w:p><w:pPr>${properties}</w:pPr><w:r><w:t>${text}</w:t></w:r></w:p>`;
const cell = (text: string, properties = ""): string =>
  `<w:tc><w:tcPr>${properties}</w:tcPr>${paragraph(text)}</w:tc>`;
const style = (id: string, name: string, content: string): string =>
  `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/>${content}</w:style>`;

describe("the text of a Word document", () => {
  it("case 33: a DOCX paragraph whose style inherits an outline level is a heading, whatever the style's name", async () => {
    const styles = wordPart(
      "styles",
      style("Base", "Grundlage", '<w:pPr><w:outlineLvl w:val="1"/></w:pPr>') +
        style("Kapitel", "Kapitel", '<w:basedOn w:val="Base"/>') +
        style("Body", "Fließtext", '<w:pPr><w:outlineLvl w:val="9"/></w:pPr>') +
        style("KonuBal", "Title", ""),
    );
    const file = docx(
      paragraph("Handbook", '<w:pStyle w:val="KonuBal"/>') +
        paragraph("Safety", '<w:pStyle w:val="Kapitel"/>') +
        paragraph("Wear a helmet.", '<w:pStyle w:val="Body"/>'),
      { "word/styles.xml": styles },
    );
    expect(await markdownOf("a.docx", file)).toBe("# Handbook\n\n## Safety\n\nWear a helmet.");
  });

  it("case 33: a DOCX heading with an automatic number stays a heading and does not become an item of a list", async () => {
    const numbered = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>';
    const file = docx(paragraph("Scope", `<w:pStyle w:val="H1"/>${numbered}`) + paragraph("one", numbered), {
      "word/styles.xml": wordPart(
        "styles",
        style("H1", "Rubrik", '<w:pPr><w:outlineLvl w:val="0"/></w:pPr>'),
      ),
      "word/numbering.xml": wordPart(
        "numbering",
        '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>',
      ),
    });
    expect(await markdownOf("a.docx", file)).toBe("# Scope\n\n1. one");
  });

  it("case 33: a merged cell of a DOCX table is repeated in its area, and the first row is the header", async () => {
    const table =
      `<w:tbl><w:tr>${cell("Region")}${cell("Q1")}${cell("Q2")}</w:tr>` +
      `<w:tr>${cell("North", '<w:vMerge w:val="restart"/>')}${cell("all year", '<w:gridSpan w:val="2"/>')}</w:tr>` +
      `<w:tr>${cell("", "<w:vMerge/>")}${cell("3")}${cell("4")}</w:tr></w:tbl>`;
    expect(await markdownOf("a.docx", docx(table))).toBe(
      "| Region | Q1 | Q2 |\n| --- | --- | --- |\n| North | all year | all year |\n| North | 3 | 4 |",
    );
  });

  it("the words of a text box in a DOCX are kept once, although the file holds them twice", async () => {
    const box = `<w:txbxContent>${paragraph("Note the deadline")}</w:txbxContent>`;
    const drawn =
      '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">' +
      `<mc:Choice Requires="wps"><w:drawing>${box}</w:drawing></mc:Choice>` +
      `<mc:Fallback><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml"><v:textbox>${box}</v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent>`;
    const markdown = await markdownOf("a.docx", docx(`<w:p><w:r><w:t>Plan</w:t>${drawn}</w:r></w:p>`));
    expect(markdown.match(/Plan|Note the deadline/g)?.sort()).toEqual(["Note the deadline", "Plan"]);
  });

  it("case 33: footnotes of a DOCX follow the text, and deleted text of tracked changes is left out", async () => {
    const file = docx(
      "<w:p><w:r><w:t>Costs rise</w:t></w:r>" +
        '<w:del w:id="1"><w:r><w:delText> slowly</w:delText></w:r></w:del>' +
        '<w:ins w:id="2"><w:r><w:t> fast</w:t></w:r></w:ins>' +
        '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>. Next.</w:t></w:r></w:p>',
      {
        "word/_rels/document.xml.rels": relationships([["rId1", "footnotes", "footnotes.xml"]]),
        "word/footnotes.xml": wordPart(
          "footnotes",
          `<w:footnote w:id="2">${paragraph("By 12 % in 2025.")}</w:footnote>`,
        ),
      },
    );
    expect(await markdownOf("a.docx", file)).toBe("Costs rise fast.[1] Next.\n\n***\n\n1. By 12 % in 2025.");
  });
});
