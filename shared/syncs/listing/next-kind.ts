import type { ContentKind } from "#shared/content-kinds.ts";
import { rememberCursor } from "./follow-cursor.ts";

/** Where a listing continues when the list of one kind (or of what changed) has ended: with the next kind, or with the folders. */
export function nextKind({ kinds_left: [kind, ...left] }: { kinds_left: readonly ContentKind[] }) {
  const atStart = { cursor: null, recent_cursors: [] };
  return kind === undefined
    ? { ...atStart, phase: "folders" as const }
    : { ...atStart, kind, kinds_left: left };
}

/** Where a listing of one kind continues after a page of it: with the page that `next` names, or with the next kind. */
export function afterPage(
  checkpoint: { cursor: string | null; recent_cursors: string[]; kinds_left: readonly ContentKind[] },
  next: string | null,
) {
  return next === null ? nextKind(checkpoint) : rememberCursor(checkpoint, next);
}
