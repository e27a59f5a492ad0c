import { CLOSE, cutWords, hasRuns, OPEN, PAIR, SEAM } from "./cut-words.ts";
import { foldedWords, foldWord } from "./fold-words.ts";
import { findNames, type Name } from "./identifiers.ts";
import { escaped } from "./index-words.ts";
import { raisedText } from "./raised-text.ts";
import { DELIMITER, START, STOP } from "./snippet.ts";

/**
 * The text in which the parser finds what a query matches in some content, and what to look for. The content is cut into words, each
 * word that the query may mean without its accents is followed by its folded form, and each name of the query is replaced by one word.
 */
export type HeadlineText = {
  text: string;
  /** Beside the names. */
  words: string;
  /** What stands for the names in the text, in its order: `NAME0`, `NAME1` and so on. */
  names: string[];
};

const word = /[\p{L}\p{M}\p{N}]+/gu;
/** A stemmer may change what follows. */
const STEM = 3;

/** Null: the parser finds in the content itself what the whole query matches. `standIn`: see `unusedWord`. */
export function headlineText(content: string, question: string, standIn: string): HeadlineText | null {
  const asked = findNames(question).filter(({ whole }) => !hasRuns(whole));
  const cut = cutWords(raisedText(content));
  const found = asked.length === 0 ? [] : namesIn(cut, new Set(asked.map(({ whole }) => whole)));
  const words = wordsBeside(question, asked, new Set(found.map(({ whole }) => whole)));
  const beginnings = new Set(Array.from(words.matchAll(word), ([one]) => beginning(foldWord(one) ?? one)));
  const names: string[] = [];
  const named = replaceNames(cut, found, (name) => SEAM + standIn + (names.push(name) - 1) + SEAM);
  const text = named.replaceAll(word, (one) => {
    const folded = foldWord(one);
    return folded !== null && beginnings.has(beginning(folded)) ? `${one}${OPEN}${folded}${CLOSE}` : one;
  });
  const isContent =
    asked.length === 0 && !hasRuns(content) && !text.includes(OPEN) && !content.includes("</su");
  return isContent ? null : { text, words, names };
}

const beginning = (found: string) => found.toLowerCase().slice(0, STEM);

/** A word that none of the texts contains, not even within another. */
export function unusedWord(texts: readonly string[]): string {
  const all = texts.join("\n").toLowerCase();
  let unused = "name";
  while (all.includes(unused)) unused += "q";
  return unused;
}

type FoundName = Name & { text: string };

/** Where these names stand in the text, the longest of those that overlap; Markdown's backslashes within them do not count. */
function namesIn(text: string, asked: ReadonlySet<string>): FoundName[] {
  const backslashes: number[] = [];
  const plain = text.replaceAll(escaped, (_, letter: string, start: number) => {
    backslashes.push(start - backslashes.length);
    return letter;
  });
  const before = (position: number) => position + backslashes.filter((one) => one < position).length;
  return findNames(plain)
    .filter(({ whole }) => asked.has(whole))
    .map((name) => ({
      ...name,
      text: plain.slice(name.start, name.end),
      start: before(name.start),
      end: before(name.end),
    }))
    .toSorted((a, b) => a.start - b.start || b.end - a.end);
}

function replaceNames(
  text: string,
  names: readonly FoundName[],
  replacement: (name: string) => string,
): string {
  let replaced = "";
  let end = 0;
  for (const name of names) {
    if (name.start < end) continue;
    replaced += text.slice(end, name.start) + replacement(name.text);
    end = name.end;
  }
  return replaced + text.slice(end);
}

/**
 * The words of a question that are not of its names, and of each name that the content lacks the parts by which it was found: `retry`
 * and `later` of `retryLater`, but not `C` of `C#`.
 */
function wordsBeside(question: string, names: readonly Name[], found: ReadonlySet<string>): string {
  const rest = names.reduce(
    (text, { start, end }) => text.slice(0, start) + " ".repeat(end - start) + text.slice(end),
    question,
  );
  const parts = names
    .filter((name) => name.parts.length > 0 && !found.has(name.whole))
    .flatMap((name) => [question.slice(name.start, name.end), ...name.parts]);
  const words = [rest, ...parts].join(" ");
  return [words, ...foldedWords(words)].join(" ");
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

/** A headline of such a text as one of the content. */
export function restoreHeadline(headline: string, { text, names }: HeadlineText, standIn: string): string {
  const standIns = new RegExp(`${standIn}(\\d+)`, "g");
  return headline
    .split(DELIMITER)
    .map((fragment) => restore(fragment, text))
    .join(DELIMITER)
    .replaceAll(standIns, (_, index: string) => names[Number(index)] ?? "")
    .replaceAll(SEAM, "");
}

/** A fragment of the content again: a word is marked if its folded form is, a character if a pair with it is. */
function restore(fragment: string, text: string): string {
  return fragment
    .replace(orphaned, (_, form: string) => {
      const bare = form.replaceAll(marks, "");
      const [original = bare] = text.match(word)?.filter((one) => foldWord(one) === bare) ?? [];
      return form === bare ? original : marked(original);
    })
    .replaceAll(folded, (_, original: string, form: string) =>
      (original + form).includes(START) ? marked(original.replaceAll(marks, "")) : original,
    )
    .replaceAll(pairs, joinPairs);
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
