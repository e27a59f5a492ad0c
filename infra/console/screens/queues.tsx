import { useState } from "preact/hooks";
import type { Queue } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { Confirm } from "#infra/console/parts/dialog.tsx";
import { count, counted, words } from "#infra/console/parts/format.ts";
import { ErrorBanner, Loaded, Notice } from "#infra/console/parts/notices.tsx";
import { Table, type Column } from "#infra/console/parts/table.tsx";
import { Ago } from "#infra/console/parts/time.tsx";
import { useAction } from "#infra/console/state/action.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";

const EVERY_MS = 5000;

/** What waits in each queue, and its dead letters, which can be sent again. */
export function Queues() {
  const queues = usePolled("queues", (signal) => call("listQueues", { signal }), EVERY_MS);
  const [asked, ask] = useState<Queue | null>(null);
  const redrive = useAction(async (_key: string, queue: Queue["queue"]) => {
    const { redriven, kept } = await call("redriveDeadLetters", { params: { queue }, body: { limit: 100 } });
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
          title={`Send dead letters of the ${words(asked.queue)} queue again?`}
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
        <Button label={`Send again: dead letters of the ${words(one.queue)} queue`} onClick={() => ask(one)}>
          Send again …
        </Button>
      ),
  },
];

function DeadLetters({ queue }: { queue: Queue }) {
  return (
    <details>
      <summary>
        {counted(queue.dead_letters, "dead letter")} of the {words(queue.queue)} queue
        {queue.dead_letters > queue.sample.length && `, ${queue.sample.length} shown`}
      </summary>
      <Table
        caption={`Dead letters of the ${words(queue.queue)} queue`}
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
