import { withServices } from "#functions/runtime/services.ts";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import { restrictPage } from "#infra/local/confluence-site/page-status-edits.ts";
import { syncSpace } from "#shared/syncs/listing/sync-space.ts";
import { INDEX_LAG_OVERLAP_MS } from "#shared/syncs/listing/watermark.ts";
import { startOperation } from "#shared/syncs/operations/start-operation.ts";
import { makeApiClient } from "#test/support/api-client.ts";
import { makeBloggers } from "./bloggers.ts";
import { SPACE } from "./people.ts";
import { makeRandom, type Random } from "./random.ts";
import { MINUTE, operate, passTime, services, tell } from "./run.ts";
import { SOURCE_ID, Violation } from "./violation.ts";
import type { Blog, Run } from "./run-state.ts";

/** What may happen to a listing of posts. */
const LISTING_FAULTS = [
  ["a listing of posts is cut short", "drop_next"],
  ["a listing of posts is empty", "empty_listing"],
] as const;

/** Half of the histories have no blog. Chances of its own, so that the rest of a history is what it was. */
export function makeBlog(seed: number): Blog {
  const random = makeRandom(seed ^ 0xb106);
  if (random.chance(0.5)) return { prepare: () => false, live: async () => {}, edit: () => null };
  const isSwitched = random.chance(0.5);
  const fails = random.chance(0.5);
  let bloggers: ReturnType<typeof makeBloggers> | null = null;
  return {
    prepare: ({ world, people }) => {
      bloggers = makeBloggers(world.site, random.fork(), people);
      const posts = random.below(random.chance(0.3) ? 24 : 8);
      for (let n = 0; n < posts; n += 1) {
        const post = addPage(world.site, {
          kind: "blogpost",
          space: SPACE,
          title: `Post ${n}`,
          body: `<p>word900000x${n} of a post</p>`,
        });
        if (random.chance(0.2)) restrictPage(world.site, post.id, "account");
      }
      people.observe();
      const isSynced = random.chance(0.7);
      if (isSynced) people.synced.add("blogpost");
      return isSynced;
    },
    live: async (run, round) => {
      for (let deeds = random.below(4); deeds > 0; deeds -= 1) {
        const deed = bloggers?.act();
        if (deed) tell(run, `${round}: ${deed}`);
      }
      if (fails && !run.calm && random.chance(0.3)) {
        spoilListing(run, round, random);
        // What is missing in the listing of a check is a candidate.
        if (random.chance(0.5)) await startCheck(run);
      }
      if (!isSwitched || !random.chance(0.5)) return;
      await switchPosts(run, round, random);
      // Off and on again, before anything else happens.
      if (random.chance(0.2)) await switchPosts(run, round, random);
    },
    edit: ({ people }) => (people.synced.has("blogpost") ? (bloggers?.edit() ?? null) : null),
  };
}

function spoilListing(run: Run, round: number, random: Random): void {
  const [what, effect] = random.pick(LISTING_FAULTS) ?? LISTING_FAULTS[0];
  run.world.site.faults.push({ effect, path: "/api/v2/blogposts?space-id", times: 1, skip: 0 });
  tell(run, `${round}: ${what}`);
}

/** Asks for a deletion check, as an operator may. */
export async function startCheck(run: Run): Promise<void> {
  const request = { type: "deletion_check", sourceId: SOURCE_ID, actor: "manual" } as const;
  await withServices({}, () => startOperation(request, services(run)));
}

/**
 * An operator switches posts on or off by the API: often when no query for changes finds the posts any more, and at times their first
 * listing is spoiled.
 */
async function switchPosts(run: Run, round: number, random: Random): Promise<void> {
  const { world, people, seen } = run;
  const blogposts = !people.synced.has("blogpost");
  if (blogposts && random.chance(0.5)) await passTime(run, INDEX_LAG_OVERLAP_MS + random.below(60 * MINUTE));
  if (blogposts && !run.calm && random.chance(0.3)) spoilListing(run, round, random);
  const api = await makeApiClient(world.services(null));
  const { status, body } = await api("PATCH", `/api/confluence/${SOURCE_ID}`, {
    body: { content: { blogposts, comments: people.comments } },
  });
  if (status !== 200 || body.content.blogposts !== blogposts)
    throw new Violation(`Switching posts ${blogposts ? "on" : "off"} got ${status}`);
  if (blogposts) people.synced.add("blogpost");
  else people.synced.delete("blogpost");
  for (const post of world.site.pages.values()) {
    if (post.kind !== "blogpost") continue;
    // Rows go, and what comes back starts again; what is there when posts are switched on is listed, whenever it was edited.
    seen.versions.delete(post.id);
    if (blogposts && people.shows(post.id)) people.edited(post.id);
  }
  people.switches += 1;
  tell(run, `${round}: posts are switched ${blogposts ? "on" : "off"}`);
}

/**
 * With nothing going on: posts that are not synced have left no row and cost no call, and posts that are were listed for the first time
 * by the sync before: one more lists what changed.
 */
export async function checkPosts(run: Run): Promise<void> {
  const { world, people } = run;
  const isSynced = people.synced.has("blogpost");
  if (!isSynced) {
    const [row] = await world.sql`select page_id from confluence_pages where kind = 'blogpost' limit 1`;
    if (row) throw new Violation(`Post ${row.page_id} is stored although posts are not synced`);
  }
  const from = world.site.requests.length;
  const since = world.now();
  await operate(run, () => syncSpace(SOURCE_ID, SPACE, { actor: "api" }, services(run)));
  const requests = world.site.requests
    .slice(from)
    .map(({ path, query }) => `${path}?${decodeURIComponent(query)}`);
  const forPosts = requests.filter((request) => request.includes("blogpost"));
  if (!isSynced && forPosts.length > 0)
    throw new Violation(`Posts are not synced, and asked for: ${forPosts[0]}`);
  const [others] = await world.sql<{ count: number }[]>`
    select count(*)::int as count from archon_progress
    where (finished_at is null or finished_at >= ${since}) and not (operation_type = 'confluence_sync' and mode = 'incremental')`;
  const listing = forPosts.find(
    (request) => request.includes("/blogposts?") && request.includes("space-id="),
  );
  if (listing && others?.count === 0)
    throw new Violation(`Posts that were listed are listed once more: ${listing}`);
}
