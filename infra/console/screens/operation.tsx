import type { Progress, SyncMetrics } from "#infra/console/api/types.ts";
import { count, counted, duration } from "#infra/console/parts/format.ts";
import { Badge, Loaded, Notice } from "#infra/console/parts/notices.tsx";
import { Pager } from "#infra/console/parts/pager.tsx";
import { Screen } from "#infra/console/parts/screen.tsx";
import { At, AsOf } from "#infra/console/parts/time.tsx";
import { place } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { Changes } from "./changes.tsx";
import { LiveProgress, useEndAnnounced } from "./live-progress.tsx";
import { PlannedChanges } from "./planned-changes.tsx";
import { actorName, heldText, isRunning, operationName, operationState } from "./source-states.ts";

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
            <Badge {...operationState(data.operation_status)}>
              {operationState(data.operation_status).text}
            </Badge>
            <span>
              started <At at={data.started_at ?? data.created_at} /> by {actorName(data.actor)}
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
  useEndAnnounced({ ...operation, status });
  return (
    <>
      {running && <LiveProgress operation={operation} link={false} />}
      {isHeld && (
        <Notice>
          {heldText(operation.error_details?.message ?? "")}{" "}
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

const OUTCOMES = ["added", "updated", "moved", "restored", "deleted", "hidden", "failed"] as const;

/** How many pages had each outcome; those that are not 0 filter the list below. */
function Figures({ operation }: { operation: Progress }) {
  const { outcome } = place.value.query;
  const metrics = operation.sync_metrics;
  const isFilter = !operation.dry_run && operation.operation_status !== "held";
  return (
    <>
      <ul class="figures" aria-label="Pages by outcome">
        <li>
          <span>
            <strong>{count(operation.pages_listed)}</strong> listed
          </span>
        </li>
        {OUTCOMES.map((name) => {
          const value = metrics[`pages_${name}`];
          const text = (
            <>
              <strong>{count(value)}</strong> {name}
            </>
          );
          const isOn = outcome === name;
          return (
            <li key={name}>
              {value > 0 && isFilter ? (
                <a
                  class={name === "failed" ? "bad" : undefined}
                  href={to.operation(operation.operation_id, isOn ? {} : { outcome: name })}
                  aria-current={isOn ? "true" : undefined}
                >
                  {text}
                </a>
              ) : (
                <span class={value === 0 ? "zero" : undefined}>{text}</span>
              )}
            </li>
          );
        })}
      </ul>
      <p class="facts">
        {isFilter && (
          <>
            <span>
              {counted(metrics.embeddings_created, "embedding")} made, {count(metrics.embeddings_reused)}{" "}
              reused
            </span>
            <span>
              {counted(metrics.chunks_added, "chunk")} added, {count(metrics.chunks_removed)} removed,{" "}
              {count(metrics.chunks_kept)} kept
            </span>
          </>
        )}
        <Files metrics={metrics} />
        <span>{counted(metrics.api_calls_made, "call")} to Confluence</span>
      </p>
    </>
  );
}

function Files({ metrics }: { metrics: SyncMetrics }) {
  const files = [
    [metrics.files_added, "added"],
    [metrics.files_updated, "updated"],
    [metrics.files_deleted, "deleted"],
    [metrics.files_failed, "failed"],
  ] as const;
  const comments = metrics.comments_added + metrics.comments_updated + metrics.comments_deleted;
  const named = files.flatMap(([value, name]) => (value === 0 ? [] : [`${count(value)} ${name}`]));
  return (
    <>
      {named.length > 0 && <span>files: {named.join(", ")}</span>}
      {comments > 0 && <span>{counted(comments, "comment")} changed</span>}
      {metrics.comments_failed > 0 && (
        <span>comments of {counted(metrics.comments_failed, "page")} failed</span>
      )}
    </>
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
