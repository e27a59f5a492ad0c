import { z } from "zod";
import { ok, v1Error, type Reply } from "./responses.ts";
import type { Site } from "./site.ts";
import type { RestHook } from "./recorded-requests.ts";

export const REST_HOOKS = "/wiki/rest/webhooks/1.0/webhook";

const newHook = z.looseObject({ name: z.string(), url: z.url(), events: z.array(z.string()).min(1) });

/** The undocumented route of administrators. */
export function handleRestHooks(site: Site, method: string, path: string, body: string): Reply {
  const id = Number(path.slice(REST_HOOKS.length + 1));
  const shown = (hook: RestHook) => ({
    ...hook,
    self: `${site.url}${REST_HOOKS}/${hook.id}`,
    excludeBody: false,
  });
  if (method === "GET") return ok([...site.restHooks.values()].map(shown));
  if (method === "DELETE")
    return site.restHooks.delete(id) ? { status: 204, json: null } : v1Error(404, "No such webhook");
  const parsed = newHook.safeParse(body === "" ? {} : JSON.parse(body));
  if (method !== "POST" || !parsed.success) return v1Error(400, "Not a webhook");
  const { name, url, events } = parsed.data;
  const hook = { id: site.restHooks.size + 1, name, url, events, enabled: true };
  site.restHooks.set(hook.id, hook);
  return { status: 201, json: shown(hook) };
}
