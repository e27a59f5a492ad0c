import { useEffect } from "preact/hooks";
import { announce } from "#infra/console/state/announce.ts";
import { place, setQuery } from "#infra/console/state/location.ts";
import { Button } from "./button.tsx";
import { counted } from "./format.ts";

/** The cursor that each cursor was reached from; null: the first page. A cursor itself leads forward only. */
const reachedFrom = new Map<string, string | null>();

/** Whether a person turned to the page that is being read: it is said when it is there. */
let isTurning = false;

/** Buttons of a list that continues: its cursor is in the address. */
export function Pager({ next, shown }: { next: string | null; shown: number }) {
  const { cursor } = place.value.query;
  useEffect(() => {
    if (isTurning) announce(`${counted(shown, "entry", "entries")} on this page of the list.`);
    isTurning = false;
  }, [cursor, shown]);
  if (next === null && cursor === undefined) return null;
  const turn = (to: string | null) => {
    isTurning = true;
    setQuery({ cursor: to });
  };
  const previous = cursor === undefined ? undefined : reachedFrom.get(cursor);
  const forward = () => {
    if (next === null) return;
    reachedFrom.set(next, cursor ?? null);
    turn(next);
  };
  return (
    <p class="pager">
      {cursor !== undefined && <Button onClick={() => turn(null)}>First page</Button>}
      {typeof previous === "string" && <Button onClick={() => turn(previous)}>Previous page</Button>}
      {next !== null && <Button onClick={forward}>Next page</Button>}
      <span class="quiet">{shown} on this page</span>
    </p>
  );
}
