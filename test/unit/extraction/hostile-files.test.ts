import { describe, expect, it } from "vitest";
import { extractFile } from "#shared/extraction/extract-file.ts";
import { MOST_CHARACTERS } from "#shared/extraction/extracted-file.ts";
import { formatNumber } from "#shared/extraction/office/number-formats.ts";
import { gridMarkdown } from "#shared/extraction/text/grid-markdown.ts";
import { openZip } from "#shared/extraction/office/zip-archive.ts";
import { docx, openDocument, pptx, sheetData, textShape, xlsx } from "#test/support/office-files.ts";
import { zipFile } from "#test/support/zip-file.ts";

const extract = (name: string, bytes: Uint8Array) => extractFile({ name, mediaType: "", bytes });
const compoundFile = (text: string): Buffer =>
  Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(512), Buffer.from(text, "utf16le")]);

describe("files that harm or lie", () => {
  it("case 30: a zip archive is inflated up to its budget over all entries, whatever sizes it states", () => {
    const zip = openZip(zipFile({ a: "x".repeat(600), b: "x".repeat(600) }, 1), 1000);
    expect(zip.read("a")).toHaveLength(600);
    expect(() => zip.read("b")).toThrow("b decompresses beyond the file's limit");
  });

  it("case 30: a DOCX that inflates to 250 MB fails before anything parses it", async () => {
    const bomb = docx("", { "word/document.xml": " ".repeat(250_000_000) });
    expect(await extract("a.docx", bomb)).toMatchObject({
      result: "extraction_failed",
      message: expect.stringContaining("decompresses beyond"),
    });
  });

  it("case 30: a DOCX with 100,000 nested elements fails by its depth", async () => {
    const nested = docx(`${"<w:sdt>".repeat(100_000)}${"</w:sdt>".repeat(100_000)}`);
    expect(await extract("a.docx", nested)).toMatchObject({
      result: "extraction_failed",
      message: expect.stringContaining("nests over"),
    });
  });

  it("case 30: a document type with entities is refused in a DOCX, so that no file is read and nothing is expanded", async () => {
    const xml = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>';
    expect(await extract("a.docx", docx("", { "word/document.xml": xml }))).toMatchObject({
      result: "extraction_failed",
      message: expect.stringContaining("document type"),
    });
  });

  it("case 30: a truncated zip archive is a failed extraction", async () => {
    const whole = docx("<w:p/>");
    expect((await extract("a.docx", whole.subarray(0, whole.length - 30))).result).toBe("extraction_failed");
  });

  it("case 30: cells repeated without end in an ODS are cut to the limit of characters with a warning", async () => {
    const cell =
      '<table:table-cell table:number-columns-repeated="16384"><text:p>again</text:p></table:table-cell>';
    const body = `<table:table table:name="T"><table:table-row table:number-rows-repeated="1048576">${cell}</table:table-row></table:table>`;
    const file = await extract("a.ods", openDocument("spreadsheet", body));
    if (file.result !== "text") throw new Error(file.message);
    expect(file.parts[0]?.markdown.length).toBeLessThanOrEqual(MOST_CHARACTERS);
    expect(file.warnings).toContain(`The text beyond ${MOST_CHARACTERS} characters was left out`);
  });

  it("a cell of a few hundred thousand digits, and a number's format of as many brackets, take no longer than others", () => {
    const row = (index: number, ...cells: string[]) => ({ index, cells: new Map(cells.entries()) });
    const cell = `${"1".repeat(300_000)}!`;
    expect(gridMarkdown([row(0, "name", "number"), row(2, cell, "2")])).toContain(cell.slice(0, -1));
    expect(formatNumber(1.5, `0${"[$".repeat(3000)}`, false)).toBe("1.5");
  }, 20_000);

  it("case 31: an encrypted Office file is encrypted, and one from before 2007 is unsupported, whatever its name says", async () => {
    expect((await extract("a.xlsx", compoundFile("EncryptedPackage"))).result).toBe("encrypted");
    expect((await extract("a.docx", compoundFile("WordDocument"))).result).toBe("unsupported_type");
    expect((await extract("a.doc", compoundFile("WordDocument"))).result).toBe("unsupported_type");
  });

  it("case 31: a file is read by its content, not by its extension", async () => {
    const paragraph = "<w:p><w:r><w:t>a document</w:t></w:r></w:p>";
    expect(await extract("a.xlsx", docx(paragraph))).toMatchObject({ parts: [{ markdown: "a document" }] });
    expect((await extract("a.docx", Buffer.from("plain text"))).result).toBe("extraction_failed");
    expect((await extract("a.zip", zipFile({ "a.txt": "x" }))).result).toBe("unsupported_type");
    expect((await extract("a.exe", Buffer.from("MZ"))).result).toBe("unsupported_type");
  });

  it("an Office file is what its main part is, whatever files are embedded in it", async () => {
    const word = docx("<w:p><w:r><w:t>an embedded document</w:t></w:r></w:p>");
    const deck = pptx([{ shapes: textShape("a slide", null) }], { "ppt/embeddings/Document1.docx": word });
    const book = xlsx({ Plan: sheetData([["a cell"]]) }, { parts: { "xl/embeddings/Document1.docx": word } });
    const letter = docx("<w:p><w:r><w:t>a letter</w:t></w:r></w:p>", { "word/embeddings/Book1.xlsx": book });
    expect(await extract("a.pptx", deck)).toMatchObject({ parts: [{ markdown: "a slide" }] });
    expect(await extract("a.xlsx", book)).toMatchObject({
      parts: [{ markdown: expect.stringContaining("a cell") as string }],
    });
    expect(await extract("a.docx", letter)).toMatchObject({ parts: [{ markdown: "a letter" }] });
  });

  it("the type of an Office file's main part may be stated by its extension", async () => {
    const types = { docx: "wordprocessingml.document", xml: "presentationml.presentation.main+xml" };
    const defaults = Object.entries(types).map(
      ([extension, type]) => `<Default Extension="${extension}" ContentType="application/${type}"/>`,
    );
    const deck = pptx([{ shapes: textShape("a slide", null) }], {
      "[Content_Types].xml": `<Types>${defaults.join("")}</Types>`,
    });
    expect(await extract("a.pptx", deck)).toMatchObject({ parts: [{ markdown: "a slide" }] });
  });

  it("an Office file whose root relations are missing is read by the types of its parts", async () => {
    const paragraph = "<w:p><w:r><w:t>a document</w:t></w:r></w:p>";
    const file = docx(paragraph, { "_rels/.rels": "<Relationships/>" });
    expect(await extract("a.docx", file)).toMatchObject({ parts: [{ markdown: "a document" }] });
  });

  it("case 31: an empty file, a document without words and a picture have no text", async () => {
    expect((await extract("a.txt", Buffer.alloc(0))).result).toBe("no_text");
    expect((await extract("a.docx", docx("<w:p/>"))).result).toBe("no_text");
    expect((await extract("a.png", Buffer.from("89504e470d0a1a0a", "hex"))).result).toBe("no_text");
  });
});
