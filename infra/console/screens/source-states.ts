import type { ListedOperation, Operation, Source, SyncMetrics } from "#infra/console/api/types.ts";
import type { Tone } from "#infra/console/parts/tone.ts";
import { clockTime, count, sentence, withLocalTimes, words } from "#infra/console/parts/format.ts";
import { now } from "#infra/console/state/clock.ts";
import { to } from "#infra/console/state/router.ts";

type Shown = { tone: Tone; text: string };

/** Of those that have ended: the others run. */
const ENDED_TONES: Partial<Record<Operation["status"], Tone>> = {
  completed: "ok",
  completed_with_errors: "warn",
  failed: "bad",
  cancelled: "quiet",
  held: "warn",
};

export function operationState(status: Operation["status"]): Shown {
  return { tone: ENDED_TONES[status] ?? "busy", text: words(status) };
}

export function isRunning(status: Operation["status"]): boolean {
  return ENDED_TONES[status] === undefined;
}

/** Warnings about what somebody chose: nothing is wrong with the sync. */
const CHOSEN = ["access_everything", "containers_hidden"];

/** With these an operation runs, and makes no progress until an attempt succeeds. */
const FAILING = ["confluence_failing", "embedding_failing", "operation_failing"];

/** Whether Confluence asked to be left alone for a while (429), and that is not over. */
export function isPaused({ paused_until: until }: Pick<Source, "paused_until">): boolean {
  return until !== null && new Date(until) > now.value;
}

/** The one state of a source that matters most. */
export function sourceState(source: Source): Shown {
  if (source.status !== "active") return { tone: "bad", text: words(source.status) };
  if (isPaused(source))
    return { tone: "warn", text: `paused until ${clockTime(new Date(source.paused_until ?? 0))}` };
  if (source.warnings.some(({ code }) => FAILING.includes(code))) return { tone: "warn", text: "retrying" };
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

/** Why no sync is planned. */
export function noNextSync(source: Source): string {
  if (source.sync_interval_minutes === null) return "on demand";
  return source.status === "active" ? "not planned" : "stopped";
}

/** With these nothing is synced. */
const BROKEN = ["credentials_expired", "space_unavailable", "last_sync_failed"];

export function warningTone(code: string): Tone {
  return BROKEN.includes(code) ? "bad" : CHOSEN.includes(code) ? "quiet" : "warn";
}

/** The warnings of a source that are to be decided: a sync that failed for want of a token is mended with the token. */
export function warningsOf({ warnings }: Pick<Source, "warnings">): Warning[] {
  const isExpired = warnings.some(({ code }) => code === "credentials_expired");
  return warnings.filter(({ code }) => !(isExpired && code === "last_sync_failed"));
}

const TEXTS: Partial<Record<Warning["code"], string>> = {
  credentials_expired: "Confluence rejects the API token. Nothing is synced until a new one is entered.",
  access_everything:
    "Everyone who may search finds all that the syncing account sees, pages with view restrictions included.",
  deletions_held:
    "A deletion check would remove more than the limit allows. Nothing is deleted until someone decides.",
};

/** What a warning says; without what to send to the API where the console has a way to do it. */
export function warningText({ code, message }: Warning): string {
  if (code in TEXTS) return TEXTS[code] ?? message;
  // What to send to the API is done by a link here; one page is no pages.
  const text = message
    .replace(/[:,] GET .*?( has the reason in \w+(?=\.)|$)/, "")
    .replace(/^1 pages are/, "1 page is")
    .replace(/^1 pages/, "1 page")
    .replace(/most often (\w+)/, (_, reason: string) => `most often: ${words(reason)}`);
  return sentence(withLocalTimes(text));
}

/** Why a deletion check is held, without what to send to the API: the console has a way to decide. */
export function heldText(message: string): string {
  const text = message.replaceAll(
    / No [\w ]+ was deleted or hidden\.| If the deletions are right[^.]*\.?/g,
    "",
  );
  return sentence(text.trim());
}

/** Where a warning is decided. */
export function warningLink(source: Source, { code }: Warning): { href: string; text: string } {
  const id = source.source_id;
  const links: Partial<Record<Warning["code"], { href: string; text: string }>> = {
    deletions_held: { href: to.source(id, "held"), text: "Decide" },
    pages_failed: { href: to.source(id, "pages", { status: "failed" }), text: "See why" },
    credentials_expired: { href: to.source(id, "settings"), text: "Enter a new token" },
    access_everything: { href: to.source(id, "settings"), text: "Settings" },
    rendered_missing: { href: to.source(id, "pages"), text: "Pages" },
    ...(source.last_sync
      ? { last_sync_failed: { href: to.operation(source.last_sync.operation_id), text: "See why" } }
      : {}),
  };
  return links[code] ?? { href: to.source(id), text: "Details" };
}

const ACTORS: Record<string, string> = {
  api: "API",
  pulse: "change in Confluence",
  hook: "hook",
  after_sync: "sync before it",
};

/** Who or what started an operation. */
export function actorName(actor: string): string {
  return ACTORS[actor] ?? words(actor);
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

const TYPES: Record<ListedOperation["operation_type"], string> = {
  confluence_sync: "sync",
  deletion_check: "deletion check",
  page_sync: "page sync",
  approved_deletions: "approved deletions",
};

/** "Full sync", "Deletion check, dry run". */
export function operationName(
  operation: Pick<ListedOperation, "operation_type" | "mode" | "dry_run">,
): string {
  const type = TYPES[operation.operation_type];
  const name = operation.mode === null ? type : `${operation.mode} ${type}`;
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}${operation.dry_run ? ", dry run" : ""}`;
}
