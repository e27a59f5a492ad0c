import { seededRandom } from "#test/bench/storage/prose.ts";
import type { PageText } from "./page-text.ts";

export type Question = {
  kind: "title" | "heading" | "sentence" | "cell" | "other words";
  query: string;
  pageId: string;
};
export type QuestionPage = PageText & { pageId: string; title: string };

/** Of each kind from one page at most. */
const PER_PAGE = { heading: 2, sentence: 2, cell: 1 };

/**
 * Questions whose answer is known to be one page: its title, its headings, the rare words of a sentence in another order, and
 * the words around a table cell. Made from the rendered pages alone; what several pages would answer is left out.
 */
export function makeQuestions(pages: readonly QuestionPage[], seed: number): Question[] {
  const random = seededRandom(seed);
  const frequency = documentFrequency(pages);
  const titles = counted(pages.map((page) => page.title.toLowerCase()));
  const headings = counted(
    pages.flatMap((page) => [...new Set(page.headings.map((text) => text.toLowerCase()))]),
  );
  return pages.flatMap((page) => {
    const of = (kind: Question["kind"], queries: string[], limit: number) =>
      shuffled([...new Set(queries)], random)
        .slice(0, limit)
        .map((query): Question => ({ kind, query, pageId: page.pageId }));
    const rare = (sentence: string) => rareWords(sentence, frequency);
    return [
      ...of("title", titles.get(page.title.toLowerCase()) === 1 ? [page.title] : [], 1),
      ...of(
        "heading",
        page.headings.filter((text) => headings.get(text.toLowerCase()) === 1 && wordsOf(text).length >= 2),
        PER_PAGE.heading,
      ),
      ...of(
        "sentence",
        page.sentences
          .filter((sentence) => wordsOf(sentence).length >= 8 && rare(sentence).length === 5)
          .map((sentence) => shuffled(rare(sentence), random).join(" ")),
        PER_PAGE.sentence,
      ),
      ...of(
        "cell",
        page.rows
          .map((row) => rareWords(row.join(" "), frequency))
          .filter((words) => words.length >= 4)
          .map((words) => words.join(" ")),
        PER_PAGE.cell,
      ),
    ];
  });
}

const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}_-]+/gu) ?? [];

/** The five rarest words, as they follow each other in the text. */
function rareWords(text: string, frequency: ReadonlyMap<string, number>): string[] {
  const words = [...new Set(wordsOf(text))].filter((word) => word.length > 2 && word.length < 30);
  const rarest = [...words].sort((a, b) => (frequency.get(a) ?? 0) - (frequency.get(b) ?? 0)).slice(0, 5);
  return words.filter((word) => rarest.includes(word));
}

function documentFrequency(pages: readonly QuestionPage[]): Map<string, number> {
  return counted(pages.flatMap((page) => [...new Set(wordsOf(page.text))]));
}

function counted(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ value }) => value);
}
