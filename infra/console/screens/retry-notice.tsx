import { ErrorBanner, Notice } from "#infra/console/parts/notices.tsx";
import { useAction, type Action } from "#infra/console/state/action.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { useState } from "preact/hooks";
import { retryPages } from "./retry-pages.ts";

export type Retry = Action<[readonly string[]]> & { operationId: string | null; isWhole: boolean };

/** Syncs pages again, and knows the operation that does it. */
export function useRetry(sourceId: string, afterwards: () => void): Retry {
  const [result, setResult] = useState<{ operationId: string | null; isWhole: boolean }>({
    operationId: null,
    isWhole: true,
  });
  const action = useAction(async (key: string, ids: readonly string[]) => {
    const retried = await retryPages(ids, key, (pageId, idempotencyKey) =>
      call("syncPage", { params: { source_id: sourceId, page_id: pageId }, idempotencyKey }),
    );
    setResult(retried);
    afterwards();
    return retried.text;
  });
  return { ...action, ...result };
}

/** What became of the last retry. */
export function RetryNotice({ retry }: { retry: Retry }) {
  return (
    <>
      {retry.error && <ErrorBanner error={retry.error} />}
      {retry.done !== null && (
        <Notice tone={retry.isWhole ? "ok" : "warn"}>
          {retry.done}{" "}
          {retry.operationId !== null && <a href={to.operation(retry.operationId)}>See the result</a>}
        </Notice>
      )}
    </>
  );
}
