import { useState } from "preact/hooks";
import { ApiError } from "#infra/console/api/api-error.ts";
import type { Site, Source } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { Choice, Field } from "#infra/console/parts/fields.tsx";
import { counted } from "#infra/console/parts/format.ts";
import { ErrorBanner, Loaded, Notice } from "#infra/console/parts/notices.tsx";
import { useAction } from "#infra/console/state/action.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { call } from "#infra/console/state/service.ts";
import { credentialChanges, credentialsToTry, formOfSite, siteOf } from "./site-credentials.ts";

/** The credentials of the connection that a source belongs to, which all its sources use. */
export function Credentials({ source, refresh }: { source: Source; refresh: () => void }) {
  // Its account changes when credentials of another one are stored: it is not what names the connection here.
  const { source_id: sourceId } = source;
  const site = usePolled(`site of ${sourceId}`, (signal) => readSite(sourceId, signal), null);
  return (
    <section aria-labelledby="token">
      <h2 id="token">Token</h2>
      <Loaded of={site} what="the connection of the source">
        {(data) => (
          <CredentialsOf
            key={data.site_id}
            site={data}
            refresh={() => {
              site.refresh();
              refresh();
            }}
          />
        )}
      </Loaded>
    </section>
  );
}

async function readSite(sourceId: string, signal: AbortSignal): Promise<Site> {
  const source = await call("getSource", { params: { source_id: sourceId }, signal });
  let cursor: string | undefined;
  do {
    const list = await call("listSites", { query: { limit: "200", cursor }, signal });
    const site = siteOf(source, list.sites);
    if (site) return site;
    cursor = list.next_cursor ?? undefined;
  } while (cursor !== undefined);
  throw new ApiError(404, {
    code: "site_not_found",
    message: `${source.base_url} has no connection of the account ${source.account_id}`,
  });
}

function CredentialsOf({ site, refresh }: { site: Site; refresh: () => void }) {
  const [form, setForm] = useState(() => formOfSite(site));
  /** Whose the entered credentials are, if not the connection's account: a person says yes to it first. */
  const [other, setOther] = useState<string | null>(null);
  const save = useAction(async (_key: string, entered: typeof form, isAgreed: boolean) => {
    if (!isAgreed) {
      const account = await accountOf(site, entered);
      if (account.id !== site.account_id) {
        setOther(account.name);
        return "These credentials are another account's.";
      }
    }
    await call("updateSite", { params: { site_id: site.site_id }, body: credentialChanges(entered) });
    setOther(null);
    setForm((last) => ({ ...last, token: "", clientSecret: "" }));
    refresh();
    return entered.kind === "api_token"
      ? "The new token works and is stored."
      : "The new secret works and is stored.";
  });
  const set = (changes: Partial<typeof form>) => {
    setForm((last) => ({ ...last, ...changes }));
    setOther(null);
    if (!save.sending) save.clear();
  };
  const sources = counted(site.source_count, "source");
  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault();
        void save.run(form, false);
      }}
    >
      <p class="hint">
        It is tried before it is stored, encrypted, and never shown again. It is for all of this connection:{" "}
        {sources}.
      </p>
      <Choice
        label="Credentials"
        choices={[
          ["api_token", "API token of an account"],
          ["client_credentials", "client id and secret of a service account"],
        ]}
        value={form.kind}
        onValue={(kind) => set({ kind })}
      />
      {form.kind === "api_token" ? (
        <>
          <Field
            label="E-mail of its account"
            hint="Empty for a token that is sent as a bearer token."
            type="email"
            value={form.email}
            onValue={(email) => set({ email })}
          />
          <Field
            label="New API token"
            type="password"
            required
            value={form.token}
            onValue={(token) => set({ token })}
          />
        </>
      ) : (
        <>
          <Field label="Client id" required value={form.clientId} onValue={(clientId) => set({ clientId })} />
          <Field
            label="New client secret"
            type="password"
            required
            value={form.clientSecret}
            onValue={(clientSecret) => set({ clientSecret })}
          />
        </>
      )}
      {save.error && <ErrorBanner error={save.error} />}
      {other !== null && (
        <Notice>
          <p>
            These credentials are another account's: {other}. If it is used, {sources} of this connection are
            synced as it from then on. What it does not see goes from search at the next deletion check, and
            what it sees more is added.
          </p>
          <Button kind="danger" sending={save.sending} onClick={() => void save.run(form, true)}>
            {`Use this account for ${sources}`}
          </Button>
        </Notice>
      )}
      {save.done !== null && other === null && <Notice tone="ok">{save.done}</Notice>}
      <p class="buttons">
        <Button type="submit" sending={save.sending}>
          {form.kind === "api_token" ? "Replace the token" : "Replace the secret"}
        </Button>
      </p>
    </form>
  );
}

async function accountOf(
  site: Site,
  form: Parameters<typeof credentialChanges>[0],
): Promise<{ id: string; name: string }> {
  const { passed, code, message, details } = await call("checkSiteStep", {
    body: { ...credentialsToTry(site.base_url, form), check: "account" },
  });
  if (!passed || details.account_id === null)
    throw new ApiError(422, { code: code ?? "credentials_rejected", message });
  const { account_id: id, display_name: name } = details;
  return { id, name: name === null ? id : `${name} (${id})` };
}
