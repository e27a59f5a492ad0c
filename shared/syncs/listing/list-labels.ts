import { z } from "zod";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { PAGE_KINDS, syncedPageKinds, type PageKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { keepLabels, setLabel } from "#shared/documents/listed-pages.ts";
import { changedLabels } from "./changed-labels.ts";
import { optionalCalls } from "#shared/syncs/optional-calls.ts";
import { listToEnd, rememberCursor } from "./follow-cursor.ts";
import { verifySpace } from "./verify-site.ts";
import { refreshListsOfLabels } from "#shared/syncs/refreshes/refresh-includers.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/**
 * Labels do not raise a page's version and the v2 listing does not contain them. So full listings fetch the space's labels, and
 * then the pages of each label that changed according to a search.
 */
export const labelListing = z.object({
  cursor: z.string().nullable(),
  recent_cursors: z.array(z.string()),
  /** Names of labels whose pages have been written. */
  done: z.array(z.string()),
  remaining: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      /** Of which its content is listed. */
      kinds: z.array(z.enum(PAGE_KINDS)).default(["page"]),
    }),
  ),
  namesComplete: z.boolean(),
});
type LabelListing = z.infer<typeof labelListing>;

const OF_THE_SPACE = new Set(["forbidden", "not_found"]);

type LabelStep = { write: (tx: Sql) => Promise<void>; next: LabelListing | null };

/**
 * One step: a page of the space's labels (after the last one, the search for changes), or the pages of one label. `next`
 * null: labels are done once `write` has run.
 */
export async function listLabels(context: StepContext, place: LabelListing | null): Promise<LabelStep> {
  const { source, operation, services } = context;
  const at = place ?? { cursor: null, recent_cursors: [], done: [], remaining: [], namesComplete: false };
  const nothing = { write: async () => {}, next: null };
  if (operation.dryRun) return nothing;
  const calls = optionalCalls({ ...services, source, skipped: new Map() });
  // Retried once, like every step; then the stored labels stay until the next full listing.
  const retryTransient = operation.failures === 0;
  const attempt = await calls.attempt("labels", () => nextStep(context, at), { retryTransient });
  if (attempt.ok) return attempt.value;
  // A missing space gives the same error: then labels are not the problem.
  if (OF_THE_SPACE.has(attempt.error.code)) await verifySpace(context.client, source);
  return nothing;
}

async function nextStep(context: StepContext, at: LabelListing): Promise<LabelStep> {
  const { client, source, operation, services } = context;
  const step = (next: LabelListing) => stepTo(context, next);
  if (!at.namesComplete) {
    const { labels, next } = await client.spaceLabels(source.spaceId, at.cursor);
    const remaining = [...at.remaining, ...labels.map((label) => ({ ...label, kinds: [] }))];
    if (next !== null) return step({ ...at, ...rememberCursor(at, next), remaining });
    const kindsOf = new Map<string, PageKind[]>();
    for (const kind of syncedPageKinds(source.content))
      for (const { name } of await changedLabels(context, kind, remaining))
        kindsOf.set(name, [...(kindsOf.get(name) ?? []), kind]);
    const changed = remaining.flatMap((label) => {
      const kinds = kindsOf.get(label.name);
      return kinds ? [{ ...label, kinds }] : [];
    });
    return step({
      cursor: null,
      recent_cursors: [],
      namesComplete: true,
      remaining: changed,
      done: remaining.filter(({ name }) => !kindsOf.has(name)).map((label) => label.name),
    });
  }
  const [label, ...remaining] = at.remaining;
  if (!label) return step(at);
  const ids = new Map<PageKind, string[]>();
  for (const kind of label.kinds) ids.set(kind, await labelledPages(client, source.spaceId, label.id, kind));
  const after = step({ ...at, remaining, done: [...at.done, label.name] });
  return {
    next: after.next,
    write: async (tx) => {
      let changed = false;
      for (const [kind, labelled] of ids)
        if (await setLabel(tx, source.sourceId, label.name, { kind, ids: labelled })) changed = true;
      await refreshListsOfLabels(tx, operation, changed ? [label.name] : [], services.now());
      await after.write(tx);
    },
  };
}

function stepTo({ operation, services }: StepContext, at: LabelListing): LabelStep {
  if (!at.namesComplete || at.remaining.length > 0) return { write: async () => {}, next: at };
  return {
    write: async (tx) => {
      const removed = await keepLabels(tx, operation.sourceId, at.done);
      await refreshListsOfLabels(tx, operation, removed, services.now());
    },
    next: null,
  };
}

/** Ids of all content of one kind in a space that has a label. */
export async function labelledPages(
  client: ConfluenceClient,
  spaceId: string,
  labelId: string,
  kind: PageKind,
): Promise<string[]> {
  const ids: string[] = [];
  for await (const listed of listToEnd((cursor) => client.labelledPageIds(kind, labelId, spaceId, cursor)))
    ids.push(...listed.ids);
  return ids;
}
