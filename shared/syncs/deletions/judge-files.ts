import { PAGE_KINDS } from "#shared/content-kinds.ts";
import { optionalCalls } from "#shared/syncs/optional-calls.ts";
import type { StepContext } from "#shared/syncs/operations/step.ts";
import { judgeCandidate, type Candidate, type JudgedCandidate, type Verdict } from "./deletion-rules.ts";
import { fetchVisible } from "./fetch-visible.ts";

/** Files of one step: their types take one call, and each that still exists one more. */
export const FILES_BATCH = 50;

/**
 * Decides on files that were not listed, by their ids. Only null, for gone or not visible, and what Confluence says of the file itself
 * count: without an answer a file stays.
 */
export async function judgeFiles(
  context: StepContext,
  candidates: readonly Candidate[],
): Promise<JudgedCandidate[]> {
  const { source, client, services } = context;
  const calls = optionalCalls({ ...services, source, skipped: new Map() });
  const ids = candidates.map((candidate) => candidate.page_id);
  const types = await calls.attempt("comments", () => client.typesOfIds(ids));
  const verdict = async ({ page_id, container_id, missing_since }: Candidate): Promise<Verdict> => {
    const notVisible = () => judgeCandidate(undefined, { missingSince: missing_since }, source.spaceId);
    if (!types.ok) return null;
    const type = types.value.get(page_id);
    if (type === null) return notVisible();
    if (type === undefined) return null;
    const found = await calls.attempt("files", () => client.attachment(page_id));
    if (!found.ok) return null;
    // The type of what is in the trash may be told: moved to a page, for one, that was trashed.
    if (!found.value) return notVisible();
    const { status, containerId } = found.value;
    if (status !== "current") return { outcome: "deleted", reason: status };
    // On the page that it was on: the search index lags.
    if (containerId === null || containerId === container_id) return null;
    return whereItIs(context, containerId);
  };
  const judged: JudgedCandidate[] = [];
  for (const candidate of candidates)
    judged.push({ page_id: candidate.page_id, verdict: await verdict(candidate) });
  return judged;
}

/** Another page of the space: the next listing has the file there. */
async function whereItIs({ source, client }: StepContext, containerId: string): Promise<Verdict> {
  const { pages } = await fetchVisible([containerId], client, PAGE_KINDS);
  const page = pages.get(containerId);
  if (!page || page.spaceId === null || page.spaceId === source.spaceId) return null;
  return { outcome: "deleted", reason: "moved_to_another_space" };
}
