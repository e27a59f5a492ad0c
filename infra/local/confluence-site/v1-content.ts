import { DEFAULT_ACCOUNT } from "./directory.ts";
import { accountOf } from "./permissions.ts";
import { tinyPath, webBase } from "./responses.ts";
import { folderPath, pagePath } from "./web-paths.ts";
import { renderedBody } from "./export-view.ts";
import {
  ACCOUNT_ID,
  ancestorsOf,
  isPage,
  parentTypeOf,
  type Folder,
  type Site,
  type SiteContent,
  type SitePage,
  type Space,
} from "./site.ts";
import type { Viewer } from "./visibility.ts";

/** A page as v1 writes it. What is not asked for by `expand` is named in `_expandable`. */
export function contentJson(
  site: Site,
  viewer: Viewer,
  page: SitePage,
  expand: ReadonlySet<string>,
): Record<string, unknown> {
  const space = site.spaces.get(page.spaceId);
  const path = `/rest/api/content/${page.id}`;
  const expandable: Record<string, string> = {
    operations: "",
    children: `${path}/child`,
    restrictions: `${path}/restriction/byOperation`,
    history: `${path}/history`,
    descendants: `${path}/descendant`,
  };
  const body = Object.fromEntries(
    ["storage", "view", "export_view"]
      .filter((format) => expand.has(`body.${format}`))
      .map((format) => [
        format,
        {
          value: format === "storage" ? page.storage : renderedBody(site, viewer, page),
          representation: format,
          embeddedContent: [],
        },
      ]),
  );
  if (Object.keys(body).length === 0) expandable["body"] = "";
  const part = (name: string, link: string, value: () => unknown): Record<string, unknown> => {
    if (expand.has(name)) return { [name]: value() };
    expandable[name] = link;
    return {};
  };
  const metadata = expand.has("metadata.labels")
    ? { metadata: { labels: labelsJson(site, page), _expandable: { currentuser: "", properties: "" } } }
    : {};
  if (!expand.has("metadata.labels")) expandable["metadata"] = "";
  return {
    id: page.id,
    type: page.kind,
    status: page.status,
    title: page.title,
    ...part("space", space ? `/rest/api/space/${space.key}` : "", () => space && spaceJson(site, space)),
    ...part(
      "container",
      space ? `/rest/api/space/${space.key}` : "",
      () => space && { id: space.id, type: "global", status: space.status, title: space.name },
    ),
    ...part("version", "", () => versionJson(site, page)),
    ...part("ancestors", "", () => ancestorsJson(site, page)),
    ...metadata,
    ...(Object.keys(body).length > 0 ? { body } : {}),
    macroRenderedOutput: {},
    extensions: page.kind === "page" ? { position: page.position } : {},
    _expandable: expandable,
    _links: {
      self: `${webBase(site)}${path}`,
      webui: pagePath(site, page),
      editui: `/pages/resumedraft.action?draftId=${page.id}`,
      tinyui: tinyPath(page.id),
    },
  };
}

/** A folder, whiteboard, database or embed as v1 writes it: no body, no labels. */
export function folderJson(site: Site, folder: Folder, expand: ReadonlySet<string>): Record<string, unknown> {
  const space = site.spaces.get(folder.spaceId);
  const path = `/rest/api/content/${folder.id}`;
  const expandable: Record<string, string> = { operations: "", children: `${path}/child`, body: "" };
  const part = (name: string, value: () => unknown): Record<string, unknown> => {
    if (expand.has(name)) return { [name]: value() };
    expandable[name] = "";
    return {};
  };
  return {
    id: folder.id,
    type: folder.kind,
    status: "current",
    title: folder.title,
    ...part("space", () => space && spaceJson(site, space)),
    ...part("version", () => ({
      by: userJson(site, ACCOUNT_ID),
      when: folder.modifiedAt.toISOString(),
      friendlyWhen: folder.modifiedAt.toISOString().slice(0, 10),
      message: "",
      number: 1,
      minorEdit: false,
      contentTypeModified: false,
      _expandable: { collaborators: "", content: path },
      _links: { self: `${webBase(site)}${path}/version/1` },
    })),
    ...part("ancestors", () => ancestorsJson(site, folder)),
    macroRenderedOutput: {},
    extensions: {},
    _expandable: expandable,
    _links: { self: `${webBase(site)}${path}`, webui: folderPath(site, folder) },
  };
}

/** A user as v1 writes it. */
export function userJson(site: Site, accountId: string): Record<string, unknown> {
  const displayName = site.people.get(accountId) ?? "Former user";
  const { type, email, status, isGuest } = accountOf(site, accountId) ?? DEFAULT_ACCOUNT;
  return {
    type: "known",
    accountId,
    accountType: type,
    email: email ?? "",
    publicName: displayName,
    profilePicture: { path: "/wiki/aa-avatar/default", width: 48, height: 48, isDefault: true },
    displayName,
    isExternalCollaborator: isGuest,
    isGuest,
    locale: "en_US",
    accountStatus: status,
    _expandable: { operations: "", personalSpace: "" },
    _links: { self: `${webBase(site)}/rest/api/user?accountId=${accountId}` },
  };
}

/** The present version of content as v1 writes it. */
export function versionJson(site: Site, content: SiteContent): unknown {
  const { number, createdAt, authorId, message } = content.version;
  return {
    by: userJson(site, authorId),
    when: createdAt.toISOString(),
    friendlyWhen: createdAt.toISOString().slice(0, 10),
    message,
    number,
    minorEdit: false,
    contentTypeModified: false,
    _expandable: { collaborators: "", content: `/rest/api/content/${content.id}` },
    _links: { self: `${webBase(site)}/rest/api/content/${content.id}/version/${number}` },
  };
}

function ancestorsJson(site: Site, content: SitePage | Folder): unknown[] {
  const named = ancestorsOf(site, content).filter(
    (item) => site.settings.ancestors_are === "all" || isPage(item),
  );
  return named.map((item) => ancestorJson(site, item));
}

function ancestorJson(site: Site, item: SitePage | Folder): unknown {
  return {
    id: item.id,
    type: parentTypeOf(site, item.id),
    status: "current",
    title: item.title,
    macroRenderedOutput: {},
    extensions: {},
    _expandable: { container: "", metadata: "", operations: "", children: "", history: "", version: "" },
    _links: {
      self: `${webBase(site)}/rest/api/content/${item.id}`,
      webui: pagePath(site, item),
    },
  };
}

function labelsJson(site: Site, page: SitePage): unknown {
  const shown = page.labels.slice(0, 200);
  const self = `${webBase(site)}/rest/api/content/${page.id}/label`;
  return {
    results: shown.map((name) => ({ prefix: "global", name, id: site.labels.get(name), label: name })),
    start: 0,
    limit: 200,
    size: shown.length,
    _links: shown.length < page.labels.length ? { self, next: `${self}?start=200` } : { self },
  };
}

/** A space as v1 writes it. */
export function spaceJson(site: Site, space: Space): unknown {
  return {
    id: Number(space.id),
    key: space.key,
    alias: space.key,
    name: space.name,
    type: "global",
    status: space.status,
    _expandable: {
      settings: `/rest/api/space/${space.key}/settings`,
      metadata: "",
      operations: "",
      permissions: "",
      icon: "",
      description: "",
      history: "",
      homepage: space.homepageId === null ? "" : `/rest/api/content/${space.homepageId}`,
    },
    _links: { webui: `/spaces/${space.key}`, self: `${webBase(site)}/rest/api/space/${space.key}` },
  };
}
