import type { ConfluencePage } from "#shared/confluence/client.ts";
import { transaction, type Sql } from "#shared/db/connect.ts";
import { isNewer } from "#shared/documents/is-newer.ts";
import type { PageState } from "#shared/documents/page-states.ts";
import type { PageFacts } from "#shared/documents/page-to-store.ts";
import {
  isOutdated,
  readRendering,
  RENDERING_LAG_MS,
  writeRendering,
  type NewRendering,
  type StoredDependency,
} from "#shared/documents/renderings.ts";
import type { PageDependency } from "#shared/markdown/page-dependencies.ts";
import { REPRESENTATION_REVISION } from "#shared/markdown/representation-revision.ts";
import type { Source } from "#shared/sources/source.ts";
import { later } from "#shared/syncs/later.ts";
import type { ClaimedWork } from "#shared/syncs/operations/work-claims.ts";
import { queueRefreshes } from "#shared/syncs/refreshes/queue-refreshes.ts";
import { completePage } from "./complete-page.ts";
import type { Batch } from "./page-batch.ts";

/** A page that shows others, and could not be rendered again, is tried again after this time. */
export const RETRY_RENDERING_MS = 60 * 60_000;

/** When a body is requested, by Confluence's clock and ours: no later than that. */
export function renderingTime({ client, services }: Batch): { at: Date; startedAt: Date } {
  const startedAt = services.now();
  return { at: client.serverTime() ?? later(startedAt, -RENDERING_LAG_MS), startedAt };
}

/** Confluence's titles and labels are no longer; a body may name anything. */
const MAX_NAME = 255;

/** As the database takes it. */
const stored = (name: string) => name.replaceAll("\u0000", "").slice(0, MAX_NAME).toWellFormed();

/** What Confluence said in place of macros that failed; each once. */
export function storedMessages(messages: readonly string[]): string[] {
  return [...new Set(messages.map(stored))].slice(0, MAX_MESSAGES);
}

/** Enough to know why. */
const MAX_MESSAGES = 20;

/** The rows of what a body shows; one for each target, also where several macros show it. */
export function storedDependencies(
  dependencies: readonly PageDependency[],
  page: { pageId: string; source: Pick<Source, "spaceKey"> },
): StoredDependency[] {
  const rows = new Map<string, StoredDependency>();
  for (const { kind, target, depth, showsText } of dependencies) {
    const row = { kind, depth, showsText, ...namesOf(target, page) };
    const key = JSON.stringify([kind, row.spaceKey, row.target, row.targetId]);
    const known = rows.get(key);
    rows.set(key, {
      ...row,
      depth:
        known && (known.depth === null || depth === null)
          ? null
          : Math.max(depth ?? 0, known?.depth ?? 0) || depth,
      showsText: showsText || known?.showsText === true,
    });
  }
  return [...rows.values()];
}

function namesOf(
  target: PageDependency["target"],
  { pageId, source }: { pageId: string; source: Pick<Source, "spaceKey"> },
): Pick<StoredDependency, "target" | "targetId" | "spaceKey"> {
  const own = { target: "", targetId: "", spaceKey: source.spaceKey };
  if (target === null) return own;
  if (target === "self") return { ...own, targetId: pageId };
  if ("id" in target) return { ...own, targetId: stored(target.id) };
  if ("title" in target)
    return { ...own, target: stored(target.title), spaceKey: stored(target.spaceKey ?? source.spaceKey) };
  const { label, space } = target;
  const spaceKey = space === "any" ? "" : space === "own" ? source.spaceKey : stored(space.key);
  return { ...own, target: stored(label), spaceKey };
}

/** Whether a stored page keeps what it shows although it could not be rendered again: not if a target is gone. */
export function keepsRendering(state: PageState, page: ConfluencePage): boolean {
  const { rendering } = state;
  if (state.isDeleted || state.missingSince || state.renderedMissing || !rendering) return false;
  return isSameVersion(state, page) && isOutdated(rendering) && !rendering.showsGone;
}

function isSameVersion(state: PageState, page: { version: number }): boolean {
  return state.version === page.version && state.representationRevision === REPRESENTATION_REVISION;
}

/** Whether the body, rendered again, shows what is stored. */
export function showsTheSame(page: PageFacts, state: PageState): boolean {
  if (state.isDeleted || state.missingSince || state.syncError) return false;
  if (state.renderedMissing || page.renderedMissing || !state.rendering) return false;
  return isSameVersion(state, page) && state.title === page.title && state.contentHash === page.contentHash;
}

/** Ends the work of a page that shows what is stored: nothing but the time of the rendering is written. */
export async function noteRendered(
  batch: Batch,
  { work, page }: { work: ClaimedWork; page: PageFacts },
  rendering: NewRendering,
): Promise<void> {
  const { services } = batch;
  await transaction(services.sql, async (tx) => {
    const [row] = await tx<{ version: number; representationRevision: number }[]>`
      select version, representation_revision as "representationRevision" from confluence_pages
      where source_id = ${page.sourceId} and page_id = ${page.pageId} and content_hash = ${page.contentHash} and not is_deleted
      for no key update`;
    const stored = row && { ...row, rendering: await readRendering(tx, page) };
    if (stored?.rendering && isNewer({ ...page, rendering }, stored))
      await writeRendering(tx, page, rendering, services.now());
    await endUnchanged(batch, work, tx);
  });
}

/** Ends a page's work as unchanged; a page whose targets changed meanwhile becomes work again. */
export async function endUnchanged(batch: Batch, work: ClaimedWork, within?: Sql): Promise<boolean> {
  if (!within) return transaction(batch.services.sql, (tx) => endUnchanged(batch, work, tx));
  const open = await completePage(within, batch, work, { outcome: "unchanged", counters: {} });
  if (open) await queueRefreshes(within, batch.operation, batch.services.now(), { only: work.pageId });
  return open;
}
