import { z } from "zod";
import { UserError } from "#shared/errors.ts";
import type { Fetch } from "#shared/confluence/guarded-fetch.ts";

/** Undocumented and called internal by Atlassian's staff: it may vanish any day. */
const ROUTE = "/wiki/rest/webhooks/1.0/webhook";

/** A payload does not name its event, and Confluence accepts misspelt ones without ever sending them. */
const EVENTS = [
  "page_created",
  "page_updated",
  "page_moved",
  "page_trashed",
  "page_restored",
  "page_removed",
  "page_archived",
  "page_unarchived",
] as const;

const NAME = "confluence-rag-sync";

const registered = z.looseObject({
  name: z.string().default(""),
  url: z.string().default(""),
  events: z.array(z.string()).default([]),
  enabled: z.boolean().optional(),
  self: z.string().optional(),
  id: z.union([z.string(), z.number()]).optional(),
});

/** A hook as the site lists it; `url` without its query, which holds the secret. */
export type RestHook = { id: string; name: string; url: string; events: string[]; enabled: boolean };

type Site = { base: string; authorization: string; fetch: Fetch };

/**
 * Registers one hook for each event of pages that `deliveriesTo` takes, with the secret in the query: the only part that Confluence
 * sends unchanged. Returns the events. Throws `UserError` when the site refuses.
 */
export async function registerRestHooks(
  site: Site,
  hook: { deliveriesTo: string; secret: string },
): Promise<readonly string[]> {
  const url = `${hook.deliveriesTo}?token=${encodeURIComponent(hook.secret)}`;
  for (const event of EVENTS)
    await ask(site, "POST", ROUTE, { name: `${NAME}: ${event}`, url, events: [event], active: true });
  return EVENTS;
}

/** The hooks of the site that this service registered. */
export async function listRestHooks(site: Site): Promise<RestHook[]> {
  const hooks = z.array(registered).parse(await ask(site, "GET", ROUTE));
  return hooks
    .filter((hook) => hook.name.startsWith(NAME))
    .map(({ id, self, name, url, events, enabled }) => ({
      id: String(id ?? self?.split("/").at(-1) ?? ""),
      name,
      url: url.replace(/\?.*$/, ""),
      events,
      enabled: enabled ?? true,
    }));
}

/** Removes those that deliver to this address; returns how many. */
export async function removeRestHooks(site: Site, deliveriesTo: string): Promise<number> {
  const own = (await listRestHooks(site)).filter((hook) => hook.url === deliveriesTo);
  for (const { id } of own) await ask(site, "DELETE", `${ROUTE}/${encodeURIComponent(id)}`);
  return own.length;
}

async function ask(site: Site, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await site.fetch(site.base + path, {
    method,
    headers: {
      authorization: site.authorization,
      accept: "application/json",
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: "manual",
    signal: AbortSignal.timeout(20_000),
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body ?? []) chunks.push(chunk);
  if (response.status >= 300)
    throw new UserError(
      422,
      "request_refused",
      `${method} ${path} returned ${response.status}: the token must be a classic one of an administrator of the site, and Atlassian may have closed this route`,
    );
  const text = Buffer.concat(chunks).toString();
  return text === "" ? null : JSON.parse(text);
}
