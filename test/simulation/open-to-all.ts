import { READ_SPACE, ROLE_READS } from "#infra/local/confluence-site/directory.ts";
import { mayViewPlace, permissionsOf, type Subject } from "#infra/local/confluence-site/permissions.ts";
import { ancestorsOf, type Folder, type Site } from "#infra/local/confluence-site/site.ts";

/** Whether everybody who reads the space may see the page: nothing is restricted on it or above it, by more than the space is. */
export function isOpenToAll(site: Site, id: string): boolean {
  const page = site.pages.get(id);
  if (!page) return false;
  return [page, ...ancestorsOf(site, page)].every((item) => {
    if ("visibleTo" in item && item.visibleTo !== "everyone") return false;
    const read = site.directory.restrictions.get(item.id)?.read;
    if (read === undefined || read.users.length + read.groups.length === 0) return true;
    // Confluence tells whom a folder lets in, and not whether that is by a restriction.
    const folder = site.folders.get(item.id);
    return folder !== undefined && letsInAllReaders(site, folder);
  });
}

function letsInAllReaders(site: Site, folder: Folder): boolean {
  const space = site.spaces.get(folder.spaceId);
  if (!space) return false;
  const named = permissionsOf(site, space)
    .filter(
      ({ operation: { key, targetType } }) => key === READ_SPACE.key && targetType === READ_SPACE.targetType,
    )
    .map(({ principal }) => principal);
  const byRole = (site.directory.assignments.get(space.id) ?? [])
    .filter(({ roleId }) => site.directory.roles.get(roleId)?.permissions.includes(ROLE_READS))
    .map(({ principal }) => principal);
  return [...named, ...byRole].every((principal) =>
    subjectsOf(site, principal).every((subject) => mayViewPlace(site, subject, folder)),
  );
}

/** Who stands for a reader of a space: a class is the public, or the groups whose members have a licence. */
function subjectsOf(site: Site, { type, id }: { type: string; id: string }): Subject[] {
  if (type === "user" || type === "group") return [{ type, id }];
  const licensed = [...site.directory.groups].filter(([, group]) => group.isLicensed);
  if (id.toUpperCase() === "ALL_LICENSED_USERS")
    return licensed.map(([group]): Subject => ({ type: "group", id: group }));
  return [{ type: "anonymous" }];
}
