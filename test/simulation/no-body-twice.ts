import type { Run } from "./run-state.ts";
import { Violation } from "./violation.ts";

const KIND_OF_CALL = [
  ["/api/v2/pages", "page"],
  ["/api/v2/blogposts", "blogpost"],
] as const;

/** Without faults and crashes each version's body is fetched once. */
export async function checkNoBodyTwice({ world, people }: Run): Promise<void> {
  const [row] = await world.sql<{ syncs: number }[]>`
    select count(*)::int as syncs from archon_progress where operation_type <> 'deletion_check'`;
  const fetched = new Map<string, number>();
  for (const request of world.site.requests) {
    const kind = KIND_OF_CALL.find(([call]) => request.path.endsWith(call))?.[1];
    // A cursor continues a request that was counted.
    if (!kind || !request.query.includes("body-format=storage") || request.query.includes("cursor="))
      continue;
    for (const id of new URLSearchParams(request.query).getAll("id").flatMap((ids) => ids.split(","))) {
      fetched.set(id, (fetched.get(id) ?? 0) + 1);
      // Of a row that went with its kind only the id is known.
      if (people.kindOf(id) !== kind && people.switches === 0)
        throw new Violation(`The body of ${people.kindOf(id)} ${id} was asked for as that of a ${kind}`);
    }
  }
  for (const [id, times] of fetched) {
    // A page that went is asked for again by each sync (a pulse starts many), until a check says where it is; and when it is back.
    const versions = world.site.pages.get(id)?.version.number ?? times;
    // Of a live doc the text decides, so that each sync that lists it fetches it.
    if (world.site.pages.get(id)?.subtype === "live") continue;
    const known = versions * (1 + people.switches);
    const allowed = known + (people.absences(id).length === 0 ? 0 : (row?.syncs ?? 0));
    if (times > allowed && !people.showedOthers(id))
      throw new Violation(`The body of page ${id} was fetched ${times} times for ${allowed} versions`);
  }
}
