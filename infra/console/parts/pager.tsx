import { place, setQuery } from "#infra/console/state/location.ts";

/** Links of a list that continues: its cursor is in the address. */
export function Pager({ next, shown }: { next: string | null; shown: number }) {
  const { cursor } = place.value.query;
  if (next === null && cursor === undefined) return null;
  return (
    <p class="pager">
      {cursor !== undefined && (
        <button type="button" onClick={() => setQuery({ cursor: null })}>
          First page
        </button>
      )}
      {next !== null && (
        <button type="button" onClick={() => setQuery({ cursor: next })}>
          Next page
        </button>
      )}
      <span class="quiet">{shown} on this page</span>
    </p>
  );
}
