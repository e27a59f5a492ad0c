import type { ComponentChildren } from "preact";

export type Fact = [term: string, value: ComponentChildren, note?: ComponentChildren];

/** Terms with their values, in aligned columns; what is null is left out. */
export function FactList({ facts }: { facts: readonly (Fact | null)[] }) {
  return (
    <dl class="fact-list">
      {facts.map(
        (fact) =>
          fact && (
            <div key={fact[0]}>
              <dt>{fact[0]}</dt>
              <dd>
                {fact[1]}
                {fact[2] !== undefined && <small>{fact[2]}</small>}
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}
