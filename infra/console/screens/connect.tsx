import { useRef, useState } from "preact/hooks";
import { toApiError } from "#infra/console/api/api-error.ts";
import type { PlannedSpaces } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { ErrorBanner } from "#infra/console/parts/notices.tsx";
import { Screen } from "#infra/console/parts/screen.tsx";
import { useAction } from "#infra/console/state/action.ts";
import { announce } from "#infra/console/state/announce.ts";
import { navigate } from "#infra/console/state/location.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { ExtendSite } from "./connect-extend.tsx";
import { ConnectForm } from "./connect-form.tsx";
import { CheckList } from "./connect-checks.tsx";
import { PlannedSpacesList } from "./connect-plan.tsx";
import {
  EMPTY,
  requestOf,
  runChecks,
  type ConnectInput,
  type ConnectRequest,
  type Step,
} from "./connect-request.ts";

/** Connects a site: each check as it happens, then what would be synced and at what cost, then the decision. */
export function Connect() {
  const [input, setInput] = useState<ConnectInput>(EMPTY);
  const [steps, setSteps] = useState<Step[] | null>(null);
  const [planned, setPlanned] = useState<{ plan: PlannedSpaces; request: ConnectRequest } | null>(null);
  const [existing, setExisting] = useState<{ siteId: string; request: ConnectRequest } | null>(null);
  const latest = useRef(input);
  latest.current = input;
  const change = (changes: Partial<ConnectInput>) => {
    setInput((last) => ({ ...last, ...changes }));
    // What was checked is not what would be sent now.
    setSteps(null);
    setPlanned(null);
    setExisting(null);
    for (const action of [check, connect]) if (!action.sending) action.clear();
  };
  /** The site that the account has already; of a form that was changed meanwhile it is of no use. */
  const keepSite = (thrown: unknown, request: ConnectRequest) => {
    const siteId = siteIdOf(toApiError(thrown).details);
    if (siteId !== null && latest.current === input) setExisting({ siteId, request });
    return thrown;
  };
  const check = useAction(async () => {
    const request = requestOf(input);
    const isLatest = () => latest.current === input;
    setPlanned(null);
    setExisting(null);
    try {
      const passed = await runChecks(input, (made) => isLatest() && setSteps(made), announce);
      if (!passed) return "A check failed.";
      const plan = await call("connectSite", { body: { ...request, dry_run: true } });
      if (!plan || !("estimate" in plan)) return "The service returned no estimate.";
      if (!isLatest()) return "The form has changed: check again.";
      setPlanned({ plan, request });
      return `${plan.spaces.length} spaces would be synced.`;
    } catch (thrown) {
      if (!isLatest()) return "The form has changed: check again.";
      throw keepSite(thrown, request);
    }
  });
  const connect = useAction(async (idempotencyKey: string, request: ConnectRequest) => {
    const site = await call("connectSite", { body: request, idempotencyKey }).catch((thrown: unknown) => {
      throw keepSite(thrown, request);
    });
    navigate(to.sources());
    return site && "source_count" in site ? `Connected: ${site.source_count} sources.` : "Connected.";
  });
  const error = check.error ?? connect.error;
  return (
    <Screen title="Connect Confluence" above={<a href={to.sources()}>Sources</a>}>
      <div class="two">
        <ConnectForm
          input={input}
          change={change}
          checking={check.sending}
          isChecked={planned !== null}
          onCheck={() => void check.run()}
        />
        <div class="result">
          {steps === null && (
            <p class="empty">
              First every check that a sync depends on is made, one after another. Then you see which spaces
              would be synced, with an estimate. Nothing is stored before you connect.
            </p>
          )}
          {steps && <CheckList steps={steps} />}
          {error && existing === null && <ErrorBanner error={error} />}
          {existing && <ExtendSite {...existing} />}
          {planned && existing === null && (
            <PlannedSpacesList plan={planned.plan}>
              <Button
                kind="primary"
                sending={connect.sending}
                onClick={() => void connect.run(planned.request)}
              >
                Connect
              </Button>
            </PlannedSpacesList>
          )}
        </div>
      </div>
    </Screen>
  );
}

function siteIdOf(details: Record<string, unknown> | undefined): string | null {
  return typeof details?.site_id === "string" ? details.site_id : null;
}
