import type { ComponentChildren } from "preact";

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
  return (
    <button
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
