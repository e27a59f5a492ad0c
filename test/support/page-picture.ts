import { createRequire } from "node:module";
import { inflateSync } from "node:zlib";
import type * as Library from "@llamaindex/liteparse";
import { pdfFile, type GrayPicture, type PdfLine } from "./pdf-file.ts";

const DPI = 100;

/** A page with these lines as a picture of it: a PNG file, and its pixels for a scanned PDF. */
export async function pagePicture(lines: readonly PdfLine[]): Promise<GrayPicture & { png: Buffer }> {
  const { LiteParse } = createRequire(import.meta.url)("@llamaindex/liteparse") as typeof Library;
  const parser = new LiteParse({ ocrEnabled: false, quiet: true, dpi: DPI });
  const [shot] = await parser.screenshot(pdfFile([{ lines }]));
  if (!shot) throw new Error("The library draws no page");
  const { width, height, imageBuffer: png } = shot;
  return { width, height, gray: grayPixels(png, width), png };
}

/** Bytes of a pixel (RGBA), all of equal colour in a page without colours. */
const CHANNELS = 4;

/** PNG, filters of rows undone (RFC 2083, 6). */
function grayPixels(png: Buffer, width: number): Buffer {
  const rows = inflateSync(compressedData(png));
  const size = width * CHANNELS;
  const gray: number[] = [];
  let above = Buffer.alloc(size);
  for (let at = 0; at < rows.length; at += size + 1) {
    const filter = rows[at] ?? 0;
    const row = Buffer.from(rows.subarray(at + 1, at + 1 + size));
    for (let x = 0; x < size; x++) {
      const left = row[x - CHANNELS] ?? 0;
      const up = above[x] ?? 0;
      const corner = x < CHANNELS ? 0 : (above[x - CHANNELS] ?? 0);
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] ?? 0;
      row[x] = ((row[x] ?? 0) + predicted) & 255;
    }
    for (let x = 0; x < size; x += CHANNELS) gray.push(row[x] ?? 0);
    above = row;
  }
  return Buffer.from(gray);
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const [nearest = 0] = [left, up, corner].toSorted(
    (a, b) => Math.abs(estimate - a) - Math.abs(estimate - b),
  );
  return nearest;
}

function compressedData(png: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const isData = png.toString("latin1", at + 4, at + 8) === "IDAT";
    if (isData) parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  return Buffer.concat(parts);
}
