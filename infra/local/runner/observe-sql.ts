import type postgres from "postgres";
import { aroundQuery } from "./around-query.ts";

export type Statement = {
  /** SQL with `?` for its parameters; `commit` for the end of a transaction. */
  text: string;
  parameters: readonly unknown[];
  /** The number of the transaction; null outside. */
  transaction: number | null;
};

export type SqlObserver = {
  /** Called and awaited before a statement is sent: within a transaction, this keeps it open. */
  onStatement: (statement: Statement) => void | Promise<void>;
  /** Called and awaited before a transaction begins. */
  beforeTransaction?: () => Promise<void>;
  /** Called after a transaction has been committed or rolled back. */
  onTransactionEnd?: (transaction: number) => void;
};

type Work = (tx: postgres.TransactionSql) => Promise<unknown>;

/** A client that reports every statement to an observer before it runs it. */
export function observeSql(sql: postgres.Sql, observer: SqlObserver): postgres.Sql {
  let transactions = 0;
  const begin = async (...args: [Work] | [string, Work]): Promise<unknown> => {
    await observer.beforeTransaction?.();
    const transaction = (transactions += 1);
    const observed = (work: Work) => observeWork(work, transaction, observer);
    try {
      return await (args.length === 1 ? sql.begin(observed(args[0])) : sql.begin(args[0], observed(args[1])));
    } finally {
      observer.onTransactionEnd?.(transaction);
    }
  };
  return observeClient(sql, null, observer, { begin });
}

function observeWork(work: Work, transaction: number, observer: SqlObserver): Work {
  return async (tx) => {
    const savepoint = (inner: Work) => tx.savepoint(observeWork(inner, transaction, observer));
    const result = await work(observeClient(tx, transaction, observer, { savepoint }));
    await observer.onStatement({ text: "commit", parameters: [], transaction });
    return result;
  };
}

function observeClient<T extends postgres.Sql | postgres.TransactionSql>(
  client: T,
  transaction: number | null,
  observer: SqlObserver,
  overrides: Record<string, unknown>,
): T {
  // Statements of a transaction may be sent without waiting for each other: they are reported, and sent, in their order.
  let last = Promise.resolve();
  const observed = (query: unknown, strings: readonly string[], parameters: readonly unknown[]) =>
    aroundQuery(query, async (run) => {
      const before = transaction === null ? Promise.resolve() : last;
      last = before.then(() => observer.onStatement({ text: strings.join("?"), parameters, transaction }));
      await last;
      return run();
    });
  return new Proxy(client, {
    apply(target, self, args: unknown[]) {
      const result: unknown = Reflect.apply(target, self, args);
      const [strings, ...parameters] = args;
      return isTemplate(strings) ? observed(result, strings, parameters) : result;
    },
    get(target, name) {
      if (typeof name === "string" && overrides[name]) return overrides[name];
      const value: unknown = Reflect.get(target, name);
      if (name !== "unsafe" || typeof value !== "function") return value;
      return (text: string, ...rest: unknown[]) =>
        observed(Reflect.apply(value, target, [text, ...rest]), [text], rest);
    },
  });
}

function isTemplate(value: unknown): value is TemplateStringsArray {
  return Array.isArray(value) && "raw" in value;
}
