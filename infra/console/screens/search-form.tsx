import { useEffect, useState } from "preact/hooks";
import type { Source } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { place, setQuery } from "#infra/console/state/location.ts";
import type { Query } from "#infra/console/state/router.ts";
import { kindNames, KINDS } from "./page-states.ts";

const FIELDS = ["q", "page", "source", "as", "who", "kind", "labels", "since", "n"] as const;
type Form = Record<(typeof FIELDS)[number], string>;

function formOf(query: Query): Form {
  return Object.fromEntries(FIELDS.map((name) => [name, query[name] ?? ""])) as Form;
}

/** What to search for, as whom, with which filters, and which page should be among the results. */
export function SearchForm({ sources }: { sources: readonly Source[] }) {
  const { query } = place.value;
  const [form, setForm] = useState(() => formOf(query));
  // A link or the history may ask for something else; the fields stay, and the focus in them.
  useEffect(() => setForm(formOf(query)), [query]);
  const set = (name: keyof Form) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setForm((last) => ({ ...last, [name]: value }));
  };
  const isFiltered = form.kind !== "" || form.labels !== "" || form.since !== "" || form.n !== "";
  return (
    <form
      role="search"
      class="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (form.q.trim() !== "") setQuery(form);
      }}
    >
      <div class="filters">
        <label class="grow">
          Query
          <input type="search" value={form.q} onInput={set("q")} required />
        </label>
        <label class="grow">
          Page that should be found: title, id or address
          <input type="search" value={form.page} onInput={set("page")} spellcheck={false} />
        </label>
        <Button kind="primary" type="submit">
          Search
        </Button>
      </div>
      <div class="filters">
        <label>
          As
          <select value={form.as} onChange={set("as")}>
            <option value="">operator: everything</option>
            <option value="person">a person</option>
            <option value="anonymous">the public</option>
            <option value="nobody">nobody in particular</option>
          </select>
        </label>
        {form.as === "person" && (
          <label>
            Account id or e-mail
            <input value={form.who} onInput={set("who")} required spellcheck={false} />
          </label>
        )}
        <label>
          Source
          <select value={form.source} onChange={set("source")}>
            <option value="">all</option>
            {sources.map((one) => (
              <option key={one.source_id} value={one.source_id}>
                {one.title}
              </option>
            ))}
          </select>
        </label>
        <details open={isFiltered}>
          <summary>More filters</summary>
          <div class="filters">
            <label>
              Kind
              <select value={form.kind} onChange={set("kind")}>
                <option value="">any</option>
                {KINDS.map((kind) => (
                  <option key={kind} value={kind}>
                    {kindNames(kind)}
                  </option>
                ))}
              </select>
            </label>
            <label>
              One of these labels
              <input value={form.labels} onInput={set("labels")} spellcheck={false} />
            </label>
            <label>
              Edited since
              <input type="date" value={form.since} onInput={set("since")} />
            </label>
            <label>
              Results
              <input type="number" min={1} max={100} placeholder="10" value={form.n} onInput={set("n")} />
            </label>
          </div>
        </details>
      </div>
    </form>
  );
}
