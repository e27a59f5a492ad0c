/** Letters that no normal form takes apart. */
const PLAIN: Record<string, string> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  þ: "th",
  ł: "l",
  ı: "i",
};
const unusual = new RegExp(`[${Object.keys(PLAIN).join("")}]`, "g");
const word = /[\p{L}\p{M}\p{N}]+/gu;
/** Accented Latin, Greek and Cyrillic letters, raised and lowered digits, full-width forms. */
const foldable = /[\u00AA-\u058F\u1E00-\u1FFF\u2070-\u209F\u2100-\u218F\uFB00-\uFB06\uFF10-\uFF5A]/;
/** A combining mark, but not the one of `й`, which is a letter of its own. */
const accent = /(?<!и)[\u0300-\u036F]/g;

/**
 * The words of a text that people also write without accents, as they do then: `café` is cafe, `CO₂` is co2. In lower case, each
 * once. Not `ue` for `ü`: it made German questions find less.
 */
export function foldedWords(text: string): string[] {
  if (!foldable.test(text)) return [];
  const folded = new Set<string>();
  for (const [found] of text.matchAll(word)) {
    const form = foldWord(found);
    if (form !== null) folded.add(form);
  }
  return [...folded];
}

/** A word without its accents; null if it has none. */
export function foldWord(found: string): string | null {
  if (!foldable.test(found)) return null;
  const bare = found
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFD")
    .replaceAll(accent, "")
    .normalize("NFC")
    .replaceAll(unusual, (letter) => PLAIN[letter] ?? letter);
  return bare === found.toLowerCase() ? null : bare;
}
