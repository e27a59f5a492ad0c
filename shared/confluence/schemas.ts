import { z } from "zod";
import { FOLDER_KINDS } from "./client.ts";

/**
 * Only what the sync needs of each response: unknown fields, unknown enum values and missing optional fields
 * never stop it. The library's schemas describe the whole response and are only compared with it (`drift`).
 */

/** Text as Postgres accepts it: it refuses U+0000 and half a surrogate pair. Every text of a response except bodies is parsed with this. */
export const text = z.string().transform((raw) => raw.replaceAll("\0", "").toWellFormed());
/** Titles and names of Confluence have at most 255 characters; an index of words takes minutes for one of 100,000. */
const MAX_NAME = 255;
/** Truncated without halving a surrogate pair. */
const name = text.transform((whole) => whole.slice(0, MAX_NAME).replace(/[\uD800-\uDBFF]$/, ""));
export const optionalText = text.nullish().catch(null);
const optionalDate = z
  .string()
  .nullish()
  .transform((text) => {
    const date = text ? new Date(text) : null;
    return date && !Number.isNaN(date.getTime()) ? date : null;
  })
  .catch(null);
/** Confluence's ids are whole numbers of up to 64 bits: they are put into URLs. */
const ID = /^\d{1,19}$/;
const id = z.union([z.string(), z.number().int().transform(String)]).pipe(z.string().regex(ID));
const optionalId = id.nullish().catch(null);
/** Those of files begin with `att`. */
const FILE_ID = /^att\d{1,19}$/;
export const anyId = z.union([id, z.string().regex(FILE_ID)]);
const version = z.int();
const links = z
  .object({ next: optionalText, base: optionalText, webui: optionalText })
  .nullish()
  .transform((value) => value ?? { next: null, base: null, webui: null });

export function isId(value: string): boolean {
  return ID.test(value);
}

/** Whether it is the id of content of any kind. */
export function isContentId(value: string): boolean {
  return ID.test(value) || FILE_ID.test(value);
}

/** One page of any listing: its items and its links. */
export function listing<T extends z.ZodType>(item: T) {
  return z.object({ results: z.array(item), _links: links });
}

/** v1 `user/current`: an account, or explicitly nobody. Anything else says nothing about the credentials. */
export const userSchema = z
  .object({
    type: optionalText,
    accountId: optionalText,
    displayName: optionalText,
    timeZone: optionalText,
  })
  .refine(({ type, accountId }) => type === "anonymous" || accountId, "names no account");

/** v2 space. */
export const spaceSchema = z.object({
  id,
  key: text,
  name,
  status: text,
  homepageId: optionalId,
  currentActiveAlias: optionalText,
});

/** `/_edge/tenant_info`; the id becomes part of a URL. */
export const tenantSchema = z.object({
  cloudId: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/)
    .nullish(),
});

/** v2 space, in the listing of all. */
export const listedSpaceSchema = z.object({ id, key: text, name, status: text, type: text });

const body = z
  .object({
    storage: z.object({ value: z.string() }).nullish(),
    export_view: z.object({ value: z.string() }).nullish(),
  })
  .nullish();

/** v2 page, from a listing or alone. */
export const pageSchema = z.object({
  id,
  title: name,
  status: text,
  spaceId: optionalId,
  parentId: optionalId,
  parentType: optionalText,
  subtype: optionalText,
  version: z.object({ number: version, createdAt: optionalDate }),
  body,
  _links: links,
});

/** v1 content as a search finds it. Confluence gives at most 200 labels with it; `size` says how many it gives. */
export const contentSchema = z.object({
  id,
  type: text,
  title: name,
  status: text,
  version: z.object({ number: version, when: optionalDate }),
  space: z.object({ id: optionalId, key: optionalText }).nullish(),
  ancestors: z.array(z.object({ id, type: optionalText })).nullish(),
  metadata: z
    .object({
      labels: z
        .object({
          results: z.array(z.object({ name, prefix: optionalText })),
          _links: z.object({ next: optionalText }).nullish(),
        })
        .nullish(),
    })
    .nullish(),
  _links: links,
});

/** Of a comment also a file. */
const container = z.object({ id: anyId, type: optionalText }).nullish().catch(null);
const extensions = z
  .object({
    location: optionalText,
    resolution: z.object({ status: optionalText }).nullish().catch(null),
    inlineProperties: z.object({ originalSelection: optionalText }).nullish().catch(null),
    mediaType: optionalText,
    fileSize: z.number().nonnegative().nullish().catch(null),
    fileId: optionalText,
  })
  .nullish()
  .catch(null);

/** v1 content of any type, as a search finds it: what comments and files have beside the rest. */
export const anyContentSchema = contentSchema.extend({ id: anyId, container, extensions });

/** v1 folder or similar content above pages, as a search finds it. */
export const folderHitSchema = z.object({
  id,
  type: z.enum(FOLDER_KINDS),
  title: name,
  ancestors: z.array(z.object({ id, type: optionalText })),
});

/** v1 comment with its body. */
export const commentSchema = anyContentSchema.extend({
  body: z.object({ storage: z.object({ value: z.string() }) }),
  history: z
    .object({
      createdBy: z.object({ accountId: optionalText, displayName: optionalText }).nullish().catch(null),
      createdDate: optionalDate,
    })
    .nullish()
    .catch(null),
});

/** v2 attachment. */
export const attachmentSchema = z.object({
  status: text,
  pageId: optionalId,
  blogPostId: optionalId,
});

/** v2 `content/convert-ids-to-types`. */
export const typesOfIdsSchema = z.object({ results: z.record(z.string(), z.string().nullable()) });

/** v1 `/rest/api/search`, of which only the count is used. */
export const searchCountSchema = z.object({ totalSize: z.int().nonnegative().nullish().catch(null) });

/** v2 label. */
export const labelSchema = z.object({ id, name });

/** Items of a listing that are only counted by their id. */
export const identifiedSchema = z.object({ id });

/** v2 `users-bulk`. */
export const accountSchema = z.object({
  accountId: text,
  displayName: optionalText,
  publicName: optionalText,
});

/** The links of any response that has some. */
export const linksSchema = z.object({ _links: links });

/** v2 folder, whiteboard, database or embed: content that pages can be below. A title is all that is shown of it. */
export const folderSchema = z.object({ title: name, parentId: optionalId, parentType: optionalText });
