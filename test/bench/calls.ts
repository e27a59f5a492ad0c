import { defineCommand } from "#infra/local/runner/run-command.ts";
import { addPage } from "#infra/local/confluence-site/edits.ts";
import type { Site } from "#infra/local/confluence-site/site.ts";
import type { LoggedRequest } from "#infra/local/confluence-site/recorded-requests.ts";
import { queues } from "#infra/topology.ts";
import { processPageBatch } from "#functions/sync/process-page.ts";
import type { PageServices } from "#shared/syncs/pages/page-batch.ts";
import { makeRandom, type Random } from "#test/simulation/random.ts";
import { bodyOf, makeSyncWorld, SOURCE_ID, SPACE, type SyncWorld } from "#test/support/sync-world.ts";
import { createTestDatabase, type TestDatabase } from "#test/support/test-database.ts";

const PAGES = 1000;
/** Ids that one bulk call takes with bodies. */
const BULK_LIMIT = 100;
const PEOPLE = 40;
/** Of the macro-heavy pages, how many show what their storage does not hold; the others have macros with their content inside. */
const RENDERED_SHARE = 0.5;

type BodyOf = (number: number, random: Random) => string;

export const benchCalls = defineCommand({
  name: "npm run bench -- calls",
  does: `What 1,000 changed pages cost in calls when SQS hands them over in full batches, as a queue does in which that many wait: bulk
fetches and how full they are, rendered bodies, users, and the listing. Beside that in batches of 1 to 100, drawn at random.`,
  options: {
    seed: { type: "integer", value: "N", min: 0, default: 1, description: "another one draws other batches" },
  },
  run: async ({ seed }) => countCalls(seed),
});

type BatchSize = (random: Random) => number;
const fullBatch: BatchSize = () => queues.page.batchSize;
const anyBatch: BatchSize = (random) => 1 + random.below(queues.page.batchSize);

async function countCalls(seed: number): Promise<object> {
  const database = await createTestDatabase();
  const measureBoth = async (batchSize: BatchSize) => ({
    storage_only: await measure(database, seed, { batchSize, body: (number) => bodyOf(`word${number}`) }),
    macro_heavy: await measure(database, seed, { batchSize, body: macroHeavyBody }),
  });
  try {
    const full = await measureBoth(fullBatch);
    return { bench: "calls", seed, pages: PAGES, ...full, random_batches: await measureBoth(anyBatch) };
  } finally {
    await database.close();
  }
}

async function measure(
  database: TestDatabase,
  seed: number,
  { batchSize, body }: { batchSize: BatchSize; body: BodyOf },
): Promise<object> {
  await database.clear();
  const random = makeRandom(seed);
  const world = await makeSyncWorld(database.sql);
  addPages(world.site, body, random.fork());
  const operationId = await world.startSync();
  await world.deliverOne("plan");
  const listing = world.takeRequests().length;
  const batches = await workOff(world, operationId, () => batchSize(random));
  const requests = world.takeRequests();
  const count = (is: (request: LoggedRequest) => boolean) => requests.filter(is).length;
  const bulk = count((request) => request.query.includes("body-format=storage"));
  const rendered = count((request) => request.query.includes("body-format=export_view"));
  const { status, sync_metrics } = await world.progress(operationId);
  if (status !== "completed" || sync_metrics.pages_added !== PAGES) {
    throw new Error(`The sync ended as ${status} with ${sync_metrics.pages_added} pages`);
  }
  return {
    calls_per_1000_pages: ((listing + requests.length) * 1000) / PAGES,
    listing,
    bulk,
    rendered,
    users: requests.length - bulk - rendered,
    batches: batches.length,
    /** By at most ceil(n/100) calls for a batch of n. */
    bulk_allowed: batches.reduce((sum, size) => sum + Math.ceil(size / BULK_LIMIT), 0),
    fill: Math.round((1000 * PAGES) / (bulk * BULK_LIMIT)) / 1000,
  };
}

function addPages(site: Site, body: BodyOf, random: Random): void {
  for (let n = 1; n <= PEOPLE; n += 1) site.people.set(`712020:person-${n}`, `Person ${n}`);
  for (let n = 1; n <= PAGES; n += 1) {
    addPage(site, { space: SPACE, title: `Page ${n}`, body: body(n, random) });
  }
}

/** Works the pages off in batches of these sizes; returns the sizes. */
async function workOff(world: SyncWorld, operationId: string, nextSize: () => number): Promise<number[]> {
  const rows = await world.sql<{ page_id: string }[]>`
    select page_id from sync_work where operation_id = ${operationId} and state = 'pending' order by page_id`;
  const tasks = rows.map((row) => ({
    operation_id: operationId,
    source_id: SOURCE_ID,
    page_id: row.page_id,
  }));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the world fills in all that a worker uses
  const services = world.services(null) as PageServices;
  const sizes: number[] = [];
  while (tasks.length > 0) {
    const batch = tasks.splice(0, nextSize());
    const settled = await processPageBatch(batch, services, { remainingMs: () => 60_000 });
    const failure = settled.find((outcome) => !outcome.ok);
    if (failure && !failure.ok) throw new Error("A batch failed", { cause: failure.error });
    sizes.push(batch.length);
  }
  return sizes;
}

/** Panels, code and a mention, whose content is in the storage; and on some pages a list of children, which is not. */
function macroHeavyBody(number: number, random: Random): string {
  const person = `<ac:link><ri:user ri:account-id="712020:person-${1 + random.below(PEOPLE)}" /></ac:link>`;
  const panel = `<ac:structured-macro ac:name="info"><ac:rich-text-body><p>Ask ${person} first.</p></ac:rich-text-body></ac:structured-macro>`;
  const code = `<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[run ${number}]]></ac:plain-text-body></ac:structured-macro>`;
  const children = random.chance(RENDERED_SHARE) ? `<ac:structured-macro ac:name="children" />` : "";
  return `${bodyOf(`word${number}`)}${panel}${code}${children}`;
}
