import { useId } from "preact/hooks";
import type { Choices } from "./choices.ts";

type Common = { label: string; hint?: string };

/** A labelled line of text. */
export function Field({
  label,
  hint,
  value,
  onValue,
  type = "text",
  required = false,
  min,
  placeholder,
}: Common & {
  value: string;
  onValue: (value: string) => void;
  type?: "text" | "email" | "password" | "number" | "url" | "search" | "date";
  required?: boolean;
  min?: number;
  placeholder?: string;
}) {
  const id = useId();
  return (
    <label>
      {label}
      {hint !== undefined && <small id={id}>{hint}</small>}
      <input
        // The attributes of all these types are those of text.
        // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- without it tsc finds no type of input that fits
        type={type as "text"}
        value={value}
        required={required}
        min={min}
        placeholder={placeholder}
        autocomplete="off"
        spellcheck={false}
        aria-describedby={hint === undefined ? undefined : id}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </label>
  );
}

/** One of several values. */
export function Choice<T extends string>({
  label,
  hint,
  choices,
  value,
  onValue,
}: Common & { choices: Choices<T>; value: T; onValue: (value: T) => void }) {
  const id = useId();
  return (
    <label>
      {label}
      {hint !== undefined && <small id={id}>{hint}</small>}
      <select
        value={value}
        aria-describedby={hint === undefined ? undefined : id}
        onChange={(event) => {
          const chosen = choices.find(([one]) => one === event.currentTarget.value);
          if (chosen) onValue(chosen[0]);
        }}
      >
        {choices.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Check({
  label,
  value,
  onValue,
}: {
  label: string;
  value: boolean;
  onValue: (value: boolean) => void;
}) {
  return (
    <label class="check">
      <input type="checkbox" checked={value} onChange={(event) => onValue(event.currentTarget.checked)} />
      {label}
    </label>
  );
}
