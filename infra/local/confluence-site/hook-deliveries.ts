import { setTimeout as wait } from "node:timers/promises";
import type { Site, SitePage } from "./site.ts";
import type { Announcement } from "./recorded-requests.ts";

/** The dialects in which a site announces changed pages. */
export const DIALECTS = ["automation", "rest", "generic"] as const;
export type Dialect = (typeof DIALECTS)[number];

/** What an Automation rule, Confluence's own hook or a script sends for these pages: one body each, or one for all. */
export function deliveriesOf(site: Site, dialect: Dialect, pages: readonly SitePage[]): unknown[] {
  switch (dialect) {
    case "automation":
      return pages.map((page) => ({ page: { id: page.id }, space: { key: keyOf(site, page) } }));
    case "rest":
      return pages.map((page) => ({
        userAccountId: page.version.authorId,
        accountType: "customer",
        page: {
          idAsString: page.id,
          id: Number(page.id),
          spaceKey: keyOf(site, page),
          title: page.title,
          contentType: page.kind,
          version: page.version.number,
          self: `${site.url}/wiki/rest/api/content/${page.id}`,
        },
        updateTrigger: "edit_page",
        suppressNotifications: false,
      }));
    case "generic":
      return [{ page_ids: pages.map((page) => page.id) }];
  }
}

/** Has each registered hook of this event deliver the page. Blog posts have events of their own, which nobody registers here. */
export function fireHooks(site: Site, event: string, page: SitePage): void {
  if (!site.settings.rest_hooks_fire || page.kind !== "page") return;
  for (const hook of site.restHooks.values()) {
    if (!hook.enabled || !hook.events.includes(event)) continue;
    const [body] = deliveriesOf(site, "rest", [page]);
    site.announcements.push({ to: hook.url, secret: null, body, delayMs: 0 });
  }
}

function keyOf(site: Site, page: SitePage): string {
  return [...site.spaces.values()].find((space) => space.id === page.spaceId)?.key ?? "";
}

/** Sends what was announced, each at its time; an address that does not respond loses it, as with Confluence. */
export function sendAnnouncements(site: Site, signal: AbortSignal): void {
  for (const announcement of site.announcements.splice(0))
    send(announcement, signal).catch((error: unknown) => {
      if (!signal.aborted) console.error(error);
    });
}

async function send({ to, secret, body, delayMs }: Announcement, signal: AbortSignal): Promise<void> {
  await wait(delayMs, undefined, { signal });
  const headers = {
    "content-type": "application/json",
    ...(secret === null ? {} : { "x-hook-secret": secret }),
  };
  await fetch(to, { method: "POST", headers, body: JSON.stringify(body), signal });
}
