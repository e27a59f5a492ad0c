import type { Context } from "aws-lambda";
import { handler } from "#functions/sync/discover-spaces.ts";
import { withServices, type Services } from "#functions/runtime/services.ts";
import { NEW_SOURCE, type ApiFixture } from "./api-fixture.ts";

export const SITES = "/api/confluence/sites";
const { space_key: _, ...site } = NEW_SOURCE;
/** The body that connects the simulated site. */
export const NEW_SITE = site;

/** Connects a site; returns the path of its routes. */
export async function connectSite(fixture: ApiFixture, fields: object = {}): Promise<string> {
  const answer = await fixture.api("POST", SITES, { body: { ...NEW_SITE, ...fields } });
  if (answer.status !== 201) throw new Error(answer.text);
  return `${SITES}/${String(answer.body.site_id)}`;
}

/** One run of the half-hourly discovery; `remainingMs`: the time that it has left whenever it looks. */
export function discoverAll(
  fixture: ApiFixture,
  changed: Partial<Services> = {},
  remainingMs = () => 60_000,
): Promise<unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all of the context that the function looks at
  const context = { getRemainingTimeInMillis: remainingMs } as Context;
  return withServices({ ...fixture.services, ...changed }, () => handler({}, context));
}
