import mammoth from "mammoth";
import type { ExtractedFile } from "#shared/extraction/extracted-file.ts";
import { ExtractionFailure, textOrNone } from "#shared/extraction/extraction-failure.ts";
import { markdownOfHtml } from "#shared/extraction/html-markdown.ts";
import { headingStyles } from "./docx-styles.ts";
import { mainPartOf, relationsOf } from "./package-parts.ts";
import { eachElement } from "./read-xml.ts";
import { openZip, type ZipArchive } from "./zip-archive.ts";

const EXTRACTOR = "mammoth 1.13.0";
/** Mammoth and the converter hold about 80 bytes for each byte of XML (an 872-page handbook has 5.3 MB): more fits into no GB. */
const MOST_XML = 12_000_000;

/** The text of a Word document: headings, lists, tables, text boxes, footnotes; deleted text and comments are left out. */
export async function extractDocx(bytes: Uint8Array): Promise<ExtractedFile> {
  const zip = openZip(bytes);
  const related = relationsOf(zip, mainPartOf(zip, "word/document.xml")).values();
  const styles = zip.read([...related].find(({ kind }) => kind === "styles")?.target ?? "word/styles.xml");
  // Mammoth takes an opened zip file too, which its types leave out.
  const input = { file: checkedParts(zip) } as unknown as Parameters<typeof mammoth.convertToHtml>[0];
  const { value: html } = await mammoth.convertToHtml(input, {
    styleMap: styles ? headingStyles(styles) : [],
    transformDocument: withHeaderRows,
    convertImage: mammoth.images.imgElement(async () => ({ src: "" })),
  });
  return textOrNone([{ place: null, markdown: markdownOfHtml(withPlainNotes(html)) }], [], EXTRACTOR);
}

type DocumentNode = { type: string; isHeader?: boolean; children?: DocumentNode[] };

/** Makes the first row of each table its header where the author marked none: nearly all tables of documents have one. */
function withHeaderRows(node: DocumentNode): DocumentNode {
  const children = node.children?.map(withHeaderRows);
  const [first, ...others] = children ?? [];
  const names = node.type === "table" && others.length > 0 && (first?.children?.length ?? 0) > 1;
  if (!names || !first || first.isHeader) return { ...node, children };
  return { ...node, children: [{ ...first, isHeader: true }, ...others] };
}

/**
 * Marks of notes without links to places that Markdown does not have, behind a full stop or comma that follows them, so that words
 * stay whole; a line above the notes; pictures as their description.
 */
function withPlainNotes(html: string): string {
  return html
    .replaceAll(/<sup><a href="#(?:footnote|endnote)-[^"]*"[^>]*>(\[\d+\])<\/a><\/sup>([.,;:!?]?)/g, "$2$1")
    .replaceAll(/ ?<a href="#(?:footnote|endnote)-ref-[^"]*">↑<\/a>/g, "")
    .replace(/<ol><li id="(?=(?:footnote|endnote)-)/, "<hr>$&")
    .replaceAll(/<img(?: alt="([^"]*)")?[^>]*>/g, "$1");
}

/** The zip file as mammoth reads it: each part of XML is checked before mammoth's recursive reader has it. */
function checkedParts(zip: ZipArchive): object {
  return {
    exists: (name: string) => zip.has(name),
    read: async (name: string, encoding?: "utf-8" | "base64") => {
      const bytes = zip.read(name);
      if (bytes === null) throw new ExtractionFailure("extraction_failed", `The file lacks its part ${name}`);
      if (encoding !== "utf-8") return encoding === undefined ? bytes : bytes.toString(encoding);
      if (bytes.length > MOST_XML) {
        throw new ExtractionFailure("too_large", `${name} has ${bytes.length} bytes, more than ${MOST_XML}`);
      }
      eachElement(bytes, {});
      return bytes.toString(encoding);
    },
  };
}
