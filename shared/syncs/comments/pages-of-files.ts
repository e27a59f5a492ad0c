import { optionalCalls } from "#shared/syncs/optional-calls.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { TransientError } from "#shared/errors.ts";

/** Files of one step: each takes a call. */
const MAX_FILES = 50;

/**
 * Asks Confluence which pages these files are on, of which the index has none: a search lists what is newest first, so a comment may come
 * in a response before the one with its file. A file that is gone, or that the site refuses to tell of, is on none; its comments follow
 * with the next deletion check, if it is there. `unanswered`: those to be asked for by the next sync.
 */
export async function pagesOfUnknownFiles(
  { client, source, operation, services }: StepContext,
  ids: readonly string[],
): Promise<{ pages: Map<string, string>; unanswered: Set<string> }> {
  const pages = new Map<string, string>();
  if (!source.content.attachments) return { pages, unanswered: new Set() };
  const unanswered = new Set(ids.slice(MAX_FILES));
  const calls = optionalCalls({ ...services, source, skipped: new Map() });
  // Retried once, as in a check of comments.
  const retryTransient = operation.failures === 0;
  for (const id of ids.slice(0, MAX_FILES)) {
    const found = await calls.attempt("files", () => client.attachment(id), { retryTransient });
    if (found.ok) {
      const { status, containerId } = found.value ?? {};
      if (status === "current" && containerId) pages.set(id, containerId);
    } else if (found.error instanceof TransientError) unanswered.add(id);
  }
  return { pages, unanswered };
}
