import {
  addGroup,
  assignRoles,
  editGroup,
  putPerson,
  restrictContent,
  setSpaceReaders,
} from "#infra/local/confluence-site/directory-edits.ts";
import { EditRefused } from "#infra/local/confluence-site/edit-refused.ts";
import { editPage } from "#infra/local/confluence-site/edits.ts";
import { READ_SPACE } from "#infra/local/confluence-site/directory.ts";
import { mayReadSpace, mayView, type Subject } from "#infra/local/confluence-site/permissions.ts";
import { spaceByKey, type Site } from "#infra/local/confluence-site/site.ts";
import { ACCESS_MODES, type AccessMode } from "#shared/sources/source.ts";
import { changeMode, RIGHTS_FAULTS, sweepNow, waysOfTelling } from "./rights-settings.ts";
import { isOpenToAll } from "./open-to-all.ts";
import { SPACE } from "./people.ts";
import { makeRandom } from "./random.ts";
import { tell } from "./run.ts";
import type { Rights, Run, Searcher } from "./run-state.ts";

const NONE: Rights = {
  mode: () => "everything",
  modeBefore: () => null,
  searchers: [],
  prepare: () => {},
  live: async () => {},
  foldersAreUntold: () => false,
  observe: () => {},
  lastPassed: () => Infinity,
  lastReadSpace: () => Infinity,
  lastUnrestricted: () => Infinity,
  isUnrestricted: () => true,
  standingChangedAt: () => -Infinity,
  ownerOfWord: () => undefined,
};

const PEOPLE = ["ann", "bob", "cy", "dot", "eve"] as const;
const WORD = /word\d+x\d+/g;

/** The site if everybody read its spaces: what is left are the restrictions. */
function publicSpaces(site: Site): Site {
  const everybody = { principal: { type: "access-class", id: "ANONYMOUS_USERS" }, operation: READ_SPACE };
  const permissions = new Map([...site.spaces.keys()].map((id) => [id, [everybody]]));
  return { ...site, directory: { ...site.directory, permissions } };
}

export const subjectOf = (searcher: Searcher): Subject =>
  searcher === null ? { type: "anonymous" } : { type: "user", id: searcher };

/** In most histories everybody sees everything. Chances of its own, so that the rest of a history is what it was. */
export function makeRights(seed: number): Rights {
  const random = makeRandom(seed ^ 0x51e4);
  if (random.chance(0.6)) return NONE;
  let mode: AccessMode = random.chance(0.75) ? "per_user" : "unrestricted";
  const changesMode = random.chance(0.2);
  let changed: { at: number; from: AccessMode } | null = null;
  const searchers: Searcher[] = [...PEOPLE, null];
  const passed = new Map<string, { at: number; isOpen: boolean }>();
  const readers = new Map<string, { at: number; isOpen: boolean }>();
  const open = new Map<string, { at: number; isOpen: boolean }>();
  const owners = new Map<string, string>();
  const groups = new Map<string, string>();
  const keyOf = (searcher: Searcher, id: string) => `${searcher ?? "public"} ${id}`;

  const places = ({ world: { site } }: Run) => {
    const isHere = ({ spaceId }: { spaceId: string }) => site.spaces.get(spaceId)?.key === SPACE;
    const pages = [...site.pages.values()].filter((page) => page.status === "current" && isHere(page));
    return [...pages, ...[...site.folders.values()].filter(isHere)];
  };
  const someone = () => random.pick(PEOPLE) ?? "ann";
  const somegroup = () => random.pick([...groups.values()]) ?? "";
  const principals = () =>
    random.pick([
      { users: [someone()] },
      { users: [someone(), someone()] },
      { groups: [somegroup()] },
      { users: [someone()], groups: [somegroup()] },
      // Somebody who is not there any more: nobody.
      { users: ["long-gone"] },
    ]) ?? {};
  const restricted = (site: Site) =>
    [...site.directory.restrictions].filter(([, { read }]) => read.users.length + read.groups.length > 0);
  const someReaders = () =>
    random.pick([
      { groups: [groups.get("staff") ?? ""], users: ["dot"] },
      { groups: [groups.get("staff") ?? ""] },
      { classes: ["ALL_LICENSED_USERS"] },
      { classes: ["ANONYMOUS_USERS"], groups: [groups.get("staff") ?? ""] },
      { users: ["ann", "bob"], classes: ["SOMETHING_NEW"] },
    ]) ?? {};

  const deeds: readonly [number, (run: Run) => string | null][] = [
    [
      6,
      (run) => {
        const place = random.pick(places(run));
        if (!place) return null;
        const named = principals();
        restrictContent(run.world.site, place.id, named);
        return `restrict ${place.id} to ${JSON.stringify(named)}`;
      },
    ],
    [
      4,
      ({ world: { site } }) => {
        const [id] = random.pick(restricted(site)) ?? [];
        if (id === undefined || !(site.pages.has(id) || site.folders.has(id))) return null;
        restrictContent(site, id, {});
        return `open ${id}`;
      },
    ],
    [
      3,
      (run) => {
        const { site } = run.world;
        const page = random.pick(places(run).flatMap(({ id }) => site.pages.get(id) ?? []));
        if (!page) return null;
        const named = principals();
        restrictContent(site, page.id, named);
        editPage(site, page.id, { body: `<p>word${(words += 1)}x0 for few</p>` });
        run.people.edited(page.id);
        return `restrict ${page.id} to ${JSON.stringify(named)} and edit it`;
      },
    ],
    [
      4,
      ({ world: { site } }) => {
        const [name, id] = random.pick([...groups]) ?? [];
        const person = someone();
        if (id === undefined) return null;
        const isIn = site.directory.groups.get(id)?.members.has(person) === true;
        editGroup(site, id, isIn ? { remove: [person] } : { add: [person] });
        standingChanged.add(person);
        return `${person} ${isIn ? "leaves" : "joins"} ${name}`;
      },
    ],
    [
      1,
      ({ world: { site } }) => {
        const person = someone();
        const status = site.directory.accounts.get(person)?.status === "active" ? "inactive" : "active";
        putPerson(site, person, { status });
        standingChanged.add(person);
        return `${person} is ${status}`;
      },
    ],
    [
      1,
      ({ world: { site } }) => {
        const named = someReaders();
        setSpaceReaders(site, SPACE, named);
        return `the space is read by ${JSON.stringify(named)}`;
      },
    ],
    [
      1,
      ({ world: { site } }) => {
        const id = somegroup();
        const status = random.pick([200, 200, 403, 404] as const) ?? 200;
        editGroup(site, id, { membersStatus: status });
        return `a group's members are answered with ${status}`;
      },
    ],
    [
      1,
      ({ world: { site } }) => {
        const role = random.pick(["Viewer", "Admin"]) ?? "Viewer";
        assignRoles(site, SPACE, random.chance(0.5) ? [{ role, users: [someone()] }] : []);
        return `another ${role}`;
      },
    ],
  ];
  const bag = deeds.flatMap(([weight, deed]) => Array.from({ length: weight }, () => deed));
  let words = 500_000;
  const standingChanged = new Set<Searcher>();
  const standingAt = new Map<Searcher, number>();

  const observe = ({ world }: Run) => {
    const { site } = world;
    const now = world.now().getTime();
    for (const page of site.pages.values())
      for (const word of page.storage.match(WORD) ?? []) if (!owners.has(word)) owners.set(word, page.id);
    // What was seen at the last look was so until something happened, which was after it.
    const note = (seen: Map<string, { at: number; isOpen: boolean }>, key: string, isOpen: boolean) => {
      if (isOpen || seen.get(key)?.isOpen) seen.set(key, { at: now, isOpen });
    };
    const space = spaceByKey(site, SPACE);
    const withPublicSpaces = publicSpaces(site);
    for (const searcher of searchers)
      note(
        readers,
        keyOf(searcher, SPACE),
        space !== undefined && mayReadSpace(site, subjectOf(searcher), space),
      );
    for (const id of site.pages.keys()) {
      note(open, id, isOpenToAll(site, id));
      for (const searcher of searchers)
        note(passed, keyOf(searcher, id), mayView(withPublicSpaces, subjectOf(searcher), id));
    }
  };
  const act = (run: Run): string | null => {
    observe(run);
    standingChanged.clear();
    try {
      return random.pick(bag)?.(run) ?? null;
    } catch (error) {
      if (error instanceof EditRefused) return null;
      throw error;
    } finally {
      for (const person of standingChanged) standingAt.set(person, run.world.now().getTime());
      run.people.observe();
      observe(run);
    }
  };

  return {
    mode: () => mode,
    modeBefore: (since) => {
      if (!changed || changed.at <= since || changed.from === mode) return null;
      return changed.from;
    },
    searchers,
    prepare: (run) => {
      const { site } = run.world;
      Object.assign(site.settings, waysOfTelling(random));
      for (const person of PEOPLE) putPerson(site, person, { isGuest: person === "dot" });
      for (const name of ["staff", "leads", "ops"])
        groups.set(name, addGroup(site, { name, members: PEOPLE.filter(() => random.chance(0.5)) }).id);
      setSpaceReaders(site, SPACE, someReaders());
      for (let deeds = random.below(6); deeds > 0; deeds -= 1) act(run);
      observe(run);
    },
    live: async (run, round) => {
      if (changesMode && random.chance(0.15)) {
        const from = mode;
        mode = random.pick(ACCESS_MODES.filter((other) => other !== mode)) ?? mode;
        const since = await changeMode(run, mode);
        const at = run.world.now().getTime();
        // Nothing of `everything` is kept.
        changed =
          from === "everything" || mode === "everything"
            ? null
            : { at, from: changed && changed.at > since ? changed.from : from };
        tell(run, `${round}: access ${mode}`);
      }
      if (!run.calm && random.chance(0.15)) {
        const [what, fault] = random.pick(RIGHTS_FAULTS) ?? [];
        if (fault) run.world.site.faults.push({ ...fault, times: 1 + random.below(4) });
        tell(run, `${round}: ${what}`);
      }
      for (let deeds = random.below(4); deeds > 0; deeds -= 1) {
        const deed = act(run);
        if (deed) tell(run, `${round}: ${deed}`);
      }
      if (mode !== "everything" && random.chance(0.4)) await sweepNow(run);
    },
    observe,
    foldersAreUntold: ({ settings }) =>
      !settings.administrator || !settings.folder_checks || settings.ancestors_are === "pages",
    lastPassed: (searcher, id) => passed.get(keyOf(searcher, id))?.at ?? -Infinity,
    lastReadSpace: (searcher) => readers.get(keyOf(searcher, SPACE))?.at ?? -Infinity,
    lastUnrestricted: (id) => open.get(id)?.at ?? -Infinity,
    isUnrestricted: isOpenToAll,
    standingChangedAt: (searcher) => standingAt.get(searcher) ?? -Infinity,
    ownerOfWord: (word) => owners.get(word),
  };
}
