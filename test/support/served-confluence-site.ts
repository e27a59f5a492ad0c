import { expect } from "vitest";
import { z } from "zod";
import type { Site } from "#infra/local/confluence-site/site.ts";
import { startConfluenceSite } from "#infra/local/confluence-site/start.ts";
import { makeTestSite, type TestClock } from "./confluence-site.ts";

const BASIC = `Basic ${Buffer.from("ada@example.com:demo-token").toString("base64")}`;

/** Headers of an account that the site knows. */
export const SIGNED_IN = { authorization: BASIC };

const item = z.looseObject({ id: z.string() });
const listing = z.looseObject({
  results: z.array(item),
  _links: z.looseObject({ next: z.string().optional() }),
});
export type Listed = z.infer<typeof listing>;

/** A simulated site on a port, its requests and its admin commands. `json` of a reply without a body is null. */
export type ServedSite = {
  url: string;
  site: Site;
  clock: TestClock;
  get: (path: string, authorization?: string | null) => Promise<{ status: number; json: unknown }>;
  post: (path: string, body: unknown) => Promise<{ status: number; json: unknown }>;
  /** A listing, which must be 200. */
  listed: (path: string) => Promise<Listed>;
  /** The hits of a CQL query, which must be 200. */
  found: (cql: string, more?: Record<string, string>) => Promise<Listed>;
  /** An admin command, which must succeed; the id of what it made, if any. */
  admin: (command: string, input: object) => Promise<string>;
  refused: (command: string, input: object) => Promise<number>;
  close: () => Promise<void>;
};

export async function serveTestSite(): Promise<ServedSite> {
  const { site, clock } = makeTestSite();
  const running = await startConfluenceSite({ site });
  const send = async (path: string, init: RequestInit) => {
    const response = await fetch(`${running.url}${path}`, { redirect: "manual", ...init });
    const text = await response.text();
    return { status: response.status, json: text === "" ? null : (JSON.parse(text) as unknown) };
  };
  const get = async (path: string, authorization: string | null = BASIC) =>
    send(path, { headers: authorization === null ? {} : { authorization } });
  const command = async (name: string, input: object) =>
    send(`/admin/${name}`, { method: "POST", body: JSON.stringify(input) });
  const listed = async (path: string) => {
    const { status, json } = await get(path);
    expect([status, json]).toEqual([200, json]);
    return listing.parse(json);
  };
  return {
    url: running.url,
    site,
    clock,
    get,
    post: async (path, body) =>
      send(path, { method: "POST", body: JSON.stringify(body), headers: SIGNED_IN }),
    listed,
    found: async (cql, more = {}) =>
      listed(`/wiki/rest/api/content/search?${new URLSearchParams({ cql, ...more }).toString()}`),
    admin: async (name, input) => {
      const { status, json } = await command(name, input);
      expect([status, json]).toEqual([200, json]);
      return z.object({ id: z.string().default("") }).parse(json).id;
    },
    refused: async (name, input) => (await command(name, input)).status,
    close: running.close,
  };
}
