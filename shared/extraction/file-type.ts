import { partOf, relationsOf } from "./office/package-parts.ts";
import { attributeOf, childrenOf } from "./office/xml-tree.ts";
import { openZip, type ZipArchive } from "./office/zip-archive.ts";
import { ExtractionFailure } from "./extraction-failure.ts";

/** A file with what Confluence says about it; both may be wrong. */
export type NamedFile = { name: string; mediaType: string; bytes: Uint8Array };

/** A type that is read; `image`: known, without text. */
export type FileType =
  | "pdf"
  | "docx"
  | "pptx"
  | "xlsx"
  | "odt"
  | "ods"
  | "odp"
  | "txt"
  | "md"
  | "csv"
  | "json"
  | "html"
  | "image";

const CFB = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const ZIP = [0x50, 0x4b, 0x03, 0x04];
/** PNG, JPEG, GIF, TIFF in both byte orders. */
const IMAGES = ["\u0089PNG", "\u00ff\u00d8\u00ff", "GIF8", "II*\0", "MM\0*"];
/** Readers of PDF look for the mark in the first 1,024 bytes. */
const PDF_MARK = "%PDF-";
const PDF_MARK_WITHIN = 1024;

const OPEN_DOCUMENTS: readonly (readonly [string, "odt" | "ods" | "odp"])[] = [
  ["application/vnd.oasis.opendocument.text", "odt"],
  ["application/vnd.oasis.opendocument.spreadsheet", "ods"],
  ["application/vnd.oasis.opendocument.presentation", "odp"],
];
const OFFICE_FOLDERS: readonly (readonly [string, "docx" | "pptx" | "xlsx"])[] = [
  ["wordprocessingml.", "docx"],
  ["ms-word.", "docx"],
  ["presentationml.", "pptx"],
  ["ms-powerpoint.", "pptx"],
  ["spreadsheetml.", "xlsx"],
  ["ms-excel.sheet", "xlsx"],
];
const CONTENT_TYPES = "[Content_Types].xml";
const TEXTS: readonly (readonly [RegExp, RegExp, "txt" | "md" | "csv" | "json" | "html"])[] = [
  [/\.(?:md|markdown)$/, /^text\/(?:x-)?markdown$/, "md"],
  [/\.(?:csv|tsv)$/, /^text\/(?:csv|tab-separated-values)$/, "csv"],
  [/\.json$/, /^application\/json$/, "json"],
  [/\.html?$/, /^(?:text\/html|application\/xhtml\+xml)$/, "html"],
  [/\.(?:txt|text|log)$/, /^text\/plain$/, "txt"],
];

/**
 * The type of a file: by its first bytes, because names lie; texts, which have no mark, by name, else by media type.
 * @throws ExtractionFailure `unsupported_type`, `encrypted`, `extraction_failed` (a damaged zip archive)
 */
export function fileType({ name, mediaType, bytes }: NamedFile): FileType {
  const beginning = Buffer.from(bytes.subarray(0, PDF_MARK_WITHIN)).toString("latin1");
  if (beginning.includes(PDF_MARK) && !startsWith(bytes, ZIP)) return "pdf";
  if (startsWith(bytes, CFB)) throw compoundFile(bytes);
  if (IMAGES.some((mark) => beginning.startsWith(mark))) return "image";
  if (startsWith(bytes, ZIP)) return zippedType(bytes, name);
  const lowerName = name.toLowerCase();
  const kind = mediaType.toLowerCase().split(";")[0]?.trim() ?? "";
  if (lowerName.endsWith(".pdf")) return "pdf";
  if (/\.(?:doc|ppt|xls)[xm]$|\.od[tsp]$/.test(lowerName)) {
    throw new ExtractionFailure("extraction_failed", `${name} does not have the content that its name says`);
  }
  const text = TEXTS.find(([names]) => names.test(lowerName)) ?? TEXTS.find(([, kinds]) => kinds.test(kind));
  if (text) return text[2];
  throw unsupported(name);
}

function zippedType(bytes: Uint8Array, name: string): FileType {
  const zip = openZip(bytes);
  const mimetype = zip.read("mimetype")?.toString("latin1").trim() ?? "";
  const open = OPEN_DOCUMENTS.find(([kind]) => kind === mimetype)?.[1];
  if (open && /<manifest:encryption-data\b/.test(zip.read("META-INF/manifest.xml")?.toString("utf8") ?? "")) {
    throw new ExtractionFailure("encrypted", "The file is encrypted with a password");
  }
  if (open) return open;
  if (!zip.has(CONTENT_TYPES)) throw unsupported(name);
  const types = mainType(zip) ?? zip.read(CONTENT_TYPES)?.toString("utf8") ?? "";
  const office = OFFICE_FOLDERS.find(([kind]) => types.includes(kind))?.[1];
  if (office) return office;
  throw unsupported(name);
}

/**
 * The content type of an Office file's main part, null where none is stated: the types of all parts include those of files embedded
 * in it.
 */
function mainType(zip: ZipArchive): string | null {
  const main = [...relationsOf(zip, "").values()].find(({ kind }) => kind === "officeDocument")?.target;
  if (main === undefined) return null;
  const types = partOf(zip, CONTENT_TYPES) ?? undefined;
  const isMain = (written: string) => written.toLowerCase() === `/${main}`.toLowerCase();
  const extension = main.slice(main.lastIndexOf(".") + 1).toLowerCase();
  const stated =
    childrenOf(types, "Override").find((part) => isMain(attributeOf(part, "PartName"))) ??
    childrenOf(types, "Default").find((part) => attributeOf(part, "Extension").toLowerCase() === extension);
  return attributeOf(stated, "ContentType") || null;
}

/** A compound file: an Office file before 2007, or the envelope of an encrypted one of today. */
function compoundFile(bytes: Uint8Array): ExtractionFailure {
  const isEncrypted = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(
    Buffer.from("EncryptedPackage", "utf16le"),
  );
  if (isEncrypted) return new ExtractionFailure("encrypted", "The file is encrypted with a password");
  return new ExtractionFailure(
    "unsupported_type",
    "Files of Office before 2007 (.doc, .xls, .ppt) are not read: save the file as .docx, .xlsx or .pptx",
  );
}

function unsupported(name: string): ExtractionFailure {
  return new ExtractionFailure("unsupported_type", `The content of ${name} is of a type that is not read`);
}

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}
