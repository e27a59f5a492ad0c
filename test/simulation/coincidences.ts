import { withServices } from "#functions/runtime/services.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { INDEX_LAG_OVERLAP_MS } from "#shared/syncs/listing/watermark.ts";
import { LONGEST_LAG_SECONDS } from "./faults.ts";
import { SPACE } from "./people.ts";
import { MINUTE, passTime, services, tell } from "./run.ts";
import { SOURCE_ID } from "./violation.ts";
import type { Run } from "./run-state.ts";

/*
 * Coincidences that random histories almost never produce.
 */

/** A page gets another version between the moment that a worker fetched it and the moment that it stores it. */
export async function editWhatIsAtWork(run: Run, round: number): Promise<void> {
  const rows = await run.world.sql<{ page_id: string }[]>`
    select page_id from sync_work where state = 'pending' and claimed_until is not null order by page_id`;
  if (rows.length === 0) return;
  const edit = run.people.edit(new Set(rows.map((row) => row.page_id)));
  if (edit) tell(run, `${round}: ${edit} while a worker is at it`);
}

/**
 * Confluence's search lags by the most that the overlap allows for, and a sync starts seconds before it shows an edit: the next
 * sync must look back to the very minute of that edit. Random histories almost never do that.
 */
export async function syncJustBeforeTheIndexShows(run: Run): Promise<void> {
  const { world, people } = run;
  const { site, random } = world;
  site.settings.index_lag_seconds = LONGEST_LAG_SECONDS;
  const edit = people.edit();
  site.settings.index_lag_seconds = 0;
  await passTime(run, (LONGEST_LAG_SECONDS - random.below(40)) * 1000);
  const request = { mode: "incremental", actor: "api" } as const;
  const { started } = await withServices({}, () => syncSpace(SOURCE_ID, SPACE, request, services(run)));
  tell(
    run,
    `${edit}, and a sync just before the index shows it${started ? "" : ": refused, another operation runs"}`,
  );
}

/**
 * Pages are edited, nobody syncs for longer than the overlap reaches back, and the listing that would show the edits is cut short
 * or empty: a sync that trusts it never looks so far back again.
 */
export async function listTooLittleAfterAPause(run: Run): Promise<void> {
  const { world, people } = run;
  const { site, random } = world;
  const edits = Array.from({ length: 4 }, () => people.edit()).filter((edit) => edit !== null);
  world.pass(INDEX_LAG_OVERLAP_MS + random.below(60 * MINUTE));
  const effect = random.chance(0.5) ? "drop_next" : "empty_listing";
  site.faults.push({ effect, path: "/content/search", times: 1, skip: 0 });
  const request = { mode: "incremental", actor: "api" } as const;
  const { started } = await withServices({}, () => syncSpace(SOURCE_ID, SPACE, request, services(run)));
  tell(
    run,
    `${edits.join(", ")}; a sync after a pause, its listing ${effect === "drop_next" ? "cut short" : "empty"}${started ? "" : ": refused, another operation runs"}`,
  );
}
