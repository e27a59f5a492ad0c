import type { Calls } from "#infra/console/api/types.ts";

type HeldList = Calls["listHeldDeletions"]["result"];

/** What is sent, and what a person is asked: both as the list was when the question was put. */
export type Decision = {
  body: { operation_id: string; page_ids?: string[] };
  /** Pages chosen by hand; null: all that are undecided. */
  chosen: number | null;
  /** Pages on the shown part of the list, and whether it continues. */
  listed: number;
  continues: boolean;
};

/**
 * The decision that this list and selection stand for. Null: nothing is held, or what was selected is not shown any more; a
 * selection of which nothing is left is never all.
 */
export function decisionOf(list: HeldList | null, selected: ReadonlySet<string>): Decision | null {
  if (list === null || list.operation_id === null || list.held_deletions.length === 0) return null;
  const shown = {
    listed: list.held_deletions.length,
    continues: list.next_cursor !== null,
  };
  const operation = { operation_id: list.operation_id };
  if (selected.size === 0) return { body: operation, chosen: null, ...shown };
  const ids = list.held_deletions.map((one) => one.page_id).filter((id) => selected.has(id));
  if (ids.length === 0) return null;
  return { body: { ...operation, page_ids: ids }, chosen: ids.length, ...shown };
}

/** Why a decision may not be sent any more, for people; null: the list still is what they were asked about. */
export function outdated({ body }: Decision, list: HeldList | null): string | null {
  if (list === null) return null;
  if (list.operation_id === null) return "Nothing is held any more: it was decided meanwhile.";
  if (list.operation_id !== body.operation_id)
    return "Another deletion check is held now, and its list may be another one: close this and look at it first.";
  const held = new Set(list.held_deletions.map((one) => one.page_id));
  const isGone = body.page_ids?.some((id) => !held.has(id)) ?? list.held_deletions.length === 0;
  return isGone ? "The list has changed since: close this and look at it first." : null;
}

/** "all", "3 selected" */
export function whichOf(decision: Decision): string {
  return decision.chosen === null ? "all" : `${decision.chosen} selected`;
}
