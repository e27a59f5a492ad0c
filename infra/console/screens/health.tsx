import { useState } from "preact/hooks";
import type { Queue, Usage, UsageFigures } from "#infra/console/api/upcoming.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { Confirm } from "#infra/console/parts/dialog.tsx";
import { count, counted, dollars, words } from "#infra/console/parts/format.ts";
import { Badge, ErrorBanner, Loaded, Notice } from "#infra/console/parts/notices.tsx";
import { Screen } from "#infra/console/parts/screen.tsx";
import { Table, type Column } from "#infra/console/parts/table.tsx";
import { Ago, AsOf } from "#infra/console/parts/time.tsx";
import { useAction } from "#infra/console/state/action.ts";
import { place, setQuery } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { oneOf, to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";

const DAYS = ["7", "30", "90", "365"] as const;
const QUEUES_MS = 5000;
const USAGE_MS = 60_000;

/** Whether the service responds, what waits in its queues, and what syncs have cost. */
export function Health() {
  const health = usePolled("health", (signal) => call("health", { signal }), QUEUES_MS);
  return (
    <Screen
      title="Cost and health"
      below={
        <>
          {health.data && !health.error && (
            <>
              <Badge tone="ok">service responds</Badge>
              <Badge tone="ok">database responds</Badge>
              <span>stage {health.data.stage}</span>
            </>
          )}
          {health.error && <Badge tone="bad">service does not respond as it should</Badge>}
          <AsOf of={health} />
        </>
      }
    >
      <Queues />
      <Costs />
    </Screen>
  );
}

function Queues() {
  const queues = usePolled("queues", (signal) => call("listQueues", { signal }), QUEUES_MS);
  const [asked, ask] = useState<Queue | null>(null);
  const redrive = useAction(async (_key: string, queue: string) => {
    const { redriven, kept } = await call("redriveQueue", { params: { queue }, body: { limit: 100 } });
    ask(null);
    queues.refresh();
    return `${counted(redriven, "message")} sent again${kept > 0 ? `, ${count(kept)} kept` : ""}.`;
  });
  return (
    <section aria-labelledby="queues">
      <h2 id="queues">Queues</h2>
      {redrive.done !== null && <Notice tone="ok">{redrive.done}</Notice>}
      {redrive.error && asked === null && <ErrorBanner error={redrive.error} />}
      <Loaded of={queues} what="the queues">
        {(data) => (
          <>
            <Table
              caption="Queues"
              columns={queueColumns(ask)}
              rows={data.queues}
              keyOf={(one) => one.queue}
              empty="The service has no queues."
            />
            {data.queues
              .filter((one) => one.sample.length > 0)
              .map((one) => (
                <DeadLetters key={one.queue} queue={one} />
              ))}
          </>
        )}
      </Loaded>
      {asked && (
        <Confirm
          title={`Send dead letters of ${words(asked.queue)} again?`}
          confirm={`Send ${Math.min(100, asked.dead_letters)} again`}
          sending={redrive.sending}
          error={redrive.error}
          onConfirm={() => void redrive.run(asked.queue)}
          onClose={() => {
            redrive.clear();
            ask(null);
          }}
        >
          <p>
            They failed as often as the queue allows. Find out why first: what is not mended fails again and
            comes back here.
          </p>
        </Confirm>
      )}
    </section>
  );
}

const queueColumns = (ask: (queue: Queue) => void): readonly Column<Queue>[] => [
  { head: "Queue", kind: "main", cell: (one) => words(one.queue) },
  { head: "Waiting", kind: "number", cell: (one) => count(one.waiting) },
  { head: "In work", kind: "number", cell: (one) => count(one.in_flight) },
  { head: "Delayed", kind: "number", cell: (one) => count(one.delayed) },
  {
    head: "Dead letters",
    kind: "number",
    cell: (one) =>
      one.dead_letters > 0 ? (
        <strong class="bad-text">{count(one.dead_letters)}</strong>
      ) : (
        <span class="quiet">0</span>
      ),
  },
  { head: "What a dead letter means", kind: "wide", cell: (one) => <span class="quiet">{one.impact}</span> },
  {
    head: <span class="unseen">Actions</span>,
    label: "",
    kind: "actions",
    cell: (one) =>
      one.dead_letters > 0 && (
        <Button label={`Send again: dead letters of ${words(one.queue)}`} onClick={() => ask(one)}>
          Send again …
        </Button>
      ),
  },
];

function DeadLetters({ queue }: { queue: Queue }) {
  return (
    <details>
      <summary>
        {counted(queue.dead_letters, "dead letter")} of {words(queue.queue)}
        {queue.dead_letters > queue.sample.length && `, ${queue.sample.length} shown`}
      </summary>
      <Table
        caption={`Dead letters of ${words(queue.queue)}`}
        columns={letterColumns}
        rows={queue.sample}
        keyOf={(one) => one.message_id}
        empty=""
      />
    </details>
  );
}

const letterColumns: readonly Column<Queue["sample"][number]>[] = [
  { head: "Message", kind: "main", cell: (one) => <code>{one.message_id}</code> },
  { head: "Sent", cell: (one) => <Ago at={one.sent_at} /> },
  {
    head: "Source",
    cell: (one) => (one.source_id === null ? "—" : <a href={to.source(one.source_id)}>open</a>),
  },
  {
    head: "Operation",
    cell: (one) => (one.operation_id === null ? "—" : <a href={to.operation(one.operation_id)}>open</a>),
  },
  {
    head: "Page",
    cell: (one) =>
      one.page_id === null || one.source_id === null ? (
        "—"
      ) : (
        <a href={to.page(one.source_id, one.page_id)}>{one.page_id}</a>
      ),
  },
];

function Costs() {
  const { query } = place.value;
  const days = oneOf(DAYS, query.days) ?? "30";
  const usage = usePolled(
    `usage ${days} ${query.source}`,
    (signal) => call("getUsage", { query: { days, source_id: query.source }, signal }),
    USAGE_MS,
  );
  const sources = usePolled(
    "names",
    (signal) => call("listSources", { query: { limit: "200" }, signal }),
    null,
  );
  return (
    <section aria-labelledby="cost">
      <h2 id="cost">Cost of syncs</h2>
      <div class="filters">
        <label>
          Days
          <select value={days} onChange={(event) => setQuery({ days: event.currentTarget.value })}>
            {DAYS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label>
          Source
          <select
            value={query.source ?? ""}
            onChange={(event) => setQuery({ source: event.currentTarget.value })}
          >
            <option value="">all</option>
            {(sources.data?.sources ?? []).map((one) => (
              <option key={one.source_id} value={one.source_id}>
                {one.title}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Loaded of={usage} what="the cost">
        {(data) => <UsageTable usage={data} />}
      </Loaded>
    </section>
  );
}

const ALL = "All days";

type Row = UsageFigures & { day: string };

function UsageTable({ usage }: { usage: Usage }) {
  const price = usage.dollars_per_million_tokens;
  const rows: Row[] = [
    { ...usage.totals, day: ALL },
    ...usage.days.filter((one) => one.operations > 0).sort((a, b) => b.day.localeCompare(a.day)),
  ];
  return (
    <>
      <p class="facts">
        <span>{usage.model}</span>
        <span>
          {price === null
            ? "no list price known"
            : price === 0
              ? "runs here, costs nothing per token"
              : `${dollars(price)} per million tokens`}
        </span>
        <span>embeddings of searches are not counted</span>
        <span>days without an operation are left out</span>
      </p>
      <Table
        caption="What syncs made and called, by day"
        columns={usageColumns}
        rows={usage.totals.operations === 0 ? [] : rows}
        keyOf={(one) => one.day}
        empty="No operation ended in these days."
      />
    </>
  );
}

const usageColumns: readonly Column<Row>[] = [
  { head: "Day", kind: "main", cell: (one) => (one.day === ALL ? <strong>{ALL}</strong> : one.day) },
  { head: "Operations", kind: "number", cell: (one) => count(one.operations) },
  { head: "Embeddings made", kind: "number", cell: (one) => count(one.embeddings_created) },
  { head: "Spared", kind: "number", cell: (one) => count(one.embeddings_reused) },
  { head: "Tokens", kind: "number", cell: (one) => count(one.embedding_tokens) },
  { head: "Dollars", kind: "number", cell: (one) => dollars(one.dollars) },
  { head: "Calls to Confluence", kind: "number", cell: (one) => count(one.api_calls_made) },
  {
    head: "Refused (429)",
    kind: "number",
    cell: (one) =>
      one.rate_limited_calls > 0 ? (
        <span class="warn-text">{count(one.rate_limited_calls)}</span>
      ) : (
        <span class="quiet">0</span>
      ),
  },
];
