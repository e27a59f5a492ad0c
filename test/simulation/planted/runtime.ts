import { bugFoundBy, change, type PlantedBug } from "../planted-bugs.ts";

const QUEUE = "test/unit/runtime/queue-handler.test.ts";
const HTTP = "test/unit/runtime/http-runtime.test.ts";
const SERVICES = "test/unit/runtime/services.test.ts";
const ERRORS = "test/unit/runtime/http-errors.test.ts";

/** What stands between an event of AWS and the work. */
export const RUNTIME_BUGS: readonly PlantedBug[] = [
  bugFoundBy(
    "test/integration/syncs/sweep-bounds.test.ts",
    "an operation that cannot be sent again ends the sweep",
    change("shared/syncs/schedules/sweep.ts", "      errors.push(error);", "      throw error;"),
  ),
  bugFoundBy(
    QUEUE,
    "a message that is no task is acknowledged",
    change(
      "functions/runtime/queue.ts",
      "      failed.push(record.messageId);\n      return [];",
      "      return [];",
    ),
  ),
  bugFoundBy(
    QUEUE,
    "a record with an unexpected error is acknowledged",
    change("functions/runtime/queue.ts", "if (outcome?.ok) {", "if (outcome?.ok !== false) {"),
  ),
  bugFoundBy(
    HTTP,
    "a request that writes is repeated on a lost connection",
    change("functions/runtime/http.ts", "readsOnly && isLostConnection(error)", "isLostConnection(error)"),
  ),
  bugFoundBy(
    SERVICES,
    "a service that could not be built is never built again",
    change(
      "functions/runtime/services.ts",
      "building.catch(() => built.delete(provider.name));",
      "building.catch(() => {});",
    ),
  ),
  bugFoundBy(
    ERRORS,
    "errors of the configuration are shown to clients",
    change(
      "functions/runtime/http-errors.ts",
      "error instanceof UserError && error.status !== 500",
      "error instanceof UserError",
    ),
  ),
];
