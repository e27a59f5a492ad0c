import { CLOSE, cutWords, hasRuns, OPEN, PAIR, SEAM } from "./cut-words.ts";
import { foldWord } from "./fold-words.ts";

/** Private-use characters, to distinguish marks from the page's own text. */
const START = "\uE000";
const STOP = "\uE001";
const DELIMITER = " … ";

/** Options of `ts_headline`: two fragments of the words around the matches. */
export const SNIPPET_OPTIONS = `StartSel=${START}, StopSel=${STOP}, MaxFragments=2, MinWords=8, MaxWords=24, FragmentDelimiter="${DELIMITER}"`;

const word = /[\p{L}\p{M}\p{N}]+/gu;
/** A stemmer may change what follows. */
const STEM = 3;

/**
 * The text in which the parser finds what a query matches in this content: cut into words, and each word that the query may mean
 * without its accents followed by its folded form. Null if that is the content itself.
 */
export function headlineText(content: string, query: string): string | null {
  const beginnings = new Set(
    Array.from(query.matchAll(word), ([found]) => beginning(foldWord(found) ?? found)),
  );
  const text = cutWords(content).replaceAll(word, (found) => {
    const folded = foldWord(found);
    return folded !== null && beginnings.has(beginning(folded)) ? `${found}${OPEN}${folded}${CLOSE}` : found;
  });
  return text === content || !(hasRuns(content) || text.includes(OPEN)) ? null : text;
}

const beginning = (found: string) => found.toLowerCase().slice(0, STEM);

/** A headline of this content as HTML: text escaped, matches within `<mark>`. Names that the parser split are marked as a whole. */
export function markedSnippet(headline: string, content: string): string {
  const restored = headline
    .split(DELIMITER)
    .map((fragment) => restore(fragment, content))
    .join(DELIMITER);
  const joined = restored.replaceAll(new RegExp(`${STOP}([._:/-]*)${START}`, "g"), "$1");
  return joined
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(START, "<mark>")
    .replaceAll(STOP, "</mark>");
}

const folded = new RegExp(
  `([\\p{L}\\p{M}\\p{N}${START}${STOP}]*)${OPEN}([^${OPEN}${CLOSE}]*)(?:${CLOSE}${STOP}?|$)`,
  "gu",
);
/** A fragment may begin with a folded form. */
const orphaned = new RegExp(`^([^${OPEN}${CLOSE}]*)${CLOSE}`, "u");
const pair = `${START}?[\\p{L}\\p{M}\\p{N}]{0,2}${STOP}?`;
const pairs = new RegExp(`${pair}(?:${PAIR}${pair})+`, "gu");
const marks = new RegExp(`[${START}${STOP}]`, "g");

const marked = (text: string) => `${START}${text}${STOP}`;

/** A fragment of the content again: a word is marked if its folded form is, a character if a pair with it is. */
function restore(fragment: string, content: string): string {
  return fragment
    .replace(orphaned, (_, form: string) => {
      const bare = form.replaceAll(marks, "");
      const [original = bare] =
        content
          .normalize("NFC")
          .match(word)
          ?.filter((one) => foldWord(one) === bare) ?? [];
      return form === bare ? original : marked(original);
    })
    .replaceAll(folded, (_, original: string, form: string) =>
      (original + form).includes(START) ? marked(original.replaceAll(marks, "")) : original,
    )
    .replaceAll(pairs, joinPairs)
    .replaceAll(SEAM, "");
}

function joinPairs(run: string): string {
  const letters: { letter: string; isMarked: boolean }[] = [];
  for (const piece of run.split(PAIR)) {
    const isMarked = piece.includes(START);
    for (const [index, letter] of Array.from(piece.replaceAll(marks, "")).entries()) {
      const last = letters.at(-1);
      // The first of a pair is the last one's second.
      if (index === 0 && last) last.isMarked ||= isMarked;
      else letters.push({ letter, isMarked });
    }
  }
  return letters.map(({ letter, isMarked }) => (isMarked ? marked(letter) : letter)).join("");
}
