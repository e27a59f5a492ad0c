import { createHash } from "node:crypto";
import { z } from "zod";
import { readLines, unusable } from "./read-lines.ts";
import type { NamedPage } from "./read-pages.ts";

/** A query, and the pages of which each answers it. */
export type AnsweredQuestion = { kind: string; query: string; pageIds: readonly string[] };

const name = z.union([z.string().min(1), z.number().transform(String)]);
const lineSchema = z
  .object({
    question: z.string().trim().min(1).optional(),
    query: z.string().trim().min(1).optional(),
    page: name.optional(),
    pages: z.array(name).min(1).optional(),
    file: name.optional(),
    files: z.array(name).min(1).optional(),
    kind: z.string().optional(),
  })
  .refine((line) => line.question ?? line.query, "`question` is missing")
  .refine((line) => line.page ?? line.pages ?? line.file ?? line.files, "`page` or `pages` is missing");

/** The questions of a `.jsonl` file: `{"question","page"}`, or `pages` when several answer; a page by its id or file. */
export async function readQuestions(path: string, pages: readonly NamedPage[]): Promise<AnsweredQuestion[]> {
  const lines = await readLines(path, lineSchema);
  const byName = new Map(pages.flatMap((page) => page.names.map((one) => [one, page.pageId])));
  const find = (asked: string) => {
    const exact = byName.get(asked);
    if (exact !== undefined) return exact;
    // The folder of the pages may begin above or below the one that the questions' paths begin at.
    const alike = [...byName].filter(([one]) => one.endsWith(`/${asked}`) || asked.endsWith(`/${one}`));
    return alike.length === 1 ? alike[0]?.[1] : undefined;
  };
  return lines.map(({ at, value }) => {
    const names = value.pages ?? value.files ?? [value.page ?? value.file ?? ""];
    const pageIds = names.map((asked) => {
      const found = find(asked);
      if (found !== undefined) return found;
      const like = pages[0]?.names[0] ?? "";
      throw unusable(`${at}: page "${asked}" is not among the ${pages.length} pages (such as "${like}")`);
    });
    return { kind: value.kind ?? "question", query: value.question ?? value.query ?? "", pageIds };
  });
}

/** A half of the questions, by the hash of each: weights are chosen on one and reported on the other. */
export function halfOf<T extends { query: string }>(questions: readonly T[], half: string | undefined): T[] {
  if (half === undefined) return [...questions];
  const isFirst = ({ query }: T) => (createHash("sha256").update(query).digest()[0] ?? 0) < 128;
  return questions.filter((question) => isFirst(question) === (half === "first"));
}
