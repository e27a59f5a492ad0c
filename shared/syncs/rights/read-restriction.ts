import { PAGE_TYPES, type ReadContent, type ReadRestriction } from "#shared/access/sweeps/apply-rights.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import type { ContentRights } from "#shared/confluence/content-rights.ts";
import { PermanentError, TransientError } from "#shared/errors.ts";

/** Restrictions that one step reads one by one. */
export const READ_AT_ONCE = 20;

const NOT_SHOWN = new Set(["not_found", "forbidden"]);

/** The restriction of one content. Throws where a limit is to be waited for, and internal errors. */
export async function readRestriction(client: ConfluenceClient, id: string): Promise<ReadRestriction> {
  try {
    return await client.viewRestriction(id);
  } catch (error) {
    if (error instanceof PermanentError) return NOT_SHOWN.has(error.code) ? "unreadable" : "failed";
    if (error instanceof TransientError) return "failed";
    throw error;
  }
}

/** Reads by itself what a response contained only in part, up to `limit` contents; `cut`: the others. */
export async function readCutRestrictions(
  client: ConfluenceClient,
  contents: readonly ContentRights[],
  limit: number = READ_AT_ONCE,
): Promise<{ contents: ReadContent[]; cut: string[] }> {
  const read: ReadContent[] = [];
  const cut: string[] = [];
  let calls = 0;
  for (const { id, ancestors, restriction } of contents) {
    if (restriction !== null) read.push({ id, ancestors, restriction });
    else if (calls < limit) {
      calls += 1;
      read.push({ id, ancestors, restriction: await readRestriction(client, id) });
    } else {
      cut.push(id);
      read.push({ id, ancestors, restriction: "later" });
    }
  }
  return { contents: read, cut };
}

/** What a search found of the space's own pages and blog posts. */
export function ofSpace(contents: readonly ContentRights[], spaceKey: string): ContentRights[] {
  return contents.filter(
    (content) =>
      PAGE_TYPES.has(content.type) &&
      (content.spaceKey === null || content.spaceKey.toLowerCase() === spaceKey.toLowerCase()),
  );
}
