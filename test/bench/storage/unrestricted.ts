import type { Sql } from "#shared/db/connect.ts";
import { readableFor, type Permitted } from "#shared/access/readers/readable-nodes.ts";
import { addNode, setAccess } from "#test/support/access-nodes.ts";
import { NOW } from "#test/support/stored-pages.ts";

const MAX_AGE_MS = 60 * 60_000;

/** Gives all sources the access that new ones have: what no restriction is on is shown to everybody. Each has the node of its space. */
export async function makeUnrestricted(sql: Sql): Promise<void> {
  const sources = await sql<{ sourceId: string }[]>`select source_id as "sourceId" from archon_sources`;
  for (const { sourceId } of sources) {
    await sql`insert into access_sweeps (source_id, due_at) values (${sourceId}, ${NOW})`;
    await setAccess(sql, sourceId, "unrestricted", NOW);
    await addNode(sql, { sourceId, groups: ["staff"] });
  }
}

/** What a request of all sources may be shown that is for nobody in particular, as the API's searches ask for it. */
export async function permittedToNobody(sql: Sql): Promise<Pick<Permitted, "readable" | "sources">> {
  return readableFor(sql, {
    reader: { visibility: "own", person: null },
    sources: null,
    spaces: null,
    now: NOW,
    maxAgeMs: MAX_AGE_MS,
  });
}
