import { z } from "zod";
import { MAX_DELIVERED_PAGES } from "#shared/hooks/delivery.ts";
import { HOOK_KINDS } from "#shared/hooks/hooks.ts";
import { contract } from "#functions/runtime/http-contract.ts";
import { id, instant } from "./fields.ts";
import { counted, hookHealth, hookId } from "./hook-fields.ts";

const siteParams = z.object({ site_id: id });
const hookParams = siteParams.extend({ hook_id: hookId });

const hookSchema = z
  .object({
    ...hookHealth.shape,
    site_id: id,
    url: z.url().meta({ description: "Where deliveries go; the secret is no part of it" }),
    created_at: instant,
    rotated_at: instant.nullable(),
    previous_secret_valid_until: instant.nullable(),
    last_refused_at: instant.nullable(),
    deliveries: z.object({
      received: counted("Accepted"),
      refused: counted("With a missing or wrong secret"),
      malformed: counted("With the secret, but not JSON, too large, or with too many pages"),
    }),
    pages: z.object({
      announced: counted("In accepted deliveries"),
      unknown: counted("In a space that is not synced"),
      unchanged: counted("Asked for and found as they are stored"),
    }),
  })
  .meta({ id: "Hook" });

const secret = z.string().meta({
  description:
    "Returned this once. Send it as `X-Hook-Secret`, as `Authorization: Bearer …`, or as `?token=`",
});
const hookWithSecret = hookSchema.extend({ secret }).meta({ id: "HookWithSecret" });

const common = { tag: "Hooks" } as const;

export const createHook = contract({
  ...common,
  id: "createHook",
  method: "POST",
  paths: ["/api/confluence/sites/{site_id}/hooks"],
  scope: "sources:write",
  summary: "Make a hook: an address that is told which pages changed",
  params: siteParams,
  body: z.strictObject({ kind: z.enum(HOOK_KINDS) }),
  responses: { 201: hookWithSecret },
  errors: ["site_not_found"],
  examples: { request: { kind: "automation" } },
});

export const listHooks = contract({
  ...common,
  id: "listHooks",
  method: "GET",
  paths: ["/api/confluence/sites/{site_id}/hooks"],
  scope: "sources:read",
  summary: "The hooks of a site and their health",
  description:
    "`hook_silent`: syncs find edits that the hook does not announce. Nothing is lost by that: syncs go on at their interval.",
  params: siteParams,
  responses: { 200: z.object({ hooks: z.array(hookSchema) }) },
  errors: ["site_not_found"],
});

export const rotateHook = contract({
  ...common,
  id: "rotateHook",
  method: "POST",
  paths: ["/api/confluence/sites/{site_id}/hooks/{hook_id}/rotate"],
  scope: "sources:write",
  summary: "Give a hook a new secret",
  description:
    "The one before is accepted for an hour more, or until the next rotation: rotating twice ends a secret that leaked at once.",
  params: hookParams,
  responses: { 200: hookWithSecret },
  errors: ["hook_not_found"],
});

export const deleteHook = contract({
  ...common,
  id: "deleteHook",
  method: "DELETE",
  paths: ["/api/confluence/sites/{site_id}/hooks/{hook_id}"],
  scope: "sources:write",
  summary: "Delete a hook: its deliveries get 404 from now on",
  params: hookParams,
  responses: { 204: null },
  errors: ["hook_not_found"],
});

const pageIdOrNumber = z.union([z.string(), z.number()]);
const announced = z.looseObject({ id: pageIdOrNumber });

export const receiveHook = contract({
  ...common,
  id: "receiveHook",
  method: "POST",
  paths: ["/hooks/confluence/{hook_id}"],
  scope: "hook",
  summary: "Deliver: these pages changed",
  description: `Takes at most ${MAX_DELIVERED_PAGES} page ids (strings of digits, or numbers) from \`page\`, \`pages\`, \`blog\`, \`content\`, \`page_id\` or \`page_ids\`, and the key of their space from \`space\` or \`space_key\`; ignores everything else. Each page is then asked for by its id: a delivery only says when. It is authenticated by the hook's secret alone.`,
  params: z.object({ hook_id: hookId }),
  // Confluence adds parameters of its own.
  query: z.looseObject({ token: z.string().optional().meta({ description: "The hook's secret" }) }),
  body: z.unknown().meta({
    override: ({ jsonSchema }) =>
      Object.assign(
        jsonSchema,
        z.toJSONSchema(
          z.looseObject({
            page: announced.optional(),
            pages: z.array(announced).optional(),
            content: announced.optional(),
            page_id: pageIdOrNumber.optional(),
            page_ids: z.array(pageIdOrNumber).optional(),
            space: z.looseObject({ key: z.string() }).optional(),
            space_key: z.string().optional(),
          }),
        ),
      ),
  }),
  readsBodyItself: true,
  responses: {
    202: z.object({
      accepted: counted("Pages that the delivery named"),
      unknown: counted("Of them, pages of spaces that are not synced"),
    }),
  },
  errors: ["hook_not_found", "unauthorized", "too_many_pages"],
  examples: {
    request: { page: { id: "123456789" }, space: { key: "DOCS" } },
    responses: { 202: { accepted: 1, unknown: 0 } },
  },
});
