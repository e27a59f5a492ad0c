import { schedules } from "#infra/schedules.ts";
import { EXTRACT_FUNCTION, VERIFY_FUNCTION, functions, queues, type FunctionName } from "#infra/topology.ts";

/** Every kind of alarm, each a section of infra/runbook.md, with what there is one alarm of this kind for. */
export const ALARM_KINDS = {
  "dead-letters": "queue",
  "queue-stalled": "queue",
  "function-errors": "background function",
  "function-throttled": "background function",
  "sweep-silent": "stack",
  "api-errors": "stack",
  "api-slow": "stack",
  "sources-overdue": "stack",
  "credentials-expired": "stack",
  "deletions-held": "stack",
  "checks-overdue": "stack",
  "pages-failing": "stack",
  "events-unsent": "stack",
  "token-expires": "stack",
  "pulse-overdue": "stack",
  "edits-late": "stack",
  "hook-silent": "stack",
  "rights-overdue": "stack",
  "sources-withheld": "stack",
  "directory-stale": "stack",
  "embedding-cost": "stack",
  "database-strained": "database of the stack",
} as const;

export type AlarmKind = keyof typeof ALARM_KINDS;

/** Functions that neither serve HTTP nor are run by hand: only an alarm sees them fail. */
export function backgroundFunctions(): FunctionName[] {
  const driven = new Set<string>([
    EXTRACT_FUNCTION,
    VERIFY_FUNCTION,
    ...Object.values(queues).map((queue) => queue.worker),
    ...Object.values(schedules).map((schedule) => schedule.function),
  ]);
  return (Object.keys(functions) as FunctionName[]).filter((name) => driven.has(name));
}

/** The number of alarms of a stack that uses a database of its own account. */
export function alarmCount(): number {
  const counts = {
    queue: Object.keys(queues).length,
    "background function": backgroundFunctions().length,
    stack: 1,
    "database of the stack": 0,
  };
  return Object.values(ALARM_KINDS).reduce((sum, of) => sum + counts[of], 0);
}
