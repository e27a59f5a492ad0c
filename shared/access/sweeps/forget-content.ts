import type { Sql } from "#shared/db/connect.ts";
import { lockRights, readTree } from "./access-tree.ts";
import { forget } from "./narrow.ts";

/** Nobody sees this content any more, which the account does not see either, or whose place is not known. */
export async function forgetContent(
  tx: Sql,
  sourceId: string,
  { contentIds, readAt }: { contentIds: readonly string[]; readAt: Date },
): Promise<void> {
  if (contentIds.length === 0) return;
  await lockRights(tx, sourceId);
  const tree = await readTree(tx, sourceId, contentIds);
  if (!tree) return;
  for (const contentId of contentIds) {
    const place = tree.places.get(contentId);
    if (place && place.readAt <= readAt) await forget(tx, sourceId, { tree, contentId, readAt });
  }
}
