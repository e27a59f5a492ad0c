import { afterAll, beforeAll, expect, it } from "vitest";
import { SAMPLE_FOLDER } from "#infra/local/confluence-site/sample-folder.ts";
import { otherWords, madeQuestions, readFolder } from "#test/evaluation/search/folder-questions.ts";
import { scoreRanks } from "#test/evaluation/search/score-ranks.ts";
import {
  createSearchedIndex,
  type Retrievers,
  type SearchedIndex,
} from "#test/evaluation/search/searched-index.ts";

const pages = await readFolder(SAMPLE_FOLDER);
let index: SearchedIndex;
beforeAll(async () => {
  index = await createSearchedIndex({ embeds: true, keepsVectors: false });
  await index.addPages("sample", pages);
}, 300_000);
afterAll(() => index.close());

const scores = async (questions: ReturnType<typeof otherWords>, retrievers: Retrievers = "keyword") =>
  scoreRanks(await index.rank(questions, { sources: ["sample"], retrievers }));

it("words find the sample page whose title, heading, sentence or table cell a query repeats", async () => {
  const made = await scores(madeQuestions(pages, 100));
  expect(made.hit_at_5).toBeGreaterThanOrEqual(0.99);
  expect(made.mrr).toBeGreaterThanOrEqual(0.98);
});

it("words find half of the sample pages by questions in other words", async () => {
  const asked = await scores(otherWords(pages));
  expect(asked.hit_at_5).toBeGreaterThanOrEqual(0.49);
  expect(asked.mrr).toBeGreaterThanOrEqual(0.37);
});

it("meaning and words together find nine of ten sample pages by questions in other words", async () => {
  const asked = await scores(otherWords(pages), "hybrid");
  expect(asked.hit_at_1).toBeGreaterThanOrEqual(0.6);
  expect(asked.hit_at_5).toBeGreaterThanOrEqual(0.9);
  expect(asked.mrr).toBeGreaterThanOrEqual(0.72);
});
