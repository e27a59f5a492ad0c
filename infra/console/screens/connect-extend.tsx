import { useState } from "preact/hooks";
import { ApiError } from "#infra/console/api/api-error.ts";
import type { Calls, PlannedSpaces, Site } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { fact, FactList } from "#infra/console/parts/fact-list.tsx";
import { Check } from "#infra/console/parts/fields.tsx";
import { counted, dollars } from "#infra/console/parts/format.ts";
import { ErrorBanner, Notice } from "#infra/console/parts/notices.tsx";
import { useAction } from "#infra/console/state/action.ts";
import { navigate } from "#infra/console/state/location.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import { appliedDefaults, excludedNames, extendedRule, isAsShown } from "./connect-extension.ts";
import { PlannedSpacesList } from "./connect-plan.tsx";
import type { ConnectRequest } from "./connect-request.ts";

type Shown = { site: Site; rule: NonNullable<Site["spaces"]>; plan: PlannedSpaces };
type Discovered = Calls["discoverSite"]["result"];

/** Adds spaces to a site that is connected already: what that would add and which settings hold, then the decision. */
export function ExtendSite({ siteId, request }: { siteId: string; request: ConnectRequest }) {
  const params = { site_id: siteId };
  const [shown, show] = useState<Shown | null>(null);
  const [agreed, agree] = useState(false);
  const [discovered, setDiscovered] = useState<Discovered | null>(null);
  const look = useAction(async (_key: string, readmitted: readonly string[]) => {
    add.clear();
    const site = await call("getSite", { params });
    const rule = extendedRule(site.spaces, request.spaces, readmitted);
    const plan = await call("updateSite", { params, body: { spaces: rule, dry_run: true } });
    if (!("estimate" in plan)) throw changed("The service returned no estimate");
    agree(false);
    setDiscovered(null);
    show({ site, rule, plan });
    return `${counted(plan.spaces.length, "space")} would be added.`;
  });
  const add = useAction(async (_key: string, { site, rule }: Shown) => {
    if (!isAsShown(await call("getSite", { params }), site))
      throw changed("The site's rule or settings have changed since: look again at what would be added");
    await call("updateSite", { params, body: { spaces: rule } });
    return discover(false);
  });
  const approve = useAction(async () => discover(true));
  const discover = async (isApproved: boolean) => {
    const found = await call("discoverSite", { params, body: { approve: isApproved } });
    setDiscovered(found);
    const added = `${counted(found.sources_added.length, "source")} added.`;
    if (found.sources_added.length > 0) navigate(to.sources());
    return added;
  };
  const applied = shown ? appliedDefaults(shown.site.defaults, request.defaults) : [];
  const differs = applied.some(({ chosen }) => chosen !== null);
  const excluded = shown ? excludedNames(shown.rule, request.spaces.include) : [];
  const byTheirKey = excluded.filter(({ key, by }) => by.toLowerCase() === key.toLowerCase());
  const keys = byTheirKey.map(({ key }) => key);
  const held = discovered?.first_syncs_held;
  return (
    <>
      <Notice>
        <p>
          This account has connected the site already. These spaces can be added to it; they get the site's
          settings, not those of the form.
        </p>
        <Button sending={look.sending} onClick={() => void look.run([])}>
          Show what would be added
        </Button>
      </Notice>
      {look.error && <ErrorBanner error={look.error} />}
      {excluded.length > 0 && (
        <Notice>
          <p>
            Not added, because the site's rule excludes it:{" "}
            {excluded
              .map((one) => (byTheirKey.includes(one) ? one.key : `${one.key} (by ${one.by})`))
              .join(", ")}
            . A space whose source was deleted is excluded too.
          </p>
          {keys.length > 0 && (
            <Button sending={look.sending} onClick={() => void look.run(keys)}>
              {`Take ${keys.join(", ")} out of the exclusions`}
            </Button>
          )}
        </Notice>
      )}
      {shown && shown.plan.out_of_scope.length > 0 && (
        <Notice>
          Sources that the rule would not include any more, and that stay:{" "}
          {shown.plan.out_of_scope.map((one) => one.space_key).join(", ")}.
        </Notice>
      )}
      {shown && (
        <PlannedSpacesList plan={shown.plan}>
          <Button
            kind="primary"
            disabled={differs && !agreed}
            sending={add.sending}
            onClick={() => void add.run(shown)}
          >
            {`Add ${counted(shown.plan.spaces.length, "space")}`}
          </Button>
        </PlannedSpacesList>
      )}
      {shown && shown.plan.spaces.length > 0 && (
        <section aria-labelledby="applied">
          <h2 id="applied">Settings of the new sources</h2>
          <FactList
            facts={applied.map(({ term, applies, chosen }) =>
              fact(term, applies, chosen === null ? null : `not as the form says: ${chosen}`),
            )}
          />
          {differs && (
            <Check
              label="Add them with these settings of the site, not with those of the form"
              value={agreed}
              onValue={agree}
            />
          )}
        </section>
      )}
      {add.error && <ErrorBanner error={add.error} />}
      {held && (
        <Notice>
          <p>
            No source was added yet. The first syncs are estimated above the limits of the site:{" "}
            {counted(held.pages, "page")}, {dollars(held.dollars)}. They wait until someone approves them.
          </p>
          <Button sending={approve.sending} onClick={() => void approve.run()}>
            Approve and add them
          </Button>
        </Notice>
      )}
      {approve.error && <ErrorBanner error={approve.error} />}
      {discovered && !held && discovered.sources_added.length === 0 && (
        <Notice>
          No source was added: another discovery may have added them already, or their keys are those of other
          sources.
        </Notice>
      )}
    </>
  );
}

function changed(message: string): ApiError {
  return new ApiError(409, { code: "site_changed", message });
}
