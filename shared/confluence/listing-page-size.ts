import { TransientError } from "#shared/errors.ts";
import { MORE_TRIES } from "./http-transport.ts";

/** A listing that fails in pages of this size fails for another reason than its size. */
const SMALLEST_PAGE = 25;

/**
 * Requests one page of a listing; if Confluence fails or does not respond in time, half as many items, down to 25, where
 * the usual brief retries are made, as long as `mayGoOn`. Cursors keep their position whatever the limit, so the listing just continues.
 */
export async function withSmallerPages<T>(
  limit: number,
  mayGoOn: () => boolean,
  ask: (limit: number, retries: number) => Promise<T>,
): Promise<T> {
  const smallest = limit <= SMALLEST_PAGE;
  try {
    return await ask(limit, smallest ? MORE_TRIES : 0);
  } catch (error) {
    if (smallest || !(error instanceof TransientError) || !mayGoOn()) throw error;
    return await withSmallerPages(Math.max(SMALLEST_PAGE, Math.floor(limit / 2)), mayGoOn, ask);
  }
}
