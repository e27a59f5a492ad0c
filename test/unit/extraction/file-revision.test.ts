import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { extractFile } from "#shared/extraction/extract-file.ts";
import { extractPdf } from "#shared/extraction/pdf/extract-pdf.ts";
import { EXTRACTION_OUTPUT, EXTRACTION_REVISION } from "#shared/extraction/file-revision.ts";
import { docx, openDocument, pptx, sheetData, textShape, xlsx } from "#test/support/office-files.ts";
import { pdfFile } from "#test/support/pdf-file.ts";

const line = (text: string, y: number, size = 12) => ({ text, x: 72, y, size });
const PDF = pdfFile([
  { lines: [line("Heading", 720, 24), line("A first line of text,", 660), line("and a second one.", 645)] },
  { lines: [line("Another page", 720, 24), line("with text below", 660)] },
]);
const paragraphs = (...texts: string[]) =>
  texts.map((text) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`).join("");

/** One file of each type. */
const FILES: Record<string, Uint8Array> = {
  "a.docx": docx(
    `${paragraphs("First paragraph", "Second paragraph")}<w:tbl><w:tr><w:tc>${paragraphs("Name")}</w:tc><w:tc>${paragraphs("Value")}</w:tc></w:tr><w:tr><w:tc>${paragraphs("a")}</w:tc><w:tc>${paragraphs("1")}</w:tc></w:tr></w:tbl>`,
  ),
  "a.pptx": pptx([
    { shapes: textShape("Title", "title") + textShape("One\n\tTwo", "body"), notes: "Said aloud" },
    { shapes: textShape("Loose text", null) },
  ]),
  "a.xlsx": xlsx({
    Plan: sheetData([
      ["Item", "Cost"],
      ["Rope", "12"],
    ]),
    Notes: sheetData([["Only text"]]),
  }),
  "a.odt": openDocument("text", "<text:h text:outline-level='1'>Head</text:h><text:p>Body</text:p>"),
  "a.ods": openDocument(
    "spreadsheet",
    "<table:table table:name='S'><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row></table:table>",
  ),
  "a.odp": openDocument(
    "presentation",
    "<draw:page draw:name='p'><draw:frame><draw:text-box><text:p>Slide</text:p></draw:text-box></draw:frame></draw:page>",
  ),
  "a.pdf": PDF,
  "a.csv": Buffer.from('name;value\na;1\nb;"two; or three"\n'),
  "a.json": Buffer.from('{"key": ["value", 1]}'),
  "a.html": Buffer.from(
    "<h1>Head</h1><p>Some <b>text</b></p><table><tr><th>A</th></tr><tr><td>1</td></tr></table>",
  ),
  "a.md": Buffer.from("# Head\n\nText\n"),
  "a.txt": Buffer.from("Text with caf\u00e9\n\nand more"),
};

it("the revision is raised when another text is extracted from a file", async () => {
  const hash = createHash("sha256");
  for (const [name, bytes] of Object.entries(FILES)) {
    const extracted = await extractFile({ name, mediaType: "", bytes });
    expect([name, extracted.result]).toEqual([name, "text"]);
    hash.update(JSON.stringify([name, extracted.result === "text" ? extracted.parts : null]));
  }
  const byUnpdf = await extractPdf(PDF, "unpdf");
  hash.update(JSON.stringify(byUnpdf.result === "text" ? byUnpdf.parts : null));
  const made = hash.digest("hex").slice(0, 16);
  const recorded = Number(EXTRACTION_OUTPUT.split(":")[0]);
  const next = EXTRACTION_REVISION === recorded ? recorded + 1 : EXTRACTION_REVISION;
  expect(
    `${EXTRACTION_REVISION}:${made}`,
    `The extraction makes something else of these files than at revision ${recorded}: files stored before keep their old text. In ` +
      `shared/extraction/file-revision.ts set EXTRACTION_REVISION to ${next} and EXTRACTION_OUTPUT to "${next}:${made}". If no output ` +
      `was to change, look for what changed it.`,
  ).toBe(EXTRACTION_OUTPUT);
});
