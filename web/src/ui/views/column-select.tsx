import type { JSX } from "preact";
import type { ColumnInfo } from "../../core/column";
import { fullLabel } from "../../core/format";
import type { Lens } from "../lens";

interface ColumnSelectProps {
  readonly lens: Lens;
  /** What the column is for, in a word; shown before it. */
  readonly face: string;
  readonly label: string;
  readonly value: string;
  readonly onChange: (name: string) => void;
  readonly allowed?: (info: ColumnInfo) => boolean;
  /** What choosing no column is called, where that can be. */
  readonly none?: string;
}

/** Chooses one of a frame's columns. */
export function ColumnSelect(props: ColumnSelectProps): JSX.Element {
  const { lens, face, label, value, onChange, allowed, none } = props;
  const columns = lens.columns.filter((info) => allowed?.(info) ?? true);
  return (
    <label>
      <span>{face}</span>
      <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {none !== undefined && <option value="">{none}</option>}
        {columns.map((info) => (
          <option key={info.name} value={info.name}>
            {fullLabel(info)}
          </option>
        ))}
      </select>
    </label>
  );
}
