/** Bytes in which a declaration of the encoding is looked for, as browsers do. */
const DECLARATION = 1024;
const BYTE_ORDER_MARKS: readonly (readonly [number[], string])[] = [
  [[0xef, 0xbb, 0xbf], "utf-8"],
  [[0xff, 0xfe], "utf-16le"],
  [[0xfe, 0xff], "utf-16be"],
];

/**
 * A file's bytes as text: by its byte order mark, else as `declared` (HTML's `<meta charset>`), else UTF-8 if it is valid, else
 * Shift JIS if that is valid and shows Japanese, else windows-1252, which everything is.
 */
export function decodeText(bytes: Uint8Array, declared: string | null = null): string {
  const marked = BYTE_ORDER_MARKS.find(([mark]) => mark.every((byte, index) => bytes[index] === byte));
  if (marked) return new TextDecoder(marked[1]).decode(bytes);
  const wide = wideEncoding(bytes);
  if (wide !== null) return new TextDecoder(wide).decode(bytes);
  return (
    (declared === null ? null : decoded(bytes, declared)) ??
    decoded(bytes, "utf-8") ??
    japanese(bytes) ??
    new TextDecoder("windows-1252").decode(bytes)
  );
}

/** The encoding that an HTML file declares at its beginning; null without one. */
export function declaredEncoding(bytes: Uint8Array): string | null {
  const beginning = new TextDecoder("windows-1252").decode(bytes.subarray(0, DECLARATION));
  return /<meta[^>]*?charset\s*=\s*["']?\s*([\w-]+)/i.exec(beginning)?.[1] ?? null;
}

/** Null if the bytes are no text of that encoding, or nobody knows the encoding. */
function decoded(bytes: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** UTF-16 without a mark: of its two bytes one is nearly always zero where the text is Western, and no other text has zeros. */
function wideEncoding(bytes: Uint8Array): "utf-16le" | "utf-16be" | null {
  const looked = bytes.subarray(0, DECLARATION);
  const zeros = [0, 0];
  for (const [index, byte] of looked.entries())
    if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (odd * 4 > looked.length && even === 0) return "utf-16le";
  return even * 4 > looked.length && odd === 0 ? "utf-16be" : null;
}

/**
 * Shift JIS, when the bytes are valid as such and most of what is not ASCII is kana and kanji in pairs of bytes: in a Western
 * text accented letters stand alone between ASCII letters, and make half-width katakana.
 */
function japanese(bytes: Uint8Array): string | null {
  const text = decoded(bytes, "shift_jis");
  if (text === null) return null;
  const wide = text.match(/[\u3000-\u30ff\u4e00-\u9fff\uff01-\uff5e]/g)?.length ?? 0;
  const foreign = text.match(/[^\u0000-\u007f]/g)?.length ?? 0;
  return wide * 2 > foreign && wide > 0 && /[\u3040-\u30ff\u4e00-\u9fff]{2}/.test(text) ? text : null;
}
