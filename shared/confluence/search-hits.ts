import { z } from "zod";
import { PAGE_KINDS } from "#shared/content-kinds.ts";
import type { ContentPage, ListedPage } from "./client.ts";
import { commentFromV1, fileFromV1, folderFromV1, pageFromV1, unreadablePage } from "./page-mapping.ts";
import { readItems } from "./read-items.ts";
import { rightsFromV1 } from "./rights-mapping.ts";
import { rightsHitSchema } from "./rights-schemas.ts";
import { anyContentSchema, folderHitSchema, identifiedSchema } from "./schemas.ts";

const typed = z.object({ type: z.string() });
const READ_TYPES = [...PAGE_KINDS, "comment", "attachment"] as const;
type ReadType = (typeof READ_TYPES)[number];

/** A hit without a type counts as a page. */
function typeOf(item: unknown): string {
  return typed.safeParse(item).data?.type ?? "page";
}

/**
 * The hits of one page of a search (v1) by what they are; `drift`: how many could not be read or are of a type that the sync does not
 * know, and an example. A page that cannot be read is requested by its id. With `rights` pages have those that were expanded.
 */
export function readHits(
  items: readonly unknown[],
  webBase: string,
  { rights }: { rights: boolean },
): { found: Omit<ContentPage, "next">; drift: { count: number; example: string } } {
  const isRead = (item: unknown) => READ_TYPES.some((type) => type === typeOf(item));
  const { results, odd, faults } = readItems(anyContentSchema, items.filter(isRead));
  const ofType = (...types: ReadType[]) => results.filter((item) => types.some((type) => type === item.type));
  const others = items.filter((item) => !isRead(item));
  const folders = others.filter((item) => folderHitSchema.safeParse(item).success);
  const unknown = others.filter((item) => !folders.includes(item));
  const oddPages = odd.filter((item) => PAGE_KINDS.some((kind) => kind === typeOf(item)));
  const unreadable = oddPages.flatMap((item) => identifiedSchema.safeParse(item).data?.id ?? []);
  const rightsOf = rights ? readRights(items) : () => null;
  const pages = [
    ...ofType(...PAGE_KINDS).map((item) => pageFromV1(item, webBase)),
    ...unreadable.map((id) => unreadablePage("page", id)),
  ];
  return {
    found: {
      pages: pages.map((page) => ({ ...page, rights: rightsOf(page.id) })),
      comments: ofType("comment").map((item) => commentFromV1(item)),
      files: ofType("attachment").map((item) => fileFromV1(item, webBase)),
      folders: folders.map((item) => folderFromV1(folderHitSchema.parse(item))),
      skipped: unknown.length + odd.length - oddPages.length,
    },
    drift: {
      count: odd.length + unknown.length,
      example: faults[0] ?? `results.type: ${typeOf(unknown[0])}`,
    },
  };
}

/** The rights of each hit by its id. Of what cannot be read nothing is known. */
function readRights(items: readonly unknown[]): (id: string) => ListedPage["rights"] {
  const hits = items.flatMap((item) => {
    const { success, data } = rightsHitSchema.safeParse(item);
    return success ? [rightsFromV1(data)] : [];
  });
  const byId = new Map(hits.map(({ id, ancestors, restriction }) => [id, { ancestors, restriction }]));
  return (id) => byId.get(id) ?? { ancestors: null, restriction: null };
}
