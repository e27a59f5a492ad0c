import { z } from "zod";
import { addGroup, editGroup, putPerson, restrictContent } from "./directory-edits.ts";
import { EVERYBODY_GROUP } from "./directory.ts";
import type { LoadedDirectory, LoadedPage } from "./loaded-folder.ts";
import { ACCOUNT_ID, type Site } from "./site.ts";

/** A line of `people.jsonl`. An e-mail that is not given is hidden. */
const personSchema = z
  .object({
    account_id: z.string(),
    display_name: z.string(),
    email: z.email().nullable().default(null),
    status: z.enum(["active", "inactive", "closed"]).default("active"),
    type: z.enum(["atlassian", "app"]).default("atlassian"),
    guest: z.boolean().default(false),
  })
  .transform(({ account_id: id, display_name: name, guest: isGuest, ...more }) => ({
    id,
    name,
    isGuest,
    ...more,
  }));

/** A line of `groups.jsonl`; members are account ids. */
const groupSchema = z
  .object({
    name: z.string().min(1),
    id: z.uuid().optional(),
    members: z.array(z.string()),
    licensed: z.boolean().default(false),
  })
  .transform(({ licensed: isLicensed, id, ...group }) => ({
    ...group,
    isLicensed,
    ...(id === undefined ? {} : { id }),
  }));

/** People and groups of a folder; `readLines` reads one of its `.jsonl` files, null where it has none. */
export async function readDirectory(
  readLines: <T extends z.ZodType>(name: string, schema: T) => Promise<z.output<T>[] | null>,
): Promise<LoadedDirectory> {
  return {
    people: (await readLines("people.jsonl", personSchema)) ?? [],
    groups: (await readLines("groups.jsonl", groupSchema)) ?? [],
  };
}

/** Adds people and groups to a site. The account that syncs stays among those who may use it. */
export function loadDirectory(site: Site, { people, groups }: LoadedDirectory): void {
  for (const { id, ...person } of people) putPerson(site, id, person);
  const everybody = site.directory.groups.get(EVERYBODY_GROUP)?.name;
  for (const group of groups) {
    if (group.name !== everybody) addGroup(site, group);
    else editGroup(site, EVERYBODY_GROUP, { members: [...group.members, ACCOUNT_ID] });
  }
}

/** Restricts the pages of a folder as it says; the account that syncs sees them all. */
export function loadRestrictions(site: Site, pages: readonly { id: string; page: LoadedPage }[]): void {
  for (const { id, page } of pages) if (page.restrictions) restrictContent(site, id, page.restrictions);
}
