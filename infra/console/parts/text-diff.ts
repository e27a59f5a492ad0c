import { diffLines, diffWordsWithSpace } from "diff";

export type DiffPart = { text: string; changed: boolean };
export type DiffLine =
  | { kind: "same" | "added" | "removed"; parts: DiffPart[] }
  /** Lines in between that did not change. */
  | { kind: "gap"; count: number };

/** Lines around a change that are shown with it. */
const CONTEXT = 2;
/** Beyond so many edits a diff by lines takes too long, and says nothing. */
const MAX_EDITS = 4000;
/** Of two lines that share less of their text, no words are set apart: it would be all of them. */
const MIN_SHARED = 0.4;
/** Longer lines are compared as a whole. */
const MAX_WORDS_LENGTH = 4000;

/** What changed between two texts, line by line, and within a changed line word by word; null: too much to tell. */
export function diffTexts(before: string, after: string): DiffLine[] | null {
  const changes = diffLines(ended(before), ended(after), { maxEditLength: MAX_EDITS });
  if (!changes) return null;
  const lines: DiffLine[] = [];
  for (let index = 0; index < changes.length; index += 1) {
    const change = changes[index];
    if (!change) continue;
    const next = changes[index + 1];
    if (change.removed && next?.added) {
      lines.push(...replaced(linesOf(change.value), linesOf(next.value)));
      index += 1;
      continue;
    }
    const kind = change.added ? "added" : change.removed ? "removed" : "same";
    lines.push(...linesOf(change.value).map((text): DiffLine => ({ kind, parts: [whole(text)] })));
  }
  return withGaps(lines);
}

/** Lines that took the place of others: paired in order, their words compared. */
function replaced(before: readonly string[], after: readonly string[]): DiffLine[] {
  const pairs = before.map((text, index) => [text, after[index]] as const);
  const removed: DiffLine[] = [];
  const added: DiffLine[] = [];
  for (const [old, now] of pairs) {
    const words = now === undefined ? null : diffWords(old, now);
    removed.push({
      kind: "removed",
      parts: words
        ? words.flatMap((one) => (one.added ? [] : [{ text: one.value, changed: one.removed }]))
        : [whole(old)],
    });
    if (now === undefined) continue;
    added.push({
      kind: "added",
      parts: words
        ? words.flatMap((one) => (one.removed ? [] : [{ text: one.value, changed: one.added }]))
        : [whole(now)],
    });
  }
  const rest = after.slice(before.length);
  added.push(...rest.map((text) => ({ kind: "added" as const, parts: [whole(text)] })));
  return [...removed, ...added];
}

/** A line of which no part is set apart: its sign says all. */
const whole = (text: string): DiffPart => ({ text, changed: false });

function diffWords(before: string, after: string) {
  if (before.length + after.length > MAX_WORDS_LENGTH) return null;
  const words = diffWordsWithSpace(before, after);
  const shared = words
    .flatMap(({ added, removed, value }) => (added || removed ? [] : [value.trim()]))
    .join("");
  return shared.length < MIN_SHARED * Math.min(before.length, after.length) ? null : words;
}

function withGaps(lines: readonly DiffLine[]): DiffLine[] {
  const isNear = (index: number) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ kind }) => kind !== "same");
  const shown: DiffLine[] = [];
  for (const [index, line] of lines.entries()) {
    if (isNear(index)) {
      shown.push(line);
      continue;
    }
    const last = shown.at(-1);
    if (last?.kind === "gap") last.count += 1;
    else shown.push({ kind: "gap", count: 1 });
  }
  return shown;
}

const ended = (text: string) => (text === "" || text.endsWith("\n") ? text : `${text}\n`);

function linesOf(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}
