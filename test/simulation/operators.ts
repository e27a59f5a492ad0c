import { withServices } from "#functions/runtime/services.ts";
import { mergeSourceMetadata } from "#shared/sources/sources.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import { startOperation } from "#shared/syncs/operations/start-operation.ts";
import type { SyncServices } from "#shared/syncs/sync-services.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { SPACE } from "./people.ts";
import { SOURCE_ID } from "./violation.ts";
import type { World } from "./world.ts";

const STRATEGIES = ["weekly_reconciliation", "every_sync", "on_demand"] as const;

/** Requests of the service's operators by its API, at any time; each returns its description, for the story. */
const REQUESTS: readonly ((world: World, services: SyncServices) => Promise<string>)[] = [
  (_, services) => check(services, { dryRun: false }),
  (_, services) => check(services, { dryRun: false }),
  (_, services) => check(services, { dryRun: true }),
  (_, services) => sync(services, { mode: "full" }),
  (_, services) => sync(services, { mode: "incremental" }),
  ({ random }, services) => sync(services, { mode: random.pick(["full", "incremental"]), dryRun: true }),
  async ({ random }, { sql, now }) => {
    const strategy = random.pick(STRATEGIES) ?? "every_sync";
    await mergeSourceMetadata(sql, SOURCE_ID, { deletion_strategy: strategy }, now());
    return `deletion strategy ${strategy}`;
  },
];

/** One random request of an operator. What is cancelled is fetched again, so it is not asked for where nothing may be. */
export async function operate(
  world: World,
  services: SyncServices,
  options: { mayCancel: boolean },
): Promise<string> {
  const request = world.random.pick(options.mayCancel ? [...REQUESTS, cancel] : REQUESTS);
  return request ? withServices({}, () => request(world, services)) : "";
}

async function cancel(_: World, { sql, now }: SyncServices): Promise<string> {
  const cancelled = await cancelOperation(sql, { sourceId: SOURCE_ID, now: now(), actor: "api" });
  return cancelled ? "cancel what runs" : "nothing to cancel";
}

async function check(services: SyncServices, options: { dryRun: boolean }): Promise<string> {
  const request = { type: "deletion_check", sourceId: SOURCE_ID, actor: "manual", ...options } as const;
  const { started } = await startOperation(request, services);
  return `${options.dryRun ? "dry run of a " : ""}deletion check ${started ? "asked for" : "refused: another operation runs"}`;
}

async function sync(
  services: SyncServices,
  options: { mode: "full" | "incremental" | undefined; dryRun?: boolean },
): Promise<string> {
  const { mode = "incremental", dryRun = false } = options;
  const { started } = await syncSpace(SOURCE_ID, SPACE, { mode, dryRun, actor: "api" }, services);
  return `${dryRun ? "dry run of a " : ""}${mode} sync ${started ? "asked for" : "refused: another operation runs"}`;
}
