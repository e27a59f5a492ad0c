import { inflateRawSync } from "node:zlib";
import { ExtractionFailure } from "#shared/extraction/extraction-failure.ts";

/** Bytes that all entries that are read may inflate to; the XML of an 872-page handbook has 7 MB. */
const MOST_INFLATED = 200_000_000;
/** An office file has one entry a slide, sheet or picture, and some dozens besides. */
const MOST_ENTRIES = 20_000;

const END_SIGNATURE = 0x06054b50;
const END_LENGTH = 22;
const MOST_COMMENT = 0xffff;
const ENTRY_SIGNATURE = 0x02014b50;
const ENTRY_LENGTH = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_LENGTH = 30;
const STORED = 0;
const DEFLATED = 8;

type Entry = { method: number; isEncrypted: boolean; compressed: number; offset: number };

/** The entries of a zip file in memory. Names are only keys: nothing is written anywhere. */
export type ZipArchive = {
  has(name: string): boolean;
  /**
   * The bytes of an entry; null if the archive lacks it. Sizes that the archive states are not believed: inflating stops at
   * what is left of the archive's budget.
   * @throws ExtractionFailure `extraction_failed` (damaged, beyond the budget), `encrypted`
   */
  read(name: string): Buffer | null;
};

/**
 * Reads the central directory of a zip file.
 * @throws ExtractionFailure `extraction_failed` when it is truncated, damaged, or has too many entries
 */
export function openZip(bytes: Uint8Array, mostInflated = MOST_INFLATED): ZipArchive {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = readDirectory(file);
  const inflated = new Map<string, Buffer>();
  let left = mostInflated;
  return {
    has: (name) => entries.has(name),
    read: (name) => {
      const entry = entries.get(name);
      if (!entry) return null;
      const known = inflated.get(name);
      if (known) return known;
      const content = readEntry(file, name, entry, left);
      left -= content.length;
      inflated.set(name, content);
      return content;
    },
  };
}

function readDirectory(file: Buffer): ReadonlyMap<string, Entry> {
  const end = findEnd(file);
  const count = file.readUInt16LE(end + 10);
  if (count > MOST_ENTRIES) throw damaged(`the zip archive has ${count} entries, more than ${MOST_ENTRIES}`);
  const entries = new Map<string, Entry>();
  let position = file.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    if (position + ENTRY_LENGTH > file.length || file.readUInt32LE(position) !== ENTRY_SIGNATURE) {
      throw damaged(`entry ${index + 1} of the zip archive's directory is missing`);
    }
    const nameLength = file.readUInt16LE(position + 28);
    const nameEnd = position + ENTRY_LENGTH + nameLength;
    const name = file.toString("utf8", position + ENTRY_LENGTH, nameEnd).replaceAll("\\", "/");
    entries.set(name, {
      method: file.readUInt16LE(position + 10),
      isEncrypted: (file.readUInt16LE(position + 8) & 1) === 1,
      compressed: file.readUInt32LE(position + 20),
      offset: file.readUInt32LE(position + 42),
    });
    position = nameEnd + file.readUInt16LE(position + 30) + file.readUInt16LE(position + 32);
  }
  return entries;
}

function findEnd(file: Buffer): number {
  const first = Math.max(0, file.length - END_LENGTH - MOST_COMMENT);
  for (let position = file.length - END_LENGTH; position >= first; position--) {
    if (file.readUInt32LE(position) === END_SIGNATURE) return position;
  }
  throw damaged("its zip archive has no end: it is truncated or damaged");
}

function readEntry(file: Buffer, name: string, entry: Entry, left: number): Buffer {
  if (entry.isEncrypted) throw new ExtractionFailure("encrypted", `The file's part ${name} is encrypted`);
  const { offset, compressed } = entry;
  if (offset + LOCAL_LENGTH > file.length || file.readUInt32LE(offset) !== LOCAL_SIGNATURE) {
    throw damaged(`${name} is missing in its zip archive`);
  }
  const start = offset + LOCAL_LENGTH + file.readUInt16LE(offset + 26) + file.readUInt16LE(offset + 28);
  if (start + compressed > file.length) throw damaged(`${name} is truncated in its zip archive`);
  const data = file.subarray(start, start + compressed);
  if (entry.method === STORED && data.length <= left) return data;
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    throw damaged(`${name} is compressed by method ${entry.method}, which is not supported`);
  }
  if (entry.method === STORED || left <= 0) throw beyondBudget(name);
  try {
    return inflateRawSync(data, { maxOutputLength: left });
  } catch (error) {
    if (error instanceof RangeError) throw beyondBudget(name);
    throw damaged(`${name} cannot be decompressed`, error);
  }
}

function beyondBudget(name: string): ExtractionFailure {
  return damaged(`${name} decompresses beyond the file's limit`);
}

function damaged(what: string, cause?: unknown): ExtractionFailure {
  return new ExtractionFailure("extraction_failed", `The file cannot be read: ${what}`, { cause });
}
