import { EditRefused } from "#infra/local/confluence-site/edit-refused.ts";
import type { Site } from "#infra/local/confluence-site/site.ts";

/** When pieces of content were not shown to the account, as an observer sees it who looks after each deed. */
export type Absences = {
  /** Looks now. */
  observe: () => void;
  /** Instants (ms) from which and to which it was not shown; open ones end at Infinity. Undefined: never written. */
  of: (id: string) => readonly (readonly [number, number])[] | undefined;
};

/** `ids`: of what there is now; `onAbsent` is called for each that is not shown, at each look. */
export function makeAbsences(site: {
  ids: () => Iterable<string>;
  isShown: (id: string) => boolean;
  clock: () => number;
  onAbsent: (id: string) => void;
}): Absences {
  const absences = new Map<string, [number, number][]>();
  return {
    of: (id) => absences.get(id),
    observe: () => {
      for (const id of site.ids()) if (!absences.has(id)) absences.set(id, []);
      for (const [id, intervals] of absences) {
        const open = intervals.at(-1)?.[1] === Infinity ? intervals.at(-1) : undefined;
        if (site.isShown(id)) {
          if (open) open[1] = site.clock();
          continue;
        }
        site.onAbsent(id);
        if (!open) intervals.push([site.clock(), Infinity]);
      }
    },
  };
}

/** Apart from whether the space itself is out of sight: then no sync ends, and the next that does looks back as far. */
export function ifSpaceWereVisible(site: Site, key: string, isShown: () => boolean): boolean {
  const space = [...site.spaces.values()].find((one) => one.key === key);
  const visible = space?.visible ?? true;
  if (space) space.visible = true;
  const shown = isShown();
  if (space) space.visible = visible;
  return shown;
}

/** What a deed says; null where the site refuses it. `after` runs in any case. */
export function orRefused(deed: () => string | null, after: () => void): string | null {
  try {
    return deed();
  } catch (error) {
    if (error instanceof EditRefused) return null;
    throw error;
  } finally {
    after();
  }
}
