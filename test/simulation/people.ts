import { addPage, editFolder, editPage, labelPage, movePage } from "#infra/local/confluence-site/edits.ts";
import {
  archivePage,
  purgePage,
  restorePage,
  restrictPage,
  trashPage,
} from "#infra/local/confluence-site/page-status-edits.ts";
import { EditRefused } from "#infra/local/confluence-site/edit-refused.ts";
import { ACCOUNT_ID, type PageKind, type Site, type SitePage } from "#infra/local/confluence-site/site.ts";
import { canSeePage } from "#infra/local/confluence-site/visibility.ts";
import type { ContentOptions } from "#shared/content-kinds.ts";
import { ifSpaceWereVisible } from "./absences.ts";
import { makeFolderNames, type FolderNames } from "./folder-names.ts";
import type { Random } from "./random.ts";

export const SPACE = "DEMO";
export const OTHER_SPACE = "OTHER";

/** Actions of people on a Confluence site, with what an observer knows of them. */
export type People = {
  /** One random action; returns its description, or null if it was not possible. */
  act: () => string | null;
  /** Edits a page, one of `among` if it exists; null if there is none. */
  edit: (among?: ReadonlySet<string>) => string | null;
  /** Records who sees what now, after visibility changed without an action. */
  observe: () => void;
  /** Whether the syncing account is shown the page in the space now. */
  shows: (pageId: string) => boolean;
  /** Instants (ms) at which the page was not shown, as intervals [from, to]; open ones end at Infinity. */
  absences: (pageId: string) => readonly (readonly [number, number])[];
  /** Whether a query by time must find the page's present version: not after a restore or a move in. */
  findableByTime: (pageId: string) => boolean;
  folderNames: FolderNames;
  /** Records that a query by time, or a first listing, must find the page's present version. */
  edited: (pageId: string) => void;
  /** Whether the page ever showed other pages: then its body is fetched again for their sake. */
  showedOthers: (pageId: string) => boolean;
  /** Undefined for what never was on the site. */
  kindOf: (pageId: string) => PageKind | undefined;
  /** Which comments the source syncs now. */
  comments: ContentOptions["comments"];
  /** Kinds of content that the source syncs now, and how often that was changed. */
  synced: Set<PageKind>;
  switches: number;
  /** Whether the page is shown and of a kind that is synced. */
  belongs: (pageId: string) => boolean;
};

const SHOWS_OTHERS = /ac:name="(?:include|children|detailssummary)"/;

export function makePeople(site: Site, random: Random, clock: () => number): People {
  const absences = new Map<string, [number, number][]>();
  const findable = new Map<string, boolean>();
  const kinds = new Map<string, PageKind>();
  const synced = new Set<PageKind>(["page"]);
  const wasAway = new Set<string>();
  const showedOthers = new Set<string>();
  let words = 0;

  const shows = (pageId: string) => {
    const page = site.pages.get(pageId);
    if (!page || page.status !== "current") return false;
    return site.spaces.get(page.spaceId)?.key === SPACE && canSeePage(site, "account", page);
  };
  const isPresent = (isShown: () => boolean) => ifSpaceWereVisible(site, SPACE, isShown);
  const folderNames = makeFolderNames(site, (folder) => isPresent(() => canSeePage(site, "account", folder)));
  const observe = () => {
    folderNames.observe();
    for (const page of site.pages.values()) {
      if (!absences.has(page.id)) absences.set(page.id, []);
      kinds.set(page.id, page.kind);
      if (SHOWS_OTHERS.test(page.storage)) showedOthers.add(page.id);
    }
    for (const id of absences.keys()) {
      const here = isPresent(() => shows(id));
      // It came back: with the version it had, which no query by time finds.
      if (here && wasAway.has(id)) findable.set(id, false);
      if (here) wasAway.delete(id);
      else wasAway.add(id);
    }
    for (const [id, intervals] of absences) {
      const open = intervals.at(-1)?.[1] === Infinity ? intervals.at(-1) : undefined;
      if (shows(id)) {
        if (open) open[1] = clock();
      } else if (!open) intervals.push([clock(), Infinity]);
    }
  };
  // Posts are for bloggers.
  const pages = () => [...site.pages.values()].filter((page) => page.kind === "page");
  const current = () => pages().filter((page) => page.status === "current" && inSpace(site, page, SPACE));
  const one = (among: SitePage[], deed: (page: SitePage) => string) => {
    const page = random.pick(among);
    return page ? deed(page) : null;
  };
  const body = () => {
    words += 1;
    const paragraphs = Array.from(
      { length: 1 + random.below(3) },
      (_, n) => `<h2>Part ${n}</h2><p>word${words}x${n} and more text</p>`,
    );
    // Takes another call, which may be answered by a replica that is behind the one before.
    if (random.chance(0.15)) paragraphs.push('<ac:structured-macro ac:name="children" />');
    // A name that is looked up by a call that may be refused.
    if (random.chance(0.3))
      paragraphs.push(`<p><ac:link><ri:user ri:account-id="${ACCOUNT_ID}" /></ac:link></p>`);
    return paragraphs.join("");
  };

  const edit = (among?: ReadonlySet<string>) => {
    const all = current();
    const wanted = all.filter((page) => among?.has(page.id));
    return one(wanted.length > 0 ? wanted : all, (page) => {
      editPage(site, page.id, { body: body() });
      findable.set(page.id, true);
      return `edit ${page.id}`;
    });
  };

  const deeds: readonly [number, () => string | null][] = [
    [6, () => edit()],
    [
      3,
      () => {
        const parent = random.chance(0.6) ? random.pick(current()) : undefined;
        const page = addPage(site, {
          space: SPACE,
          title: `Page ${(words += 1)}`,
          body: body(),
          parentId: parent?.id ?? null,
        });
        findable.set(page.id, true);
        return `add ${page.id}`;
      },
    ],
    [
      2,
      () =>
        one(current(), (page) => {
          editPage(site, page.id, { title: `Renamed ${(words += 1)}` });
          findable.set(page.id, true);
          return `rename ${page.id}`;
        }),
    ],
    [
      2,
      () =>
        one(current(), (page) => {
          const target = random.chance(0.7)
            ? random.pick(current().filter((other) => other.id !== page.id))
            : undefined;
          movePage(site, page.id, { parentId: target?.id ?? null });
          return `move ${page.id}`;
        }),
    ],
    [
      2,
      () => {
        const folder = random.pick([...site.folders.values()]);
        if (!folder) return null;
        if (random.chance(0.4)) {
          editFolder(site, folder.id, { title: `Folder ${(words += 1)}` });
          return `rename folder ${folder.id}`;
        }
        return one(current(), (page) => {
          movePage(site, page.id, { parentId: folder.id });
          return `move ${page.id} into folder ${folder.id}`;
        });
      },
    ],
    [
      1,
      () =>
        one(current(), (page) => {
          movePage(site, page.id, { space: OTHER_SPACE, parentId: null });
          return `move ${page.id} away`;
        }),
    ],
    [
      1,
      () =>
        one(
          pages().filter((page) => page.status === "current" && inSpace(site, page, OTHER_SPACE)),
          (page) => {
            movePage(site, page.id, { space: SPACE, parentId: null });
            return `move ${page.id} in`;
          },
        ),
    ],
    [
      1,
      () =>
        one(current(), (page) => {
          labelPage(
            site,
            page.id,
            random.chance(0.6) ? { add: [`label-${random.below(4)}`] } : { remove: page.labels.slice(0, 1) },
          );
          return `label ${page.id}`;
        }),
    ],
    [
      1,
      () => {
        if (current().length < 12 || random.chance(0.5)) return null;
        const cleared = current().filter(() => random.chance(0.7));
        for (const page of cleared) trashPage(site, page.id);
        return `trash ${cleared.length} pages at once`;
      },
    ],
    [
      2,
      () =>
        one(current(), (page) => {
          trashPage(site, page.id);
          return `trash ${page.id}`;
        }),
    ],
    [
      1,
      () =>
        one(current(), (page) => {
          archivePage(site, page.id);
          return `archive ${page.id}`;
        }),
    ],
    [
      2,
      () =>
        one(
          pages().filter((page) => page.status === "trashed" || page.status === "archived"),
          (page) => {
            restorePage(site, page.id);
            return `restore ${page.id}`;
          },
        ),
    ],
    [
      1,
      () =>
        one(
          pages().filter((page) => page.status === "trashed"),
          (page) => {
            purgePage(site, page.id, { leavesRecord: random.chance(0.5) });
            return `purge ${page.id}`;
          },
        ),
    ],
    [
      1,
      () =>
        one(current(), (page) => {
          const visibleTo =
            page.visibleTo !== "everyone" ? "everyone" : random.chance(0.5) ? "nobody" : "account";
          restrictPage(site, page.id, visibleTo);
          return `show ${page.id} to ${visibleTo}`;
        }),
    ],
  ];
  // Not everything in each history: what is left happens more often, and meets itself.
  const usual = deeds.filter(() => random.chance(0.6));
  const bag = (usual.length > 0 ? usual : deeds).flatMap(([weight, deed]) =>
    Array.from({ length: weight }, () => deed),
  );

  return {
    act: () => {
      try {
        return random.pick(bag)?.() ?? null;
      } catch (error) {
        // Confluence would have refused it too: a title that is taken, a page below itself.
        if (error instanceof EditRefused) return null;
        throw error;
      } finally {
        observe();
      }
    },
    edit,
    observe,
    shows,
    absences: (pageId) => absences.get(pageId) ?? [],
    findableByTime: (pageId) => findable.get(pageId) ?? false,
    folderNames,
    edited: (pageId) => void findable.set(pageId, true),
    showedOthers: (pageId) =>
      showedOthers.has(pageId) || SHOWS_OTHERS.test(site.pages.get(pageId)?.storage ?? ""),
    kindOf: (pageId) => kinds.get(pageId),
    comments: "none",
    synced,
    switches: 0,
    belongs: (pageId) => shows(pageId) && synced.has(kinds.get(pageId) ?? "page"),
  };
}

function inSpace(site: Site, page: SitePage, key: string): boolean {
  return site.spaces.get(page.spaceId)?.key === key;
}
