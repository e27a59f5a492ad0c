import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type postgres from "postgres";
import { aroundQuery } from "./around-query.ts";

/** Between two statements of a request, as long as it is not waiting for something else. */
const NEXT_STATEMENT_MS = 5;
/** Other work goes on, however many requests there are. */
const WAIT_AT_MOST_MS = 1000;

export type RequestsFirst = {
  /** Takes turns at the one connection: each statement, or transaction, of its own. */
  wrapSql: (sql: postgres.Sql) => postgres.Sql;
  /** Runs a request, whose statements go before those of other work. */
  request: <T>(work: () => Promise<T>) => Promise<T>;
};

type Turn = { start: () => void; since: number };

/**
 * Orders the statements of a database with one connection: a request waits for the statement or the transaction that runs, never for
 * those in the queue. `clock` in milliseconds.
 */
export function makeRequestsFirst(clock: () => number = () => performance.now()): RequestsFirst {
  const requests = new AsyncLocalStorage<true>();
  const first: Turn[] = [];
  const others: Turn[] = [];
  let running = false;
  let open = 0;
  let lastOfRequest = -Infinity;

  const next = (): void => {
    if (running) return;
    const isLate = others[0] !== undefined && clock() - others[0].since >= WAIT_AT_MOST_MS;
    const turn = (isLate ? undefined : first.shift()) ?? laterTurn();
    if (!turn) return;
    running = true;
    turn.start();
  };
  /** Of other work; none while a request, which has just ended a statement, is about to send another. */
  const laterTurn = (): Turn | undefined => {
    const waiting = others[0];
    if (!waiting) return undefined;
    const left = lastOfRequest + NEXT_STATEMENT_MS - clock();
    const mayWait = open > 0 && left > 0 && clock() - waiting.since < WAIT_AT_MOST_MS;
    if (!mayWait) return others.shift();
    setTimeout(next, left);
    return undefined;
  };
  const take = <T>(work: () => Promise<T>): Promise<T> => {
    const ofRequest = requests.getStore() ?? false;
    return new Promise<T>((resolve, reject) => {
      // Started by whoever had the turn before: in the caller's context all the same.
      const start = AsyncResource.bind(() => {
        void work()
          .then(resolve, reject)
          .finally(() => {
            running = false;
            if (ofRequest) lastOfRequest = clock();
            next();
          });
      });
      (ofRequest ? first : others).push({ start, since: clock() });
      next();
    });
  };
  return {
    wrapSql: (sql) => inTurn(sql, take),
    async request(work) {
      open += 1;
      try {
        return await requests.run(true, work);
      } finally {
        open -= 1;
        next();
      }
    },
  };
}

function inTurn(sql: postgres.Sql, take: <T>(work: () => Promise<T>) => Promise<T>): postgres.Sql {
  const queried = (query: unknown) => aroundQuery(query, take);
  return new Proxy(sql, {
    apply: (target, self, args: unknown[]) =>
      queried(Reflect.apply<typeof self, unknown[], unknown>(target as never, self, args)),
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name === "unsafe")
        return (...args: unknown[]) => queried(Reflect.apply(value, target, args) as unknown);
      if (name === "begin")
        return (...args: unknown[]) =>
          take(async () => (await Reflect.apply(value, target, args)) as unknown);
      return value;
    },
  });
}
