import type { JSX } from "preact";

interface CheckBoxProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly title?: string;
}

/** Something in a menu that is on or off. */
export function CheckBox({ label, checked, onChange, title }: CheckBoxProps): JSX.Element {
  return (
    <label class="ut-check" title={title}>
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  );
}
