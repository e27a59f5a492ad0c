import type { Client, SendRequestOptions } from "confluence.js/core";
import { z } from "zod";
import type { Drift } from "./client.ts";
import { type makeTransport, MORE_TRIES, RETRY_BUDGET_MS } from "./http-transport.ts";
import { withSmallerPages } from "./listing-page-size.ts";
import { nextCursor } from "./next-cursor.ts";
import { isWebAddress, webBaseOf } from "./page-mapping.ts";
import { faultsOf, invalidResponse, readItems } from "./read-items.ts";
import { identifiedSchema, linksSchema, listing } from "./schemas.ts";

/** The maximum number of items that a v2 listing returns, and of ids that it accepts (API description of `/pages`). */
export const LISTING_LIMIT = 250;

/** One page of a listing. `skipped`: how many items lack what the sync needs; `odd`: the ids of those that have one. */
export type ListingPage<T> = {
  results: T[];
  odd: string[];
  skipped: number;
  next: string | null;
  webBase: string;
};

/**
 * Calls the functions of confluence.js over this project's transport. A response is parsed with small schemas (else PermanentError
 * `invalid_answer`); where the library's schema refuses it, that is counted as drift.
 */
export type Caller = ReturnType<typeof makeCaller>;

export function makeCaller(transport: ReturnType<typeof makeTransport>, now: () => number) {
  const giveUpAt = () => now() + RETRY_BUDGET_MS;
  const drift: Drift = { answers: 0, skipped: 0, example: null };
  const noteDrift = (counted: "answers" | "skipped", count: number, example: string) => {
    drift[counted] += count;
    drift.example ??= example;
  };
  let webBase: string | null = null;

  /** Calls a function of the library and parses the response with the given schema. */
  async function ask<T extends z.ZodType>(
    schema: T,
    send: (client: Client) => Promise<unknown>,
    request: (request: SendRequestOptions) => Promise<unknown> = (request) =>
      transport.send(request, MORE_TRIES, giveUpAt()),
  ): Promise<z.output<T>> {
    let misfit: string | null = null;
    const response = await send({
      async sendRequest<A>(options: SendRequestOptions<A>): Promise<A> {
        const response = await request(options);
        const error = options.schema?.safeParse(response).error;
        misfit = error ? `${options.url}: ${faultsOf(error)[0]}` : null;
        // Not used as A: it is parsed with its own schema below.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        return response as A;
      },
    });
    const read = schema.safeParse(response);
    if (!read.success) {
      throw invalidResponse(faultsOf(read.error));
    }
    if (misfit !== null) noteDrift("answers", 1, misfit);
    learnWebBase(read.data);
    return read.data;
  }

  /** Listings and single pages alike contain the site's address for people. */
  function learnWebBase(response: unknown): void {
    const base = linksSchema.safeParse(response).data?._links.base;
    if (base && isWebAddress(base)) webBase = webBaseOf(base, transport.base);
  }

  /**
   * One page of a listing; if Confluence fails, it is requested again in smaller pages. An item that lacks what the sync needs is
   * counted as drift and does not affect the others: `odd` has the ids of those that have one.
   */
  async function askPage<T extends z.ZodType>(
    item: T,
    cursor: string | null,
    send: (client: Client, page: { cursor?: string; limit: number }) => Promise<unknown>,
  ): Promise<ListingPage<z.output<T>>> {
    const until = giveUpAt();
    const response = await withSmallerPages(
      LISTING_LIMIT,
      () => now() < until,
      async (limit, retries) =>
        ask(
          listing(z.unknown()),
          (client) => send(client, { ...(cursor === null ? {} : { cursor }), limit }),
          (request) => transport.send(request, retries, until),
        ),
    );
    const webBase = webBaseOf(response._links.base, transport.base);
    const { results, odd, faults } = readItems(item, response.results);
    if (odd.length > 0) noteDrift("skipped", odd.length, faults[0] ?? "");
    return {
      results,
      odd: odd.flatMap((one) => identifiedSchema.safeParse(one).data?.id ?? []),
      skipped: odd.length,
      next: nextCursor(response._links.next ?? null, cursor, [transport.base, webBase]),
      webBase,
    };
  }

  return { ask, askPage, noteDrift, drift: () => ({ ...drift }), webBase: () => webBase };
}
