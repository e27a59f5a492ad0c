import { z } from "zod";
import { ACCESS_MODES } from "#shared/sources/source.ts";
import { contract } from "#functions/runtime/http-contract.ts";
import { id, instant, modeBefore, text } from "./fields.ts";

const clause = z.object({
  content_id: z.string().nullable().meta({ description: "What the clause belongs to; null: the space" }),
  title: z.string().nullable(),
  state: z.enum(["known", "open", "unknown"]).meta({
    description:
      "`known`: whoever is named passes; `open`: everybody who passes what is above; `unknown`: nobody, because Confluence does not tell",
  }),
  users: z.array(z.string()).meta({ description: "Account ids; any of users, groups and classes suffices" }),
  groups: z.array(z.string()).meta({ description: "Group ids" }),
  classes: z.array(z.string()).meta({ description: "`anonymous`: everybody; `all-licensed`" }),
  verified_at: instant.nullable().meta({
    description: "Set if it could not be read since; else it is as old as the source's evidence",
  }),
  passes: z.boolean(),
  by: z
    .enum(["open", "space", "user", "group", "class", "unknown", "evidence_too_old", "not_named"])
    .meta({ description: "What lets in, or why it does not" }),
  principal: z.string().nullable().meta({ description: "The one that lets in" }),
});

const reasons = {
  everything_is_shown: "the source carries over no rights",
  page_deleted: "the page is deleted",
  page_hidden: "Confluence does not show the page to the syncing account",
  page_not_stored: "no version of the page is stored yet",
  no_sweep: "no sweep of the source's rights was completed yet",
  evidence_too_old: "the last complete sweep is too long ago: nothing of the source is shown",
  directory_too_old:
    "the groups and accounts of the site were never read, or too long ago: a search for a person fails with 503 `directory_unavailable`",
  place_unknown: "what is above the page is not known yet: the next sweep finds out",
  rendering_outdated:
    "the text may show what its readers may not read, until the page is fetched and rendered again",
  unknown_account:
    "the site's directory does not know the account, it is deactivated, or in no group that may use the site",
  clause_refuses: "a clause is not passed: see `clauses`",
  all_clauses_pass: "every clause is passed",
} as const;

export const explainAccess = contract({
  id: "explainAccess",
  method: "GET",
  paths: ["/api/access/explain"],
  scope: "sources:read",
  tag: "Access",
  summary: "Why search shows a page to a person, or does not",
  description:
    "For operators: it names pages, groups and people whatever the caller may read. Every clause from the space down to the page must be passed.",
  query: z.strictObject({
    page_id: text(128).meta({ description: "Of a page, blog post or file" }),
    source_id: id.optional().meta({ description: "Needed where several sources have the page" }),
    account_id: text(128).optional().meta({ description: "Of Confluence; without it: the public" }),
  }),
  responses: {
    200: z
      .object({
        source_id: id,
        page_id: z.string(),
        title: z.string(),
        mode: z.enum(ACCESS_MODES),
        mode_before: modeBefore,
        allowed: z.boolean(),
        reason: z.enum(Object.keys(reasons) as [keyof typeof reasons]),
        message: z.string(),
        verified_at: instant
          .nullable()
          .meta({ description: "When the sweep began whose evidence is used; null: there was none" }),
        directory_verified_at: instant.nullable().meta({
          description:
            "When the site's groups and accounts were read that are used; null: never, or the source shows each person the same",
        }),
        account: z
          .object({
            account_id: z.string(),
            is_active: z
              .boolean()
              .nullable()
              .meta({ description: "May use the site; null: not in its directory" }),
            is_guest: z.boolean().nullable(),
            groups: z.array(z.string()),
          })
          .nullable(),
        clauses: z.array(clause),
      })
      .meta({ id: "AccessExplanation" }),
  },
  errors: ["page_not_found", "page_ambiguous"],
});

export const REASONS: Record<keyof typeof reasons, string> = reasons;
