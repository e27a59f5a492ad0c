import type { Usage, UsageFigures } from "#infra/console/api/types.ts";
import { count, dollars } from "#infra/console/parts/format.ts";
import { Loaded } from "#infra/console/parts/notices.tsx";
import { Table, type Column } from "#infra/console/parts/table.tsx";
import { place, setQuery } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { oneOf } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";

const DAYS = ["7", "30", "90", "365"] as const;
const EVERY_MS = 60_000;

/** What syncs made, spared, paid and called, by day. */
export function Costs() {
  const { query } = place.value;
  const days = oneOf(DAYS, query.days) ?? "30";
  const usage = usePolled(
    `usage ${days} ${query.source}`,
    (signal) => call("getUsage", { query: { days, source_id: query.source }, signal }),
    EVERY_MS,
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
  {
    head: "Embeddings made",
    label: "Embeddings",
    kind: "number",
    cell: (one) => count(one.embeddings_created),
  },
  { head: "Reused", kind: "number", cell: (one) => count(one.embeddings_reused) },
  { head: "Tokens", kind: "number", cell: (one) => count(one.embedding_tokens) },
  { head: "Dollars", kind: "number", cell: (one) => dollars(one.dollars) },
  { head: "Calls to Confluence", label: "Calls", kind: "number", cell: (one) => count(one.api_calls_made) },
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
