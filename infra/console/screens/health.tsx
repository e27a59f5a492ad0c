import { Badge } from "#infra/console/parts/notices.tsx";
import { Screen } from "#infra/console/parts/screen.tsx";
import { AsOf } from "#infra/console/parts/time.tsx";
import { usePolled } from "#infra/console/state/polled.ts";
import { call } from "#infra/console/state/service.ts";
import { Costs } from "./costs.tsx";
import { Queues } from "./queues.tsx";

const EVERY_MS = 5000;

/** Whether the service responds, what waits in its queues, and what syncs have cost. */
export function Health() {
  const health = usePolled("health", (signal) => call("health", { signal }), EVERY_MS);
  return (
    <Screen
      title="Cost and health"
      below={
        <>
          {health.data && !health.error && (
            <>
              <Badge tone="ok">service responds</Badge>
              <Badge tone="ok">database responds</Badge>
              <span>stage {health.data.stage}</span>
            </>
          )}
          {health.error && <Badge tone="bad">service does not respond as it should</Badge>}
          <AsOf of={health} />
        </>
      }
    >
      <Queues />
      <Costs />
    </Screen>
  );
}
