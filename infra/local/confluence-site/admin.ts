import { z } from "zod";
import { ok, type Reply } from "./responses.ts";
import { addFolder, addPage, addSpace, editFolder, editPage, labelPage, movePage } from "./edits.ts";
import {
  archivePage,
  publishPage,
  purgePage,
  restorePage,
  restrictPage,
  trashPage,
} from "./page-status-edits.ts";
import { EditRefused } from "./edit-refused.ts";
import { deliveriesOf, DIALECTS } from "./hook-deliveries.ts";
import { fileCommands, shownFile } from "./file-admin.ts";
import { faultSchema } from "./faults.ts";
import { commentCommands } from "./comment-admin.ts";
import { command } from "./admin-command.ts";
import { idOf } from "./admin-target.ts";
import { directoryCommands, shownGroup, shownPeople, shownRule } from "./directory-admin.ts";
import { editLive, hideLiveBody } from "./live-edits.ts";
import { settingsSchema } from "./settings.ts";
import { spaceByKey, type Site, type SitePage } from "./site.ts";

/** A page, by its id or by space and title. */
const target = { id: z.string().optional(), space: z.string().optional(), title: z.string().optional() };
const parent = { parent_id: z.string().nullable().optional() };

function requireKnown(site: Site, id: string): SitePage {
  const page = site.pages.get(id);
  if (!page) throw new EditRefused(404, `No page ${id}`);
  return page;
}

const commands = {
  // Late by `delay_seconds`, repeated by `times`, in bulk by many ids, forged by another secret.
  announce: command(
    z.strictObject({
      ids: z.array(z.string()).min(1),
      dialect: z.enum(DIALECTS).default("automation"),
      to: z.url(),
      secret: z.string(),
      times: z.int().min(1).max(100).default(1),
      delay_seconds: z.number().min(0).max(3600).default(0),
    }),
    (site, { ids, dialect, to, secret, times, delay_seconds }) => {
      const pages = ids.map((id) => requireKnown(site, id));
      const bodies = Array.from({ length: times }, () => deliveriesOf(site, dialect, pages)).flat();
      site.announcements.push(...bodies.map((body) => ({ to, secret, body, delayMs: delay_seconds * 1000 })));
      return { deliveries: bodies.length };
    },
  ),
  add_space: command(z.strictObject({ key: z.string().min(1), name: z.string() }), addSpace),
  add: command(
    z.strictObject({
      space: z.string(),
      title: z.string().min(1),
      body: z.string(),
      ...parent,
      labels: z.array(z.string()).optional(),
      kind: z.enum(["page", "blogpost"]).optional(),
      draft: z.boolean().optional(),
      subtype: z.literal("live").optional(),
    }),
    (site, { parent_id, ...page }) => shown(addPage(site, { ...page, parentId: parent_id ?? null })),
  ),
  edit_live: command(z.strictObject({ ...target, body: z.string() }), (site, { body, ...page }) =>
    shown(editLive(site, idOf(site, page), body)),
  ),
  hide_live_body: command(
    z.strictObject({ ...target, hidden: z.boolean().default(true) }),
    (site, { hidden, ...page }) => shown(hideLiveBody(site, idOf(site, page), hidden)),
  ),
  publish: command(z.strictObject(target), (site, page) => shown(publishPage(site, idOf(site, page)))),
  add_folder: command(
    z.strictObject({
      space: z.string(),
      title: z.string().min(1),
      kind: z.enum(["folder", "whiteboard", "database", "embed"]).default("folder"),
      ...parent,
    }),
    (site, { parent_id, ...folder }) => addFolder(site, { ...folder, parentId: parent_id ?? null }),
  ),
  edit_folder: command(
    z.strictObject({ id: z.string(), title: z.string().min(1).optional(), ...parent }),
    (site, { id, title, parent_id }) =>
      editFolder(site, id, { ...titled(title), ...(parent_id === undefined ? {} : { parentId: parent_id }) }),
  ),
  edit: command(
    z.strictObject({ ...target, new_title: z.string().optional(), body: z.string().optional() }),
    (site, { new_title, body, ...page }) =>
      shown(
        editPage(site, idOf(site, page), { ...(body === undefined ? {} : { body }), ...titled(new_title) }),
      ),
  ),
  move: command(
    z.strictObject({ ...target, to_space: z.string().optional(), ...parent }),
    (site, { to_space, parent_id, ...page }) =>
      shown(
        movePage(site, idOf(site, page), {
          parentId: parent_id ?? null,
          ...(to_space === undefined ? {} : { space: to_space }),
        }),
      ),
  ),
  label: command(
    z.strictObject({ ...target, labels: z.array(z.string()).min(1) }),
    (site, { labels, ...page }) => shown(labelPage(site, idOf(site, page), { add: labels })),
  ),
  unlabel: command(
    z.strictObject({ ...target, labels: z.array(z.string()).min(1) }),
    (site, { labels, ...page }) => shown(labelPage(site, idOf(site, page), { remove: labels })),
  ),
  trash: command(
    z.strictObject({ ...target, leaves_children: z.boolean().default(false) }),
    (site, { leaves_children: leavesChildren, ...page }) =>
      shown(trashPage(site, idOf(site, page), { leavesChildren })),
  ),
  restore: command(z.strictObject(target), (site, page) => shown(restorePage(site, idOf(site, page)))),
  archive: command(z.strictObject(target), (site, page) => shown(archivePage(site, idOf(site, page)))),
  unarchive: command(z.strictObject(target), (site, page) => shown(restorePage(site, idOf(site, page)))),
  purge: command(
    z.strictObject({ ...target, leaves_record: z.boolean().default(false) }),
    (site, { leaves_record, ...page }) => {
      purgePage(site, idOf(site, page), { leavesRecord: leaves_record });
      return {};
    },
  ),
  restrict: command(
    z.strictObject({ ...target, visible_to: z.enum(["everyone", "account", "nobody"]).default("nobody") }),
    (site, { visible_to, ...page }) => shown(restrictPage(site, idOf(site, page), visible_to)),
  ),
  ...directoryCommands,
  ...commentCommands,
  ...fileCommands,
  space: command(
    z.strictObject({
      key: z.string(),
      visible: z.boolean().optional(),
      status: z.enum(["current", "archived"]).optional(),
    }),
    (site, { key, ...change }) => {
      const space = spaceByKey(site, key);
      if (!space) throw new EditRefused(404, `No space ${key}`);
      return Object.assign(space, change);
    },
  ),
  settings: command(settingsSchema.partial(), (site, change) => Object.assign(site.settings, change)),
  fault: command(faultSchema, (site, fault) => {
    site.faults.push({ ...fault });
    return fault;
  }),
  clear_faults: command(z.strictObject({}), (site) => {
    site.faults = [];
    return {};
  }),
  advance_clock: command(z.strictObject({ seconds: z.number() }), (site, { seconds }) => {
    site.settings.clock_offset_seconds += seconds;
    return { now: site.now().toISOString() };
  }),
  clear_requests: command(z.strictObject({}), (site) => {
    site.requests = [];
    site.mediaRequests = [];
    return {};
  }),
};

/**
 * The admin endpoint: `POST /admin/{command}` with a JSON object changes the site; `GET /admin/requests`, `/admin/settings`,
 * `/admin/faults`, `/admin/pages`, `/admin/comments`, `/admin/files`, `/admin/media_requests`, `/admin/people`, `/admin/groups`,
 * `/admin/may_view` show it. 400 says what is wrong with the input.
 */
export function handleAdmin(site: Site, method: string, url: URL, body: string): Reply {
  const name = url.pathname.slice("/admin/".length);
  if (method === "GET") return show(site, name, url.searchParams);
  if (method !== "POST" || !isCommand(name)) {
    return failed(404, `Commands are ${Object.keys(commands).join(", ")}`);
  }
  try {
    return ok(commands[name].run(site, body === "" ? {} : JSON.parse(body)));
  } catch (error) {
    if (error instanceof EditRefused) return failed(error.status, error.message);
    if (error instanceof z.ZodError) return failed(400, z.prettifyError(error));
    if (error instanceof SyntaxError) return failed(400, "The body is not JSON");
    throw error;
  }
}

function isCommand(name: string): name is keyof typeof commands {
  return Object.hasOwn(commands, name);
}

function show(site: Site, name: string, query: URLSearchParams): Reply {
  switch (name) {
    case "requests":
      return ok({ requests: site.requests });
    case "settings":
      return ok(site.settings);
    case "faults":
      return ok({ faults: site.faults });
    case "pages": {
      const space = query.get("space");
      const id = space === null ? undefined : spaceByKey(site, space)?.id;
      const pages = [...site.pages.values()].filter((page) => space === null || page.spaceId === id);
      return ok({ pages: pages.map(shown) });
    }
    case "media_requests":
      return ok({ requests: site.mediaRequests });
    case "files":
      return ok({ files: [...site.attachments.values()].map(shownFile) });
    case "people":
      return ok({ people: shownPeople(site) });
    case "groups":
      return ok({ groups: [...site.directory.groups.values()].map(shownGroup) });
    case "may_view":
      return ok(shownRule(site, query));
    case "comments":
      return ok({ comments: [...site.comments.values()] });
    default:
      return failed(
        404,
        "There are requests, media_requests, settings, faults, pages, comments, files, people, groups and may_view to see",
      );
  }
}

function shown(page: SitePage): unknown {
  const { id, kind, title, spaceId, parentId, status, labels, version, visibleTo } = page;
  return {
    id,
    kind,
    title,
    space_id: spaceId,
    parent_id: parentId,
    status,
    labels,
    version: version.number,
    visible_to: visibleTo,
  };
}

function titled(title: string | undefined): { title?: string } {
  return title === undefined ? {} : { title };
}

function failed(status: number, message: string): Reply {
  return { status, json: { error: { message } } };
}
