/**
 * Cursors as Cloud builds them. v2: base64 of JSON that names the last item, its order and order value. v1 search: a count of
 * the hits so far and the sort values of the last one, `_f_{base64}_sa_{base64}`.
 */

/** The position after an item of a v2 listing. */
export type ListingCursor = { id: string; contentOrder: string; contentOrderValue: string | number };

export function writeListingCursor(cursor: ListingCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64");
}

/** Null if it is not a cursor of this site. */
export function readListingCursor(text: string): ListingCursor | null {
  const value = readJson(text);
  if (typeof value !== "object" || value === null) return null;
  if (!("id" in value) || !("contentOrder" in value) || !("contentOrderValue" in value)) return null;
  const { id, contentOrder, contentOrderValue } = value;
  if (typeof id !== "string" || typeof contentOrder !== "string") return null;
  if (typeof contentOrderValue !== "string" && typeof contentOrderValue !== "number") return null;
  return { id, contentOrder, contentOrderValue };
}

/** The position after a hit of a search. */
export type SearchCursor = { offset: number; value: string | number; id: string };

export function writeSearchCursor({ offset, value, id }: SearchCursor): string {
  const after = Buffer.from(JSON.stringify([value, `\t${id}`])).toString("base64");
  return `_f_${Buffer.from(String(offset)).toString("base64")}_sa_${after}`;
}

/** Null if it is not a cursor of this site. */
export function readSearchCursor(text: string): SearchCursor | null {
  const parts = /^_f_([A-Za-z0-9+/=]+)_sa_([A-Za-z0-9+/=]+)$/.exec(text);
  if (!parts) return null;
  const offset = Number(Buffer.from(parts[1] ?? "", "base64").toString());
  const after = readJson(parts[2] ?? "");
  if (!Number.isInteger(offset) || !Array.isArray(after)) return null;
  const [value, id]: unknown[] = after;
  if ((typeof value !== "string" && typeof value !== "number") || typeof id !== "string") return null;
  return { offset, value, id: id.trim() };
}

function readJson(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, "base64").toString()) as unknown;
  } catch {
    return null;
  }
}
