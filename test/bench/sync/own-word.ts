/** What `npm run bench -- kinds` adds to a folder's pages. */
export const ADDED_KINDS = ["comments", "files", "posts"] as const;
export type AddedKind = (typeof ADDED_KINDS)[number];

const SYLLABLES = ["ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu"];

/** A word that nothing else has, of letters and with an end that no stemmer takes: nothing but its own content can be found by it. */
export function ownWord(kind: AddedKind, n: number): string {
  const digits = Array.from(String(n), (digit) => SYLLABLES[Number(digit)]);
  return `zq${kind.slice(0, 1)}${digits.join("")}x`;
}
