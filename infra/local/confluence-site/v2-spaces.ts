import { z } from "zod";
import type { Account } from "./directory.ts";
import { accountOf } from "./permissions.ts";
import { ok, v2Error, webBase, type Reply } from "./responses.ts";
import { ACCOUNT_ID, parentTypeOf, type PageKind, type Site, type SitePage, type Space } from "./site.ts";
import { byId, listingReply, type ListingRequest } from "./v2-listing.ts";
import { listOf, listPages } from "./v2-pages.ts";
import { canSeePage, canSeeSpace, type Viewer } from "./visibility.ts";
import { folderPath } from "./web-paths.ts";

const MAX_ACCOUNTS = 250;

/** `GET /spaces`, of every status when none is asked for. */
export function listSpaces(site: Site, viewer: Viewer, request: ListingRequest): Reply {
  const { query } = request;
  const keys = listOf(query, "keys")?.map((key) => key.toLowerCase());
  const ids = listOf(query, "ids");
  const statuses = listOf(query, "status");
  const spaces = [...site.spaces.values()].filter(
    (space) =>
      canSeeSpace(site, viewer, space) &&
      (!keys || keys.includes(space.key.toLowerCase())) &&
      (!ids || ids.includes(space.id)) &&
      (!statuses || statuses.includes(space.status)),
  );
  return listingReply(site, request, { items: spaces, order: byId(), write: spaceJson });
}

/** `GET /spaces/{id}`. */
export function getSpace(site: Site, viewer: Viewer, id: string): Reply {
  const space = visibleSpace(site, viewer, id);
  return space ? ok(spaceJson(space)) : v2Error(404, "Not Found");
}

/** `GET /spaces/{id}/pages` or `/spaces/{id}/blogposts`. */
export function listSpacePages(
  site: Site,
  viewer: Viewer,
  request: ListingRequest,
  { kind, id }: { kind: PageKind; id: string },
): Reply {
  if (!visibleSpace(site, viewer, id)) return v2Error(404, "Not Found");
  const root = request.query.get("depth") === "root";
  const isInSpace = (page: SitePage) => page.spaceId === id && (!root || page.parentId === null);
  return listPages(site, viewer, request, { kind, only: isInSpace });
}

/** `GET /spaces/{id}/content/labels`: the labels on pages of the space that the viewer sees. */
export function listSpaceLabels(site: Site, viewer: Viewer, request: ListingRequest, id: string): Reply {
  if (!visibleSpace(site, viewer, id)) return v2Error(404, "Not Found");
  const used = new Set<string>();
  for (const page of site.pages.values()) {
    if (page.spaceId !== id || page.status !== "current" || page.labels.length === 0) continue;
    if (canSeePage(site, viewer, page)) for (const label of page.labels) used.add(label);
  }
  const labels = [...used].map((name) => ({ id: site.labels.get(name) ?? "0", name, prefix: "global" }));
  return listingReply(site, request, { items: labels, order: byId(), write: (label) => label });
}

/** `GET /labels/{id}/pages` or `/labels/{id}/blogposts`. */
export function listLabelPages(
  site: Site,
  viewer: Viewer,
  request: ListingRequest,
  { kind, id }: { kind: PageKind; id: string },
): Reply {
  const name = [...site.labels].find(([, labelId]) => labelId === id)?.[0];
  if (name === undefined) return v2Error(404, "Not Found");
  const carries = (page: SitePage) => page.status === "current" && page.labels.includes(name);
  return listPages(site, viewer, request, { kind, only: carries });
}

/** `POST /users-bulk`. */
export function lookUpUsers(site: Site, body: string): Reply {
  const request = readAccounts(body);
  if (!request) return v2Error(400, "accountIds must be a list of at most 250 ids");
  const results = request.accountIds.flatMap((accountId) => {
    const account = accountOf(site, accountId);
    return account ? [userJson(accountId, site.people.get(accountId) ?? "", account)] : [];
  });
  return ok({ results, _links: {} });
}

/** `GET /folders/{id}`, and likewise of whiteboards, databases and embeds. */
export function getFolder(site: Site, viewer: Viewer, kind: string, id: string): Reply {
  const folder = site.folders.get(id);
  if (folder?.kind !== kind || !canSeePage(site, viewer, folder)) return v2Error(404, "Not Found");
  const { parentId } = folder;
  return ok({
    id,
    type: kind,
    status: "current",
    title: folder.title,
    parentId,
    parentType: parentTypeOf(site, parentId),
    position: 0,
    authorId: ACCOUNT_ID,
    ownerId: ACCOUNT_ID,
    createdAt: folder.createdAt.toISOString(),
    spaceId: folder.spaceId,
    version: {
      number: 1,
      message: "",
      minorEdit: false,
      authorId: ACCOUNT_ID,
      createdAt: folder.modifiedAt.toISOString(),
    },
    _links: { webui: folderPath(site, folder), base: webBase(site) },
  });
}

export function visibleSpace(site: Site, viewer: Viewer, id: string): Space | null {
  const space = site.spaces.get(id);
  return space && canSeeSpace(site, viewer, space) ? space : null;
}

function spaceJson(space: Space): unknown {
  return {
    id: space.id,
    key: space.key,
    name: space.name,
    type: "global",
    status: space.status,
    authorId: ACCOUNT_ID,
    spaceOwnerId: ACCOUNT_ID,
    currentActiveAlias: space.key,
    createdAt: space.createdAt.toISOString(),
    ...(space.homepageId === null ? {} : { homepageId: space.homepageId }),
    description: null,
    icon: null,
    _links: { webui: `/spaces/${space.key}` },
  };
}

function userJson(accountId: string, displayName: string, account: Account): unknown {
  return {
    accountId,
    accountType: account.type,
    accountStatus: account.status,
    displayName,
    publicName: displayName,
    email: account.email ?? "",
    timeZone: null,
    personalSpaceId: null,
    isExternalCollaborator: account.isGuest,
    profilePicture: { path: "/wiki/aa-avatar/default", isDefault: true },
  };
}

const accountsSchema = z.object({ accountIds: z.array(z.string()).max(MAX_ACCOUNTS) });

function readAccounts(body: string): z.infer<typeof accountsSchema> | null {
  try {
    return accountsSchema.parse(JSON.parse(body));
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) return null;
    throw error;
  }
}
