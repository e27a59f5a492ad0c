import type { ListedOperation } from "#infra/console/api/types.ts";
import { Loaded } from "#infra/console/parts/notices.tsx";
import { Pager } from "#infra/console/parts/pager.tsx";
import { AsOf } from "#infra/console/parts/time.tsx";
import { place, setQuery } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { oneOf } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { Operations } from "./operations-table.tsx";

const LABELS: Record<ListedOperation["operation_type"], string> = {
  confluence_sync: "Syncs",
  deletion_check: "Deletion checks",
  approved_deletions: "Approved deletions",
  page_sync: "Single pages",
};
// The keys of a constant object.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const TYPES = Object.keys(LABELS) as (keyof typeof LABELS)[];
const EVERY_MS = 5000;

/** Every operation of a source that is kept, newest first. */
export function Timeline({ sourceId }: { sourceId: string }) {
  const { cursor, type } = place.value.query;
  const operations = usePolled(
    `operations ${sourceId} ${cursor} ${type}`,
    (signal) =>
      call("listProgress", {
        query: { source_id: sourceId, cursor, operation_type: oneOf(TYPES, type), limit: "50" },
        signal,
      }),
    EVERY_MS,
  );
  return (
    <>
      <div class="filters">
        <label>
          Type
          <select
            value={type ?? ""}
            onChange={(event) => setQuery({ type: event.currentTarget.value, cursor: null })}
          >
            <option value="">All</option>
            {TYPES.map((one) => (
              <option key={one} value={one}>
                {LABELS[one]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Loaded of={operations} what="the operations">
        {(data) => (
          <>
            <Operations operations={data.operations} loading={false} />
            <Pager next={data.next_cursor} shown={data.operations.length} />
            <AsOf of={operations} />
          </>
        )}
      </Loaded>
    </>
  );
}
