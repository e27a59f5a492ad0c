import { zipFile } from "./zip-file.ts";

const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main";
const SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main";

/** Relations as [id, kind, target]. */
export function relationships(relations: readonly (readonly [string, string, string])[]): string {
  const elements = relations.map(
    ([id, kind, target]) => `<Relationship Id="${id}" Type="${OFFICE}/${kind}" Target="${target}"/>`,
  );
  return `<Relationships xmlns="${PACKAGE}/relationships">${elements.join("")}</Relationships>`;
}

/** Parts of an office file by name. */
type Parts = Readonly<Record<string, string | Buffer>>;

const EMBEDDED = { docx: "wordprocessingml.document", xlsx: "spreadsheetml.sheet" };

/** The types of embedded files stand by their extensions before that of the main part, as Office writes them. */
function office(main: string, contentType: string, parts: Parts): Buffer {
  const type = (name: string) => `application/vnd.openxmlformats-officedocument.${name}`;
  const embedded = Object.entries(EMBEDDED)
    .filter(([extension]) => Object.keys(parts).some((name) => name.endsWith(`.${extension}`)))
    .map(([extension, name]) => `<Default Extension="${extension}" ContentType="${type(name)}"/>`);
  const override = `<Override PartName="/${main}" ContentType="${type(contentType)}.main+xml"/>`;
  return zipFile({
    "[Content_Types].xml": `<Types xmlns="${PACKAGE}/content-types">${embedded.join("")}${override}</Types>`,
    "_rels/.rels": relationships([["rId1", "officeDocument", main]]),
    ...parts,
  });
}

/** A Word document with this body; `parts` are further parts. */
export function docx(body: string, parts: Parts = {}): Buffer {
  return office("word/document.xml", "wordprocessingml.document", {
    "word/document.xml": `<w:document xmlns:w="${WORD}" xmlns:r="${OFFICE}"><w:body>${body}</w:body></w:document>`,
    ...parts,
  });
}

/** `word/styles.xml` or `word/footnotes.xml` around its content. */
export function wordPart(name: string, content: string): string {
  return `<w:${name} xmlns:w="${WORD}">${content}</w:${name}>`;
}

/** A workbook of sheets (name to `<sheetData>` and what follows it); `state` by name hides sheets. */
export function xlsx(
  sheets: Readonly<Record<string, string>>,
  {
    strings = "",
    styles = "",
    hidden = [],
    properties = "",
    parts = {},
  }: {
    strings?: string;
    styles?: string;
    hidden?: readonly string[];
    properties?: string;
    parts?: Parts;
  } = {},
): Buffer {
  const names = Object.keys(sheets);
  const listed = names.map(
    (name, index) =>
      `<sheet name="${name}" sheetId="${index + 1}" r:id="rId${index + 1}"${hidden.includes(name) ? ' state="hidden"' : ""}/>`,
  );
  // The files are numbered against the order of the workbook, as after moving sheets.
  const file = (index: number): string => `worksheets/sheet${names.length - index}.xml`;
  return office("xl/workbook.xml", "spreadsheetml.sheet", {
    "xl/workbook.xml": `<workbook xmlns="${SHEET}" xmlns:r="${OFFICE}">${properties}<sheets>${listed.join("")}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": relationships([
      ...names.map((_, index) => [`rId${index + 1}`, "worksheet", file(index)] as const),
      ["rId90", "sharedStrings", "/xl/sharedStrings.xml"],
      ["rId91", "styles", "styles.xml"],
    ]),
    "xl/sharedStrings.xml": `<sst xmlns="${SHEET}">${strings}</sst>`,
    "xl/styles.xml": `<styleSheet xmlns="${SHEET}">${styles}</styleSheet>`,
    ...Object.fromEntries(
      Object.values(sheets).map((content, index) => [
        `xl/${file(index)}`,
        `<worksheet xmlns="${SHEET}">${content}</worksheet>`,
      ]),
    ),
    ...parts,
  });
}

/** Rows of a sheet of strings; an empty one is no cell, a gap in the array an empty row. */
export function sheetData(rows: readonly (readonly string[])[]): string {
  const written = rows.map((row, index) => {
    const cells = row.map((text, column) => {
      const name = `${String.fromCodePoint(65 + column)}${index + 1}`;
      return text === "" ? "" : `<c r="${name}" t="inlineStr"><is><t>${text}</t></is></c>`;
    });
    return `<row r="${index + 1}">${cells.join("")}</row>`;
  });
  return `<sheetData>${written.join("")}</sheetData>`;
}

/** A presentation of slides (their shapes as XML) with notes; the files are numbered against the order of the slides. */
export function pptx(
  slides: readonly { shapes: string; notes?: string; hidden?: boolean }[],
  others: Parts = {},
): Buffer {
  const file = (index: number): number => slides.length - index;
  const spaces = `xmlns:p="${SLIDE}" xmlns:a="${DRAWING}" xmlns:r="${OFFICE}"`;
  const ids = slides.map((_, index) => `<p:sldId id="${256 + index}" r:id="rId${index + 1}"/>`);
  const parts: Record<string, string | Buffer> = {
    ...others,
    "ppt/presentation.xml": `<p:presentation ${spaces}><p:sldIdLst>${ids.join("")}</p:sldIdLst></p:presentation>`,
    "ppt/_rels/presentation.xml.rels": relationships(
      slides.map((_, index) => [`rId${index + 1}`, "slide", `slides/slide${file(index)}.xml`] as const),
    ),
  };
  for (const [index, { shapes, notes, hidden }] of slides.entries()) {
    const number = file(index);
    parts[`ppt/slides/slide${number}.xml`] =
      `<p:sld ${spaces}${hidden ? ' show="0"' : ""}><p:cSld><p:spTree>${shapes}</p:spTree></p:cSld></p:sld>`;
    if (notes === undefined) continue;
    parts[`ppt/slides/_rels/slide${number}.xml.rels`] = relationships([
      ["rId1", "notesSlide", `../notesSlides/notesSlide${number}.xml`],
    ]);
    parts[`ppt/notesSlides/notesSlide${number}.xml`] =
      `<p:notes ${spaces}><p:cSld><p:spTree>${textShape(notes, "body")}${textShape("7", "sldNum")}</p:spTree></p:cSld></p:notes>`;
  }
  return office("ppt/presentation.xml", "presentationml.presentation", parts);
}

/** A text shape: lines as paragraphs, a leading tab a level; `placeholder` as in `<p:ph type>`, null for a text box. */
export function textShape(text: string, placeholder: string | null): string {
  const mark = placeholder === null ? "" : `<p:ph type="${placeholder}"/>`;
  const paragraphs = text.split("\n").map((line) => {
    const level = /^\t*/.exec(line)?.[0].length ?? 0;
    return `<a:p><a:pPr lvl="${level}"/><a:r><a:t>${line.trim()}</a:t></a:r></a:p>`;
  });
  return `<p:sp><p:nvSpPr><p:nvPr>${mark}</p:nvPr></p:nvSpPr><p:txBody>${paragraphs.join("")}</p:txBody></p:sp>`;
}

const OPEN_DOCUMENT = "urn:oasis:names:tc:opendocument:xmlns";
const OPEN_SPACES = ["office", "text", "table", "style", "presentation", "meta"]
  .map((name) => `xmlns:${name}="${OPEN_DOCUMENT}:${name}:1.0"`)
  .concat(`xmlns:draw="${OPEN_DOCUMENT}:drawing:1.0"`, 'xmlns:xlink="http://www.w3.org/1999/xlink"')
  .join(" ");

/** An OpenDocument file: `kind` is text, spreadsheet or presentation. */
export function openDocument(
  kind: "text" | "spreadsheet" | "presentation",
  body: string,
  automaticStyles = "",
): Buffer {
  return zipFile({
    mimetype: `application/vnd.oasis.opendocument.${kind}`,
    "content.xml": `<office:document-content ${OPEN_SPACES}><office:automatic-styles>${automaticStyles}</office:automatic-styles><office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`,
  });
}
