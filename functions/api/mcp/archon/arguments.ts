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

export function requireKnownSource(isKnown: boolean, sourceId: string | null): void {
  if (isKnown || sourceId === null) return;
  throw sourceNotFound(sourceId);
}

export function sourceNotFound(sourceId: string): UserError {
  return new UserError(
    404,
    "source_not_found",
    `Source ${sourceId} not found: rag_get_available_sources lists the source_id of each source`,
  );
}
