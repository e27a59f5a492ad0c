import { useState } from "preact/hooks";
import type { PlannedSpaces } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { ErrorBanner, Notice } from "#infra/console/parts/notices.tsx";
import { Screen } from "#infra/console/parts/screen.tsx";
import { useAction } from "#infra/console/state/action.ts";
import { announce } from "#infra/console/state/announce.ts";
import { navigate } from "#infra/console/state/location.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { ConnectForm } from "./connect-form.tsx";
import { CheckList } from "./connect-checks.tsx";
import { PlannedSpacesList } from "./connect-plan.tsx";
import { EMPTY, requestOf, runChecks, type ConnectInput, type Step } from "./connect-request.ts";

/** Connects a site: each check as it happens, then what would be synced and at what cost, then the decision. */
export function Connect() {
  const [input, setInput] = useState<ConnectInput>(EMPTY);
  const [steps, setSteps] = useState<Step[] | null>(null);
  const [plan, setPlan] = useState<PlannedSpaces | null>(null);
  const [existing, setExisting] = useState<string | null>(null);
  const change = (changes: Partial<ConnectInput>) => {
    setInput((last) => ({ ...last, ...changes }));
    // What was checked is not what would be sent now.
    setSteps(null);
    setPlan(null);
    setExisting(null);
  };
  const check = useAction(async () => {
    setPlan(null);
    setExisting(null);
    const passed = await runChecks(input, setSteps, announce);
    if (!passed) return "A check failed.";
    const planned = await call("connectSite", { body: { ...requestOf(input), dry_run: true } });
    if (!planned || !("estimate" in planned)) return "The service returned no estimate.";
    setPlan(planned);
    return `${planned.spaces.length} spaces would be synced.`;
  });
  const connect = useAction(async (idempotencyKey: string) => {
    const site = await call("connectSite", { body: requestOf(input), idempotencyKey });
    navigate(to.sources());
    return site && "source_count" in site ? `Connected: ${site.source_count} sources.` : "Connected.";
  });
  const siteId = existing ?? siteIdOf(check.error?.details) ?? siteIdOf(connect.error?.details);
  const extend = useAction(async () => extendSite(siteId ?? "", input));
  const error = check.error ?? connect.error;
  return (
    <Screen title="Connect Confluence" above={<a href={to.sources()}>Sources</a>}>
      <div class="two">
        <ConnectForm
          input={input}
          change={change}
          checking={check.sending}
          isChecked={plan !== null}
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
          {error && siteId === null && <ErrorBanner error={error} />}
          {siteId !== null && (
            <Notice>
              <p>This account has connected the site already. These spaces can be added to it.</p>
              <Button sending={extend.sending} onClick={() => void extend.run()}>
                Add the spaces
              </Button>
            </Notice>
          )}
          {extend.error && <ErrorBanner error={extend.error} />}
          {plan && (
            <PlannedSpacesList plan={plan}>
              <Button kind="primary" sending={connect.sending} onClick={() => void connect.run()}>
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

/** Adds the spaces to the rule of a connected site, and makes their sources at once. */
async function extendSite(siteId: string, input: ConnectInput): Promise<string> {
  const params = { site_id: siteId };
  const site = await call("getSite", { params });
  const wanted = requestOf(input).spaces;
  const rule = site.spaces ?? { include: [], exclude: [], personal: false, archived: false };
  const include = [...new Set([...rule.include, ...(wanted.include ?? [])])];
  await call("updateSite", { params, body: { spaces: { ...rule, include } } });
  const { sources_added: added } = await call("discoverSite", { params, body: {} });
  navigate(to.sources());
  return `${added.length} sources added.`;
}
