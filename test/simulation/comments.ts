import type { Fault } from "#infra/local/confluence-site/faults.ts";
import { COMMENT_OPTIONS, type ContentOptions } from "#shared/content-kinds.ts";
import { makeApiClient } from "#test/support/api-client.ts";
import { makeCommenters } from "./commenters.ts";
import { makeRandom } from "./random.ts";
import { tell } from "./run.ts";
import { SOURCE_ID, Violation } from "./violation.ts";
import type { Discussion, Run } from "./run-state.ts";

const TYPES_OF_IDS = "convert-ids-to-types";

/** What may happen when the types of comments are asked for: none of it proves that one is gone. */
const FAULTS: readonly (readonly [string, Fault])[] = [
  ["types of some ids are missing", { effect: "short_map", lacks: 2, path: TYPES_OF_IDS, times: 3, skip: 0 }],
  [
    "types of ids are refused",
    { effect: "status", status: 401, retry_after: null, path: TYPES_OF_IDS, times: 2, skip: 0 },
  ],
  [
    "types of ids fail",
    { effect: "status", status: 500, retry_after: null, path: TYPES_OF_IDS, times: 20, skip: 0 },
  ],
];

/** The listing of all comments, and the queries for some of them. */
const NOT_LISTED: Fault = { effect: "empty_listing", path: "created", times: 1, skip: 0 };

/** In half of the histories nobody comments. Chances of its own, so that the rest of a history is what it was. */
export function makeDiscussion(seed: number): Discussion {
  const random = makeRandom(seed ^ 0xc0335);
  const looks = random.fork();
  if (random.chance(0.5)) {
    return {
      random: looks,
      commenters: null,
      prepare: () => "none",
      live: async () => {},
      edit: () => null,
    };
  }
  const isSwitched = random.chance(0.4);
  const fails = random.chance(0.4);
  const discussion: Discussion = {
    random: looks,
    commenters: null,
    prepare: ({ world, people }) => {
      const { site } = world;
      site.settings.reply_container = random.chance(0.5) ? "comment" : "page";
      site.settings.resolving_moves_date = random.chance(0.3);
      discussion.commenters = makeCommenters(site, random.fork(), people, () => world.now().getTime());
      for (let deeds = random.below(random.chance(0.3) ? 60 : 12); deeds > 0; deeds -= 1)
        discussion.commenters.act();
      people.comments = random.pick(["none", "open", "open", "all"] as const) ?? "open";
      return people.comments;
    },
    live: async (run, round) => {
      for (let deeds = random.below(5); deeds > 0; deeds -= 1) {
        const deed = discussion.commenters?.act();
        if (deed) tell(run, `${round}: ${deed}`);
      }
      const fault = random.pick(FAULTS);
      if (fails && !run.calm && fault && random.chance(0.4)) {
        run.world.site.faults.push({ ...fault[1] });
        // Of comments that are listed no type is asked for.
        run.world.site.faults.push({ ...NOT_LISTED });
        tell(run, `${round}: ${fault[0]}`);
      }
      const option = random.pick(COMMENT_OPTIONS) ?? "open";
      if (isSwitched && random.chance(0.3) && option !== run.people.comments)
        await switchComments(run, round, option);
    },
    edit: ({ people }) => (people.comments === "none" ? null : (discussion.commenters?.edit() ?? null)),
  };
  return discussion;
}

/** An operator switches which comments are synced by the API. */
async function switchComments(run: Run, round: number, comments: ContentOptions["comments"]): Promise<void> {
  const { world, people, discussion } = run;
  const content = { blogposts: people.synced.has("blogpost"), comments };
  const api = await makeApiClient(world.services(null));
  const { status, body } = await api("PATCH", `/api/confluence/${SOURCE_ID}`, { body: { content } });
  if (status !== 200 || body.content.comments !== comments)
    throw new Violation(`Switching comments to ${comments} got ${status}`);
  if (people.comments === "none") discussion.commenters?.listedNext();
  people.comments = comments;
  run.seen.comments = new Set();
  tell(run, `${round}: comments are switched to ${comments}`);
}
