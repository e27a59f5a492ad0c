import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const PROOFS_OF_FOLDERS = "test/integration/access/folder-proofs.test.ts";
const MOVED = "test/integration/access/moved-includers.test.ts";
const UNKNOWN = "test/integration/access/unknown-places.test.ts";
const PROOFS = "test/integration/access/sweep-proofs.test.ts";
const NARROW = "shared/access/sweeps/narrow.ts";

/** How rights follow what is above content: places that change or are not known yet. */
export const PLACES_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    PROOFS_OF_FOLDERS,
    "a folder stays open for whoever passes what is above it later",
    change("shared/access/sweeps/complete.ts", "  await closeUnproven(tx, sourceId);\n", ""),
  ),
  bugFoundBy(
    PROOFS_OF_FOLDERS,
    "a folder is proven for those whom the outermost restriction above it lets in",
    change("shared/access/sweeps/containers.ts", "depth(other) - depth(one)", "depth(one) - depth(other)"),
  ),
  bugFoundBy(
    MOVED,
    "content under a restriction of its own keeps its node, and what it shows, when it is moved",
    change(
      NARROW,
      "and node_id is not null`;",
      "and node_id not in (select node_id from access_nodes where content_id is not null)`;",
    ),
  ),
  bugFoundBy(
    MOVED,
    "a page that was rendered while its place was not known lacks what it may show",
    change(
      "sql/functions/access.sql",
      "    where o.node_id is distinct from n.node_id",
      "    where o.node_id is not null and o.node_id is distinct from n.node_id",
    ),
  ),
  bugFoundBy(
    UNKNOWN,
    "new content is under the nearest restriction above it, wherever that one is",
    change(
      "shared/access/sweeps/access-tree.ts",
      "place !== undefined && place.nodeId !== null &&",
      "place !== undefined &&",
    ),
  ),
  bugFoundBy(
    PROOFS,
    "content that was forgotten is shown by a reading that is older",
    change(NARROW, "  await noteForgotten(tx, sourceId, { contentId, readAt });\n", ""),
  ),
];
