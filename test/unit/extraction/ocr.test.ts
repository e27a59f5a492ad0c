import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { EXTRACTION_LIMITS, extractionRunner } from "#infra/local/runner/extraction/run-extraction.ts";
import { parseEnv } from "#shared/env.ts";
import { extractFile } from "#shared/extraction/extract-file.ts";
import { openOcr } from "#shared/extraction/ocr-data.ts";
import type { GrayPicture, PdfLine } from "#test/support/pdf-file.ts";
import { pagePicture } from "#test/support/page-picture.ts";
import { pdfFile } from "#test/support/pdf-file.ts";

const ocr = openOcr(parseEnv({}).OCR_DATA);
const line = (text: string, y: number, size = 18): PdfLine => ({ text, x: 72, y, size });
const WORDS = "The harbour master closes the gate at sunset";
const NOTHING = expect.stringMatching(/OCR found no/) as string;
const TEXT = [line("This page has letters of its own", 700)];

let scan: Awaited<ReturnType<typeof pagePicture>>;
beforeAll(async () => {
  scan = await pagePicture([line(WORDS, 700), line("Boats wait at the southern pier", 660)]);
});

const pdf = (bytes: Uint8Array) => ({ name: "scan.pdf", mediaType: "application/pdf", bytes });
const png = (bytes: Uint8Array) => ({ name: "scan.png", mediaType: "image/png", bytes });

it("a scan is read by OCR, in the process that a sync uses", async () => {
  const run = extractionRunner(EXTRACTION_LIMITS, { ocr });
  const { file } = await run(pdf(pdfFile([{ picture: scan }])));
  expect(file).toMatchObject({
    result: "text",
    extractor: expect.stringMatching(/^liteparse [\d.]+ \+ ocr$/),
    parts: [{ place: { kind: "page", number: 1 }, markdown: expect.stringContaining(WORDS) }],
    warnings: ["1 of 1 pages were read by OCR: their text may contain errors"],
  });
});

it("a picture is read by OCR", async () => {
  expect(await extractFile({ ...png(scan.png), ocr })).toMatchObject({
    result: "text",
    extractor: expect.stringContaining("+ ocr"),
    parts: [{ place: null, markdown: expect.stringContaining(WORDS) }],
    warnings: [expect.stringContaining("may contain errors")],
  });
});

it("without OCR a scan and a picture have no text, and the message says what reads them", async () => {
  for (const file of [pdf(pdfFile([{ picture: scan }])), png(scan.png)]) {
    expect(await extractFile(file)).toMatchObject({
      result: "no_text",
      message: expect.stringContaining("OCR=local"),
    });
  }
});

it("of a file with text only the pages without it are read by OCR, and each keeps its number", async () => {
  const pages = [{ lines: TEXT }, { picture: scan }, { lines: TEXT }, {}];
  const off = await extractFile(pdf(pdfFile(pages)));
  const on = await extractFile({ ...pdf(pdfFile(pages)), ocr });
  if (off.result !== "text" || on.result !== "text") throw new Error("No text");
  expect(on.parts).toEqual([off.parts[0], expect.anything(), off.parts[1]]);
  expect(on.parts[1]).toMatchObject({
    place: { kind: "page", number: 2 },
    markdown: expect.stringContaining(WORDS),
  });
  expect(on.warnings).toEqual(["1 of 4 pages were read by OCR: their text may contain errors"]);
});

it("a file whose pages all have text is the same with OCR", async () => {
  const bytes = pdfFile([{ lines: TEXT }]);
  expect(await extractFile({ ...pdf(bytes), ocr })).toEqual(await extractFile(pdf(bytes)));
});

it("letters too small to read are no text, instead of a chunk of wrong words", async () => {
  const lines = [
    "The harbour master closes the gate at sunset, boats wait",
    "at the southern pier until the tide has turned again and",
    "the watchman rings the bell of the northern mole twice.",
  ];
  const small = await pagePicture(lines.map((text, n) => line(text, 700 - 6.5 * n, 5)));
  expect(await extractFile({ ...png(small.png), ocr })).toMatchObject({
    result: "no_text",
    message: NOTHING,
  });
});

it("a picture without letters has no text", async () => {
  const file = await extractFile({ ...pdf(pdfFile([{ picture: strokes() }])), ocr });
  expect(file).toMatchObject({ result: "no_text", message: NOTHING });
});

it("beyond 20 pages scans are not read, and a warning says how many", async () => {
  const word = await pagePicture([line("Ebb and flood", 400, 60)]);
  const file = await extractFile({
    ...pdf(pdfFile(Array.from({ length: 22 }, () => ({ picture: word })))),
    ocr,
  });
  expect(file).toMatchObject({
    result: "text",
    parts: { length: 20 },
    warnings: [
      expect.stringContaining("20 of 22 pages were read by OCR"),
      expect.stringContaining("2 of 22 pages are pictures that OCR did not read"),
    ],
  });
});

it("a damaged picture fails, and the next file is read", async () => {
  const run = extractionRunner(EXTRACTION_LIMITS, { ocr });
  const [damaged, next] = await Promise.all([run(png(scan.png.subarray(0, 900))), run(png(scan.png))]);
  expect(damaged.file).toMatchObject({ result: "extraction_failed" });
  expect(next.file).toMatchObject({ result: "text" });
});

it("OCR without data of a language is refused before the library can download any", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ocr-"));
  onTestFinished(async () => rm(folder, { recursive: true }));
  expect(() => openOcr(folder)).toThrow(/OCR_DATA=.*contains no \*\.traineddata/);
  expect(() => openOcr(join(folder, "missing"))).toThrow(/OCR_DATA=.*ENOENT/);
});

/** Strokes of the size of letters, at random. */
function strokes(): GrayPicture {
  const side = 400;
  let state = 7;
  const random = () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const drawn = Array.from({ length: 60 }, () => [random() * side, random() * side, random() * Math.PI]);
  const isInk = (x: number, y: number) =>
    drawn.some(([left = 0, top = 0, angle = 0]) => {
      const along = (x - left) * Math.cos(angle) + (y - top) * Math.sin(angle);
      const across = (y - top) * Math.cos(angle) - (x - left) * Math.sin(angle);
      return Math.abs(along) < 9 && Math.abs(across) < 2;
    });
  const shades = Array.from({ length: side * side }, (_, n) =>
    isInk(n % side, Math.floor(n / side)) ? 20 : 235,
  );
  return { width: side, height: side, gray: Buffer.from(shades) };
}
