import { z } from "zod";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { PAGE_KINDS, syncedPageKinds, type PageKind } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import {
  addLabel,
  followLabels,
  pagesInDoubt,
  setLabels,
  type DoubtedLabels,
} from "#shared/documents/listed-pages.ts";
import { changedLabels } from "./changed-labels.ts";
import { optionalCalls } from "#shared/syncs/optional-calls.ts";
import { listToEnd, rememberCursor } from "./follow-cursor.ts";
import { ownLabels } from "./own-labels.ts";
import { verifySpace } from "./verify-site.ts";
import { refreshListsOfLabels } from "#shared/syncs/refreshes/refresh-includers.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";

/** Pages that one step asks for their own labels: twenty calls. */
const MAX_ASKED = 1000;

/**
 * Labels do not raise a page's version and the v2 listing does not contain them. So full listings fetch the space's labels, and
 * then the pages of each label that changed according to a search. A page that these lists leave out may be out of sight, and they may
 * leave out labels of some prefixes: only what the page itself says takes a label from it.
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
  /** Of the pages from which the next label may be taken: the last one that was asked for. */
  asked_to: z.string().nullable().default(null),
});
type LabelListing = z.infer<typeof labelListing>;

const START: LabelListing = {
  cursor: null,
  recent_cursors: [],
  done: [],
  remaining: [],
  namesComplete: false,
  asked_to: null,
};

const OF_THE_SPACE = new Set(["forbidden", "not_found"]);

type LabelStep = { write: (tx: Sql) => Promise<void>; next: LabelListing | null };

/**
 * One step: a page of the space's labels (after the last one, the search for changes), the pages of one label, or, after the last
 * label, pages with labels that the space's list does not name. `next` null: labels are done once `write` has run.
 */
export async function listLabels(context: StepContext, place: LabelListing | null): Promise<LabelStep> {
  const { source, operation, services } = context;
  const at = place ?? START;
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
  if (!at.namesComplete) return { write: async () => {}, next: await nextNames(context, at) };
  const [label] = at.remaining;
  return label ? pagesOfLabel(context, at, label) : furtherLabels(context, at);
}

async function nextNames(context: StepContext, at: LabelListing): Promise<LabelListing> {
  const { client, source } = context;
  const { labels, next } = await client.spaceLabels(source.spaceId, at.cursor);
  const remaining = [...at.remaining, ...labels.map((label) => ({ ...label, kinds: [] }))];
  if (next !== null) return { ...at, ...rememberCursor(at, next), remaining };
  const kindsOf = new Map<string, PageKind[]>();
  for (const kind of syncedPageKinds(source.content))
    for (const name of new Set((await changedLabels(context, kind, remaining)).map((label) => label.name)))
      kindsOf.set(name, [...(kindsOf.get(name) ?? []), kind]);
  const changed = remaining.flatMap((label) => {
    const kinds = kindsOf.get(label.name);
    return kinds ? [{ ...label, kinds }] : [];
  });
  return {
    ...START,
    namesComplete: true,
    remaining: changed,
    done: remaining.filter(({ name }) => !kindsOf.has(name)).map((label) => label.name),
  };
}

/** The content of the labels of one name: `global:review` and `team:review` are two labels, of different pages. */
async function pagesOfLabel(
  context: StepContext,
  at: LabelListing,
  { name, kinds }: LabelListing["remaining"][number],
): Promise<LabelStep> {
  const { client, source, operation, services } = context;
  const idsOf = new Map<PageKind, string[]>();
  const labels = at.remaining.filter((label) => label.name === name);
  for (const kind of kinds) {
    const ids: string[] = [];
    for (const { id } of labels) ids.push(...(await labelledPages(client, source.spaceId, id, kind)));
    idsOf.set(kind, ids);
  }
  const asked = await askInDoubt(context, at, { label: name, kinds, ids: [...idsOf.values()].flat() });
  const remaining = at.remaining.filter((label) => label.name !== name);
  return {
    next:
      asked.to === null
        ? { ...at, remaining, done: [...at.done, name], asked_to: null }
        : { ...at, asked_to: asked.to },
    write: async (tx) => {
      const changed = await setLabels(tx, source.sourceId, asked.own);
      for (const [kind, ids] of idsOf)
        if (await addLabel(tx, source.sourceId, name, { kind, ids })) changed.push(name);
      await refreshListsOfLabels(tx, operation, [...new Set(changed)], services.now());
    },
  };
}

/** Labels that are stored although the space's list does not name them: the last steps. */
async function furtherLabels(context: StepContext, at: LabelListing): Promise<LabelStep> {
  const { operation, services } = context;
  const asked = await askInDoubt(context, at, { allLabels: at.done });
  return {
    next: asked.to === null ? null : { ...at, asked_to: asked.to },
    write: async (tx) => {
      const changed = await setLabels(tx, operation.sourceId, asked.own);
      await refreshListsOfLabels(tx, operation, changed, services.now());
      if (asked.to === null) await followLabels(tx, operation.sourceId, null);
    },
  };
}

/** Asks the next pages in doubt; `to`: the last of them, null when none follow. */
async function askInDoubt(
  context: StepContext,
  { asked_to: after }: LabelListing,
  doubted: DoubtedLabels,
): Promise<{ own: Awaited<ReturnType<typeof ownLabels>>; to: string | null }> {
  const { source, services } = context;
  const ids = await pagesInDoubt(services.sql, source.sourceId, doubted, { after, limit: MAX_ASKED });
  const own = await ownLabels(context, ids);
  return { own, to: ids.length === MAX_ASKED ? (ids.at(-1) ?? null) : null };
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
