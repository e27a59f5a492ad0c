import { z } from "zod";

/**
 * What the sync needs of each answer, and nothing more: unknown fields, unknown enum values and missing optional fields
 * never stop it. The library's schemas describe the whole answer and are only compared with it (`schemaDrift`).
 */

const optionalText = z.string().nullish().catch(null);
const optionalDate = z
  .string()
  .nullish()
  .transform((text) => {
    const date = text ? new Date(text) : null;
    return date && !Number.isNaN(date.getTime()) ? date : null;
  })
  .catch(null);
const id = z.union([z.string().min(1), z.number().int().transform(String)]);
const version = z.int();
const links = z
  .object({ next: optionalText, base: optionalText, webui: optionalText })
  .nullish()
  .transform((value) => value ?? { next: null, base: null, webui: null });

/** One page of any listing: its items and the links that lead on. */
export function listing<T extends z.ZodType>(item: T) {
  return z.object({ results: z.array(item), _links: links });
}

/** v1 `user/current`; an anonymous answer has no account id. */
export const userSchema = z.object({
  type: optionalText,
  accountId: optionalText,
  displayName: optionalText,
  timeZone: optionalText,
});

/** v2 space. */
export const spaceSchema = z.object({
  id,
  key: z.string(),
  name: z.string(),
  status: z.string(),
  homepageId: id.nullish(),
  currentActiveAlias: optionalText,
});

const body = z
  .object({
    storage: z.object({ value: z.string() }).nullish(),
    export_view: z.object({ value: z.string() }).nullish(),
  })
  .nullish();

/** v2 page, from a listing or alone. */
export const pageSchema = z.object({
  id,
  title: z.string(),
  status: z.string(),
  spaceId: id.nullish(),
  parentId: id.nullish(),
  parentType: optionalText,
  version: z.object({ number: version, createdAt: optionalDate }),
  body,
  _links: links,
});

/** v1 content as a search finds it. Confluence gives at most 200 labels with it; `size` says how many it gives. */
export const contentSchema = z.object({
  id,
  type: z.string(),
  title: z.string(),
  status: z.string(),
  version: z.object({ number: version, when: optionalDate }),
  space: z.object({ id: id.nullish(), key: optionalText }).nullish(),
  ancestors: z.array(z.object({ id, type: optionalText })).nullish(),
  metadata: z
    .object({
      labels: z
        .object({
          results: z.array(z.object({ name: z.string(), prefix: optionalText })),
          _links: z.object({ next: optionalText }).nullish(),
        })
        .nullish(),
    })
    .nullish(),
  _links: links,
});

/** v1 `/rest/api/search`, of which only the count is used. */
export const searchCountSchema = z.object({ totalSize: z.int().nonnegative().nullish().catch(null) });

/** v2 label. */
export const labelSchema = z.object({ id, name: z.string() });

/** Items of a listing that are only counted by their id. */
export const identifiedSchema = z.object({ id });

/** v2 `users-bulk`. */
export const accountSchema = z.object({
  accountId: z.string(),
  displayName: optionalText,
  publicName: optionalText,
});

/** The links of any response that has some. */
export const linksSchema = z.object({ _links: links });

/** v2 folder, whiteboard, database or embed: content that pages can stand below. A title is all that is shown of it. */
export const folderSchema = z.object({ title: z.string(), parentId: id.nullish(), parentType: optionalText });
