import type { ListedOperation, Operation, Source, SyncMetrics } from "#infra/console/api/types.ts";
import type { Tone } from "#infra/console/parts/tone.ts";
import { count, words } from "#infra/console/parts/format.ts";
import { to } from "#infra/console/state/router.ts";

type Shown = { tone: Tone; text: string };

const OPERATION_TONES: Record<Operation["status"], Tone> = {
  queued: "busy",
  listing: "busy",
  processing: "busy",
  finishing: "busy",
  completed: "ok",
  completed_with_errors: "warn",
  failed: "bad",
  cancelled: "quiet",
  held: "warn",
};

export function operationState(status: Operation["status"]): Shown {
  return { tone: OPERATION_TONES[status], text: words(status) };
}

export function isRunning(status: Operation["status"]): boolean {
  return OPERATION_TONES[status] === "busy";
}

/** Warnings about what somebody chose: nothing is wrong with the sync. */
const CHOSEN = ["access_everything", "containers_hidden"];

/** The one state of a source that matters most. */
export function sourceState(source: Source): Shown {
  if (source.status !== "active") return { tone: "bad", text: words(source.status) };
  if (source.running_operation_id !== null) return { tone: "busy", text: words(source.sync_status) };
  if (source.warnings.some(({ code }) => code === "deletions_held"))
    return { tone: "warn", text: "deletions held" };
  if (source.sync_status === "never_synced") return { tone: "quiet", text: "never synced" };
  if (source.sync_status === "failed") return { tone: "bad", text: "last sync failed" };
  if (source.failed_page_count > 0) return { tone: "warn", text: "pages failed" };
  const isWarned = source.warnings.some(({ code }) => !CHOSEN.includes(code));
  return isWarned ? { tone: "warn", text: "warnings" } : { tone: "ok", text: "up to date" };
}

type Warning = Source["warnings"][number];

const TEXTS: Partial<Record<Warning["code"], string>> = {
  access_everything:
    "Everyone who may search finds all that the syncing account sees, pages with view restrictions included.",
  deletions_held:
    "The last deletion check would have deleted more than the limit allows. Nothing is deleted until someone decides.",
};

/** What a warning says; without what to send to the API where the console has a way to do it. */
export function warningText({ code, message }: Warning): string {
  if (code === "pages_failed") return `${message.replace(/: GET .*$/, "").replace(/^1 pages/, "1 page")}.`;
  return TEXTS[code] ?? message;
}

/** Where a warning is decided. */
export function warningLink(source: Source, { code }: Warning): { href: string; text: string } {
  const id = source.source_id;
  const links: Partial<Record<Warning["code"], { href: string; text: string }>> = {
    deletions_held: { href: to.source(id, "held"), text: "Decide" },
    pages_failed: { href: to.source(id, "pages", { status: "failed" }), text: "See why" },
    credentials_expired: { href: to.source(id, "settings"), text: "Settings" },
    access_everything: { href: to.source(id, "settings"), text: "Settings" },
    ...(source.last_sync
      ? { last_sync_failed: { href: to.operation(source.last_sync.operation_id), text: "See why" } }
      : {}),
  };
  return links[code] ?? { href: to.source(id), text: "Details" };
}

const CHANGES = [
  ["pages_added", "added"],
  ["pages_updated", "updated"],
  ["pages_moved", "moved"],
  ["pages_restored", "restored"],
  ["pages_deleted", "deleted"],
  ["pages_hidden", "hidden"],
  ["pages_failed", "failed"],
] as const;

/** "3 added, 40 updated"; null: nothing changed. */
export function changesInWords(metrics: Partial<SyncMetrics> | null): string | null {
  const parts = CHANGES.flatMap(([name, text]) => {
    const value = metrics?.[name] ?? 0;
    return value === 0 ? [] : [`${count(value)} ${text}`];
  });
  return parts.length === 0 ? null : parts.join(", ");
}

const TYPES: Record<string, string> = {
  confluence_sync: "sync",
  deletion_check: "deletion check",
  page_sync: "page sync",
  approved_deletions: "approved deletions",
};

/** "Full sync", "Deletion check, dry run". */
export function operationName(
  operation: Pick<ListedOperation, "operation_type" | "mode" | "dry_run">,
): string {
  const type = TYPES[operation.operation_type] ?? words(operation.operation_type);
  const name = operation.mode === null ? type : `${operation.mode} ${type}`;
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}${operation.dry_run ? ", dry run" : ""}`;
}
