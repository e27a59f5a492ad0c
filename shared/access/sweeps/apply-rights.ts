import type { ContentRights, ViewRestriction } from "#shared/confluence/content-rights.ts";
import type { Sql } from "#shared/db/connect.ts";
import {
  isSameChain,
  lockRights,
  nodeBelow,
  readTree,
  type AccessNode,
  type AccessTree,
} from "./access-tree.ts";
import { forgottenSince } from "./forgotten.ts";
import { forget, insertNode, keepNode, move, releaseLater, renewNode, restrict } from "./narrow.ts";
import { knownPrincipals, NOBODY_PASSES, type Principals } from "./principals.ts";

/**
 * What was read of a restriction. `unreadable`: the account may not read it; `failed`: it could not be read this time; `later`: it is read
 * again by itself.
 */
export type ReadRestriction = ViewRestriction | "unreadable" | "failed" | "later";

/**
 * Content as it was read; ancestors null: the response did not contain them. `placedAt`: when they were read, if that was earlier than the
 * restriction: they are what is stored, or what content below it said.
 */
export type ReadContent = Pick<ContentRights, "id" | "ancestors"> & {
  restriction: ReadRestriction;
  placedAt?: Date;
};

type Placed = {
  id: string;
  /** Ids of what is above it, from the top. */
  chain: string[];
  placedAt: Date;
  ancestors: { id: string; type: string }[];
  restriction: ReadRestriction;
};

/** What a listing of a space contains. Anything else above it is a folder or the like. */
export const PAGE_TYPES: ReadonlySet<string> = new Set(["page", "blogpost"]);

/**
 * Applies what was read of the rights of some content, in the caller's transaction and first thing in it: what lets fewer people see
 * something counts at once, for everything below it too; what lets more people see something waits for the end of a complete sweep. New
 * content gets its node if all that is above it is known. `readAt`: when the request was sent; what was read before what is stored
 * changes nothing, and a repetition neither. `notesUnchanged`: what is as it is stored was read then too, so that an earlier reading that
 * comes later changes nothing; a sweep, which reads everything, does not write that. Does nothing for a source whose readers were never
 * read: nothing of it is shown.
 */
export async function applyRights(
  tx: Sql,
  sourceId: string,
  {
    contents: read,
    readAt,
    notesUnchanged = false,
  }: { contents: readonly ReadContent[]; readAt: Date; notesUnchanged?: boolean },
): Promise<void> {
  if (read.length === 0) return;
  await lockRights(tx, sourceId);
  const outdated = await forgottenSince(
    tx,
    sourceId,
    read.map(({ id, placedAt }) => ({ id, readAt: placedAt ?? readAt, isStored: placedAt !== undefined })),
  );
  const contents = read.filter(({ id }) => !outdated.has(id));
  const ids = contents.flatMap(({ id, ancestors }) => [id, ...(ancestors ?? []).map((above) => above.id)]);
  const current = async () => readTree(tx, sourceId, ids);
  const first = await current();
  if (!first) return;
  let tree = first;
  const again = async () => {
    tree = (await current()) ?? tree;
  };
  const placed = contents.flatMap((content) => toPlaced(content, readAt));
  const isPlaced = new Set(placed.map(({ id }) => id));
  for (const { id } of contents) {
    if (isPlaced.has(id) || isNewer(tree, id, readAt)) continue;
    await forget(tx, sourceId, { tree, contentId: id, readAt });
    await again();
  }
  for (const container of containersOf(placed)) {
    if (tree.places.has(container.id)) continue;
    await addContainer(tx, sourceId, { ...container, tree, readAt });
    await again();
  }
  const unchanged: string[] = [];
  for (const { id, chain, placedAt } of learnedPlaces(placed)) {
    const place = tree.places.get(id);
    if (!place || place.readAt > placedAt) continue;
    if (isSameChain(place.ancestorIds, chain)) {
      if (placedAt.getTime() === readAt.getTime()) unchanged.push(id);
      continue;
    }
    await move(tx, sourceId, { tree, place, chain, readAt: placedAt });
    await again();
  }
  if (notesUnchanged) await notePlaces(tx, sourceId, { contentIds: unchanged, readAt });
  const before = new Set(tree.places.keys());
  await addPlaces(tx, sourceId, { tree, contents: placed.filter(({ id }) => !before.has(id)), readAt });
  for (const { id, restriction } of placed.filter((content) => before.has(content.id))) {
    const place = tree.places.get(id);
    if (!place) continue;
    // A response named it above other content without saying that it is a page.
    if (place.isContainer) await becomesPage(tx, sourceId, id);
    const node = tree.nodes.get(id);
    if (node) await renew(tx, node, { restriction, readAt, notesUnchanged });
    else {
      const principals = principalsOf(restriction);
      if (!principals) continue;
      await restrict(tx, sourceId, { tree, place, principals, readAt });
      await again();
    }
  }
}

async function renew(
  tx: Sql,
  node: AccessNode,
  reading: { restriction: ReadRestriction; readAt: Date; notesUnchanged: boolean },
): Promise<void> {
  const { restriction, readAt, notesUnchanged } = reading;
  if (restriction === "later") return;
  if (restriction === "failed") return keepNode(tx, node);
  const principals = principalsOf(restriction);
  if (principals) await renewNode(tx, node, { principals, readAt, notesUnchanged });
  else await releaseLater(tx, node, readAt);
}

/** Null: there is no restriction. One that was not read lets nobody in. */
function principalsOf(restriction: ReadRestriction): Principals | null {
  if (typeof restriction === "string") return NOBODY_PASSES;
  if (restriction.users.length + restriction.groups.length === 0) return null;
  return knownPrincipals(restriction);
}

/** A chain with a repetition, or with the content itself in it, says nothing. */
function toPlaced(content: ReadContent, readAt: Date): Placed[] {
  const { id, ancestors, restriction, placedAt = readAt } = content;
  if (ancestors === null) return [];
  const chain = ancestors.map((above) => above.id);
  if (new Set([...chain, id]).size <= chain.length) return [];
  return [{ id, chain, placedAt, ancestors, restriction }];
}

function isNewer(tree: AccessTree, id: string, readAt: Date): boolean {
  const place = tree.places.get(id);
  return place !== undefined && place.readAt > readAt;
}

/** Folders, whiteboards, databases, embeds, and what else there may be: anything above that is not content of a space's listing. */
function containersOf(placed: readonly Placed[]): { id: string; chain: string[] }[] {
  const found = new Map<string, string[]>();
  for (const { ancestors, chain } of placed)
    for (const [index, { id, type }] of ancestors.entries())
      if (!PAGE_TYPES.has(type) && !found.has(id)) found.set(id, chain.slice(0, index));
  return byDepth([...found].map(([id, chain]) => ({ id, chain })));
}

/** Content says where it is, and where what is above it is. What it says of itself comes first. */
function learnedPlaces(placed: readonly Placed[]): Pick<Placed, "id" | "chain" | "placedAt">[] {
  const learned = new Map(placed.map(({ id, chain, placedAt }) => [id, { id, chain, placedAt }]));
  for (const { chain, placedAt } of placed)
    for (const [index, id] of chain.entries())
      if (!learned.has(id)) learned.set(id, { id, chain: chain.slice(0, index), placedAt });
  return byDepth([...learned.values()]);
}

function byDepth<T extends { chain: string[] }>(items: T[]): T[] {
  return items.toSorted((one, other) => one.chain.length - other.chain.length);
}

/** These are where they are stored to be, as was read then. */
async function notePlaces(
  tx: Sql,
  sourceId: string,
  { contentIds, readAt }: { contentIds: string[]; readAt: Date },
): Promise<void> {
  if (contentIds.length === 0) return;
  await tx`
    update content_access set read_at = ${readAt}
    where source_id = ${sourceId} and content_id = any(${contentIds}::text[]) and read_at < ${readAt}`;
}

async function becomesPage(tx: Sql, sourceId: string, contentId: string): Promise<void> {
  await tx`
    update content_access set is_container = false where source_id = ${sourceId} and content_id = ${contentId}`;
}

/** Nobody passes a container until it is proven whom it lets in. */
async function addContainer(
  tx: Sql,
  sourceId: string,
  { tree, id: contentId, chain, readAt }: { tree: AccessTree; id: string; chain: string[]; readAt: Date },
): Promise<void> {
  const above = nodeBelow(tree, chain);
  const parentNode = above ?? tree.space.nodeId;
  const nodeId = await insertNode(tx, sourceId, { ...NOBODY_PASSES, contentId, parentNode, readAt });
  await tx`
    insert into content_access (source_id, content_id, ancestor_ids, is_container, node_id, read_at)
    values (${sourceId}, ${contentId}, ${chain}, true, ${above === null ? null : nodeId}, ${readAt})`;
}

/** Stores content that was never read: what is above first, so that its whole chain is known. */
async function addPlaces(
  tx: Sql,
  sourceId: string,
  { tree, contents, readAt }: { tree: AccessTree; contents: Placed[]; readAt: Date },
): Promise<void> {
  const rows: { content_id: string; ancestor_ids: string[]; node_id: number | null; read_at: string }[] = [];
  for (const { id, chain, restriction, placedAt } of byDepth(contents)) {
    if (tree.places.has(id)) continue;
    const above = nodeBelow(tree, chain);
    let nodeId = above;
    const principals = principalsOf(restriction);
    const left = tree.nodes.get(id);
    // Of content that was not visible for a while, and that is known again when the sweep is complete.
    if (left) {
      await renew(tx, left, { restriction, readAt, notesUnchanged: false });
      nodeId = null;
    } else if (principals) {
      const parentNode = above ?? tree.space.nodeId;
      const node = { ...principals, contentId: id, parentNode, readAt };
      const stored = await insertNode(tx, sourceId, node);
      tree.nodes.set(id, { ...node, nodeId: stored, pending: null, verifiedAt: null });
      if (above !== null) nodeId = stored;
    }
    tree.places.set(id, { contentId: id, ancestorIds: chain, isContainer: false, nodeId, readAt: placedAt });
    rows.push({ content_id: id, ancestor_ids: chain, node_id: nodeId, read_at: placedAt.toISOString() });
  }
  if (rows.length === 0) return;
  await tx`
    insert into content_access (source_id, content_id, ancestor_ids, node_id, read_at)
    select ${sourceId}, content_id, ancestor_ids, node_id, read_at
    from jsonb_to_recordset(${tx.json(rows)})
      as row (content_id text, ancestor_ids text[], node_id integer, read_at timestamptz)`;
}
