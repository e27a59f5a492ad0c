import { PermanentError } from "#shared/errors.ts";

/**
 * The cursor in a listing's `next` link, null if there is none. Only the cursor is taken from the link: v2 links begin
 * with `/wiki/api/v2`, v1 links lack the `/wiki` on Cloud, so their paths cannot be joined by one rule.
 *
 * Throws `PermanentError` `invalid_answer` for a link to another origin, a link without a cursor, and a cursor that is the one
 * that was just sent (the listing would never end): none of these is the end of a listing. `origins` are those that a link
 * may name: the address that was called, and the site's own behind Atlassian's gateway (`_links.base`).
 */
export function nextCursor(
  next: string | null,
  sent: string | null,
  origins: readonly string[],
): string | null {
  if (next === null || next === "") return null;
  const [home = ""] = origins;
  if (!URL.canParse(next, home)) throw invalidNext("cannot be read");
  const url = new URL(next, home);
  if (!origins.some((origin) => new URL(origin).origin === url.origin))
    throw invalidNext("names another host");
  const cursor = url.searchParams.get("cursor");
  if (cursor === null || cursor === "") throw invalidNext("has no cursor");
  if (cursor === sent) throw invalidNext("repeats its own cursor");
  return cursor;
}

function invalidNext(fault: string): PermanentError {
  return new PermanentError("invalid_answer", `The listing's next link ${fault}`);
}
