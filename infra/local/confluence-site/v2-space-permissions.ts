import { permissionsOf } from "./permissions.ts";
import { ok, v2Error, type Reply } from "./responses.ts";
import type { Site } from "./site.ts";
import { byId, listingReply, type ListingRequest } from "./v2-listing.ts";
import { visibleSpace } from "./v2-spaces.ts";
import type { Viewer } from "./visibility.ts";

/** `GET /spaces/{id}/permissions`: who may do what. */
export function listSpacePermissions(site: Site, viewer: Viewer, request: ListingRequest, id: string): Reply {
  const space = visibleSpace(site, viewer, id);
  if (!space) return v2Error(404, "Not Found");
  return numbered(site, request, permissionsOf(site, space), ({ principal, operation }, number) => ({
    id: number,
    principal,
    operation,
  }));
}

/** `GET /space-role-mode`. */
export function getRoleMode(site: Site): Reply {
  const mode = site.settings.role_mode;
  return mode === "none" ? v2Error(404, "Not Found") : ok({ mode });
}

/** `GET /space-roles`. */
export function listRoles(site: Site, _viewer: Viewer, request: ListingRequest): Reply {
  if (site.settings.role_mode === "none") return v2Error(404, "Not Found");
  return numbered(site, request, [...site.directory.roles.values()], ({ id, type, name, permissions }) => ({
    id,
    type,
    name,
    description: "",
    spacePermissions: permissions,
  }));
}

/** `GET /spaces/{id}/role-assignments`. */
export function listRoleAssignments(site: Site, viewer: Viewer, request: ListingRequest, id: string): Reply {
  const space = site.settings.role_mode === "none" ? null : visibleSpace(site, viewer, id);
  if (!space) return v2Error(404, "Not Found");
  const assignments = site.directory.assignments.get(id) ?? [];
  return numbered(site, request, assignments, ({ roleId, principal }) => ({
    principal: {
      principalType: principal.type.toUpperCase().replaceAll("-", "_"),
      principalId: principal.id,
    },
    roleId,
  }));
}

/** A listing of what has no number of its own, in its order. */
function numbered<T>(
  site: Site,
  request: ListingRequest,
  values: readonly T[],
  write: (value: T, number: string) => unknown,
): Reply {
  const items = values.map((value, index) => ({ id: String(index + 1), value }));
  return listingReply(site, request, {
    items,
    order: byId(),
    write: ({ id, value }) => write(value, id),
  });
}
