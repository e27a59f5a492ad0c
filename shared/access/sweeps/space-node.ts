import type { SpaceReaders } from "#shared/confluence/content-rights.ts";
import type { Sql } from "#shared/db/connect.ts";
import { lockRights, readTree } from "./access-tree.ts";
import { insertNode, renewNode } from "./narrow.ts";
import { knownPrincipals } from "./principals.ts";

/** Applies who may read the space: at once who may not any more, when the sweep is complete who may besides. */
export async function applySpaceReaders(
  tx: Sql,
  sourceId: string,
  { readers, readAt }: { readers: SpaceReaders; readAt: Date },
): Promise<void> {
  await lockRights(tx, sourceId);
  const tree = await readTree(tx, sourceId, []);
  const principals = knownPrincipals(readers);
  if (tree) await renewNode(tx, tree.space, { principals, readAt });
  else await insertNode(tx, sourceId, { ...principals, contentId: null, parentNode: null, readAt });
}
