import type { Group } from "./directory.ts";
import { offsetListing, offsetsOf } from "./offsets.ts";
import { v1Error, webBase, type Reply } from "./responses.ts";
import type { Site } from "./site.ts";
import { userJson } from "./v1-content.ts";
import type { ListingRequest } from "./v2-listing.ts";

/** The most groups, or members of one, at once. */
const MOST = { limit: 200, most: 200 };

/** `GET /rest/api/group`: by name; with `accessType` those whose members may use Confluence, or administer it (none does). */
export function listGroups(site: Site, { path, query }: ListingRequest): Reply {
  const offsets = offsetsOf(query, MOST);
  const access = query.get("accessType");
  if (!offsets) return v1Error(400, "start and limit must not be negative");
  if (access !== null && !["user", "admin", "site-admin"].includes(access))
    return v1Error(400, "accessType is not valid");
  const items = [...site.directory.groups.values()]
    .filter((group) => access === null || (access === "user" && group.isLicensed))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return offsetListing(site, { path, query, offsets }, { items, write: (group) => groupJson(site, group) });
}

/** `GET /rest/api/group/{id}/membersByGroupId`: of every status. */
export function listMembers(site: Site, { path, query }: ListingRequest, id: string): Reply {
  const group = site.directory.groups.get(id);
  const offsets = offsetsOf(query, MOST);
  if (!group || group.membersStatus === 404) return v1Error(404, `Group with id ${id} not found`);
  if (group.membersStatus === 403) return v1Error(403, "Not permitted to view the members of this group");
  if (!offsets) return v1Error(400, "start and limit must not be negative");
  const items = [...group.members];
  return offsetListing(site, { path, query, offsets }, { items, write: (member) => userJson(site, member) });
}

/** A group as v1 writes it. */
export function groupJson(site: Site, { id, name }: Group): unknown {
  return {
    type: "group",
    name,
    id,
    usageType: "USERBASE_GROUP",
    managedBy: "ADMINS",
    _links: { self: `${webBase(site)}/rest/api/group/by-id?id=${id}` },
  };
}
