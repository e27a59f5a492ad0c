import type { Source } from "#shared/sources/sources.ts";

/** Whether the source carries rights over, and has read some. */
export function hasRights(source: Pick<Source, "access" | "accessVerifiedAt">): boolean {
  return source.access !== "everything" && source.accessVerifiedAt !== null;
}
