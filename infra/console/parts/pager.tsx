import { place, setQuery } from "#infra/console/state/location.ts";

/** The cursor that each cursor was reached from; null: the first page. A cursor itself leads forward only. */
const reachedFrom = new Map<string, string | null>();

/** Buttons of a list that continues: its cursor is in the address. */
export function Pager({ next, shown }: { next: string | null; shown: number }) {
  const { cursor } = place.value.query;
  if (next === null && cursor === undefined) return null;
  const previous = cursor === undefined ? undefined : reachedFrom.get(cursor);
  const forward = () => {
    if (next === null) return;
    reachedFrom.set(next, cursor ?? null);
    setQuery({ cursor: next });
  };
  return (
    <p class="pager">
      {cursor !== undefined && (
        <button type="button" onClick={() => setQuery({ cursor: null })}>
          First page
        </button>
      )}
      {typeof previous === "string" && (
        <button type="button" onClick={() => setQuery({ cursor: previous })}>
          Previous page
        </button>
      )}
      {next !== null && (
        <button type="button" onClick={forward}>
          Next page
        </button>
      )}
      <span class="quiet">{shown} on this page</span>
    </p>
  );
}
