import { readManifest } from "#infra/local/confluence-site/manifest.ts";
import { UserError } from "#shared/errors.ts";
import { ASKED_IN_OTHER_WORDS } from "./asked-in-other-words.ts";
import { makeQuestions, type QuestionPage } from "./make-questions.ts";
import { readPageText } from "./page-text.ts";
import { convertPage, type IndexedPage } from "./read-pages.ts";
import type { AnsweredQuestion } from "./read-questions.ts";

export type FolderPage = QuestionPage & IndexedPage & { file: string };

/** The pages of a folder with a manifest; those without text have no question. */
export async function readFolder(dir: string): Promise<FolderPage[]> {
  const folder = await readManifest(dir);
  if (!folder) throw new UserError(404, "no_manifest", `${dir} has no manifest.jsonl`);
  return folder.pages.flatMap((page, index) => {
    const { html, markdown, outline } = convertPage(page);
    const text = readPageText(html);
    if (text.text.length < 50) return [];
    return [
      { ...text, pageId: page.id ?? `n${index}`, title: page.title, file: page.file, markdown, outline },
    ];
  });
}

/** The sample's questions in other words. */
export function otherWords(pages: readonly FolderPage[]): AnsweredQuestion[] {
  return ASKED_IN_OTHER_WORDS.map(([file, query]) => {
    const page = pages.find((candidate) => candidate.file === `${file}.storage.xml`);
    if (!page) throw new Error(`The sample has no page ${file}`);
    return { kind: "other words", query, pageIds: [page.pageId] };
  });
}

/** At most `limit` questions made from the pages themselves. */
export function madeQuestions(pages: readonly FolderPage[], limit: number): AnsweredQuestion[] {
  const made = makeQuestions(pages, 7).map(({ pageId, ...question }) => ({ ...question, pageIds: [pageId] }));
  return spread(made, limit);
}

/** An evenly spread selection, so that no part of the space is left out. */
function spread<T>(questions: readonly T[], limit: number): T[] {
  const step = Math.max(1, questions.length / limit);
  return Array.from(
    { length: Math.min(limit, questions.length) },
    (_, n) => questions[Math.floor(n * step)] as T,
  );
}
