import type postgres from "postgres";
import type { ConfluenceClient } from "#shared/confluence/client.ts";
import { runOperation } from "#shared/syncs/operations/run-operation.ts";
import type { Step } from "#shared/syncs/operations/step.ts";
import { makeSyncWorld, type SyncWorld } from "./sync-world.ts";

const SECOND_MS = 1000;

/** What the client of an operation says of itself. */
type Client = {
  calls?: number;
  limited?: number;
  isNearLimit?: boolean;
  drift?: { answers: number; skipped: number };
};

export type SteppedOperation = {
  world: SyncWorld;
  id: string;
  /** One invocation on the operation, with this step for its own; jitter is always the most. */
  run: (step: Step, client?: Client, remainingMs?: () => number) => Promise<void>;
  /** Messages since the start, with the seconds after which they are visible. */
  sent: [queue: string, delaySeconds: number][];
  /** The operation, with the status of its source and the pause of its site. */
  row: () => Promise<postgres.Row>;
  /** Another worker takes the operation over. */
  takeOver: () => Promise<void>;
  secondsUntil: (time: Date) => number;
};

/** A sync that was started, for tests that say what its steps do. */
export async function makeSteppedOperation(sql: postgres.Sql): Promise<SteppedOperation> {
  const world = await makeSyncWorld(sql);
  const id = await world.startSync();
  const sent: SteppedOperation["sent"] = [];
  const queue: SyncWorld["outside"]["queue"] = {
    send: async (name, _tasks, options) => {
      sent.push([name, options?.delaySeconds ?? 0]);
    },
  };
  return {
    world,
    id,
    sent,
    run: (step, client = {}, remainingMs = () => 60 * SECOND_MS) => {
      const services = { ...world.outside, confluence: () => clientOf(client), queue, random: () => 1 };
      return runOperation(id, step, services, { remainingMs });
    },
    row: async () => {
      const [row] = await sql`
        select p.status, p.failures, p.failing, p.error, p.counters, p.checkpoint, p.not_before, p.claimed_until, p.enqueued_at,
          p.listed_at, s.status as source_status, c.paused_until
        from archon_progress p join archon_sources s using (source_id) join confluence_sites c using (site_id)
        where p.operation_id = ${id}`;
      if (!row) throw new Error("The operation is gone");
      return row;
    },
    takeOver: async () => {
      const until = new Date(world.now().getTime() + 1);
      await sql`update archon_progress set claimed_until = ${until} where operation_id = ${id}`;
    },
    secondsUntil: (time) => (time.getTime() - world.now().getTime()) / SECOND_MS,
  };
}

function clientOf(client: Client): ConfluenceClient {
  const drift = client.drift ?? { answers: 0, skipped: 0 };
  // All that an operation asks of it apart from its steps.
  return {
    callsMade: () => client.calls ?? 0,
    rateLimitedCalls: () => client.limited ?? 0,
    nearLimit: () => client.isNearLimit ?? false,
    drift: () => ({ ...drift, example: client.drift ? "An example" : null }),
  } as unknown as ConfluenceClient;
}
