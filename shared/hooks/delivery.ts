import { z } from "zod";

/** Pages that one delivery may name. */
export const MAX_DELIVERED_PAGES = 1000;

const given = z.unknown().optional();

/** Confluence's ids are 64-bit integers; as JSON numbers only those that a double holds exactly. */
const pageId = z.union([z.string().regex(/^[1-9]\d{0,18}$/), z.int().positive().transform(String)]);

const content = z.looseObject({ id: given, idAsString: given, space: given, spaceKey: given });

/**
 * What is taken from a delivery, in every dialect: `{"page": {"id"}, "space": {"key"}}` of Automation rules, the `page`, `blog` or
 * `content` of Confluence's own hooks, `{"page_id"}` or `{"page_ids"}` of anything else. All other fields are ignored.
 */
const delivery = z.looseObject({
  page: given,
  pages: given,
  blog: given,
  content: given,
  page_id: given,
  pageId: given,
  page_ids: given,
  pageIds: given,
  space: given,
  space_key: given,
  spaceKey: given,
});

export type Delivery = { pageIds: string[]; spaceKey: string | null };

/** The ids of the pages that a delivery names, each once, and the key of their space if it names one. Anything else is no id. */
export function readDelivery(body: unknown): Delivery {
  const parsed = delivery.safeParse(body);
  if (!parsed.success) return { pageIds: [], spaceKey: null };
  const { page, pages, blog, content: one, page_id, pageId: camel, page_ids, pageIds, ...rest } = parsed.data;
  const contents = [page, ...listOf(pages), blog, one].flatMap((value) => {
    const found = content.safeParse(value);
    return found.success ? [found.data] : [];
  });
  const ids = [
    // A double may have rounded the number beside it.
    ...contents.map((item) => item.idAsString ?? item.id),
    page_id,
    camel,
    ...listOf(page_ids),
    ...listOf(pageIds),
  ];
  const keys = [rest.space_key, rest.spaceKey, keyOf(rest.space)];
  const keysOfContents = contents.flatMap((item) => [item.spaceKey, keyOf(item.space)]);
  return {
    pageIds: [...new Set(ids.flatMap((id) => pageId.safeParse(id).data ?? []))],
    spaceKey: firstKey([...keys, ...keysOfContents]),
  };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function keyOf(space: unknown): unknown {
  return z.looseObject({ key: given }).safeParse(space).data?.key;
}

function firstKey(values: readonly unknown[]): string | null {
  const key = values.find(
    (value): value is string => typeof value === "string" && /^[\w.~-]{1,255}$/.test(value),
  );
  return key ?? null;
}
