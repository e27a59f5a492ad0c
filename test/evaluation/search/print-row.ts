import { mrrInterval, pairedInterval, scoreRanks } from "./score-ranks.ts";
import type { AnsweredQuestion } from "./read-questions.ts";
import type { Rank } from "./searched-index.ts";

/** A row of an evaluation as it is printed: one JSON line on stdout. */
export type Row = {
  row: string;
  questions: readonly AnsweredQuestion[];
  ranks: readonly Rank[];
  /** Ranks that these are compared with. */
  firstRow?: readonly Rank[] | null;
  otherCommit?: readonly Rank[] | null;
  /** Each question's rank is printed too. */
  printsRanks?: boolean;
};

export function printRow({ row, questions, ranks, firstRow, otherCommit, printsRanks }: Row): void {
  const kinds = [...new Set(questions.map((question) => question.kind))];
  const byKind = kinds.map((kind) => [
    kind,
    scoreRanks(ranks.filter((_, index) => questions[index]?.kind === kind)).mrr,
  ]);
  const line = {
    evaluation: "search",
    row,
    questions: questions.length,
    ...scoreRanks(ranks),
    mrr_interval: mrrInterval(ranks),
    ...(kinds.length > 1 ? { mrr_by_kind: Object.fromEntries(byKind) as Record<string, number> } : {}),
    ...(firstRow ? { first_row_minus_this_in_mrr: pairedInterval(firstRow, ranks) } : {}),
    ...(otherCommit ? { this_minus_other_commit_in_mrr: pairedInterval(ranks, otherCommit) } : {}),
    ...(printsRanks ? { ranks } : {}),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
