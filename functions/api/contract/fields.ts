import { z } from "zod";
import { COMMENT_OPTIONS } from "#shared/content-kinds.ts";
import {
  ACCESS_MODES,
  DELETION_STRATEGIES,
  UNREADABLE_CONTAINERS,
  VERIFICATIONS,
  type AccessMode,
  type Verification,
} from "#shared/sources/source.ts";

/** Text that the database can hold: U+0000 is refused by Postgres; half a surrogate pair, as of a text that was cut, becomes U+FFFD. */
export function text(max: number) {
  return z
    .string()
    .max(max)
    .regex(/^[^\u0000]*$/, "must not hold U+0000")
    .overwrite((value) => value.toWellFormed());
}

/** An id as a path or a filter names it. */
export const id = z
  .string()
  .regex(/^[A-Za-z0-9_.~-]{1,128}$/, "is not an id")
  .meta({ example: "4a4e9c0a-5ac4-4f2e-8a3c-0a7d6f3f4c11" });

/** A page's id in Confluence: a 64-bit integer. */
export const confluenceId = z
  .string()
  .regex(/^[1-9]\d{0,18}$/, "is not a page id of Confluence")
  .meta({ example: "123456789" });

export const sourceParams = z.object({ source_id: id });
export const operationParams = z.object({ operation_id: z.uuid() });

/** ISO 8601 in UTC. */
export const instant = z.iso.datetime().meta({ example: "2026-03-01T12:00:00.000Z" });
/** A time that a client sends: the database has no year 0. */
export const sentInstant = instant.refine((value) => !value.startsWith("0000"), "is too early");

export const deletionStrategy = z.enum(DELETION_STRATEGIES).meta({
  description:
    "When pages deleted in Confluence are looked for: once a week, after each sync, or only when asked",
});

export const accessMode = z.enum(ACCESS_MODES).meta({
  description:
    "Who finds what. `unrestricted`: pages that everyone who may read the space may read; `per_user`: each search says for whom, and finds what that person may read; `everything`: all that the syncing account sees, for everyone who may search. A change reads the rights again first: until then only what both modes show is found, and coming from `everything` nothing",
});

export const modeBefore = z.enum(ACCESS_MODES).nullable().meta({
  description:
    "The mode before a change, until the rights have been read again completely: only what both modes show is found meanwhile",
});

export const unreadableContainers = z.enum(UNREADABLE_CONTAINERS).meta({
  description:
    "What is below a folder, whiteboard, database or embed whose restrictions Confluence does not tell (only its administrators may ask): hidden, or shown as if it had none",
});

export const verification = z.enum(VERIFICATIONS).meta({
  description:
    "`live`: a search for a person also asks Confluence about each hit, which takes a call a hit and up to 2 s, and leaves out what it denies or does not decide in time. Needs access `per_user` and an account that is a Confluence administrator",
});

/** What `verify` asks of a new source: arguments of `refine`. */
export const verifiesPeople = [
  ({ access, verify }: { access: AccessMode; verify: Verification }) =>
    verify === "stored" || access === "per_user",
  'verify "live" needs access "per_user": it asks Confluence about a person',
] as const;

/** Of a change: what is left out stays. */
export const contentChanges = z
  .strictObject({
    blogposts: z.boolean().optional(),
    comments: z.enum(COMMENT_OPTIONS).optional(),
    attachments: z.boolean().optional(),
  })
  .meta({ description: "Which kinds of content besides pages are synced; what is left out stays as it is" });

export const content = z
  .strictObject({
    blogposts: z.boolean().default(true),
    comments: z
      .enum(COMMENT_OPTIONS)
      .default("open")
      .meta({ description: "`open`: without resolved threads, and those whose text is gone from the page" }),
    attachments: z
      .boolean()
      .default(true)
      .meta({ description: "Files on pages and blog posts, by their text" }),
  })
  .meta({
    description:
      "Which kinds of content besides pages are synced. One that is switched on is listed by the next sync; one that is switched off loses its rows",
  });

/** Account ids of Atlassian: `557058:` and a UUID, or 24 hexadecimal digits. */
export const accountId = z
  .string()
  .regex(/^[A-Za-z0-9:_.-]{1,128}$/, "is not an account id")
  .meta({ example: "557058:2d2ef4e6-1a5f-4a0f-9f0c-0c1a1ad3a2a1" });

const visibility = z.enum(["all", "anonymous"]).optional().meta({
  description:
    "`all`: everything, whoever may see it; needs the scope `search:all`. `anonymous`: what the public may see. Unless set: what the person may see that the request is for",
});

/** For whom a search is. */
export const readerFields = {
  on_behalf_of: z
    .union([z.strictObject({ account_id: accountId }), z.strictObject({ email: text(320).regex(/@/) })])
    .optional()
    .meta({
      description:
        "The person that the search is for, by their Confluence account or e-mail; needs the scope `search:on-behalf-of`",
    }),
  visibility,
};

/** The same as query parameters. */
export const readerQuery = {
  on_behalf_of: text(320)
    .regex(/^[A-Za-z0-9:_.-]{1,128}$|@/, "is neither an account id nor an e-mail")
    .optional()
    .meta({
      description:
        "The person that it is read for, by their Confluence account or e-mail; needs the scope `search:on-behalf-of`",
    }),
  visibility,
};

export const READER_ERRORS = [
  "scope_required",
  "identity_required",
  "unknown_identity",
  "directory_unavailable",
] as const;

export const MAX_LIMIT = 200;
export const DEFAULT_LIMIT = 50;

/** Paging of every list of this API's own. */
export const paging = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_LIMIT)
    .default(DEFAULT_LIMIT)
    .meta({ description: `1 to ${MAX_LIMIT} entries` }),
  cursor: z.string().max(1000).optional().meta({ description: "`next_cursor` of the previous response" }),
};

export const nextCursor = z
  .string()
  .nullable()
  .meta({ description: "Pass it as `cursor` for what follows; null at the end" });

/** Seconds in a year's minutes: no interval is meant to be longer. */
const MAX_INTERVAL_MINUTES = 365 * 24 * 60;

export const syncInterval = z
  .int()
  .min(1)
  .max(MAX_INTERVAL_MINUTES)
  .nullable()
  .meta({ description: "Minutes between the starts of two syncs; null: on demand only" });

export const title = text(500).regex(/\S/, "must not be blank");

/** Visible ASCII: what a header can contain. */
export const apiToken = z
  .string()
  .regex(/^[\x21-\x7e]{1,4096}$/, "must be 1 to 4096 visible ASCII characters")
  .meta({
    description: "Stored encrypted and never returned",
    writeOnly: true,
    example: "ATATT3xFfGF0example",
  });

export const email = z.email().max(320).meta({
  description:
    "The account of the API token. Without it the token is sent as a bearer token (scoped tokens, OAuth)",
  example: "sync@example.com",
});

export const findableSeconds = z
  .object({ p50: z.number(), p95: z.number(), max: z.number() })
  .nullable()
  .meta({
    description:
      "Seconds from an edit in Confluence to the moment that search finds it, of the last 100 edits after the first sync; null: none yet",
  });
