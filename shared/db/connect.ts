import { AsyncLocalStorage } from "node:async_hooks";
import type { Duplex } from "node:stream";
import postgres from "postgres";

/** A postgres.js client, or the scoped client inside a transaction: functions accept either. */
export type Sql = postgres.Sql | postgres.TransactionSql;

/** Values that the database accepts as jsonb. */
export type Json = postgres.JSONValue;

export type DatabaseOptions = {
  url: string;
  /** A connection that is used in place of one to the URL's host. */
  socket?: () => Duplex;
  schema: string;
  /** 1 for PGlite and for a Lambda, which handles one event at a time. */
  maxConnections: number;
  /** True behind a transaction pooler (PgBouncer, Supavisor): no prepared statements, search_path set on the role. */
  transactionPooler?: boolean;
  /** Its transactions write nothing; behind a transaction pooler, which takes no such parameter, they could. */
  readOnly?: boolean;
  /** Statement timeout in milliseconds. */
  statementTimeoutMs?: number;
  /** TLS with the server's certificate and name verified, against `ca` (PEM) or the system's authorities; absent: as `url` says. */
  tls?: { ca: string | undefined };
  /** Called by each new connection instead of using the URL's password, because passwords rotate. */
  password?: () => Promise<string>;
};

const insideTransaction = new AsyncLocalStorage<true>();

/**
 * Connects lazily: nothing is sent before the first query, so calling this at cold start costs nothing.
 * `search_path` names the schema, then `public` and `extensions`, where pgvector may live (Supabase keeps it in the latter).
 */
export function connect(options: DatabaseOptions): postgres.Sql {
  const path = `${options.schema}, public, extensions`;
  return postgres(options.url, {
    max: options.maxConnections,
    // Lambda freezes idle processes: a connection that is closed before that cannot be dead after it.
    idle_timeout: 20,
    max_lifetime: 30 * 60,
    connect_timeout: 10,
    prepare: !options.transactionPooler,
    onnotice: () => {},
    ...(options.tls ? { ssl: options.tls.ca ? { ca: options.tls.ca } : "verify-full" } : {}),
    ...(options.password ? { password: options.password } : {}),
    ...(options.socket ? { socket: options.socket } : {}),
    connection: {
      application_name: "confluence-sync",
      ...(options.transactionPooler
        ? {}
        : {
            search_path: path,
            statement_timeout: options.statementTimeoutMs ?? 60_000,
            ...(options.readOnly ? { default_transaction_read_only: true } : {}),
          }),
    },
  });
}

/**
 * Runs `work` in one transaction. `work` may use only the `tx` it receives: with one connection (PGlite) a query on the root
 * client would wait forever, so a nested call throws at once instead.
 */
export async function transaction<T>(
  sql: Sql,
  work: (tx: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  if (!("begin" in sql))
    throw new Error("Already inside a transaction: pass `tx` instead of opening another transaction");
  if (insideTransaction.getStore()) {
    throw new Error("Nested transaction: use the `tx` that this code received");
  }
  return (await insideTransaction.run(true, () => sql.begin((tx) => endWithConnection(work(tx))))) as T;
}

/**
 * postgres.js reacts to a failure by sending `rollback`, even on a closed connection, and that write ends the whole process or
 * leaves the connection unusable (porsager/postgres issue 1208, open in 3.4.9). So a failure of the connection is not passed to
 * it: `begin` rejects by itself when the connection closes, and the server rolls back anyway.
 */
async function endWithConnection<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (tookConnectionAlong(error)) return new Promise<never>(() => {});
    throw error;
  }
}

const CONNECTION_CODES = new Set(["CONNECTION_CLOSED", "CONNECTION_DESTROYED", "ECONNRESET", "EPIPE"]);

function tookConnectionAlong(error: unknown): boolean {
  if (error instanceof postgres.PostgresError)
    return error.severity === "FATAL" || error.severity === "PANIC";
  return error instanceof Error && "code" in error && CONNECTION_CODES.has(String(error.code));
}

/** The root client, wrapped so that a query on it inside `transaction` throws at once instead of waiting forever. */
export function guardRoot(sql: postgres.Sql): postgres.Sql {
  return new Proxy(sql, {
    apply(target, self, args: unknown[]) {
      const isQuery = Array.isArray(args[0]) && "raw" in args[0];
      if (isQuery && insideTransaction.getStore()) {
        throw new Error(
          "A query on the root client inside a transaction would wait forever on one connection: use `tx`",
        );
      }
      return Reflect.apply<typeof self, unknown[], unknown>(target as never, self, args);
    },
  });
}
