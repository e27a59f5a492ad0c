import type { ApiAnswer } from "#test/support/api-client.ts";
import { SOURCE_ID, type SyncWorld } from "#test/support/sync-world.ts";

export type HookSender = {
  hookId: string;
  secret: string;
  siteId: string;
  /** Sends a delivery with the secret in a header. */
  deliver: (body: unknown) => Promise<ApiAnswer>;
  /** The hook as the API lists it. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what a test asserts is its type
  health: () => Promise<any>;
};

/** A hook of the world's site, made over HTTP. */
export async function makeHook(world: SyncWorld, kind = "generic"): Promise<HookSender> {
  const [site] = await world.sql<{ site_id: string }[]>`
    select site_id from archon_sources where source_id = ${SOURCE_ID}`;
  const siteId = String(site?.site_id);
  const path = `/api/confluence/sites/${siteId}/hooks`;
  const { body } = await world.api("POST", path, { body: { kind } });
  const hookId = String(body.hook_id);
  const secret = String(body.secret);
  return {
    hookId,
    secret,
    siteId,
    deliver: (delivery) =>
      world.api("POST", `/hooks/confluence/${hookId}`, {
        body: delivery,
        headers: { "x-hook-secret": secret },
      }),
    health: async () =>
      (await world.api("GET", path)).body.hooks.find((hook: { hook_id: string }) => hook.hook_id === hookId),
  };
}
