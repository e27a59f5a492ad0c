import { createHash } from "node:crypto";
import { constants, deflateRawSync, deflateSync } from "node:zlib";

/** One line of text; coordinates in points from the lower left corner of a page of 612 × 792. */
export type PdfLine = { text: string; x: number; y: number; size?: number; bold?: boolean; turned?: boolean };
/** Pixels row by row, 0 black to 255 white. */
export type GrayPicture = { width: number; height: number; gray: Buffer };
/** `rules` are lines from (x1, y1) to (x2, y2); `picture` fills the page; `extra` are entries of the page's dictionary. */
export type PdfPageSpec = {
  lines?: readonly PdfLine[];
  rules?: readonly (readonly number[])[];
  picture?: GrayPicture;
  extra?: string;
};

type Objects = Map<number, string | Buffer>;

const FONTS =
  "/Font << /R << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> /B << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >> /H << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 3 0 R >> >>";

/** The letters a to z of font H are those of the Hebrew alphabet from U+05D0 on. */
const TO_HEBREW = stream(
  "",
  "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfrange <61> <7A> <05D0> endbfrange endcmap end",
);

/** A PDF of these pages, the smallest that readers accept. */
export function pdfFile(
  pages: readonly PdfPageSpec[],
  options: { font?: "R" | "H"; catalog?: string; objects?: Record<number, string> } = {},
): Buffer {
  const objects: Objects = new Map([[3, TO_HEBREW]]);
  const kids = pages.map((page, index) => {
    const id = 1000 + 2 * index;
    const picture = page.picture ? `/XObject << /I ${id + PICTURES} 0 R >>` : "";
    if (page.picture) objects.set(id + PICTURES, pictureObject(page.picture));
    const shown = [
      ...(page.picture ? ["q 612 0 0 792 0 0 cm /I Do Q"] : []),
      ...(page.rules ?? []).map(ruled),
      ...(page.lines ?? []).map((line) => drawn(line, options.font ?? "R")),
    ];
    objects.set(
      id,
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << ${FONTS} ${picture} >> /Contents ${id + 1} 0 R ${page.extra ?? ""} >>`,
    );
    objects.set(id + 1, stream("", shown.join("\n")));
    return `${id} 0 R`;
  });
  objects.set(1, `<< /Type /Catalog /Pages 2 0 R ${options.catalog ?? ""} >>`);
  objects.set(2, `<< /Type /Pages /Count ${pages.length} /Kids [${kids.join(" ")}] >>`);
  for (const [id, text] of Object.entries(options.objects ?? {})) objects.set(Number(id), text);
  return written(objects);
}

/** From the id of a page to that of its picture: more than any file's pages have ids. */
const PICTURES = 10_000;

function pictureObject({ width, height, gray }: GrayPicture): Buffer {
  const kind = "/Type /XObject /Subtype /Image /ColorSpace /DeviceGray /BitsPerComponent 8";
  return stream(`${kind} /Width ${width} /Height ${height} /Filter /FlateDecode`, deflateSync(gray));
}

/** A page that is one picture of ink: nothing to read. */
export function scannedPdf(): Buffer {
  return written(
    new Map<number, string | Buffer>([
      [1, "<< /Type /Catalog /Pages 2 0 R >>"],
      [2, "<< /Type /Pages /Count 1 /Kids [4 0 R] >>"],
      [
        4,
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /XObject << /I 6 0 R >> >> /Contents 5 0 R >>",
      ],
      [5, stream("", "612 0 0 792 0 0 cm /I Do")],
      [
        6,
        stream(
          "/Type /XObject /Subtype /Image /Width 64 /Height 64 /ColorSpace /DeviceGray /BitsPerComponent 8",
          Buffer.alloc(4096, 90),
        ),
      ],
    ]),
  );
}

/** Forms that draw the next one ten times each: 10^levels drawings from a few hundred bytes. */
export function nestedFormsPdf(levels: number): Buffer {
  const objects: Objects = new Map<number, string | Buffer>([
    [1, "<< /Type /Catalog /Pages 2 0 R >>"],
    [2, "<< /Type /Pages /Count 1 /Kids [4 0 R] >>"],
    [
      4,
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /XObject << /F 10 0 R >> >> /Contents 5 0 R >>",
    ],
    [5, stream("", "/F Do")],
  ]);
  for (let level = 0; level < levels; level++) {
    const last = level === levels - 1;
    const inner = last ? FONTS : `/XObject << /F ${11 + level} 0 R >>`;
    const content = last ? "BT /R 9 Tf 9 9 Td (x) Tj ET" : "/F Do ".repeat(10);
    objects.set(
      10 + level,
      stream(`/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << ${inner} >>`, content),
    );
  }
  return written(objects);
}

/** A page whose content inflates to so many megabytes of text. */
export function bombPdf(megabytes: number): Buffer {
  const block = Buffer.from("BT /R 9 Tf 9 9 Td (bomb) Tj ET\n".repeat(33_826).padEnd(1024 ** 2));
  const flush = { level: 9, finishFlush: constants.Z_FULL_FLUSH };
  // After a full flush a block refers to nothing before it: one block, compressed once, may be repeated.
  const blocks = Array.from({ length: megabytes }, () => deflateRawSync(block, flush));
  const data = Buffer.concat([Buffer.from([0x78, 0xda]), ...blocks, Buffer.from([3, 0])]);
  return written(
    new Map<number, string | Buffer>([
      [1, "<< /Type /Catalog /Pages 2 0 R >>"],
      [2, "<< /Type /Pages /Count 1 /Kids [4 0 R] >>"],
      [
        4,
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << ${FONTS} >> /Contents 5 0 R >>`,
      ],
      [5, stream("/Filter /FlateDecode", data)],
    ]),
  );
}

const PAD = Buffer.from("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A", "hex");
const ID = Buffer.alloc(16, 7);

/** A file of one line, encrypted with the standard handler (RC4, 40 bits); `userPassword` "" opens without asking. */
export function encryptedPdf(text: string, userPassword: string): Buffer {
  const owner = Buffer.alloc(32, 3);
  const password = Buffer.concat([Buffer.from(userPassword), PAD]).subarray(0, 32);
  const permissions = Buffer.alloc(4);
  permissions.writeInt32LE(-64);
  const key = md5(password, owner, permissions, ID).subarray(0, 5);
  const content = Buffer.from(`BT /R 12 Tf 72 700 Td (${text}) Tj ET`);
  const objectKey = md5(key, Buffer.from([5, 0, 0, 0, 0])).subarray(0, 10);
  return written(
    new Map<number, string | Buffer>([
      [1, "<< /Type /Catalog /Pages 2 0 R >>"],
      [2, "<< /Type /Pages /Count 1 /Kids [4 0 R] >>"],
      [
        4,
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << ${FONTS} >> /Contents 5 0 R >>`,
      ],
      [5, stream("", rc4(objectKey, content))],
      [
        6,
        `<< /Filter /Standard /V 1 /R 2 /P -64 /O <${owner.toString("hex")}> /U <${rc4(key, PAD).toString("hex")}> >>`,
      ],
    ]),
    `/Encrypt 6 0 R /ID [<${ID.toString("hex")}> <${ID.toString("hex")}>]`,
  );
}

function md5(...parts: Buffer[]): Buffer {
  return createHash("md5").update(Buffer.concat(parts)).digest();
}

function rc4(key: Buffer, data: Buffer): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  const swap = (a: number, b: number) => ([state[a], state[b]] = [state[b] ?? 0, state[a] ?? 0]);
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + (state[i] ?? 0) + (key[i % key.length] ?? 0)) & 255;
    swap(i, j);
  }
  let i = 0;
  let j = 0;
  return Buffer.from(
    data.map((byte) => {
      i = (i + 1) & 255;
      j = (j + (state[i] ?? 0)) & 255;
      swap(i, j);
      return byte ^ (state[((state[i] ?? 0) + (state[j] ?? 0)) & 255] ?? 0);
    }),
  );
}

function drawn({ text, x, y, size = 11, bold = false, turned = false }: PdfLine, font: "R" | "H"): string {
  const matrix = turned ? `0 1 -1 0 ${x} ${y}` : `1 0 0 1 ${x} ${y}`;
  return `BT /${bold ? "B" : font} ${size} Tf ${matrix} Tm (${text.replace(/[\\()]/g, "\\$&")}) Tj ET`;
}

function ruled([x1 = 0, y1 = 0, x2 = 0, y2 = 0]: readonly number[]): string {
  return `${x1} ${y1} m ${x2} ${y2} l S`;
}

function stream(dictionary: string, content: string | Buffer): Buffer {
  const raw = typeof content === "string" ? Buffer.from(content, "latin1") : content;
  const packed = dictionary === "" && typeof content === "string";
  const data = packed ? deflateSync(raw) : raw;
  const entries = `${dictionary}${packed ? "/Filter /FlateDecode" : ""} /Length ${data.length}`;
  return Buffer.concat([Buffer.from(`<< ${entries} >>\nstream\n`), data, Buffer.from("\nendstream")]);
}

function written(objects: Objects, trailer = ""): Buffer {
  const parts: Buffer[] = [Buffer.from("%PDF-1.7\n%\xE2\xE3\n", "latin1")];
  const offsets = new Map<number, number>();
  let at = parts[0]?.length ?? 0;
  const add = (part: Buffer) => {
    parts.push(part);
    at += part.length;
  };
  for (const [id, body] of objects) {
    offsets.set(id, at);
    add(Buffer.concat([Buffer.from(`${id} 0 obj\n`), Buffer.from(body), Buffer.from("\nendobj\n")]));
  }
  const start = at;
  const entries = [...offsets]
    .toSorted(([a], [b]) => a - b)
    .map(([id, offset]) => `${id} 1\n${String(offset).padStart(10, "0")} 00000 n \n`);
  const size = Math.max(...offsets.keys()) + 1;
  add(
    Buffer.from(
      `xref\n0 1\n0000000000 65535 f \n${entries.join("")}trailer\n<< /Size ${size} /Root 1 0 R ${trailer} >>\nstartxref\n${start}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}
