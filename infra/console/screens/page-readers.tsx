import { useEffect, useRef, useState } from "preact/hooks";
import type { AccessExplanation } from "#infra/console/api/types.ts";
import { Button } from "#infra/console/parts/button.tsx";
import { words } from "#infra/console/parts/format.ts";
import { Badge, Loaded, Notice } from "#infra/console/parts/notices.tsx";
import { Table, type Column } from "#infra/console/parts/table.tsx";
import { Ago } from "#infra/console/parts/time.tsx";
import { announce } from "#infra/console/state/announce.ts";
import { place, setQuery } from "#infra/console/state/location.ts";
import { usePolled } from "#infra/console/state/polled.ts";
import { call } from "#infra/console/state/service.ts";
import type { ShownPage } from "#infra/console/api/types.ts";

/** Whether search shows the page to a person, and which clause decides. */
export function PageReaders({ page }: { page: ShownPage }) {
  const account = place.value.query.account ?? "";
  const [typed, setTyped] = useState(account);
  const access = usePolled(
    `who ${page.source_id} ${page.page_id} ${account}`,
    (signal) =>
      call("explainAccess", {
        query: {
          page_id: page.page_id,
          source_id: page.source_id,
          account_id: account === "" ? undefined : account,
        },
        signal,
      }),
    null,
  );
  useEffect(() => setTyped(account), [account]);
  const { data } = access;
  const asked = useRef(false);
  useEffect(() => {
    if (data && asked.current) announce(`${verdictOf(data)}.`);
  }, [data]);
  // It stays while another person's answer is read: the focus is in it.
  const offersPerson = useRef(false);
  if (data) offersPerson.current = isByPerson(data);
  return (
    <>
      {offersPerson.current && (
        <form
          class="filters"
          onSubmit={(event) => {
            event.preventDefault();
            asked.current = true;
            setQuery({ account: typed.trim() });
          }}
        >
          <label>
            Confluence account id; empty: the public
            <input
              value={typed}
              spellcheck={false}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          </label>
          <Button type="submit">Explain</Button>
        </form>
      )}
      <Loaded of={access} what="who finds the page">
        {(loaded) => <Explanation access={loaded} />}
      </Loaded>
    </>
  );
}

/** Until the rights have been read again after a change of the mode, both modes count. */
const isByPerson = (access: AccessExplanation) => [access.mode, access.mode_before].includes("per_user");

function verdictOf(access: AccessExplanation): string {
  // Whoever it is, only a source that shows each person what they may read makes a difference.
  const person = access.account ? access.account.account_id : "The public";
  const who = isByPerson(access) ? person : "Whoever may search";
  return `${who} ${access.allowed ? "finds this page" : "does not find this page"}`;
}

function Explanation({ access }: { access: AccessExplanation }) {
  return (
    <>
      <Notice tone={access.allowed ? "ok" : "warn"}>
        <p>
          <strong>{verdictOf(access)}</strong>: {access.message}.
        </p>
        <p class="quiet">
          Access {words(access.mode)}, permissions read <Ago at={access.verified_at} />
        </p>
      </Notice>
      {access.clauses.length > 0 && (
        <Table
          caption="Clauses from the space down to the page"
          columns={columns}
          rows={access.clauses}
          keyOf={(clause) => clause.content_id ?? "space"}
          empty=""
        />
      )}
    </>
  );
}

const columns: readonly Column<AccessExplanation["clauses"][number]>[] = [
  {
    head: "Clause of",
    kind: "main",
    cell: (clause) => clause.title ?? (clause.content_id === null ? "the space" : clause.content_id),
  },
  {
    head: "Passes",
    cell: (clause) => <Badge tone={clause.passes ? "ok" : "bad"}>{clause.passes ? "yes" : "no"}</Badge>,
  },
  { head: "By", cell: (clause) => words(clause.by) },
  { head: "Names", kind: "wide", cell: (clause) => named(clause) },
  { head: "State", cell: (clause) => clause.state },
];

function named(clause: AccessExplanation["clauses"][number]): string {
  const parts = [
    ...clause.classes.map(words),
    ...clause.groups.map((group) => `group ${group}`),
    ...clause.users,
  ];
  return parts.length > 6 ? `${parts.slice(0, 6).join(", ")} and ${parts.length - 6} more` : parts.join(", ");
}
