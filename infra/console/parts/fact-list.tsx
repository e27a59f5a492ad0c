import type { ComponentChildren } from "preact";

type Fact = { term: string; value: ComponentChildren; note: ComponentChildren };

/** One line of a list of facts, with a note below its value. */
export function fact(term: string, value: ComponentChildren, note: ComponentChildren = null): Fact {
  return { term, value, note };
}

/** Terms with their values, in aligned columns; what is null is left out. */
export function FactList({ facts }: { facts: readonly (Fact | null)[] }) {
  return (
    <dl class="fact-list">
      {facts.map(
        (one) =>
          one && (
            <div key={one.term}>
              <dt>{one.term}</dt>
              <dd>
                {one.value}
                {one.note !== null && <small>{one.note}</small>}
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}
