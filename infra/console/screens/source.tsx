import type { ComponentChildren } from "preact";
import type { Source } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { count } from "#infra/console/parts/format.ts";
import { Outside, Tabs } from "#infra/console/parts/links.tsx";
import { Badge, ErrorBanner, Loaded } from "#infra/console/parts/notices.tsx";
import { Screen } from "#infra/console/parts/screen.tsx";
import { AsOf } from "#infra/console/parts/time.tsx";
import { useAction } from "#infra/console/state/action.ts";
import { navigate } from "#infra/console/state/location.ts";
import { usePolled, type Polled } from "#infra/console/state/polled.ts";
import { to, type SourceTab } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { HeldDeletions } from "./source-held.tsx";
import { Overview } from "./source-overview.tsx";
import { SourcePages } from "./source-pages.tsx";
import { Settings } from "./source-settings.tsx";
import { Timeline } from "./source-timeline.tsx";
import { sourceState } from "./source-states.ts";

const RUNNING_MS = 2000;
const IDLE_MS = 10_000;

/** One source: state, operations, pages, held deletions, settings. */
export function SourceScreen({ sourceId, tab }: { sourceId: string; tab: SourceTab }) {
  const source = usePolled(
    sourceId,
    (signal) => call("getSource", { params: { source_id: sourceId }, signal }),
    (data) => (data.running_operation_id === null ? IDLE_MS : RUNNING_MS),
  );
  const { data } = source;
  return (
    <Screen
      title={data?.title ?? "Source"}
      above={<a href={to.sources()}>Sources</a>}
      below={
        data && (
          <>
            <Badge {...sourceState(data)}>{sourceState(data).text}</Badge>
            <span>
              <Outside url={`${data.base_url}/wiki/spaces/${encodeURIComponent(data.space_key)}`}>
                {data.space_key}
              </Outside>
            </span>
            {(tab === "overview" || tab === "settings") && <AsOf of={source} />}
          </>
        )
      }
      actions={data && <Actions source={data} refresh={source.refresh} />}
    >
      <Tabs label="Views of this source" current={tab} tabs={tabsOf(sourceId, data)} />
      <Loaded of={source} what="the source">
        {(loaded) => viewOf(tab, { ...source, data: loaded })}
      </Loaded>
    </Screen>
  );
}

function tabsOf(
  id: string,
  source: Source | null,
): { name: SourceTab; href: string; text: ComponentChildren }[] {
  const failed = source?.failed_page_count ?? 0;
  const isHeld = source?.warnings.some(({ code }) => code === "deletions_held") ?? false;
  return [
    { name: "overview", href: to.source(id), text: "Overview" },
    { name: "timeline", href: to.source(id, "timeline"), text: "Operations" },
    {
      name: "pages",
      href: to.source(id, "pages"),
      text:
        failed === 0 ? (
          "Pages"
        ) : (
          <>
            Pages <span class="warn-text">{count(failed)} failed</span>
          </>
        ),
    },
    {
      name: "held",
      href: to.source(id, "held"),
      text: isHeld ? (
        <>
          Held deletions <span class="warn-text">to decide</span>
        </>
      ) : (
        "Held deletions"
      ),
    },
    { name: "settings", href: to.source(id, "settings"), text: "Settings" },
  ];
}

function viewOf(tab: SourceTab, source: Polled<Source> & { data: Source }) {
  switch (tab) {
    case "overview":
      return <Overview source={source.data} />;
    case "timeline":
      return <Timeline sourceId={source.data.source_id} />;
    case "pages":
      return <SourcePages source={source.data} />;
    case "held":
      return <HeldDeletions source={source.data} refresh={source.refresh} />;
    case "settings":
      return <Settings source={source.data} refresh={source.refresh} />;
  }
}

const STARTED = { sync: "Sync", full: "Full sync", "dry run": "Dry run", check: "Deletion check" };
type Start = keyof typeof STARTED;

/** What starts an operation. A dry run shows its list, so it leads there. */
function Actions({ source, refresh }: { source: Source; refresh: () => void }) {
  const id = source.source_id;
  const start = useAction(async (idempotencyKey: string, what: Start) => {
    const params = { source_id: id };
    const { operation_id: operationId } =
      what === "check"
        ? await call("checkDeletions", { params, body: {}, idempotencyKey })
        : await call("triggerSync", {
            params,
            body: { mode: what === "sync" ? "incremental" : "full", dry_run: what === "dry run" },
            idempotencyKey,
          });
    if (what === "dry run") navigate(to.operation(operationId));
    else refresh();
    return `${STARTED[what]} started.`;
  });
  const busy = source.running_operation_id !== null;
  const button = (what: Start, text: string) => (
    <Button disabled={busy || start.sending} onClick={() => void start.run(what)}>
      {text}
    </Button>
  );
  return (
    <>
      {start.error && <ErrorBanner error={start.error} />}
      {button("sync", "Sync now")}
      {button("full", "Full sync")}
      {button("dry run", "Dry run")}
      {button("check", "Check deletions")}
    </>
  );
}
