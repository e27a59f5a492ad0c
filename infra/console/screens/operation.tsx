import type { Progress } from "#infra/console/api/types.ts";
import { FactList } from "#infra/console/parts/fact-list.tsx";
import { count, duration, words } from "#infra/console/parts/format.ts";
import { Badge, Loaded, Notice } from "#infra/console/parts/notices.tsx";
import { Pager } from "#infra/console/parts/pager.tsx";
import { Screen } from "#infra/console/parts/screen.tsx";
import { At, AsOf } from "#infra/console/parts/time.tsx";
import { place } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { Changes } from "./changes.tsx";
import { LiveProgress } from "./live-progress.tsx";
import { PlannedChanges } from "./planned-changes.tsx";
import { isRunning, operationName, operationState } from "./source-states.ts";

const RUNNING_MS = 1000;

/** One operation: what it changed, or, of a dry run and a held check, what it would change. */
export function OperationScreen({ operationId }: { operationId: string }) {
  const operation = usePolled(
    operationId,
    (signal) => call("getProgress", { params: { operation_id: operationId }, signal }),
    (data) => (isRunning(data.operation_status) ? RUNNING_MS : null),
  );
  const { data } = operation;
  const source = usePolled(
    `source ${data?.source_id}`,
    async (signal) =>
      data === null ? null : call("getSource", { params: { source_id: data.source_id }, signal }),
    null,
  );
  return (
    <Screen
      title={data ? operationName(data) : "Operation"}
      above={
        data ? (
          <>
            <a href={to.sources()}>Sources</a> /{" "}
            <a href={to.source(data.source_id)}>{source.data?.title ?? "Source"}</a> /{" "}
            <a href={to.source(data.source_id, "timeline")}>Operations</a>
          </>
        ) : (
          <a href={to.sources()}>Sources</a>
        )
      }
      below={
        data && (
          <>
            <Badge {...operationState(data.operation_status)}>{operationState(data.operation_status).text}</Badge>
            <span>
              started <At at={data.started_at ?? data.created_at} /> by {words(data.actor)}
            </span>
            {data.finished_at !== null && <span>took {duration(data.sync_metrics.duration_ms)}</span>}
            <AsOf of={operation} />
          </>
        )
      }
    >
      <Loaded of={operation} what="the operation">
        {(loaded) => <Details operation={loaded} />}
      </Loaded>
    </Screen>
  );
}

function Details({ operation }: { operation: Progress }) {
  const status = operation.operation_status;
  const isHeld = status === "held";
  const running = isRunning(status);
  return (
    <>
      {running && <LiveProgress operation={operation} link={false} />}
      {isHeld && (
        <Notice>
          {operation.error_details?.message}{" "}
          <a href={to.source(operation.source_id, "held")}>Decide</a>
        </Notice>
      )}
      {!isHeld && operation.error_details && (
        <Notice tone="bad">
          <p>{operation.error_details.message}</p>
          <p class="quiet">{operation.error_details.code}</p>
        </Notice>
      )}
      <Figures operation={operation} />
      <section aria-labelledby="changes">
        <h2 id="changes">{operation.dry_run || isHeld ? "What it would change" : "What it changed"}</h2>
        {operation.dry_run || isHeld ? (
          <Planned operation={operation} />
        ) : (
          <Changes operationId={operation.operation_id} sourceId={operation.source_id} running={running} />
        )}
      </section>
      {operation.log.length > 0 && (
        <details>
          <summary>Log</summary>
          <ol class="log">
            {operation.log.map((line, index) => (
              <li key={index}>
                <At at={line.at} /> {line.message}
              </li>
            ))}
          </ol>
        </details>
      )}
    </>
  );
}

function Figures({ operation }: { operation: Progress }) {
  const metrics = operation.sync_metrics;
  const files = metrics.files_added + metrics.files_updated + metrics.files_deleted + metrics.files_failed;
  const comments = metrics.comments_added + metrics.comments_updated + metrics.comments_deleted;
  return (
    <div class="columns">
      <FactList
        facts={[
          ["Pages listed", count(operation.pages_listed)],
          ["Added", count(metrics.pages_added)],
          ["Updated", count(metrics.pages_updated)],
          ["Moved", count(metrics.pages_moved)],
        ]}
      />
      <FactList
        facts={[
          ["Deleted", count(metrics.pages_deleted)],
          ["Hidden", count(metrics.pages_hidden)],
          ["Restored", count(metrics.pages_restored)],
          ["Failed", count(metrics.pages_failed)],
          files > 0 ? ["Files", `${metrics.files_added} added, ${metrics.files_updated} updated, ${metrics.files_deleted} deleted, ${metrics.files_failed} failed`] : null,
          comments > 0 ? ["Comments", `${metrics.comments_added} added, ${metrics.comments_updated} updated, ${metrics.comments_deleted} deleted`] : null,
        ]}
      />
      <FactList
        facts={[
          ["Embeddings made", count(metrics.embeddings_created)],
          ["Embeddings spared", count(metrics.embeddings_reused), "the text had not changed"],
          ["Chunks", `${count(metrics.chunks_added)} added, ${count(metrics.chunks_removed)} removed, ${count(metrics.chunks_kept)} kept`],
          ["Calls to Confluence", count(metrics.api_calls_made)],
        ]}
      />
    </div>
  );
}

function Planned({ operation }: { operation: Progress }) {
  const { cursor } = place.value.query;
  const running = isRunning(operation.operation_status);
  const planned = usePolled(
    `planned ${operation.operation_id} ${cursor} ${running}`,
    (signal) =>
      call("listPlannedChanges", {
        params: { operation_id: operation.operation_id },
        query: { cursor, limit: "100" },
        signal,
      }),
    running ? RUNNING_MS * 2 : null,
  );
  return (
    <Loaded of={planned} what="the planned changes">
      {(data) => (
        <>
          <PlannedChanges
            sourceId={operation.source_id}
            changes={data.planned_changes}
            empty={running ? "Nothing so far." : "Nothing would change."}
          />
          <Pager next={data.next_cursor} shown={data.planned_changes.length} />
        </>
      )}
    </Loaded>
  );
}
