import {
  accountsToRead,
  claimDirectory,
  completeDirectory,
  dueDirectories,
  failDirectory,
  groupsToRead,
  releaseDirectory,
  replaceMembers,
  storeAccounts,
  type ClaimedDirectory,
} from "#shared/access/directory/directory-rows.ts";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { PermanentError, RateLimitedError, TransientError } from "#shared/errors.ts";
import { verifyAccount } from "#shared/syncs/listing/verify-site.ts";
import { expireCredentials } from "#shared/syncs/operations/expire-credentials.ts";
import { statusAfter } from "#shared/syncs/operations/fail-operation.ts";
import { pause } from "#shared/syncs/operations/waiting.ts";
import { openClient, type SiteServices, type SyncServices } from "#shared/syncs/sync-services.ts";

/** A group of thousands takes many calls; with less time left the next invocation reads the others. */
const RESERVE_MS = 20_000;
/** Groups that are read at the same time. */
const GROUPS_AT_ONCE = 4;
/** Accounts between two looks at the time: four calls. */
const ACCOUNTS_AT_ONCE = 1000;

const UNREADABLE = new Set(["not_found", "forbidden"]);

type DirectoryServices = Pick<SyncServices, "sql" | "log" | "now" | "random"> & SiteServices;
type Invocation = { remainingMs: () => number };

/**
 * Reads again who belongs to which group, and which accounts are active, of each site with sources of mode `per_user`. One that fails is
 * recorded and stops no other: what is known of it stays until it is too old.
 */
export async function refreshDirectories(
  services: DirectoryServices,
  invocation: Invocation,
): Promise<{ refreshed: number; failed: number }> {
  const total = { refreshed: 0, failed: 0 };
  for (const siteId of await dueDirectories(services.sql, services.now())) {
    if (invocation.remainingMs() < RESERVE_MS) break;
    const directory = await claimDirectory(services.sql, siteId, services.now());
    if (!directory) continue;
    try {
      if (await refresh(directory, services, invocation)) total.refreshed += 1;
    } catch (error) {
      total.failed += 1;
      await settle(directory, error, services);
    }
  }
  return total;
}

/** Whether all of it was read; otherwise the next invocation continues. */
async function refresh(
  directory: ClaimedDirectory,
  services: DirectoryServices,
  { remainingMs }: Invocation,
): Promise<boolean> {
  const { siteId } = directory;
  const { sql, now, log } = services;
  const startedAt = now();
  const client = await openClient(services, directory);
  // An anonymous response would look like groups that may not be read.
  await verifyAccount(client, directory);
  const licensed = await client.licensedGroups();
  const groups = await groupsToRead(sql, siteId, { licensed, now: startedAt });
  const waiting = groups.values();
  const work = async () => {
    for (const groupId of waiting) {
      if (remainingMs() < RESERVE_MS) return false;
      const readAt = now();
      const members = await membersOf(client, groupId);
      await replaceMembers(sql, siteId, { groupId, isLicensed: licensed.includes(groupId), members, readAt });
    }
    return true;
  };
  const finished = await Promise.all(Array.from({ length: GROUPS_AT_ONCE }, work));
  let isDone = finished.every(Boolean);
  while (isDone) {
    const readAt = now();
    const asked = await accountsToRead(sql, siteId, { now: startedAt, limit: ACCOUNTS_AT_ONCE });
    if (asked.length === 0) break;
    if (remainingMs() < RESERVE_MS) isDone = false;
    else await storeAccounts(sql, siteId, { asked, found: await client.accounts(asked), readAt });
  }
  if (isDone) await completeDirectory(sql, directory, startedAt);
  else await releaseDirectory(sql, directory);
  if (isDone) log.info("directory.refreshed", { site_id: siteId, groups: groups.length });
  return isDone;
}

async function membersOf(client: ConfluenceClient, groupId: string): Promise<string[] | null> {
  try {
    return await client.groupMembers(groupId);
  } catch (error) {
    // Some system groups are listed, and their members are not; a deleted group has none.
    if (error instanceof PermanentError && UNREADABLE.has(error.code)) return null;
    throw error;
  }
}

async function settle(
  directory: ClaimedDirectory,
  error: unknown,
  services: DirectoryServices,
): Promise<void> {
  const { siteId } = directory;
  if (error instanceof RateLimitedError) {
    await releaseDirectory(services.sql, directory);
    await pause({ siteId }, error, services);
    return;
  }
  if (!(error instanceof PermanentError) && !(error instanceof TransientError)) throw error;
  await failDirectory(services.sql, directory, error, services.now());
  services.log.warn("directory.failed", { site_id: siteId, code: error.code, error });
  if (statusAfter(error) === "credentials_expired") await expireCredentials(directory, error, services);
}
