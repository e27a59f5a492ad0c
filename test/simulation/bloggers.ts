import { addPage, editPage, labelPage, movePage } from "#infra/local/confluence-site/edits.ts";
import {
  purgePage,
  restorePage,
  restrictPage,
  trashPage,
} from "#infra/local/confluence-site/page-status-edits.ts";
import { EditRefused } from "#infra/local/confluence-site/edit-refused.ts";
import { ACCOUNT_ID, type Site, type SitePage } from "#infra/local/confluence-site/site.ts";
import { OTHER_SPACE, SPACE, type People } from "./people.ts";
import type { Random } from "./random.ts";

/** People who write blog posts: what happens to pages, except that posts have no place in a tree and no archive. */
export function makeBloggers(site: Site, random: Random, people: People) {
  // Words that no page has.
  let words = 900_000;
  const posts = (...statuses: SitePage["status"][]) =>
    [...site.pages.values()].filter((post) => post.kind === "blogpost" && statuses.includes(post.status));
  const inSpace = (key: string) =>
    posts("current").filter((post) => site.spaces.get(post.spaceId)?.key === key);
  const one = (among: SitePage[], deed: (post: SitePage) => string) => {
    const post = random.pick(among);
    return post ? deed(post) : null;
  };
  const body = () => {
    words += 1;
    const mention = `<p><ac:link><ri:user ri:account-id="${ACCOUNT_ID}" /></ac:link></p>`;
    return `<h2>News</h2><p>word${words}x0 of a post</p>${random.chance(0.3) ? mention : ""}`;
  };
  const edit = () =>
    one(inSpace(SPACE), (post) => {
      editPage(
        site,
        post.id,
        random.chance(0.8) ? { body: body() } : { title: `Renamed post ${(words += 1)}` },
      );
      people.edited(post.id);
      return `edit post ${post.id}`;
    });

  const deeds: readonly [number, () => string | null][] = [
    [6, edit],
    [
      4,
      () => {
        const post = addPage(site, {
          kind: "blogpost",
          space: SPACE,
          title: `Post ${(words += 1)}`,
          body: body(),
        });
        people.edited(post.id);
        return `write post ${post.id}`;
      },
    ],
    [
      2,
      () =>
        one(inSpace(SPACE), (post) => {
          movePage(site, post.id, { space: OTHER_SPACE, parentId: null });
          return `move post ${post.id} away`;
        }),
    ],
    [
      1,
      () =>
        one(inSpace(OTHER_SPACE), (post) => {
          movePage(site, post.id, { space: SPACE, parentId: null });
          return `move post ${post.id} in`;
        }),
    ],
    [
      2,
      () =>
        one(inSpace(SPACE), (post) => {
          const change = random.chance(0.6)
            ? { add: [`label-${random.below(4)}`] }
            : { remove: post.labels.slice(0, 1) };
          labelPage(site, post.id, change);
          return `label post ${post.id}`;
        }),
    ],
    [
      2,
      () =>
        one(inSpace(SPACE), (post) => {
          trashPage(site, post.id);
          return `trash post ${post.id}`;
        }),
    ],
    [
      1,
      () => {
        if (inSpace(SPACE).length < 12) return null;
        const cleared = inSpace(SPACE).filter(() => random.chance(0.9));
        for (const post of cleared) trashPage(site, post.id);
        return `trash ${cleared.length} posts at once`;
      },
    ],
    [
      2,
      () =>
        one(posts("trashed"), (post) => {
          restorePage(site, post.id);
          return `restore post ${post.id}`;
        }),
    ],
    [
      1,
      () =>
        one(posts("trashed"), (post) => {
          purgePage(site, post.id, { leavesRecord: random.chance(0.5) });
          return `purge post ${post.id}`;
        }),
    ],
    [
      1,
      () =>
        one(inSpace(SPACE), (post) => {
          const others = random.chance(0.5) ? "nobody" : "account";
          const visibleTo = post.visibleTo === "everyone" ? others : "everyone";
          restrictPage(site, post.id, visibleTo);
          return `show post ${post.id} to ${visibleTo}`;
        }),
    ],
  ];
  const bag = deeds.flatMap(([weight, deed]) => Array.from({ length: weight }, () => deed));
  return {
    edit,
    act: (): string | null => {
      try {
        return random.pick(bag)?.() ?? null;
      } catch (error) {
        if (error instanceof EditRefused) return null;
        throw error;
      } finally {
        people.observe();
      }
    },
  };
}
