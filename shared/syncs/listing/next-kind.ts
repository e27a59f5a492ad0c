import type { ContentKind } from "#shared/content-kinds.ts";

/** Where a listing continues when the list of one kind (or of what changed) has ended: with the next kind, or with the folders. */
export function nextKind({ kinds_left: [kind, ...left] }: { kinds_left: readonly ContentKind[] }) {
  const atStart = { cursor: null, recent_cursors: [] };
  return kind === undefined
    ? { ...atStart, phase: "folders" as const }
    : { ...atStart, kind, kinds_left: left };
}
