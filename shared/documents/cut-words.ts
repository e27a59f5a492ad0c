/**
 * Postgres' text search parser takes a run of Chinese, Japanese, Korean, Thai, Lao, Khmer or Burmese as one word. So such runs are
 * cut here, in stored text and in queries alike: characters of the first three into pairs (`ABC` into `AB BC`), which need no
 * dictionary, the others by ICU's dictionaries. The separators are control characters, which the parser takes as blanks, so that a
 * cut can be undone: `uncut_text` in sql/functions/query-words.sql and `joinCut` do.
 */

/** Before a pair that begins with the character that the last one ended with. */
export const PAIR = "\u001F";
/** Between two words with nothing between them. */
export const SEAM = "\u001E";
/** Around what a headline's text contains besides the text itself (`headlineText`). */
export const OPEN = "\u001C";
export const CLOSE = "\u001D";

const pairedLetter =
  "[[\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Hang}\\p{scx=Bopo}]&&[\\p{L}\\p{M}\\p{Nl}]]";
const dictionaryLetter = "[[\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}]&&[\\p{L}\\p{M}\\p{Nd}]]";
const runs = new RegExp(`(?<paired>${pairedLetter}+)|${dictionaryLetter}+`, "gv");
const hasRun = new RegExp(`${pairedLetter}|${dictionaryLetter}`, "v");
/** Also of names: `.NET`, `C#`, `/etc/hosts`. */
const wordEnd = /[\p{L}\p{M}\p{N}_#+]$/u;
const wordStart = /^[\p{L}\p{M}\p{N}_.~/-]/u;
const controls = /[\u001C-\u001F]/g;

let segmenter: Intl.Segmenter | undefined;

/** Whether `cutWords` would change more than the text's normal form. */
export function hasRuns(text: string): boolean {
  return hasRun.test(text);
}

/** The text in normal form C with each run of a script without spaces cut into words; no letter is lost. */
export function cutWords(text: string): string {
  const composed = text.normalize("NFC").replaceAll(controls, " ");
  if (!hasRun.test(composed)) return composed;
  let cut = "";
  let end = 0;
  const add = (piece: string) => {
    if (wordEnd.test(cut.slice(-2)) && wordStart.test(piece)) cut += SEAM;
    cut += piece;
  };
  for (const match of composed.matchAll(runs)) {
    add(composed.slice(end, match.index));
    add(match.groups?.["paired"] === undefined ? byDictionary(match[0]) : inPairs(match[0]));
    end = match.index + match[0].length;
  }
  add(composed.slice(end));
  return cut;
}

function inPairs(run: string): string {
  const letters = Array.from(run);
  if (letters.length < 3) return run;
  return letters
    .slice(1)
    .map((letter, index) => (letters[index] ?? "") + letter)
    .join(PAIR);
}

function byDictionary(run: string): string {
  segmenter ??= new Intl.Segmenter("und", { granularity: "word" });
  return Array.from(segmenter.segment(run), ({ segment }) => segment).join(SEAM);
}

/** The characters that `cutWords` puts into pairs: each may be a word, which a query consists of. */
export function singleLetters(text: string): string[] {
  const composed = text.normalize("NFC");
  if (!hasRun.test(composed)) return [];
  const letters = new Set<string>();
  for (const { 0: run, groups } of composed.matchAll(runs)) {
    if (groups?.["paired"] === undefined) continue;
    const found = Array.from(run);
    if (found.length > 1) for (const letter of found) letters.add(letter);
  }
  return [...letters];
}

const repeated = /\u001F./gsu;

/** The text that was cut. */
export function joinCut(cut: string): string {
  return cut.replaceAll(repeated, "").replaceAll(SEAM, "");
}
