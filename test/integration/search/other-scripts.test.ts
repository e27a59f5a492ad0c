import { expect, it } from "vitest";
import { readPages } from "#test/evaluation/search/read-pages.ts";
import { readQuestions } from "#test/evaluation/search/read-questions.ts";
import { scoreRanks } from "#test/evaluation/search/score-ranks.ts";
import { createSearchedIndex } from "#test/evaluation/search/searched-index.ts";

const FIXTURES = "test/fixtures/questions";

it.each([
  { language: "chinese", hitAt1: 0.94, mrr: 0.97 },
  { language: "thai", hitAt1: 0.99, mrr: 0.99 },
])("words find the $language pages of a handbook by questions in the same language", async (set) => {
  const pages = await readPages(`${FIXTURES}/${set.language}-pages.jsonl`);
  const questions = await readQuestions(`${FIXTURES}/${set.language}-questions.jsonl`, pages);
  const index = await createSearchedIndex({ embeds: false });
  try {
    await index.addPages("handbook", pages, { language: "simple" });
    const scores = scoreRanks(await index.rank(questions, { sources: ["handbook"], retrievers: "keyword" }));
    expect(scores.hit_at_1).toBeGreaterThanOrEqual(set.hitAt1);
    expect(scores.mrr).toBeGreaterThanOrEqual(set.mrr);
  } finally {
    await index.close();
  }
});
