/** DATA ONLY: what runs by the clock, and its function. Beside topology.ts, which has the functions. */
import { CHECK_TICK } from "#shared/syncs/schedules/weekly-check.ts";
import type { FunctionName } from "./topology.ts";

/** Structured, in UTC; compiled to EventBridge rules and to croner. */
export type Schedule = {
  function: FunctionName;
  every: { minutes: number } | { dailyAt: { hour: number; minute: number } };
  description: string;
};

export const schedules = {
  "scheduled-syncs": {
    function: "start-scheduled-syncs",
    every: { minutes: 1 },
    description:
      "Starts a sync for each source whose interval has passed, and deletion checks that are wanted or could not start at their time",
  },
  pulse: {
    function: "pulse-sites",
    every: { minutes: 1 },
    description: "Asks each site once what changed in all its spaces, and syncs the sources with news",
  },
  sweep: {
    function: "sweep",
    every: { minutes: 1 },
    description: "Sends lost work again, finishes operations, sends events, removes what has expired",
  },
  "space-discovery": {
    function: "discover-spaces",
    every: { minutes: 30 },
    description: "Looks daily for new, renamed and vanished spaces of each connected site",
  },
  "access-sweep": {
    function: "sweep-access",
    every: { minutes: 1 },
    description:
      "Reads who may see what of each source that carries rights over, and who belongs to which group",
  },
  "model-change": {
    function: "change-models",
    every: { minutes: 1 },
    description: "Embeds sources of another model again, until they can switch to the configured one",
  },
  "health-measurement": {
    function: "measure-health",
    every: { minutes: 5 },
    description: "Measures what alarms watch: overdue sources, lag, held deletions, failed pages",
  },
  "weekly-deletion-check": {
    function: "reconcile-deletions",
    every: { dailyAt: CHECK_TICK },
    description: "Looks daily for sources whose weekly deletion check is due",
  },
} as const satisfies Record<string, Schedule>;
