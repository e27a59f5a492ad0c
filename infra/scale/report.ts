import { alarmCount } from "#infra/constructs/alarm-kinds.ts";
import { connectionBudget } from "#infra/constructs/connection-budget.ts";
import { queues } from "#infra/topology.ts";
import { logMetrics } from "#shared/log-metrics.ts";
import { FIRST_SYNCS_A_MINUTE } from "#shared/sites/discover.ts";
import { MAX_STARTS } from "#shared/syncs/pulse/pulse-sites.ts";
import { simulateQuietGroup } from "./fair-queue.ts";
import {
  auroraCost,
  callsOfOneSite,
  firstSyncCost,
  rightsOfOneSite,
  modelScale,
  monthlyCost,
  SPACES,
  total,
  type Cost,
  type Scale,
} from "./model.ts";
import type { Assumptions, Prices } from "./prices.ts";

const NOISY = 100_000;
const QUIET = 10;
/** A metric that is kept by a dimension of its own too is another one, for each of its values: here, one model. */
const METRICS = Object.values(logMetrics)
  .flat()
  .reduce((count, metric) => count + ("by" in metric ? 2 : 1), 0);
const KB_PER_GB = 1_000_000;

const round = (value: number, digits = 0) =>
  value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits });
const dollars = (value: number) => `$${round(value, value < 100 ? 2 : 0)}`;

/** The table of costs for infra/deploying.md: a month, by number of spaces. */
export function costTable(prices: Prices, assumptions: Assumptions): string {
  const scales = SPACES.map((spaces) => modelScale(spaces, assumptions));
  return table(
    ["", ...scales.map((scale) => `${round(scale.spaces)} spaces, ${round(scale.pages)} pages`)],
    [
      ["first sync, once", ...scales.map((scale) => dollars(total(firstSyncCost(scale, prices))))],
      [
        "a month, your own database",
        ...scales.map((scale) => dollars(total(monthlyCost(scale, prices, alarmCount(), METRICS)))),
      ],
      [
        "a month, Aurora and its VPC on top",
        ...scales.map((scale) => dollars(total(auroraCost(scale, prices)))),
      ],
    ],
  );
}

/** infra/scale.md, whole. */
export function scaleReport(prices: Prices, assumptions: Assumptions): string {
  const scales = SPACES.map((spaces) => modelScale(spaces, assumptions));
  const heads = ["", ...scales.map((scale) => `${round(scale.spaces)} spaces`)];
  const row = (name: string, value: (scale: Scale) => string) => [name, ...scales.map(value)];
  const costs = (name: string, cost: (scale: Scale) => Cost) => {
    const all = scales.map(cost);
    const parts = Object.keys(all[0] ?? {}).map((part, index) => [
      part.startsWith("Aurora") ? "Aurora" : part,
      ...all.map((one) => dollars(Object.values(one)[index] ?? 0)),
    ]);
    return table(
      [name, ...heads.slice(1)],
      [...parts, ["**together**", ...all.map((one) => `**${dollars(total(one))}**`)]],
    );
  };
  const calls = (name: string, value: (of: ReturnType<typeof callsOfOneSite>) => string) => [
    name,
    ...SPACES.map((spaces) => value(callsOfOneSite(spaces, assumptions))),
  ];
  const rights = (name: string, value: (of: ReturnType<typeof rightsOfOneSite>) => string) => [
    name,
    ...SPACES.map((spaces) => value(rightsOfOneSite(spaces, assumptions))),
  ];
  const { pages, chunks, first, files } = modelScale(1, assumptions);
  const perPage = { chunks: chunks / pages, tokens: (first.tokens + files.tokens) / pages };
  const { total: connections } = connectionBudget();
  return `# Scale on paper

Written by \`npm run documents\` from \`infra/scale/\`; \`node infra/scale/main.ts prices.json\` prints it with your own prices and
assumptions. It is arithmetic over the topology, not a measurement: its assumptions are in \`infra/scale/prices.ts\`.
Assumed: ${assumptions.pagesPerSpace} pages per space, ${assumptions.chunksPerPage} chunks per page of ${assumptions.tokensPerChunk} tokens, ${assumptions.changesPerDayShare * 100} % of the pages changed per day,
${assumptions.filesPerPage} file per page, of which ${assumptions.readFilesShare * 100} % are of a type that is read, of ${assumptions.fileMb} MB and ${assumptions.chunksPerFile} chunks each,
a sync every ${assumptions.syncIntervalMinutes} minutes, ${round(assumptions.searchesPerDay)} searches per day, ${assumptions.secondsPerPage} s of worker time per page.

## First sync

${table(heads, [
  row("pages", (scale) => round(scale.first.pages)),
  row("calls to Confluence", (scale) => round(scale.first.confluenceCalls)),
  row("messages", (scale) => round(scale.first.messages)),
  row("invocations of workers", (scale) => round(scale.first.invocations)),
  row("chunks and embeddings, those of files included", (scale) => round(scale.chunks)),
  row("tokens (millions)", (scale) => round((scale.first.tokens + scale.files.tokens) / 1e6, 1)),
  row(`hours, ${queues.page.maxConcurrency} page workers working`, (scale) =>
    round(scale.first.hoursByWorkers, 1),
  ),
  row(`hours, ${round(assumptions.embeddingTokensPerMinute)} embedding tokens per minute`, (scale) =>
    round(scale.first.hoursByEmbeddingQuota, 1),
  ),
  row(`hours until the last first sync begins, ${FIRST_SYNCS_A_MINUTE} a minute in one site`, (scale) =>
    round(scale.spaces / FIRST_SYNCS_A_MINUTE / 60, 1),
  ),
  row("database (GB)", (scale) => round(scale.databaseGb, 1)),
  row("of it vector index (GB)", (scale) => round(scale.vectorIndexGb, 1)),
])}

The largest of the three numbers of hours applies, of files too, which follow the pages:

${table(heads, [
  row("files", (scale) => round(scale.files.files)),
  row("files that are read", (scale) => round(scale.files.read)),
  row("calls to Confluence: listing, signed addresses", (scale) =>
    round(scale.files.listingCalls + scale.files.downloads),
  ),
  row("downloaded from the media host (GB)", (scale) => round(scale.files.downloadGb, 1)),
  row("hours of extraction", (scale) => round(scale.files.extractionSeconds / 3600, 1)),
  row("text that is embedded (million tokens)", (scale) => round(scale.files.tokens / 1e6, 1)),
  row(`hours, ${queues.file.maxConcurrency} file workers working`, (scale) => round(scale.files.hours, 1)),
])}

Scans are found by name: their text would take OCR (Amazon Textract, $1.50 for 1,000 pages), which nothing here calls.

${costs("dollars, once", (scale) => firstSyncCost(scale, prices))}

## Each month after that

${table(heads, [
  row("changed pages", (scale) => round(scale.month.changedPages)),
  row("syncs", (scale) => round(scale.month.syncs)),
  row("calls to Confluence", (scale) => round(scale.month.confluenceCalls)),
  row("calls a second, on average", (scale) => round(scale.confluenceCallsPerSecond, 2)),
  row("messages", (scale) => round(scale.month.messages)),
  row("requests to SQS", (scale) => round(scale.month.sqsRequests)),
  row("invocations", (scale) => round(scale.month.invocations)),
  row(`listings at the same time (of ${queues.plan.maxConcurrency})`, (scale) => round(scale.plansAtOnce, 2)),
])}

${costs("dollars a month, without the database", (scale) => monthlyCost(scale, prices, alarmCount(), METRICS))}

${costs("dollars a month, Aurora with its VPC", (scale) => auroraCost(scale, prices))}

Aurora is sized so that the vector index stays in memory. Vectors of 512 numbers (\`embeddingsDimensions=512\`) halve it.

## One site with a pulse

All spaces of one site, connected once: a search over all of them each minute starts the syncs of those with news, and each space is
synced every ${assumptions.pulsedIntervalMinutes} minutes besides, against a sync of every space each ${assumptions.syncIntervalMinutes} minutes. An edit is findable within two minutes instead of within the interval.

${table(
  ["calls to Confluence a month", ...heads.slice(1)],
  [
    calls(`each ${assumptions.syncIntervalMinutes} minutes, without a pulse`, (of) => round(of.atIntervals)),
    calls("with a pulse: pulses", (of) => round(of.withPulse.pulses)),
    calls("with a pulse: syncs, one for each changed page", (of) => round(of.withPulse.syncs)),
    calls("with a pulse: pages and deletion checks", (of) => round(of.withPulse.pages)),
    calls("**with a pulse, together**", (of) => `**${round(of.pulsed)}**`),
    calls("calls a second, on average", (of) => round(of.pulsedPerSecond, 2)),
  ],
)}

Above ${round(MAX_STARTS * 60 * 24)} changed pages a day in a site, each in a space of its own, syncs wait: a pulse starts ${MAX_STARTS} of them, each minute.
After more changes than a pulse reads every space is due: those with a known edit begin first, but for a quarter of the starts.

## Carrying rights over

Sources whose \`access\` is not \`everything\` are swept every ${assumptions.sweepMinutes} minutes, each in ${round(rightsOfOneSite(1, assumptions).ofSpaces)} calls for ${assumptions.pagesPerSpace} pages (a call for 100) beside four for all that one invocation sweeps, and a site's ${assumptions.groups} groups are
read every ${assumptions.directoryMinutes} minutes. The calls come on top of the above, whether or not anything changed: Confluence tells no other way.
Sources with \`everything\` count their restricted pages once a week: a call for 100 pages.

${table(
  ["", ...heads.slice(1)],
  [
    rights("calls of one sweep of all spaces", (of) => round(of.sweep)),
    rights("calls to read the groups once", (of) => round(of.directory)),
    rights("calls to Confluence a month", (of) => round(of.perMonth)),
    rights("calls a second, on average", (of) => round(of.perSecond, 2)),
    rights(`minutes of each ${assumptions.sweepMinutes} that the one sweeping function works`, (of) =>
      round(of.minutesOfFunction, 1),
    ),
  ],
)}

Above ${round(sweptSpaces(assumptions))} spaces that carry rights over, sweeps take longer than ${assumptions.sweepMinutes} minutes, and restrictions count that much later. \`accessSweepMinutes\` (on one
machine \`ACCESS_SWEEP_MINUTES\`) makes them rarer; evidence counts for \`accessMaxAgeHours\` (4), so that a sweep of all spaces has to end within that.

## Connections

Each function handles one event at a time with one connection: at their limits all functions together hold ${connections}. Workers are limited by their
queues' maximum concurrency, the others by reserved concurrency; synthesis fails when the sum is above \`databaseConnections\`.

## Bottlenecks and settings

| at | what | setting |
| --- | --- | --- |
| a first sync above ${round((assumptions.embeddingTokensPerMinute * 60 * 24) / perPage.tokens)} pages | it takes more than a day: tokens per minute of the embedding model | a higher quota at Bedrock beforehand; its 429s only pause the source |
| ${round((queues.plan.maxConcurrency * assumptions.syncIntervalMinutes * 60) / assumptions.secondsPerIncrementalSync)} spaces each ${assumptions.syncIntervalMinutes} minutes | listings: \`maxConcurrency\` of the plan queue | that number, or a longer interval |
| about ${round((16 * KB_PER_GB) / (perPage.chunks * assumptions.vectorIndexKb))} pages with a database of 16 GB | searches read the vector index from disk | fewer dimensions, or a larger database |
| ${round((queues.file.maxConcurrency / (assumptions.secondsPerExtraction + assumptions.secondsPerFile)) * 3600)} files to read an hour | the extracting function | \`FILE_CONCURRENCY\` in \`infra/topology.ts\`, as far as connections and reserved concurrency allow |
| ${round(sweptSpaces(assumptions))} spaces that carry rights over | sweeps: one function, four sources at the same time | \`accessSweepMinutes\` |
| one site with many spaces | Confluence's limit for an account (429) | longer intervals: a paused source affects no other |
| ${round(queues.page.maxConcurrency / assumptions.secondsPerPage, 1)} pages a second | page workers | \`maxConcurrency\` of the page queue, as far as connections allow |

## A noisy source

A model of the rule that AWS publishes for fair queues, not a measurement of SQS: one source sends ${round(NOISY)} pages, and ten minutes
later another sends ${QUIET}.

${noisyTable(assumptions)}
`;
}

/** Spaces that one function can sweep in each interval. */
function sweptSpaces(assumptions: Assumptions): number {
  return assumptions.sweepMinutes / rightsOfOneSite(1, assumptions).minutesOfFunction;
}

function noisyTable(assumptions: Assumptions): string {
  const { maxConcurrency, batchSize } = queues.page;
  const simulate = (fair: boolean) =>
    simulateQuietGroup({
      loud: NOISY,
      quiet: QUIET,
      workers: maxConcurrency,
      batchSize,
      secondsPerMessage: assumptions.secondsPerPage,
      fair,
      quietAtSeconds: 600,
    });
  const line = (name: string, fair: boolean) => {
    const waits = simulate(fair);
    return [name, `${round(waits.medianSeconds, 1)} s`, `${round(waits.longestSeconds, 1)} s`];
  };
  return table(
    ["the small source waits", "median", "longest"],
    [line("without message groups", false), line("with the source as message group", true)],
  );
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join(
    "\n",
  );
}
