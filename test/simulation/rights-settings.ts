import type { Fault } from "#infra/local/confluence-site/faults.ts";
import type { SiteSettings } from "#infra/local/confluence-site/settings.ts";
import type { Sql } from "#shared/db/connect.ts";
import { requestSweeps } from "#shared/access/sweeps/sweep-rows.ts";
import { followAccess } from "#shared/access/sweeps/access-changes.ts";
import type { AccessMode } from "#shared/sources/source.ts";
import { requireSource, updateSource } from "#shared/sources/sources.ts";
import type { Random } from "./random.ts";
import type { Run } from "./run-state.ts";
import { SOURCE_ID } from "./violation.ts";

const refused = (status: number, path: string): Fault => ({
  effect: "status",
  status,
  retry_after: null,
  path,
  times: 1,
  skip: 0,
});

/** Faults of the calls for rights, by the words of the story. */
export const RIGHTS_FAULTS: readonly (readonly [string, Fault])[] = [
  ["a restriction is not found", refused(404, "/restriction/")],
  ["a restriction is forbidden", refused(403, "/restriction/")],
  ["restrictions fail", refused(500, "/restriction/")],
  ["the readers of the space fail", refused(500, "/permissions")],
  ["the readers of the space are forbidden", refused(403, "/permissions")],
  ["permissions cannot be checked", refused(403, "permission/check")],
  ["checks of permissions fail", refused(500, "permission/check")],
  ["members of groups are forbidden", refused(403, "membersByGroupId")],
  ["members of groups fail", refused(500, "membersByGroupId")],
  ["accounts fail", refused(500, "users-bulk")],
];

/** How a site tells rights: mostly as most do. */
export function waysOfTelling(random: Random): Partial<SiteSettings> {
  return {
    administrator: random.chance(0.8),
    folder_checks: random.chance(0.9),
    ancestors_are: random.chance(0.85) ? "all" : "pages",
    restrictions_page_size: random.pick([2, 5, 100]) ?? 100,
    embedded_principals: random.pick([1, 25, 25]) ?? 25,
    cut_lists_have: random.pick(["next", "size"]) ?? "next",
    deleted_principals: random.pick(["named", "unnamed"]) ?? "named",
  };
}

/** What `PATCH` of the source does. Returns when (ms) the last complete sweep began. */
export async function changeMode({ world }: Run, access: AccessMode): Promise<number> {
  const { sql } = world;
  const source = await requireSource(sql, SOURCE_ID);
  const first = (tx: Sql) => followAccess(tx, SOURCE_ID, { access }, world.now());
  await updateSource(sql, SOURCE_ID, { access, first }, world.now());
  return source.accessVerifiedAt?.getTime() ?? Number.NEGATIVE_INFINITY;
}

/** A hint had the rights read again: how far that gets before the next look at them is the scheduler's to say. */
export async function sweepNow({ world }: Run): Promise<void> {
  await requestSweeps(world.sql, [SOURCE_ID], world.now());
  world.invoke("sweep-access", {}, Number.POSITIVE_INFINITY);
}
