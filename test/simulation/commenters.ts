import {
  addComment,
  addReply,
  deleteComment,
  editComment,
  resolveComment,
} from "#infra/local/confluence-site/comment-edits.ts";
import { pageOf } from "#infra/local/confluence-site/content.ts";
import { ACCOUNT_ID, type Site, type SiteComment } from "#infra/local/confluence-site/site.ts";
import { isCurrent } from "#infra/local/confluence-site/visibility.ts";
import { makeAbsences, orRefused } from "./absences.ts";
import { SPACE, type People } from "./people.ts";
import type { Random } from "./random.ts";

/** What an observer knows of the comments on a site. */
export type Commenters = {
  /** One random deed; null if it was not possible. */
  act: () => string | null;
  /** Edits a comment or writes one, never on a thread that was ever resolved; null if nobody can. */
  edit: () => string | null;
  /** Records which comments the account is shown now. */
  observe: () => void;
  /** Instants (ms) at which the comment was not shown, as intervals; open ones end at Infinity. Undefined: never written. */
  absences: (commentId: string) => readonly (readonly [number, number])[] | undefined;
  /** Whether a query by time, or a first listing, must find the comment's present text. */
  findableByTime: (comment: SiteComment) => boolean;
  /** All comments are listed next: those that are shown must be found. */
  listedNext: () => void;
  /** The page that a text was written on. */
  pageOfWord: (word: string) => string | undefined;
  /** Whether the comment's thread was ever resolved, which moves no date unless the site's setting says so. */
  wasResolved: (comment: SiteComment) => boolean;
};

/** Numbers of words that neither pages nor posts have. */
const FIRST_WORD = 8_000_000;

export function makeCommenters(site: Site, random: Random, people: People, clock: () => number): Commenters {
  let words = FIRST_WORD;
  const findable = new Set<string>();
  const resolved = new Set<string>();
  const owners = new Map<string, string>();
  site.people.set("ann", "Ann Lee");
  const author = () => (random.chance(0.5) ? "ann" : ACCOUNT_ID);

  const isShown = (comment: SiteComment) => {
    const page = pageOf(site, comment);
    return page !== undefined && isCurrent(site, comment) && people.shows(page.id);
  };
  const comments = () =>
    [...site.comments.values()].filter((comment) => {
      const page = pageOf(site, comment);
      return page && isCurrent(site, comment) && site.spaces.get(page.spaceId)?.key === SPACE;
    });
  const pages = () =>
    [...site.pages.values()].filter(
      (page) => page.status === "current" && site.spaces.get(page.spaceId)?.key === SPACE,
    );
  const text = (pageId: string, short = false) => {
    const word = `word${(words += 1)}x0`;
    owners.set(word, pageId);
    const mention = `<ac:link><ri:user ri:account-id="${ACCOUNT_ID}" /></ac:link>`;
    const more = random.chance(0.2) ? ` ${mention}` : "";
    return `<p>${word} ${short ? "agreed" : `is what they said here${more}`}</p>`;
  };
  const rootOf = (comment: SiteComment): SiteComment => {
    const above = comment.parentId === null ? undefined : site.comments.get(comment.parentId);
    return above ? rootOf(above) : comment;
  };
  const written = (comment: SiteComment) => {
    if (isShown(comment)) findable.add(comment.id);
    return comment;
  };
  const one = (among: SiteComment[], deed: (comment: SiteComment) => string) => {
    const comment = random.pick(among);
    return comment ? deed(comment) : null;
  };
  const write = () => {
    const page = random.pick(pages());
    if (!page) return null;
    const made = written(
      addComment(site, {
        containerId: page.id,
        body: text(page.id, random.chance(0.15)),
        authorId: author(),
        ...(random.chance(0.4) ? { selection: `some text of ${page.title}` } : {}),
      }),
    );
    return `write ${made.location} comment ${made.id} on ${page.id}`;
  };
  const rewrite = (among: SiteComment[]) =>
    one(among, (comment) => {
      written(editComment(site, comment.id, { body: text(comment.containerId) }));
      return `edit comment ${comment.id}`;
    });
  const resolve = (wanted: "open" | "closed") => {
    const isOpen = ({ resolution: { status } }: SiteComment) => status === "open" || status === "reopened";
    const roots = comments().filter(({ location, parentId }) => location === "inline" && parentId === null);
    return one(
      roots.filter((comment) => isOpen(comment) === (wanted === "open")),
      (comment) => {
        const closed = random.chance(0.8) ? "resolved" : "dangling";
        const status = wanted === "open" ? closed : "reopened";
        resolveComment(site, comment.id, { status });
        resolved.add(comment.id);
        return `${status} comment ${comment.id}`;
      },
    );
  };

  const remove = (comment: SiteComment, replies: "deleted" | "kept") => {
    // Kept replies are shown as they stand from now on: a query by time does not tell of it.
    for (const other of site.comments.values())
      if (rootOf(other) === rootOf(comment) && resolved.has(rootOf(other).id)) resolved.add(other.id);
    deleteComment(site, comment.id, { replies });
  };

  const deeds: readonly [number, () => string | null][] = [
    [6, write],
    [
      4,
      () =>
        one(comments(), (comment) => {
          const body = text(comment.containerId, random.chance(0.15));
          const reply = written(addReply(site, comment.id, { body, authorId: author() }));
          return `reply ${reply.id} to comment ${comment.id}`;
        }),
    ],
    [4, () => rewrite(comments())],
    [2, () => resolve("open")],
    [2, () => resolve("closed")],
    [
      3,
      () =>
        one(comments(), (comment) => {
          const replies = random.chance(0.5) ? "deleted" : "kept";
          remove(comment, replies);
          return `delete comment ${comment.id}, its replies are ${replies}`;
        }),
    ],
    [
      1,
      () => {
        if (comments().length < 14) return null;
        const cleared = comments().filter(() => random.chance(0.8));
        for (const comment of cleared) remove(comment, "kept");
        return `delete ${cleared.length} comments at once`;
      },
    ],
  ];
  const bag = deeds.flatMap(([weight, deed]) => Array.from({ length: weight }, () => deed));

  const absences = makeAbsences({
    ids: () => site.comments.keys(),
    isShown: (id) => {
      const comment = site.comments.get(id);
      return comment !== undefined && isShown(comment);
    },
    clock,
    // When it comes back, no query by time finds it.
    onAbsent: (id) => findable.delete(id),
  });
  const attempt = (deed: () => string | null) => orRefused(deed, absences.observe);
  return {
    act: () => attempt(() => random.pick(bag)?.() ?? null),
    edit: () => attempt(() => (random.chance(0.5) ? write() : (rewrite(comments()) ?? write()))),
    observe: absences.observe,
    absences: absences.of,
    findableByTime: ({ id }) => findable.has(id),
    listedNext: () => {
      for (const comment of site.comments.values()) if (isShown(comment)) findable.add(comment.id);
    },
    pageOfWord: (word) => owners.get(word),
    wasResolved: (comment) => resolved.has(rootOf(comment).id) || resolved.has(comment.id),
  };
}
