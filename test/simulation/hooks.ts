import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { withServices } from "#functions/runtime/services.ts";
import { DIALECTS, deliveriesOf } from "#infra/local/confluence-site/hook-deliveries.ts";
import { loadHandlers } from "#infra/local/runner/load-handlers.ts";
import { functions } from "#infra/topology.ts";
import { insertHook } from "#shared/hooks/hooks.ts";
import { makeRandom, type Random } from "./random.ts";
import { services, tell } from "./run.ts";
import { SOURCE_ID, Violation } from "./violation.ts";
import type { Run } from "./run-state.ts";

const HOOK_ID = "6f9619ff-8b86-4d01-b42d-00c04fc964ff";
const SECRET = "the-secret-of-the-simulated-hook";
/** More than one operation asks for: a sync replaces them. */
const STORM = 300;

const receive = (await loadHandlers({ "receive-hook": functions["receive-hook"] })).get("receive-hook");

/** Announces pages of the site in this round, or not. */
export type Announcer = (run: Run, round: number) => Promise<void>;

/**
 * A site that announces pages as badly as Confluence does: some edits never, some twice or much later, pages that did not change, in
 * any dialect; and somebody who does not know the secret. Half of the histories have none. Chances of its own, so that the rest of a
 * history is what it was.
 */
export async function makeAnnouncer(run: Run, seed: number): Promise<Announcer> {
  const random = makeRandom(seed ^ 0x600d);
  if (random.chance(0.5)) return async () => {};
  const [site] = await run.world.sql<{ site_id: string }[]>`
    select site_id from archon_sources where source_id = ${SOURCE_ID}`;
  const now = run.world.now();
  await insertHook(run.world.sql, {
    hookId: HOOK_ID,
    siteId: String(site?.site_id),
    kind: "generic",
    secret: SECRET,
    now,
  });
  return async (at, round) => {
    if (random.chance(0.4)) return;
    const forged = random.chance(0.15);
    const pages = [...at.world.site.pages.values()];
    const named = Array.from({ length: 1 + random.below(4) }, () => random.pick(pages) ?? []).flat();
    const dialect = random.pick(DIALECTS) ?? "generic";
    const bodies = random.chance(0.04)
      ? [{ page_ids: Array.from({ length: STORM }, (_, n) => 900_000 + n) }]
      : deliveriesOf(at.world.site, dialect, named);
    const titles = named.map((page) => page.title).join(", ");
    tell(at, `${round}: ${forged ? "somebody" : "the site"} announces ${titles} (${dialect})`);
    for (const body of random.chance(0.3) ? [...bodies, ...bodies] : bodies) {
      if (!forged && random.chance(0.4)) deliverMeanwhile(at, body, random);
      else await deliver(at, body, forged ? guessOf(random) : SECRET, forged ? 401 : 202);
    }
  };
}

function guessOf(random: Random): string {
  return random.pick(["", "guess", SECRET.slice(1), `${SECRET} `]) ?? "";
}

async function deliver(run: Run, body: unknown, secret: string, expected: number): Promise<void> {
  const before = await countHints(run);
  const event = eventOf(body, secret);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const context = { getRemainingTimeInMillis: () => 29_000 } as Context;
  const answer = await withServices(run.world.services(null), () => receive?.(event, context));
  const status = (answer as { statusCode?: number } | undefined)?.statusCode;
  if (status !== expected) throw new Violation(`A delivery got ${status} in place of ${expected}`);
  if (expected === 401 && (await countHints(run)) !== before)
    throw new Violation("A delivery without the secret left a hint");
}

/**
 * A delivery among the other workers, which dies now and then: between the hints and the start of what asks for them, or before its 202.
 * What it has recorded is asked for all the same (`checkNoHintLeft`).
 */
function deliverMeanwhile(run: Run, body: unknown, random: Random): void {
  const lifetime = !run.calm && random.chance(0.5) ? random.below(12) : Number.POSITIVE_INFINITY;
  run.world.invoke("receive-hook", eventOf(body, SECRET), lifetime, (answer) => {
    const status = (answer as { statusCode?: number } | undefined)?.statusCode;
    if (status !== 202) throw new Violation(`A delivery got ${status} in place of 202`);
  });
}

/** All of an event that the function looks at. */
function eventOf(body: unknown, secret: string): APIGatewayProxyEventV2 {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return {
    routeKey: "POST /hooks/confluence/{hook_id}",
    headers: { "content-type": "application/json", "x-hook-secret": secret },
    pathParameters: { hook_id: HOOK_ID },
    body: JSON.stringify(body),
    isBase64Encoded: false,
    requestContext: { requestId: "delivery", http: { method: "POST" } },
  } as unknown as APIGatewayProxyEventV2;
}

async function countHints(run: Run): Promise<number> {
  const [row] = await services(run).sql<{ count: number }[]>`
    select coalesce(sum(deliveries), 0)::int as count from page_hints`;
  return row?.count ?? 0;
}

/** At the end nothing is left that was announced. */
export async function checkNoHintLeft(run: Run): Promise<void> {
  const left = await run.world.sql`select page_id, reasons, due_at from page_hints`;
  if (left.length > 0) throw new Violation(`Announced pages were never asked for: ${JSON.stringify(left)}`);
}
