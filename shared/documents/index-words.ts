import { cutWords, singleLetters } from "./cut-words.ts";
import { foldedWords } from "./fold-words.ts";
import { findIdentifiers, joinRaised, raisedWords } from "./identifiers.ts";

/**
 * The revision of the words that a chunk is found by: raised with any change of this file, of what it imports and of
 * `chunk_search_vector`, together with a migration that makes the index of outdated chunks anew. Chunks of earlier revisions
 * are then written again in the background.
 */
export const WORDS_REVISION = 2;

/** A chunk's words as `chunk_search_vector` takes them. */
export type IndexedWords = {
  title: string;
  headings: string[];
  content: string;
  /** Names, each one word. */
  identifiers: string[];
  /** Further words, which rank below the others: parts of names, other spellings. */
  parts: string;
};

/** A backslash that Markdown needs and that would take names apart. */
export const escaped = /\\([!-/:-@[-`{-~])/g;

export function indexedWords(
  title: string,
  chunk: { headingPath: readonly string[]; content: string },
): IndexedWords {
  const cut = {
    title: cutWords(title),
    headings: chunk.headingPath.map(cutWords),
    content: cutWords(chunk.content),
  };
  const all = [cut.title, ...cut.headings, cut.content].join("\n").replaceAll(escaped, "$1");
  const names = findIdentifiers(all);
  return {
    ...cut,
    identifiers: [...new Set([...names.whole, ...raisedWords(all)])],
    parts: [
      ...names.parts,
      ...foldedWords(all),
      ...singleLetters([title, ...chunk.headingPath, chunk.content].join("\n")),
    ].join(" "),
  };
}

/** A query's words as `scored_chunks` takes them. */
export type QueriedWords = { question: string; identifiers: string[]; parts: string; phrases: string[] };

export function queriedWords(query: string): QueriedWords {
  const question = cutWords(joinRaised(query));
  const names = findIdentifiers(question);
  return {
    question,
    identifiers: names.whole,
    parts: [...names.parts, ...foldedWords(question)].join(" "),
    phrases: Array.from(question.matchAll(/"([^"]*)"/g), ([, phrase = ""]) => phrase).filter(
      (phrase) => phrase.trim() !== "",
    ),
  };
}
