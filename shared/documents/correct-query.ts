import { readableArguments, type Readable } from "#shared/access/readers/readable.ts";
import type { Sql } from "#shared/db/connect.ts";
import { editDistance } from "./edit-distance.ts";
import { queriedWords } from "./index-words.ts";
import type { SearchRequest } from "./search.ts";
import { trigramSimilarity } from "./trigrams.ts";

/** Words of the least length whose trigrams say anything. */
const correctable = /(?<![\p{L}\p{N}_])\p{L}{4,}(?![\p{L}\p{N}_])/gu;
const word = /\p{L}{4,}/gu;
/** A query of more words of which none is in the index is in another language. */
const MAX_WORDS = 8;
/** The letters that a misspelled word shares with the intended one, unless that is common or begins as `otherBeginnings` says. */
const BEGINNING = 3;
/** There are some thirty other beginnings of a word: with a letter more, few of them are those of any indexed word. */
const OTHER_BEGINNING = 4;
/** The first letter is replaced by those of its alphabet. */
const ALPHABETS = [
  "abcdefghijklmnopqrstuvwxyz",
  "абвгдежзийклмнопрстуфхцчшщъыьэюя",
  "αβγδεζηθικλμνξοπρστυφχψω",
];
/** pg_trgm's similarity of `kuberntes` and `kubernetes` is .62, of `serch` and `search` .44. */
const MIN_SIMILARITY = 0.4;
/** The index has stems, which are shorter than the words and may end otherwise. */
const MIN_STEM_SIMILARITY = 0.3;
const STEMS_PER_WORD = 5;
/** Two letters exchanged make a word of seven unlike itself by trigrams (`restroe` and `restore`: .33). */
const MAX_ERRORS = 1;

/**
 * The query with the nearest words of the searched chunks, if no chunk of any source that the reader may see contains any word
 * of the query; else null, as for a query with names, codes or quoted phrases, which are meant as they are.
 */
export async function correctQuery(
  sql: Sql,
  request: Pick<
    SearchRequest,
    "query" | "sources" | "spaces" | "labels" | "updatedSince" | "kinds" | "readable"
  > & {
    /** What the reader may be shown of all sources, searched or not. */
    readableElsewhere: Readable | null;
  },
): Promise<string | null> {
  const words = queriedWords(request.query);
  const typed = new Set(Array.from(request.query.matchAll(correctable), ([found]) => found));
  const isPlain = words.identifiers.length === 0 && words.phrases.length === 0;
  if (!isPlain || typed.size === 0 || typed.size > MAX_WORDS) return null;
  const array = (values: readonly string[] | null | undefined) => (values ? [...values] : null);
  const sources = array(request.sources);
  const spaces = array(request.spaces);
  const lower = [...new Set([...typed].map((one) => one.toLowerCase()))];
  const beginnings = lower.map((one) => one.slice(0, BEGINNING));
  const stems = await sql<{ word: string }[]>`
    select word from words_instead(
      array(select distinct search_language::regconfig from searched_sources(${sources}, ${spaces})),
      ${`${words.question} ${words.parts}`}, ${[...new Set(beginnings)]},
      ${lower.map((one) => otherBeginnings(one).join(" "))},
      array(select source_id from searched_sources(null, null)), ${readableArguments(sql, request.readableElsewhere)})`;
  const near = new Set(lower.flatMap((one) => nearestStems(one, stems)));
  if (near.size === 0) return null;
  const texts = await sql<{ content: string }[]>`
    select content from texts_with_words(${[...near]},
      array(select source_id from searched_sources(${sources}, ${spaces})),
      ${array(request.labels)}, ${request.updatedSince ?? null},
      ${array(request.kinds)}, ${readableArguments(sql, request.readable)})`;
  const spelled = new Set(texts.flatMap(({ content }) => content.match(word) ?? []));
  const corrected = request.query.replaceAll(
    correctable,
    (one) => nearestWord(one.toLowerCase(), spelled) ?? one,
  );
  return corrected === request.query ? null : corrected;
}

/** The beginnings that a word may have had before an error in its first three letters: another first letter, or two exchanged. */
function otherBeginnings(typed: string): string[] {
  const letters = Array.from(typed);
  const alphabet = ALPHABETS.find((one) => one.includes(letters[0] ?? "")) ?? "";
  const words = Array.from(alphabet, (letter) => letter + letters.slice(1).join(""));
  const beginnings = [...words, ...exchanged(typed)].map((one) =>
    Array.from(one).slice(0, OTHER_BEGINNING).join(""),
  );
  return [...new Set(beginnings)].filter((one) => !typed.startsWith(one));
}

/** The word with its first two letters exchanged, and with its second and third. */
function exchanged(typed: string): string[] {
  const [first = "", second = "", third = "", ...rest] = Array.from(typed);
  return [[second, first, third, ...rest].join(""), [first, third, second, ...rest].join("")];
}

/** Exchanged letters change so many trigrams that the word looks like no other. */
function similarity(typed: string, other: string): number {
  const meant = exchanged(typed).filter((one) => other.startsWith(one.slice(0, BEGINNING)));
  return Math.max(...[typed, ...meant].map((one) => trigramSimilarity(one, other)));
}

function nearestStems(typed: string, stems: readonly { word: string }[]): string[] {
  return (
    stems
      // Of a long word the ending alone would make it unlike its stem.
      .map(({ word: stem }) => ({ word: stem, similarity: similarity(typed.slice(0, stem.length), stem) }))
      .filter((stem) => stem.similarity >= MIN_STEM_SIMILARITY)
      .toSorted((a, b) => b.similarity - a.similarity)
      .slice(0, STEMS_PER_WORD)
      .map((stem) => stem.word)
  );
}

/** The fewest errors decide, then the likeness of trigrams, by which a short word (`rest`) may be nearer than the intended one. */
function nearestWord(typed: string, words: Iterable<string>): string | null {
  let nearest: { word: string; errors: number; likeness: number } | null = null;
  for (const word of words) {
    const other = word.toLowerCase();
    const errors = editDistance(typed, other);
    const likeness = similarity(typed, other);
    if (likeness < MIN_SIMILARITY && errors > MAX_ERRORS) continue;
    const isNearer =
      !nearest || errors < nearest.errors || (errors === nearest.errors && likeness > nearest.likeness);
    if (isNearer) nearest = { word, errors, likeness };
  }
  return nearest?.word ?? null;
}
