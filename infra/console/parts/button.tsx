import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** A button that stays focusable while its request is under way, and does nothing then. */
export function Button({
  onClick,
  children,
  kind = "plain",
  sending = false,
  disabled = false,
  type = "button",
  label,
}: {
  onClick?: () => void;
  children: ComponentChildren;
  kind?: "plain" | "primary" | "danger" | "link";
  sending?: boolean;
  disabled?: boolean;
  type?: "button" | "submit";
  /** What assistive technology reads, where the text does not say of what. */
  label?: string;
}) {
  const off = sending || disabled;
  const element = useRef<HTMLButtonElement>(null);
  // The cleanup of a passive effect would run when the element has gone, and the focus with it.
  useLayoutEffect(
    () => () => {
      // Who uses the keyboard would begin at the top of the document again.
      if (document.activeElement === element.current)
        queueMicrotask(() => document.querySelector("h1")?.focus());
    },
    [],
  );
  return (
    <button
      ref={element}
      type={type}
      class={kind}
      aria-disabled={off ? "true" : undefined}
      aria-label={label}
      onClick={(event) => {
        if (off) event.preventDefault();
        else onClick?.();
      }}
    >
      {sending ? "Sending …" : children}
    </button>
  );
}
