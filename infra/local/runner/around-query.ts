/**
 * Has `around` decide when a query of postgres.js runs, by calling `run`, and what it resolves with. A query runs once, when it is
 * awaited; one that is never awaited (a fragment of another) does not run. What is no query is returned as it is.
 */
export function aroundQuery(
  query: unknown,
  around: (run: () => Promise<unknown>) => Promise<unknown>,
): unknown {
  if (!(query instanceof Promise)) return query;
  const run = query.then.bind(query);
  let ran: Promise<unknown> | undefined;
  const then: typeof query.then = (onResolved, onRejected) => {
    ran ??= around(() => run((rows: unknown) => rows));
    return ran.then(onResolved, onRejected);
  };
  return Object.assign(query, {
    // oxlint-disable-next-line unicorn/no-thenable -- postgres.js runs a query in its `then`.
    then,
    catch: (onRejected: (error: unknown) => unknown) => then(undefined, onRejected),
    finally: (onFinally: () => void) => then((rows: unknown) => rows).finally(onFinally),
  });
}
