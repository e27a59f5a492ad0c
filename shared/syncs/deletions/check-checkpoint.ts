import { z } from "zod";
import { CONTENT_KINDS } from "#shared/content-kinds.ts";
import { recentCursors } from "#shared/syncs/listing/follow-cursor.ts";
import { labelListing } from "#shared/syncs/listing/list-labels.ts";

/** Where a deletion check is: its phase, what it lists, and what was held. */
export const checkCheckpoint = z.object({
  phase: z
    .enum([
      "starting",
      "listing",
      "folders",
      "labels",
      "finding candidates",
      "confirming",
      "deleting",
      "comments",
      "closing",
      "listed",
    ])
    .default("starting"),
  /** The kind that is listed now, and those after it. */
  kind: z.enum(CONTENT_KINDS).default("page"),
  kinds_left: z.array(z.enum(CONTENT_KINDS)).default([]),
  /** Kinds whose deletions are left to a person. */
  kinds_held: z.array(z.string()).default([]),
  cursor: z.string().nullable().default(null),
  recent_cursors: recentCursors,
  labels: labelListing.nullable().default(null),
});
export type CheckCheckpoint = z.infer<typeof checkCheckpoint>;
