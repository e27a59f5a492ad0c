import type { Site, Source } from "#infra/console/api/types.ts";
import { readAllSources, type AllSources } from "./all-sources.ts";
import { Attention } from "./attention.tsx";
import { HookHealth } from "./hook-health.tsx";
import { changesInWords, noNextSync, sourceState } from "./source-states.ts";
import { count, counted, duration, hostOf } from "#infra/console/parts/format.ts";
import { Outside } from "#infra/console/parts/links.tsx";
import { Badge, Loaded } from "#infra/console/parts/notices.tsx";
import { Pager } from "#infra/console/parts/pager.tsx";
import { Screen } from "#infra/console/parts/screen.tsx";
import { Table, type Column } from "#infra/console/parts/table.tsx";
import { Ago, AsOf, Due } from "#infra/console/parts/time.tsx";
import { place } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";

const RUNNING_MS = 2000;
const IDLE_MS = 10_000;
/** Several requests each time. */
const ALL_MS = 30_000;

/** The first screen: what needs a decision, then every site with its sources. */
export function Sources() {
  const { cursor } = place.value.query;
  const sources = usePolled(
    `sources ${cursor}`,
    (signal) => call("listSources", { query: { limit: "200", cursor }, signal }),
    (data) => (data.sources.some((one) => one.running_operation_id !== null) ? RUNNING_MS : IDLE_MS),
  );
  const sites = usePolled(
    "sites",
    (signal) => call("listSites", { query: { limit: "200" }, signal }),
    30_000,
  );
  const isAnyRunning = sources.data?.sources.some((one) => one.running_operation_id !== null) ?? false;
  const running = usePolled(
    `running ${isAnyRunning}`,
    (signal) => call("listProgress", { query: { running: "true", limit: "200" }, signal }),
    isAnyRunning ? RUNNING_MS : IDLE_MS,
  );
  // What needs a decision may be on any page of the list.
  const isPaged = cursor !== undefined || (sources.data?.next_cursor ?? null) !== null;
  const all = usePolled(
    `all sources ${isPaged}`,
    async (signal): Promise<AllSources> =>
      isPaged
        ? readAllSources((query) => call("listSources", { query, signal }))
        : { sources: [], isCut: false },
    isPaged ? ALL_MS : null,
  );
  const percents = new Map(running.data?.operations.map((one) => [one.operation_id, one.percent]));
  return (
    <Screen
      title="Sources"
      actions={
        <a class="button primary" href={to.connect()}>
          Connect Confluence
        </a>
      }
      below={<AsOf of={sources} />}
    >
      <Loaded of={sources} what="the sources">
        {(data) => (
          <>
            {isPaged ? (
              <Loaded of={all} what="what needs attention">
                {({ sources: listed, isCut }) => (
                  <Attention sources={listed} sites={sites.data?.sites ?? []} isCut={isCut} />
                )}
              </Loaded>
            ) : (
              <Attention sources={data.sources} sites={sites.data?.sites ?? []} />
            )}
            {groupBySite(data.sources, sites.data?.sites ?? []).map((group) => (
              <SiteGroup key={group.baseUrl} {...group} percents={percents} />
            ))}
            {data.sources.length === 0 && cursor === undefined && (sites.data?.sites.length ?? 0) === 0 && (
              <p class="empty">
                Nothing is synced yet. <a href={to.connect()}>Connect a Confluence site</a> with an API token:
                its spaces become sources.
              </p>
            )}
            <Pager next={data.next_cursor} shown={data.sources.length} />
          </>
        )}
      </Loaded>
    </Screen>
  );
}

type Group = { baseUrl: string; sites: Site[]; sources: Source[] };

function groupBySite(sources: readonly Source[], sites: readonly Site[]): Group[] {
  const urls = [...new Set([...sites, ...sources].map((one) => one.base_url))].sort();
  return urls.map((baseUrl) => ({
    baseUrl,
    sites: sites.filter((site) => site.base_url === baseUrl),
    sources: sources
      .filter((source) => source.base_url === baseUrl)
      .sort((a, b) => a.title.localeCompare(b.title)),
  }));
}

function SiteGroup({ baseUrl, sites, sources, percents }: Group & { percents: Percents }) {
  return (
    <section class="site">
      <h2>
        <Outside url={baseUrl}>{hostOf(baseUrl)}</Outside>
      </h2>
      {sites.map((site) => (
        <p key={site.site_id} class="facts">
          <span>{site.email ?? site.client_id ?? site.account_id}</span>
          <span>
            {counted(site.space_counts.synced, "space")} synced
            {site.space_counts.waiting > 0 && `, ${count(site.space_counts.waiting)} waiting`}
          </span>
          <span>
            {site.last_pulse_at === null ? (
              "not checked for changes yet"
            ) : (
              <>
                checked for changes <Ago at={site.last_pulse_at} />
              </>
            )}
          </span>
          {site.findable_seconds && (
            <span>
              edits found after {duration(site.findable_seconds.p50 * 1000)}, 95 % within{" "}
              {duration(site.findable_seconds.p95 * 1000)}
            </span>
          )}
          <HookHealth hooks={site.hooks} />
          {site.token_expires_at !== null && (
            <span>
              token expires <Ago at={site.token_expires_at} />
            </span>
          )}
        </p>
      ))}
      <Table
        caption={`Sources of ${hostOf(baseUrl)}`}
        columns={columnsFor(percents)}
        rows={sources}
        keyOf={(source) => source.source_id}
        empty="No source yet. Its spaces are looked for each day."
      />
    </section>
  );
}

/** How far each running operation is. */
type Percents = ReadonlyMap<string, number>;

const columnsFor = (percents: Percents): readonly Column<Source>[] => [
  {
    head: "Source",
    kind: "main",
    cell: (source) => (
      <>
        <a href={to.source(source.source_id)}>{source.title}</a> <span class="key">{source.space_key}</span>
      </>
    ),
  },
  {
    head: "State",
    cell: (source) => {
      const { tone, text } = sourceState(source);
      return <Badge tone={tone}>{text}</Badge>;
    },
  },
  {
    head: "Synced",
    cell: (source) =>
      source.running_operation_id === null ? (
        <Ago at={source.last_sync_timestamp} />
      ) : (
        <Running
          title={source.title}
          operationId={source.running_operation_id}
          percent={percents.get(source.running_operation_id)}
        />
      ),
  },
  {
    head: "Last sync changed",
    cell: (source) => {
      if (source.last_sync === null) return <span class="quiet">—</span>;
      return (
        <a href={to.operation(source.last_sync.operation_id)}>
          {changesInWords(source.sync_metrics) ?? "nothing"}
        </a>
      );
    },
  },
  {
    head: "Next sync",
    cell: (source) => <Due at={source.next_sync_at} none={noNextSync(source)} />,
  },
  {
    head: "Pages",
    kind: "number",
    cell: (source) => <a href={to.source(source.source_id, "pages")}>{count(source.page_count)}</a>,
  },
  { head: "Failed", kind: "number", cell: (source) => countLink(source, "failed") },
  { head: "Hidden", kind: "number", cell: (source) => countLink(source, "hidden") },
];

function Running({
  title,
  operationId,
  percent,
}: {
  title: string;
  operationId: string;
  percent: number | undefined;
}) {
  return (
    <span class="meter small">
      <progress max={100} value={percent ?? 0} aria-label={`Progress of ${title}`} />
      <a href={to.operation(operationId)}>{percent === undefined ? "running" : `${Math.floor(percent)} %`}</a>
    </span>
  );
}

function countLink(source: Source, status: "failed" | "hidden") {
  const value = status === "failed" ? source.failed_page_count : source.hidden_page_count;
  if (value === 0) return <span class="quiet">0</span>;
  return (
    <a
      href={to.source(source.source_id, "pages", { status })}
      aria-label={`${value} ${status} of ${source.title}`}
    >
      {count(value)}
    </a>
  );
}
