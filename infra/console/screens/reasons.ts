import { words } from "#infra/console/parts/format.ts";

const REASONS: Record<string, string> = {
  trashed: "in the trash of Confluence",
  deleted: "deleted in Confluence",
  archived: "archived in Confluence",
  not_visible: "the syncing account does not see it",
};

/** Why a page was, or would be, deleted or hidden, in words. */
export function reasonText(reason: string): string {
  return REASONS[reason] ?? words(reason);
}
