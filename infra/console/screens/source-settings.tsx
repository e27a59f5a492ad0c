import { useState } from "preact/hooks";
import type { Source } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { Confirm } from "#infra/console/parts/dialog.tsx";
import { counted } from "#infra/console/parts/format.ts";
import { Check, Choice, Field } from "#infra/console/parts/fields.tsx";
import { ErrorBanner, Notice } from "#infra/console/parts/notices.tsx";
import { useAction } from "#infra/console/state/action.ts";
import { navigate } from "#infra/console/state/location.ts";
import { to } from "#infra/console/state/router.ts";
import { call } from "#infra/console/state/service.ts";
import {
  ACCESS_CHOICES,
  COMMENT_CHOICES,
  CONTAINER_CHOICES,
  STRATEGY_CHOICES,
  VERIFY_CHOICES,
} from "./choices.ts";
import { changesOf, formOf, type SettingsForm } from "./source-changes.ts";
import { Credentials } from "./source-credentials.tsx";

/** How a source is synced and who finds what of it; its token; its end. */
export function Settings({ source, refresh }: { source: Source; refresh: () => void }) {
  return (
    <div class="settings">
      <SyncSettings source={source} refresh={refresh} />
      <Credentials source={source} refresh={refresh} />
      <Deletion source={source} />
    </div>
  );
}

function SyncSettings({ source, refresh }: { source: Source; refresh: () => void }) {
  // Only what a person changes is kept here: the rest follows what is stored, and is not sent.
  const [edits, setEdits] = useState<Partial<SettingsForm>>({});
  const [saved, setSaved] = useState<Source | null>(null);
  const stored = saved !== null && saved.updated_at > source.updated_at ? saved : source;
  const form = { ...formOf(stored), ...edits };
  const set = (changes: Partial<SettingsForm>) => setEdits((last) => ({ ...last, ...changes }));
  const save = useAction(async () => {
    const body = changesOf(stored, edits);
    if (body !== null)
      setSaved(await call("updateSource", { params: { source_id: source.source_id }, body }));
    setEdits({});
    refresh();
    return body === null ? "Nothing was changed." : "Saved.";
  });
  return (
    <section aria-labelledby="sync-settings">
      <h2 id="sync-settings">Sync and access</h2>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <Field label="Title" value={form.title} required onValue={(title) => set({ title })} />
        <Field
          label="Minutes between two syncs"
          hint="Empty: on demand only. Edits are asked for each minute anyway where the site does so."
          type="number"
          min={1}
          value={form.interval}
          onValue={(interval) => set({ interval })}
        />
        <Choice
          label="Pages deleted in Confluence are looked for"
          choices={STRATEGY_CHOICES}
          value={form.strategy}
          onValue={(strategy) => set({ strategy })}
        />
        <fieldset>
          <legend>Also sync</legend>
          <Check label="Blog posts" value={form.blogposts} onValue={(blogposts) => set({ blogposts })} />
          <Check label="Files" value={form.attachments} onValue={(attachments) => set({ attachments })} />
        </fieldset>
        <Choice
          label="Comments"
          choices={COMMENT_CHOICES}
          value={form.comments}
          onValue={(comments) => set({ comments })}
        />
        <Choice
          label="Search shows"
          hint="What a change shows less of is gone at once; what it shows more of needs the permissions read again."
          choices={ACCESS_CHOICES}
          value={form.access}
          onValue={(access) => set({ access })}
        />
        {form.access !== "everything" && (
          <Choice
            label="Below folders whose restrictions Confluence does not tell"
            choices={CONTAINER_CHOICES}
            value={form.containers}
            onValue={(containers) => set({ containers })}
          />
        )}
        {form.access === "per_user" && (
          <Choice
            label="Each hit is checked"
            choices={VERIFY_CHOICES}
            value={form.verify}
            onValue={(verify) => set({ verify })}
          />
        )}
        {save.error && <ErrorBanner error={save.error} />}
        {save.done !== null && <Notice tone="ok">{save.done}</Notice>}
        <p class="buttons">
          <Button kind="primary" type="submit" sending={save.sending}>
            Save
          </Button>
        </p>
      </form>
    </section>
  );
}

function Deletion({ source }: { source: Source }) {
  const [asked, ask] = useState(false);
  const [typed, setTyped] = useState("");
  const remove = useAction(async () => {
    await call("deleteSource", { params: { source_id: source.source_id } });
    navigate(to.sources());
    return `${source.title} is deleted.`;
  });
  return (
    <section aria-labelledby="deletion">
      <h2 id="deletion">Delete this source</h2>
      <p class="hint">
        Search stops showing it at once, its token is deleted, and the space can be added again. Confluence is
        not changed.
      </p>
      <p>
        <Button kind="danger" onClick={() => ask(true)}>
          Delete …
        </Button>
      </p>
      {asked && (
        <Confirm
          title={`Delete ${source.title}?`}
          confirm="Delete this source"
          disabled={typed !== source.space_key}
          sending={remove.sending}
          error={remove.error}
          onConfirm={() => void remove.run()}
          onClose={() => ask(false)}
        >
          <p>
            {counted(source.page_count, "page")} and {counted(source.chunk_count, "chunk")} are removed from
            the index.
          </p>
          <Field label={`Type ${source.space_key} to confirm`} value={typed} onValue={setTyped} />
        </Confirm>
      )}
    </section>
  );
}
