import type { ComponentChildren } from "preact";
import type { PlannedSpaces } from "#infra/console/api/types.ts";
import { fact, FactList } from "#infra/console/parts/fact-list.tsx";
import { count, counted, dollars, duration, words } from "#infra/console/parts/format.ts";
import { Notice } from "#infra/console/parts/notices.tsx";
import { Table, type Column } from "#infra/console/parts/table.tsx";

const MINUTE_MS = 60_000;

/** Which spaces would become sources, and what their first syncs cost. */
export function PlannedSpacesList({ plan, children }: { plan: PlannedSpaces; children: ComponentChildren }) {
  const { estimate } = plan;
  return (
    <section aria-labelledby="plan">
      <h2 id="plan">What would be synced</h2>
      {plan.spaces.length === 0 ? (
        <Notice>
          No space would be added. Those that match may be synced already; else check the keys, and whether
          the account may see the spaces.
        </Notice>
      ) : (
        <>
          <FactList
            facts={[
              fact(
                "Spaces",
                count(estimate.spaces),
                plan.not_included > 0 ? `${count(plan.not_included)} others are left out` : undefined,
              ),
              fact("Pages", count(estimate.pages)),
              fact(
                "Besides",
                `${counted(estimate.blogposts, "blog post")}, ${counted(estimate.comments, "comment")}, ${counted(estimate.files, "file")}`,
              ),
              fact("Tokens to embed", `about ${count(estimate.tokens)}`),
              fact(
                "Embeddings cost",
                dollars(estimate.dollars),
                estimate.dollars === null ? "the model has no list price" : undefined,
              ),
              fact("First syncs take", `about ${duration(Math.max(1, estimate.minutes) * MINUTE_MS)}`),
            ]}
          />
          <p class="buttons">{children}</p>
          <details open={plan.spaces.length <= 20}>
            <summary>{counted(plan.spaces.length, "space")}</summary>
            <Table
              caption="Spaces that would become sources"
              columns={columns}
              rows={plan.spaces}
              keyOf={(space) => space.space_key}
              empty=""
            />
          </details>
        </>
      )}
    </section>
  );
}

const columns: readonly Column<PlannedSpaces["spaces"][number]>[] = [
  {
    head: "Space",
    kind: "main",
    cell: (space) => (
      <>
        {space.name} <span class="key">{space.space_key}</span>
      </>
    ),
  },
  { head: "Type", cell: (space) => words(space.type) },
  {
    head: "Pages",
    kind: "number",
    cell: (space) => (space.pages === null ? "not known" : count(space.pages)),
  },
];
