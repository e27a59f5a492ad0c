import { createHash, type Hash } from "node:crypto";
import type { Random } from "./random.ts";

/** Thrown into a database transaction at the step where its worker crashes, so that the database rolls it back. */
export class WorkerCrashed extends Error {
  constructor() {
    super("The simulated worker crashed here");
    this.name = "WorkerCrashed";
  }
}

/** A worker as the code under it sees it: each step outside (a query, a call, a message) first waits for its turn. */
export type Worker = {
  id: string;
  /** Waits until the scheduler lets this worker take its next step; throws `WorkerCrashed` when it crashes there. */
  step: (label: string) => Promise<void>;
  /** A step that lets nobody else go on: within a transaction. Crashing there is possible too. */
  tick: (label: string) => Promise<void>;
};

/** Asked before each step: how many were taken, and which is next. */
export type MayRun = (step: { taken: number; label: string }) => boolean;

type Entry = {
  id: string;
  /** Lets the waiting step go on; null while the worker runs. */
  resume: (() => void) | null;
  label: string;
  /** Steps until it crashes; Infinity: it lives. */
  lifeLeft: number;
  /** Steps taken. */
  taken: number;
  mayRun: MayRun;
  ended: boolean;
  crashed: boolean;
  waiting: PromiseWithResolvers<void>;
};

/**
 * Interleaves workers one step at a time, in an order that the seed decides: exactly one runs between two of its steps while
 * all others wait, so a run can be repeated exactly. A worker that crashes never comes back, and nothing of its code runs after
 * that, no catch and no finally: its promise just stays pending.
 */
export type Scheduler = {
  /**
   * Starts a worker that crashes after `lifetime` steps and waits while `mayRun` says no; `onEnd` hears how
   * it ended, unless it crashed.
   */
  start: (
    id: string,
    life: { lifetime: number; mayRun: MayRun },
    work: (worker: Worker) => Promise<void>,
    onEnd: (error: unknown) => void,
  ) => void;
  /** Lets one worker take one step; false when none may. */
  advance: () => Promise<boolean>;
  running: () => number;
  /** Workers that may take a step now. */
  ready: () => number;
  /** Steps at which every worker crashes from now on. */
  crashAt: (crashes: ((label: string) => boolean) | null) => void;
  /** Notes something that belongs to the trace. */
  note: (text: string) => void;
  traceHash: () => string;
  trace: () => readonly string[];
};

export function makeScheduler(random: Random): Scheduler {
  const entries: Entry[] = [];
  const hash: Hash = createHash("sha256");
  const trace: string[] = [];
  let crashes: ((label: string) => boolean) | null = null;
  const note = (text: string) => {
    hash.update(text).update("\n");
    trace.push(text);
  };

  const readyEntries = () =>
    entries.filter((entry) => entry.resume !== null && !entry.ended && entry.mayRun(entry));

  const settle = (entry: Entry) => {
    entry.resume = null;
    entry.waiting.resolve();
  };

  const start: Scheduler["start"] = (id, { lifetime, mayRun }, work, onEnd) => {
    const entry: Entry = {
      id,
      resume: null,
      label: "start",
      lifeLeft: lifetime,
      taken: 0,
      mayRun,
      ended: false,
      crashed: false,
      waiting: Promise.withResolvers(),
    };
    /** A crashed worker's next step never comes; the scheduler goes on without it. */
    const stayCrashed = () => {
      settle(entry);
      return new Promise<void>(() => {});
    };
    const live = (label: string) => {
      entry.lifeLeft -= 1;
      if (entry.lifeLeft >= 0 && !crashes?.(label)) return;
      entry.crashed = true;
      note(`${id} crashes at ${label}`);
      throw new WorkerCrashed();
    };
    const worker: Worker = {
      id,
      tick: async (label) => {
        // Within a transaction that a `catch` of the dead began: it must end, there is one connection.
        if (entry.crashed) throw new WorkerCrashed();
        note(`${id} ${label}`);
        return live(label);
      },
      step: (label) => {
        if (entry.crashed) return stayCrashed();
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        entry.label = label;
        entry.resume = () => {
          try {
            live(label);
            resolve();
          } catch (error) {
            reject(error);
          }
        };
        entry.waiting.resolve();
        return promise;
      },
    };
    entries.push(entry);
    entry.resume = () => {
      work(worker).then(
        () => finish(entry, onEnd, undefined),
        (error: unknown) => finish(entry, onEnd, error),
      );
    };
  };

  const finish = (entry: Entry, onEnd: (error: unknown) => void, error: unknown) => {
    entry.ended = true;
    if (!entry.crashed) onEnd(error);
    settle(entry);
  };

  return {
    start,
    note,
    async advance() {
      const chosen = random.pick(readyEntries());
      if (!chosen) return false;
      chosen.taken += 1;
      chosen.waiting = Promise.withResolvers();
      const resume = chosen.resume;
      chosen.resume = null;
      note(`${chosen.id} ${chosen.label}`);
      resume?.();
      await chosen.waiting.promise;
      for (let index = entries.length - 1; index >= 0; index -= 1) {
        if (entries[index]?.ended || entries[index]?.crashed) entries.splice(index, 1);
      }
      return true;
    },
    running: () => entries.length,
    ready: () => readyEntries().length,
    crashAt: (steps) => {
      crashes = steps;
    },
    traceHash: () => hash.copy().digest("hex"),
    trace: () => trace,
  };
}
