import { restorePage, restrictPage, trashPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { UserError } from "#shared/errors.ts";
import { listPlannedChanges } from "#shared/syncs/operations/planned-changes.ts";
import { findHeldCheck } from "#shared/syncs/operations/held-deletions.ts";
import { rejectDeletions } from "#shared/syncs/operations/reject-deletions.ts";
import { startOperation } from "#shared/syncs/operations/start-operation.ts";
import { withServices } from "#functions/runtime/services.ts";
import { makeRandom, type Random } from "./random.ts";
import { MINUTE, observe, passTime, services, tell } from "./run.ts";
import { SOURCE_ID, Violation } from "./violation.ts";
import type { Decisions, Run } from "./run-state.ts";

/** Of histories in which a space is cleaned up. */
const CLEANED_UP = 0.4;
/** Above both limits of the cap. */
const MANY = 13;

/** Chances of their own, so that the rest of a history in which nothing is held is what it was. */
export function makeDecisions(seed: number): Decisions {
  const random = makeRandom(seed ^ 0xdec1);
  const cleanedIn = random.chance(CLEANED_UP) ? 1 + random.below(4) : null;
  return {
    live: async (run, round) => {
      const sentBefore = random.chance(0.3);
      if (round === cleanedIn) await cleanUp(run, random, round);
      await decide(run, random, round);
      // Two people at the same list.
      if (sentBefore) await decide(run, random, round);
    },
  };
}

/** Most pages go, a check is held, time goes by in which some are back. */
async function cleanUp(run: Run, random: Random, round: number): Promise<void> {
  const { world, people } = run;
  const stored = new Set((await readStored(world.sql)).map((row) => row.page_id));
  const current = [...world.site.pages.values()].filter(
    (page) => page.kind === "page" && people.shows(page.id) && stored.has(page.id),
  );
  if (current.length < MANY) return;
  const isTrashed = random.chance(0.5);
  const gone = current.filter(() => random.chance(0.95));
  for (const { id } of gone) {
    if (isTrashed) trashPage(world.site, id);
    else restrictPage(world.site, id, "nobody");
  }
  observe(run);
  const request = { type: "deletion_check", sourceId: SOURCE_ID, actor: "manual" } as const;
  await withServices({}, () => startOperation(request, services(run)));
  tell(
    run,
    `${round}: ${gone.length} pages are ${isTrashed ? "trashed" : "hidden"} at once, and a check starts`,
  );
  await passTime(run, (1 + random.below(3)) * 30 * MINUTE);
  const back = gone.filter(() => random.chance(0.4));
  for (const { id } of back) {
    if (isTrashed) restorePage(world.site, id);
    else restrictPage(world.site, id, "everyone");
  }
  observe(run);
  tell(run, `${round}: ${back.length} of them are back`);
  await passTime(run, random.below(10 * 60) * MINUTE);
}

async function readStored(sql: Run["world"]["sql"]): Promise<{ page_id: string }[]> {
  return sql<{ page_id: string }[]>`
    select page_id from confluence_pages
    where source_id = ${SOURCE_ID} and not is_deleted and version > 0 and missing_since is null order by page_id`;
}

/** Approves or rejects some of what is held, if anything is. */
async function decide(run: Run, random: Random, round: number): Promise<void> {
  const approves = random.chance(0.6);
  const share = random.pick([0.3, 0.6, 1]) ?? 1;
  const held = await findHeldCheck(run.world.sql, SOURCE_ID);
  if (!held) return;
  const planned = await listPlannedChanges(run.world.sql, held.operationId, { after: null, limit: 200 });
  const some = planned.map((change) => change.page_id).filter(() => random.chance(share));
  const request = { run, operationId: held.operationId, pageIds: share === 1 ? null : some };
  const outcome = await withServices({}, () => (approves ? approve(request) : reject(request)));
  tell(run, `${round}: ${outcome}`);
}

type Decision = { run: Run; operationId: string; pageIds: string[] | null };

async function approve({ run, operationId, pageIds }: Decision): Promise<string> {
  const what = `${pageIds?.length ?? "all"} held deletions`;
  try {
    const { started } = await startOperation(
      {
        type: "approved_deletions",
        sourceId: SOURCE_ID,
        actor: "api",
        approval: { heldOperationId: operationId, pageIds },
      },
      services(run),
    );
    return `${what} ${started ? "approved" : "not approved: another operation runs"}`;
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "nothing_held") throw error;
    return `${what} not approved: nothing is held`;
  }
}

async function reject({ run, operationId, pageIds }: Decision): Promise<string> {
  const { sql, now } = services(run);
  const request = { sourceId: SOURCE_ID, operationId, pageIds, actor: "api", now: now() };
  const { rejected, held } = await rejectDeletions(sql, request);
  return `${rejected} held deletions are rejected, ${held} left`;
}

/** Nothing is deleted by approval but what was approved, and a hold ends with its last decision. */
export async function checkDecisions({ world: { sql, bus } }: Run): Promise<void> {
  const approvals = await sql<{ operation_id: string; approves: string }[]>`
    select operation_id, approves from archon_progress where operation_type = 'approved_deletions' order by created_at`;
  const holds = new Map(approvals.map((approval) => [approval.operation_id, approval.approves]));
  for (const { type, detail } of bus.received.values()) {
    const held = type === "page.deleted" ? holds.get(detail.operation_id) : undefined;
    if (held === undefined || type !== "page.deleted" || detail.reason.startsWith("container_")) continue;
    const [row] = await sql<{ decision: string | null }[]>`
      select decision from sync_work where operation_id = ${held} and page_id = ${detail.page_id}`;
    if (row?.decision !== "approved")
      throw new Violation(
        `Page ${detail.page_id} was deleted by approval and is ${row?.decision ?? "undecided"}`,
      );
  }
  const [open] = await sql<{ operation_id: string }[]>`
    select operation_id from archon_progress p where status = 'held' and not dry_run and (held_deletions ->> 'candidates')::int =
      (select count(*) from sync_work w where w.operation_id = p.operation_id and w.state = 'candidate' and w.decision is not null) limit 1`;
  if (open) throw new Violation(`Check ${open.operation_id} is held though all of it is decided`);
}
