import { z } from "zod";
import { UserError } from "#shared/errors.ts";
import { text } from "#functions/api/contract/fields.ts";

const MAX_MATCHES = 20;

/** The arguments that both of Archon's searches take. */
export const searchArguments = {
  query: text(4000).describe("What to look for: a few keywords or a question"),
  source_id: text(255)
    .nullish()
    .describe(
      "Only this source: a source_id of rag_get_available_sources, not a URL; all sources unless set",
    ),
  match_count: z
    .int()
    .default(5)
    .describe(`Results at most: 1 to ${MAX_MATCHES}; others are moved into that range`),
};

/** Agents leave out what they do not know in three ways. */
export const given = (value: string | null | undefined): string | null => value?.trim() || null;

export const inRange = (matchCount: number): number => Math.min(MAX_MATCHES, Math.max(1, matchCount));

/** Throws `UserError` for a source that does not exist, and for one that shows nothing at the moment. */
export function requireShownSource(
  { isKnown, isWithheld }: { isKnown: boolean; isWithheld: boolean },
  sourceId: string | null,
): void {
  if (sourceId === null) return;
  if (!isKnown) throw sourceNotFound(sourceId);
  if (isWithheld) throw sourceWithheld(sourceId);
}

export function sourceWithheld(sourceId: string): UserError {
  return new UserError(
    409,
    "source_withheld",
    `Source ${sourceId} shows nothing at the moment, because what is known of its permissions is too old: try again later, or use another source_id`,
  );
}

export function sourceNotFound(sourceId: string): UserError {
  return new UserError(
    404,
    "source_not_found",
    `Source ${sourceId} not found: rag_get_available_sources lists the source_id of each source`,
  );
}
