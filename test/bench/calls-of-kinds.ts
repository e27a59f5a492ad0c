import { addComment } from "#infra/local/confluence-site/comment-edits.ts";
import { addGroup, restrictContent } from "#infra/local/confluence-site/directory-edits.ts";
import { addFolder, addPage } from "#infra/local/confluence-site/edits.ts";
import { uploadFile } from "#infra/local/confluence-site/file-edits.ts";
import type { LoggedRequest } from "#infra/local/confluence-site/recorded-requests.ts";
import { defineCommand } from "#infra/local/runner/run-command.ts";
import { NEW_SOURCE_CONTENT } from "#shared/content-kinds.ts";
import type { Sql } from "#shared/db/connect.ts";
import { cancelOperation } from "#shared/syncs/operations/end-operation.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const DAY_MS = 24 * 60 * 60_000;

const DEFAULTS: Counts = { pages: 10_000, posts: 300, comments: 15_000, files: 20_000 };
/** The most calls that may list a space of the default sizes. */
const MOST_CALLS: Calls = { first_sync: 450, idle_sync: 5, deletion_check: 200 };

export const benchCallsOfKinds = defineCommand({
  name: "npm run bench -- calls-of-kinds",
  does: `The calls that listing a space takes with posts, comments and files: at a first sync, at an idle one, and at a deletion check;
and those of a sweep of rights and of reading the groups, where the source carries rights over. Bodies and downloads are not counted: what is
listed is not processed. Exit 1 if a space that is no larger than the default takes more than ${MOST_CALLS.first_sync}, ${MOST_CALLS.idle_sync} or ${MOST_CALLS.deletion_check} calls; the calls for rights have no limit here.`,
  options: {
    pages: { type: "integer", value: "N", min: 1, default: DEFAULTS.pages, description: "pages" },
    posts: { type: "integer", value: "N", min: 0, default: DEFAULTS.posts, description: "blog posts" },
    comments: { type: "integer", value: "N", min: 0, default: DEFAULTS.comments, description: "comments" },
    files: { type: "integer", value: "N", min: 0, default: DEFAULTS.files, description: "files" },
    rights: {
      type: "flag",
      description: "access per_user: one page in 50 is restricted, one in 500 is in a folder",
    },
  },
  run: async ({ rights, ...counts }) => {
    const database = await createTestDatabase();
    try {
      const measured = await measure(database, counts, rights);
      const above = rights || isLarger(counts) ? [] : aboveMost(measured);
      if (above.length > 0) process.exitCode = 1;
      return { bench: "calls-of-kinds", ...counts, access: accessOf(rights), ...measured, above };
    } finally {
      await database.close();
    }
  },
});

type Counts = { pages: number; posts: number; comments: number; files: number };
type Calls = { first_sync: number; idle_sync: number; deletion_check: number };
type Measured = { [K in keyof Calls]: { all: number } };

const isLarger = (counts: Counts) =>
  counts.pages > DEFAULTS.pages ||
  counts.posts > DEFAULTS.posts ||
  counts.comments > DEFAULTS.comments ||
  counts.files > DEFAULTS.files;

/** What took more calls than it may, with how many it may take. */
function aboveMost({ first_sync, idle_sync, deletion_check }: Measured): string[] {
  const calls: Calls = {
    first_sync: first_sync.all,
    idle_sync: idle_sync.all,
    deletion_check: deletion_check.all,
  };
  return (["first_sync", "idle_sync", "deletion_check"] as const).flatMap((name) =>
    calls[name] > MOST_CALLS[name] ? [`${name}: ${calls[name]} of ${MOST_CALLS[name]} calls`] : [],
  );
}

const accessOf = (rights: boolean) => (rights ? ("per_user" as const) : ("everything" as const));

async function measure(database: TestDatabase, counts: Counts, rights: boolean) {
  await database.clear();
  const world = await makeSyncWorld(database.sql, {
    content: NEW_SOURCE_CONTENT,
    access: { access: accessOf(rights), unreadableContainers: "hide" },
  });
  fill(world, counts);
  if (rights) restrictSome(world);
  // An invocation may take a minute of real time as well, and a search of so much content takes a while: few calls in each.
  world.pace.stepMs = 4000;
  // The search index shows what was written a while ago.
  world.pass(DAY_MS);
  const { sql } = database;
  const first = await listed(world, await world.startSync(), "plan");
  await cancelOperation(sql, { sourceId: SOURCE_ID, now: world.now(), actor: "bench" });
  // As after a sync that has processed everything.
  await sql`
    update confluence_pages set version = greatest(coalesce((file ->> 'version')::int, comments_revision, 1), 1),
      representation_revision = 1000000, last_synced_at = ${world.now()}`;
  await sql`
    update archon_sources set metadata = metadata || jsonb_build_object('last_sync_timestamp', ${world.now().toISOString()}::text,
      'listed_kinds', '["page", "blogpost", "comments", "attachment"]'::jsonb)`;
  world.pass(DAY_MS);
  const idle = await listed(world, await world.startSync(), "plan");
  await world.ended(idle.operationId);
  const sweep = rights ? await swept(world, sql) : null;
  const check = await listed(world, await world.startCheck(), "check");
  const { status, sync_metrics } = await world.ended(check.operationId);
  return {
    first_sync: first.calls,
    idle_sync: idle.calls,
    sweep,
    deletion_check: check.calls,
    check_status: status,
    deleted: sync_metrics.pages_deleted + sync_metrics.pages_hidden + sync_metrics.files_deleted,
  };
}

/** Every page has its share of comments and files. */
function fill({ site }: SyncWorld, counts: Counts): void {
  const containers = [
    ...Array.from({ length: counts.pages }, (_, n) =>
      addPage(site, { space: SPACE, title: `Page ${n}`, body: bodyOf(`word${n}`) }),
    ),
    ...Array.from({ length: counts.posts }, (_, n) =>
      addPage(site, { space: SPACE, title: `Post ${n}`, body: bodyOf(`post${n}`), kind: "blogpost" }),
    ),
  ];
  const on = (n: number) => containers[n % containers.length]?.id ?? "";
  for (let n = 0; n < counts.comments; n += 1)
    addComment(site, { containerId: on(n), body: `<p>Remark ${n} is about this page</p>` });
  for (let n = 0; n < counts.files; n += 1)
    uploadFile(site, { containerId: on(n), title: `file-${n}.txt`, bytes: Buffer.from(`Text ${n}`) });
}

/** One page in 50 has a restriction of its own, of one of ten groups; below the first in 500 there is a folder with pages. */
function restrictSome({ site }: SyncWorld): void {
  const groups = Array.from({ length: 10 }, (_, n) => addGroup(site, { name: `group ${n}` }).id);
  const pages = [...site.pages.values()].filter(({ kind }) => kind === "page");
  for (const [n, page] of pages.entries()) {
    if (n % 50 === 1) restrictContent(site, page.id, { groups: [groups[n % groups.length] ?? ""] });
    if (n % 500 !== 0) continue;
    const folder = addFolder(site, { space: SPACE, title: `Folder ${n}`, parentId: null });
    addPage(site, { space: SPACE, title: `In folder ${n}`, body: bodyOf(`folder${n}`), parentId: folder.id });
  }
}

/** The calls of the sweep that is due a quarter of an hour later, and of reading the groups meanwhile. */
async function swept(world: SyncWorld, sql: Sql): Promise<Record<string, number>> {
  const completed = async () => {
    const [row] = await sql<{ at: Date }[]>`select completed_at as at from access_sweeps`;
    return row?.at.getTime();
  };
  const before = await completed();
  world.pass(15 * 60_000);
  world.takeRequests();
  while ((await completed()) === before) await world.minute("sweep-access");
  const [row] = await sql<
    { calls: number }[]
  >`select (counters ->> 'calls')::int as calls from access_sweeps`;
  return { of_the_sweep: row?.calls ?? 0, ...callsOf(world.takeRequests()) };
}

/** The calls of an operation until its listing is done. */
async function listed(
  world: SyncWorld,
  operationId: string,
  queue: "plan" | "check",
): Promise<{ operationId: string; calls: Record<string, number> & { all: number } }> {
  world.takeRequests();
  while (await world.deliverOne(queue));
  return { operationId, calls: callsOf(world.takeRequests()) };
}

/** By the last part of the path; ids count as one. */
function callsOf(requests: readonly LoggedRequest[]): Record<string, number> & { all: number } {
  const last = ({ path }: LoggedRequest) => (path.split("/").at(-1) ?? path).replace(/^\d+$/, "{id}");
  const groups = [...Map.groupBy(requests, last)].map(([name, group]) => [name, group.length]);
  return { ...Object.fromEntries(groups), all: requests.length };
}
