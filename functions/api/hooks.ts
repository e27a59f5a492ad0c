import { createHook, deleteHook, listHooks, rotateHook } from "./contract/hooks.ts";
import { hookJson } from "./responses/hook-json.ts";
import { newSecret } from "#shared/hooks/hook-secret.ts";
import * as hooks from "#shared/hooks/hooks.ts";
import { httpHandler, route } from "#functions/runtime/http.ts";
import { database } from "#functions/runtime/providers/database.ts";

/** The hooks of a site: make, list with their health, rotate the secret, delete. */
export const handler = httpHandler(
  route(createHook)([database], async ({ params, body, headers, resourceId }, { sql, now }) => {
    const secret = newSecret();
    const made = { hookId: resourceId, siteId: params.site_id, kind: body.kind, secret, now: now() };
    const hook = await hooks.insertHook(sql, made);
    return { status: 201, body: { ...hookJson(hook, headers), secret } };
  }),
  route(listHooks)([database], async ({ params, headers }, { sql }) => {
    const found = await hooks.listHooks(sql, params.site_id);
    return { status: 200, body: { hooks: found.map((hook) => hookJson(hook, headers)) } };
  }),
  route(rotateHook)([database], async ({ params, headers }, { sql, now }) => {
    const secret = newSecret();
    const change = { hookId: params.hook_id, siteId: params.site_id, secret, now: now() };
    const hook = await hooks.rotateSecret(sql, change);
    return { status: 200, body: { ...hookJson(hook, headers), secret } };
  }),
  route(deleteHook)([database], async ({ params }, { sql }) => {
    await hooks.deleteHook(sql, params.site_id, params.hook_id);
    return { status: 204 };
  }),
);
