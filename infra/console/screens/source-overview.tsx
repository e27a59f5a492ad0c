import { useEffect } from "preact/hooks";
import type { Source } from "#infra/console/api/types.ts";
import { fact, FactList } from "#infra/console/parts/fact-list.tsx";
import { clockTime, count, duration, every, words } from "#infra/console/parts/format.ts";
import { Badge, ErrorBanner, Notice } from "#infra/console/parts/notices.tsx";
import { Ago, Due } from "#infra/console/parts/time.tsx";
import { usePolled } from "#infra/console/state/polled.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { HookHealth } from "./hook-health.tsx";
import { LiveProgress, useEndAnnounced } from "./live-progress.tsx";
import { Operations } from "./operations-table.tsx";
import {
  isPaused,
  isRunning,
  noNextSync,
  warningLink,
  warningsOf,
  warningText,
  warningTone,
} from "./source-states.ts";

const RUNNING_MS = 1000;
const IDLE_MS = 10_000;
const RECENT = "5";
const MINUTE_MS = 60_000;
const SITES_MS = 30_000;

const NEXT_CHECKS = {
  weekly_reconciliation: "not planned",
  every_sync: "with each sync",
  on_demand: "on demand",
};

const ACCESS = {
  unrestricted: "what everyone with access to the space may read",
  per_user: "what the person who searches may read",
  everything: "all that the syncing account sees",
};

/** The state of a source: what runs, what is wrong, how fresh it is, what it contains. */
export function Overview({ source }: { source: Source }) {
  const id = source.source_id;
  const status = usePolled(
    id,
    (signal) => call("getStatus", { params: { source_id: id }, signal }),
    (data) =>
      source.running_operation_id !== null || (data.status !== "never_synced" && isRunning(data.status))
        ? RUNNING_MS
        : IDLE_MS,
  );
  const recent = usePolled(
    `recent ${id}`,
    (signal) => call("listProgress", { query: { source_id: id, limit: RECENT }, signal }),
    5000,
  );
  const sites = usePolled(
    "sites",
    (signal) => call("listSites", { query: { limit: "200" }, signal }),
    SITES_MS,
  );
  const site = sites.data?.sites.find(
    (one) => one.base_url === source.base_url && one.account_id === source.account_id,
  );
  // What has just started, or ended, is not left to the next read.
  const { refresh } = status;
  const { refresh: refreshRecent } = recent;
  useEffect(() => {
    refresh();
    refreshRecent();
  }, [source.running_operation_id, refresh, refreshRecent]);
  const operation = status.data?.status === "never_synced" ? null : status.data;
  useEndAnnounced(operation);
  return (
    <>
      {status.error && <ErrorBanner error={status.error} what="The progress is not up to date." />}
      {isPaused(source) && (
        <Notice>
          Confluence asked to be called more slowly (429). Its calls pause until{" "}
          {clockTime(new Date(source.paused_until ?? 0))}; then the sync continues by itself.
        </Notice>
      )}
      {operation && isRunning(operation.status) && <LiveProgress operation={operation} />}
      <Warnings source={source} />
      <div class="columns">
        <section aria-labelledby="freshness">
          <h2 id="freshness">Freshness</h2>
          <FactList
            facts={[
              fact("Synced", <Ago at={source.last_sync_timestamp} />),
              fact(
                "Next sync",
                <Due at={source.next_sync_at} none={noNextSync(source)} />,
                source.sync_interval_minutes === null
                  ? null
                  : every(source.sync_interval_minutes * MINUTE_MS),
              ),
              fact("Checked for changes", <Ago at={source.last_pulse_at} none="only at each sync" />),
              site && site.hooks.length > 0 ? fact("Announced", <HookHealth hooks={site.hooks} />) : null,
              operation?.findable_seconds
                ? fact(
                    "Edit to search",
                    duration(operation.findable_seconds.p50 * 1000),
                    `95 % within ${duration(operation.findable_seconds.p95 * 1000)}`,
                  )
                : null,
              fact("Deletions checked", <Ago at={source.last_deletion_check} />),
              fact(
                "Next deletion check",
                <Due at={source.next_deletion_check_at} none={NEXT_CHECKS[source.deletion_strategy]} />,
                source.deletion_strategy === "weekly_reconciliation" ? "every week" : null,
              ),
            ]}
          />
        </section>
        <section aria-labelledby="content">
          <h2 id="content">Content</h2>
          <FactList
            facts={[
              fact(
                "Pages found by search",
                <a href={to.source(id, "pages", { status: "current" })}>{count(source.page_count)}</a>,
              ),
              fact("Chunks", count(source.chunk_count)),
              fact("Failed", pagesLink(source, "failed", source.failed_page_count)),
              fact("Hidden", pagesLink(source, "hidden", source.hidden_page_count)),
              fact("Deleted", pagesLink(source, "deleted", source.deleted_page_count)),
              fact(
                "Also synced",
                [
                  source.content.blogposts ? "blog posts" : null,
                  source.content.comments === "none" ? null : `${source.content.comments} comments`,
                  source.content.attachments ? "files" : null,
                ]
                  .filter((one) => one !== null)
                  .join(", ") || "pages only",
              ),
              fact("Embedding model", source.embedding_model),
            ]}
          />
        </section>
        <section aria-labelledby="access">
          <h2 id="access">Access</h2>
          <FactList
            facts={[
              fact("Search shows", ACCESS[source.access.mode]),
              source.access.mode === "everything"
                ? null
                : fact("Permissions read", <Ago at={source.access.verified_at} />),
              source.access.sweep?.error
                ? fact(
                    "Last attempt failed",
                    <Badge tone="bad">{source.access.sweep.error.code}</Badge>,
                    source.access.sweep.error.message,
                  )
                : null,
              source.access.restricted_contents === null
                ? null
                : fact("Restricted pages", count(source.access.restricted_contents)),
              source.access.containers_hidden
                ? fact(
                    "Hidden folders",
                    count(source.access.containers_hidden),
                    "their restrictions cannot be read",
                  )
                : null,
              fact("Syncs as", source.email ?? source.account_id),
            ]}
          />
        </section>
      </div>
      <section aria-labelledby="recent">
        <h2 id="recent">Last operations</h2>
        {recent.error && <ErrorBanner error={recent.error} />}
        <Operations operations={recent.data?.operations ?? []} loading={recent.data === null} />
        <p>
          <a href={to.source(id, "timeline")}>All operations</a>
        </p>
      </section>
    </>
  );
}

function Warnings({ source }: { source: Source }) {
  // What fails now is beside the progress.
  const warnings = warningsOf(source).filter(({ code }) => !code.endsWith("_failing"));
  if (warnings.length === 0) return null;
  return (
    <ul class="attention" aria-label="Warnings">
      {warnings.map((warning) => {
        const link = warningLink(source, warning);
        return (
          <li key={warning.code}>
            <Badge tone={warningTone(warning.code)}>{words(warning.code)}</Badge>
            <span>{warningText(warning)}</span>
            {link.href !== to.source(source.source_id) && <a href={link.href}>{link.text}</a>}
          </li>
        );
      })}
    </ul>
  );
}

function pagesLink(source: Source, status: string, value: number) {
  if (value === 0) return <span class="quiet">0</span>;
  return <a href={to.source(source.source_id, "pages", { status })}>{count(value)}</a>;
}
