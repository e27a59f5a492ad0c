import { readableArguments, type Readable } from "#shared/access/readers/readable.ts";
import type { Sql } from "#shared/db/connect.ts";
import { queriedWords } from "./index-words.ts";
import type { SearchRequest } from "./search.ts";
import { trigramSimilarity } from "./trigrams.ts";

/** Words of the least length whose trigrams say anything. */
const correctable = /(?<![\p{L}\p{N}_])\p{L}{4,}(?![\p{L}\p{N}_])/gu;
const word = /\p{L}{4,}/gu;
/** A query of more words of which none is in the index is in another language. */
const MAX_WORDS = 8;
/** The letters that a misspelled word shares with the intended one, unless that is common. */
const BEGINNING = 3;
/** pg_trgm's similarity of `kuberntes` and `kubernetes` is .62, of `serch` and `search` .44. */
const MIN_SIMILARITY = 0.4;
/** The index has stems, which are shorter than the words. */
const MIN_STEM_SIMILARITY = 0.3;
const STEMS_PER_WORD = 5;

/**
 * The query with the nearest words of the searched chunks, if no chunk of any source that the reader may see contains any word
 * of the query; else null, as for a query with
 * names, codes or quoted phrases, which are meant as they are.
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
  const beginnings = [...typed].map((one) => one.toLowerCase().slice(0, BEGINNING));
  const stems = await sql<{ word: string }[]>`
    select word from words_instead(
      array(select distinct search_language::regconfig from searched_sources(${sources}, ${spaces})),
      ${`${words.question} ${words.parts}`}, ${[...new Set(beginnings)]},
      array(select source_id from searched_sources(null, null)), ${readableArguments(sql, request.readableElsewhere)})`;
  const near = new Set([...typed].flatMap((one) => nearestStems(one, stems)));
  if (near.size === 0) return null;
  const texts = await sql<{ content: string }[]>`
    select content from texts_with_words(${[...near]},
      array(select source_id from searched_sources(${sources}, ${spaces})),
      ${array(request.labels)}, ${request.updatedSince ?? null},
      ${array(request.kinds)}, ${readableArguments(sql, request.readable)})`;
  const spelled = new Set(texts.flatMap(({ content }) => content.match(word) ?? []));
  const corrected = request.query.replaceAll(correctable, (one) => nearestWord(one, spelled) ?? one);
  return corrected === request.query ? null : corrected;
}

function nearestStems(typed: string, stems: readonly { word: string }[]): string[] {
  return stems
    .map((stem) => ({ word: stem.word, similarity: trigramSimilarity(typed, stem.word) }))
    .filter(({ similarity }) => similarity >= MIN_STEM_SIMILARITY)
    .toSorted((a, b) => b.similarity - a.similarity)
    .slice(0, STEMS_PER_WORD)
    .map((stem) => stem.word);
}

function nearestWord(typed: string, words: Iterable<string>): string | null {
  let nearest: string | null = null;
  let best = MIN_SIMILARITY;
  for (const one of words) {
    const similarity = trigramSimilarity(typed, one);
    if (similarity > best || (similarity === best && nearest === null)) [nearest, best] = [one, similarity];
  }
  return nearest;
}
