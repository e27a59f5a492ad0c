import { z } from "zod";
import { IDENTITY_CLAIMS } from "#shared/access/readers/identities.ts";
import { contract } from "#functions/runtime/http-contract.ts";
import { accountId, instant, nextCursor, paging, text } from "./fields.ts";

/** A PUT of this many stays far below the largest body. */
const MAX_IDENTITIES = 1000;

const claim = z.enum(IDENTITY_CLAIMS).meta({
  description: "`email`: the person's e-mail, in any case; `subject`: `sub` of their token",
});
const value = text(320).min(1);
const common = { tag: "Identities", paths: ["/api/identities"] } as const;

export const listIdentities = contract({
  ...common,
  id: "listIdentities",
  method: "GET",
  scope: "sources:read",
  summary: "Which Confluence account each person is",
  query: z.strictObject(paging),
  responses: {
    200: z.object({
      identities: z.array(
        z.object({ claim, value, account_id: accountId, updated_at: instant }).meta({ id: "Identity" }),
      ),
      next_cursor: nextCursor,
    }),
  },
  errors: ["invalid_cursor"],
});

export const putIdentities = contract({
  ...common,
  id: "putIdentities",
  method: "PUT",
  scope: "sources:write",
  summary: "Say which Confluence account people are",
  description:
    "Takes precedence over the site's directory, where an e-mail matches only if exactly one active account has it. Omitted entries are unchanged.",
  body: z
    .strictObject({
      identities: z
        .array(
          z
            .strictObject({
              claim,
              value,
              account_id: accountId.nullable().meta({ description: "Null deletes the mapping" }),
            })
            .refine((identity) => identity.claim !== "email" || identity.value.includes("@"), {
              error: "is not an e-mail",
              path: ["value"],
            }),
        )
        .max(MAX_IDENTITIES),
    })
    .meta({ id: "IdentitiesRequest" }),
  responses: { 200: z.object({ stored: z.int(), deleted: z.int() }) },
  examples: {
    request: { identities: [{ claim: "email", value: "ann@example.com", account_id: "557058:ann" }] },
  },
});
