import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { place } from "#infra/console/state/location.ts";

let lastFocused: string | null = null;

/** The frame of a screen: its title, which the document has too and which gets the focus when the screen changes. */
export function Screen({
  title,
  above,
  below,
  actions,
  children,
}: {
  title: string;
  above?: ComponentChildren;
  below?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { route } = place.value;
  const screen = JSON.stringify({ ...route, tab: undefined });
  useEffect(() => {
    document.title = `${title} · Confluence sync`;
  }, [title]);
  useEffect(() => {
    // Not at the first screen: who opens the console begins at its top.
    if (lastFocused !== null && lastFocused !== screen) heading.current?.focus();
    lastFocused = screen;
  }, [screen]);
  return (
    <>
      {above !== undefined && <p class="above">{above}</p>}
      <div class={below ? "title" : "title alone"}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions !== undefined && <div class="buttons">{actions}</div>}
      </div>
      {below && <div class="below">{below}</div>}
      {children}
    </>
  );
}
