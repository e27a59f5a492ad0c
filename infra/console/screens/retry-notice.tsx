import { ErrorBanner, Notice } from "#infra/console/parts/notices.tsx";
import { useAction, type Action } from "#infra/console/state/action.ts";
import { to } from "#infra/console/state/router.ts";
import { useState } from "preact/hooks";
import { retryPages } from "./retry-pages.ts";

export type Retry = Action<[readonly string[]]> & { operationId: string | null };

/** Syncs pages again, and knows the operation that does it. */
export function useRetry(sourceId: string, afterwards: () => void): Retry {
  const [operationId, setOperationId] = useState<string | null>(null);
  const action = useAction(async (_key: string, ids: readonly string[]) => {
    const retried = await retryPages(sourceId, ids);
    setOperationId(retried.operationId);
    afterwards();
    return retried.text;
  });
  return { ...action, operationId };
}

/** What became of the last retry. */
export function RetryNotice({ retry }: { retry: Retry }) {
  return (
    <>
      {retry.error && <ErrorBanner error={retry.error} />}
      {retry.done !== null && (
        <Notice tone="ok">
          {retry.done}{" "}
          {retry.operationId !== null && <a href={to.operation(retry.operationId)}>See the result</a>}
        </Notice>
      )}
    </>
  );
}
