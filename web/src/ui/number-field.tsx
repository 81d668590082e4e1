import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Kind } from "../core/column";
import { formatTime } from "../core/format";
import { parseNumber, parseTime } from "../core/parse";

interface NumberFieldProps {
  readonly kind: Kind;
  readonly label: string;
  readonly value: number;
  /** @returns What is wrong with the number; "" where nothing is, and it was taken. */
  readonly onValue: (value: number) => string;
  readonly focused?: boolean;
}

/** A number or an instant that a person types: taken on Enter or when the field is left, refused with a reason. */
export function NumberField({ kind, label, value, onValue, focused = false }: NumberFieldProps): JSX.Element {
  const [text, setText] = useState<string | null>(null);
  const [problem, setProblem] = useState("");
  // Six digits are read at a glance; the value itself stays as it is until someone types another.
  const shown = text ?? (kind === "time" ? formatTime(value) : String(Number(value.toPrecision(6))));
  const take = () => {
    if (text === null) return;
    const parsed = kind === "time" ? parseTime(text) : parseNumber(text);
    const wrong =
      parsed === null ? (kind === "time" ? "write it as 2026-11-24 08:05" : "not a number") : onValue(parsed);
    setProblem(wrong);
    if (!wrong) setText(null);
  };
  return (
    <label class="ut-number-field">
      <span>{label}</span>
      <input
        type="text"
        inputMode={kind === "time" ? "text" : "decimal"}
        value={shown}
        title={kind === "time" ? shown : String(value)}
        aria-invalid={problem !== ""}
        ref={(input) => {
          if (focused && input && !input.dataset["seen"]) {
            input.dataset["seen"] = "true";
            requestAnimationFrame(() => (input.focus(), input.select()));
          }
        }}
        onInput={(event) => setText(event.currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === "Enter") take();
          else if (event.key === "Escape" && text !== null) (setText(null), setProblem(""), event.stopPropagation());
        }}
      />
      {problem && <em role="alert">{problem}</em>}
    </label>
  );
}
