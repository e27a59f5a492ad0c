import type { Fault as SpoiledAnswer } from "#infra/local/confluence-site/faults.ts";
import { OPTIONAL_CALL_FAULTS } from "./optional-call-faults.ts";
import { SPACE } from "./people.ts";
import type { World } from "./world.ts";

const TIME_ZONES = ["America/Los_Angeles", "Asia/Tokyo", "Europe/Berlin", "Pacific/Apia"];

/** Just within the overlap that the sync allows for. */
export const LONGEST_LAG_SECONDS = 29 * 60 + 50;

/** A fault of a Confluence site, or of the connection to it; returns its description, for the story. */
export type Fault = (world: World) => string;

export const FAULTS: readonly Fault[] = [
  ({ site, random }) => {
    site.settings.index_lag_seconds = random.chance(0.5)
      ? LONGEST_LAG_SECONDS
      : random.below(LONGEST_LAG_SECONDS);
    return `the index lags ${site.settings.index_lag_seconds} s`;
  },
  hit("429 three times", { effect: "rate_limit", retry_after: 40, times: 3, skip: 0 }),
  hit("429 for an hour", { effect: "rate_limit", retry_after: 900, times: 5, skip: 0 }),
  // The listing is done by then: what is edited while the pages wait is for the next sync to find.
  hit("no body for an hour: 429", {
    effect: "rate_limit",
    retry_after: 900,
    path: "body-format=storage",
    times: 5,
    skip: 0,
  }),
  hit("503 for a while", { effect: "status", status: 503, retry_after: null, times: 6, skip: 2 }),
  hit("no body can be fetched for long", {
    effect: "status",
    status: 500,
    retry_after: null,
    path: "body-format=storage",
    times: 40,
    skip: 0,
  }),
  hit("connections end", { effect: "reset", times: 2, skip: 1 }),
  hit("a listing of the space is cut short", {
    effect: "drop_next",
    path: "/api/v2/pages?",
    times: 1,
    skip: 0,
  }),
  hit("a search is cut short", { effect: "drop_next", path: "/content/search", times: 1, skip: 0 }),
  hit("a listing is empty", { effect: "empty_listing", path: "space-id=", times: 1, skip: 0 }),
  hit("a search is empty", { effect: "empty_listing", path: "/content/search", times: 1, skip: 0 }),
  hit("a cursor comes again", { effect: "repeat_cursor", path: "cursor=", times: 1, skip: 0 }),
  // Shown by a listing and not by id: a permission that changes, an index behind.
  hit("pages are not shown by id", {
    effect: "empty_listing",
    path: "body-format=storage",
    times: 2,
    skip: 0,
  }),
  hit("a replica is ten minutes behind", {
    effect: "old_version",
    behind_seconds: 600,
    path: "/api/v2/pages",
    times: 4,
    skip: 0,
  }),
  ({ embedding, random }) => {
    if (random.chance(0.3)) {
      embedding.refused = String(random.below(10));
      return `the embedder refuses texts with ${embedding.refused}`;
    }
    Object.assign(embedding, { failures: 3, permanent: random.chance(0.5), halfway: random.chance(0.5) });
    return `three calls of the embedder ${embedding.permanent ? "are refused" : "fail"}`;
  },
  ({ site, random }) => {
    site.settings.time_zone = random.pick(TIME_ZONES) ?? "UTC";
    return `the account's zone is ${site.settings.time_zone}`;
  },
  ({ site, random }) => {
    site.settings.anonymous_access = random.chance(0.7);
    site.settings.answer_as_anonymous = true;
    return "the account is not recognised";
  },
  ({ site }) => {
    const space = [...site.spaces.values()].find((one) => one.key === SPACE);
    if (space) space.visible = !space.visible;
    return `the space is ${space?.visible ? "visible" : "out of sight"}`;
  },
  ({ bus, random }) => {
    const calls = random.pick([1, 4, 1000]) ?? 1;
    bus.refuse(calls);
    return `the event bus refuses ${calls} calls`;
  },
  ...OPTIONAL_CALL_FAULTS.map(([what, fault]) => hit(what, fault)),
  (world) => {
    heal(world);
    return "all is well again";
  },
];

/** Ends all faults; what the index had still to take in, it takes in when its time comes. */
export function heal({ site, embedding, extraction, bus }: World): void {
  Object.assign(embedding, { failures: 0, refused: null });
  extraction.crashes = 0;
  bus.refuse(0);
  site.faults.length = 0;
  Object.assign(site.settings, { index_lag_seconds: 0, answer_as_anonymous: false, rate_limit: null });
  for (const space of site.spaces.values()) space.visible = true;
}

function hit(what: string, fault: SpoiledAnswer): Fault {
  return ({ site }) => {
    site.faults.push({ ...fault });
    return what;
  };
}
