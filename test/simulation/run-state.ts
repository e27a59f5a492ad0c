import type { Site } from "#infra/local/confluence-site/site.ts";
import type { ContentOptions } from "#shared/content-kinds.ts";
import type { AccessMode } from "#shared/sources/source.ts";
import type { Commenters } from "./commenters.ts";
import type { WatchedChecks } from "./deletion-cap.ts";
import type { Fault } from "./faults.ts";
import type { Seen } from "./invariants.ts";
import type { People } from "./people.ts";
import type { Random } from "./random.ts";
import type { Uploaders } from "./uploaders.ts";
import type { World } from "./world.ts";

/** A history under way. */
export type Run = {
  world: World;
  people: People;
  /** Further sources, or none. */
  neighbours: Neighbours;
  story: string[];
  count: { steps: number };
  seen: Seen;
  watchedChecks: WatchedChecks;
  lastTick: number;
  /** No faults, no crashes: then nothing may be done twice either. */
  calm: boolean;
  /** Whether the site has a pulse. */
  pulsed: boolean;
  /**
   * What may break in this history. A few things that break often meet each other, and an operation in the right place;
   * everything now and then does not (swarm testing, Groce et al., ISSTA 2012).
   */
  faults: readonly Fault[];
  blog: Blog;
  discussion: Discussion;
  liveDocs: LiveDocs;
  uploads: Uploads;
  includedContent: IncludedContent;
  rights: Rights;
  decisions: Decisions;
};

/** The blog of a history's space: who writes it, and whether the source syncs it. */
export type Blog = {
  /** Posts that there are before the source; whether the source syncs posts from the start. */
  prepare: (run: Run) => boolean;
  /** What people do to posts, what fails, and what operators switch in one round. */
  live: (run: Run, round: number) => Promise<void>;
  /** Edits a post; null if there is none, or posts are not synced. */
  edit: (run: Run) => string | null;
};

/** The comments of a history: who writes them, and which the source syncs. */
export type Discussion = {
  /** For what looks at the comments: nothing that happens afterwards shifts. */
  random: Random;
  /** Null: nobody comments. */
  commenters: Commenters | null;
  /** Comments that there are before the source; which of them the source syncs from the start. */
  prepare: (run: Run) => ContentOptions["comments"];
  /** What people do to comments, what fails, and what operators switch in one round. */
  live: (run: Run, round: number) => Promise<void>;
  /** Writes or edits a comment; null if there is none, or comments are not synced. */
  edit: (run: Run) => string | null;
};

/** The live docs of a history: pages whose text changes without a version, and is hidden at times. */
export type LiveDocs = {
  /** Live docs that there are before the source. */
  prepare: (run: Run) => void;
  /** What people write in them in one round, and what the API hides. */
  live: (run: Run, round: number) => void;
  /** Before a history settles: the API shows all texts again. */
  show: (run: Run) => void;
  /** No text went back at its version, and none was lost because Confluence hid it. */
  check: (run: Run) => Promise<void>;
  /** After an incremental sync with nothing going on: each text whose edit the search shows has arrived. */
  checkArrived: (run: Run) => Promise<void>;
};

/** The files of a history: who uploads them, and whether the source syncs them. */
export type Uploads = {
  /** For what looks at the files: nothing that happens afterwards shifts. */
  random: Random;
  /** Null: nobody uploads. */
  uploaders: Uploaders | null;
  /** Whether the source syncs files now, and how often that was changed. */
  isSynced: boolean;
  switches: number;
  /** Names at each file's last check, as their place among those that it had. */
  names: Map<string, number>;
  /** When each file was last seen hidden by itself or deleted (ms). */
  goneAt: Map<string, number>;
  /** Files that there are before the source; whether the source syncs them from the start. */
  prepare: (run: Run) => boolean;
  /** What people do to files, what fails, and what operators switch in one round. */
  live: (run: Run, round: number) => Promise<void>;
  /** Uploads or replaces a file; null if nobody does, or files are not synced. */
  edit: () => string | null;
};

/** What pages of a history show of other pages. */
export type IncludedContent = {
  /** Pages that show others before the source is there. */
  prepare: (run: Run) => void;
  /** What people do in one round to pages that show others, and to what these show. */
  live: (run: Run, round: number) => void;
  /** Before the last checks: what waits for its turn is due. */
  wait: (run: Run) => void;
  /** With nothing going on: no page has text that Confluence does not show on it, and none lacks what it shows. */
  check: (run: Run) => Promise<void>;
};

/** Who may see what in a history, and an observer of it. */
export type Rights = {
  /** How the source carries rights over at the moment. */
  mode: () => AccessMode;
  /** The mode before a change after which no sweep began that was completed; `since` (ms): when the last complete one began. */
  modeBefore: (since: number) => AccessMode | null;
  searchers: readonly Searcher[];
  /** People, groups and restrictions that there are before the source. */
  prepare: (run: Run) => void;
  /** What people, operators and the site do in one round to who may see what, and to how that is told. */
  live: (run: Run, round: number) => Promise<void>;
  /** Whether what is in folders cannot be proven to be open: it need not be shown. */
  foldersAreUntold: (site: Site) => boolean;
  /** Records who may see what now. */
  observe: (run: Run) => void;
  /** When (ms) the restrictions on the content and above it last let them see it, whatever its space does; -Infinity: never. */
  lastPassed: (searcher: Searcher, contentId: string) => number;
  /** When (ms) they could read the space last. */
  lastReadSpace: (searcher: Searcher) => number;
  /** When (ms) nothing was restricted on it or above it last. */
  lastUnrestricted: (contentId: string) => number;
  /** Whether everybody who reads the space may see it: nothing is restricted on it or above it. */
  isUnrestricted: (site: Site, contentId: string) => boolean;
  /** When (ms) their account or the groups that they are in changed last. */
  standingChangedAt: (searcher: Searcher) => number;
  /** The page that a word is of. */
  ownerOfWord: (word: string) => string | undefined;
};

/** What operators decide about held deletions, which random deeds almost never cause. */
export type Decisions = {
  /** In some rounds so many pages go that a check is held; some come back; some of what is held is approved or rejected. */
  live: (run: Run, round: number) => Promise<void>;
};

/** Sources beside the first one in some histories: one of the same site and account, one of another site. */
export type Neighbours = { list: readonly Neighbour[]; random: Random };

/** Another source of the index: nothing that happens to the first one's pages may concern it. */
export type Neighbour = { sourceId: string; spaceKey: string; baseUrl: string; site: Site };

/** Somebody who searches; null: the public. */
export type Searcher = string | null;
