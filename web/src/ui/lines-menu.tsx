import type { JSX } from "preact";
import { fullLabel } from "../core/format";
import { CheckBox } from "./check-box";
import { EXACT_ROWS } from "./lens";
import type { Lens } from "./lens";
import type { LineStyle } from "./line-style";
import { PLAIN_LINES } from "./line-style";
import { Menu } from "./menu";

/** How the lines look: opacity, width, curves, context; what they weigh; and the pinned ones. */
export function LinesMenu({ lens }: { lens: Lens }): JSX.Element {
  return (
    <Menu class="ut-lines-menu" label="Lines: how they look" face="Lines">
      {() => <Choices lens={lens} />}
    </Menu>
  );
}

function Choices({ lens }: { lens: Lens }): JSX.Element {
  const style = lens.lines.value;
  const set = (change: Partial<LineStyle>) => (lens.lines.value = { ...style, ...change });
  const pinned = lens.pins.list.value.length;
  const weights = lens.columns.filter(({ kind, name }) => kind === "number" && lens.summary(name).max > 0);
  const dense = lens.crowd !== null;
  return (
    <>
      {dense && (
        <p>
          More than {EXACT_ROWS.toLocaleString("en-US")} lines are drawn as densities, which are straight and as strong
          as they are dense; opacity, width and curves are for selections of few enough lines.
        </p>
      )}
      <Factor label="Opacity" value={style.opacity} onValue={(opacity) => set({ opacity })} />
      <Factor label="Width" value={style.width} onValue={(width) => set({ width })} />
      <CheckBox label="Curves" checked={style.curved} onChange={(curved) => set({ curved })} />
      <CheckBox label="Keep the others in grey" checked={style.context} onChange={(context) => set({ context })} />
      <label class="ut-field">
        <span>Weight</span>
        <select
          aria-label="Weigh lines by"
          value={lens.weight.column.value ?? ""}
          onChange={(event) => (lens.weight.column.value = event.currentTarget.value || null)}
        >
          <option value="">all alike</option>
          {weights.map((column) => (
            <option key={column.name} value={column.name}>
              {fullLabel(column)}
            </option>
          ))}
        </select>
      </label>
      {dense && lens.weight.column.value !== null && (
        <p>The selected share is by weight; the densities still count lines.</p>
      )}
      <div class="ut-picks">
        <button type="button" onClick={() => (lens.lines.value = PLAIN_LINES)}>
          As at first
        </button>
        {pinned > 0 && (
          <button type="button" onClick={() => lens.pins.clear()}>
            Unpin all {pinned}
          </button>
        )}
      </div>
    </>
  );
}

interface FactorProps {
  readonly label: string;
  readonly value: number;
  readonly onValue: (value: number) => void;
}

/** A factor from a quarter to four, in even ratios. */
function Factor({ label, value, onValue }: FactorProps): JSX.Element {
  return (
    <label class="ut-field">
      <span>{label}</span>
      <input
        type="range"
        min={-2}
        max={2}
        step={0.125}
        value={Math.log2(value)}
        aria-valuetext={`${Math.round(100 * value)} %`}
        onInput={(event) => onValue(2 ** Number(event.currentTarget.value))}
      />
      <output>{Math.round(100 * value)} %</output>
    </label>
  );
}

/** How much the selected lines weigh, behind their count. */
export function WeightShare({ lens }: { lens: Lens }): JSX.Element | null {
  const share = lens.weight.share.value;
  if (!share) return null;
  const { label, name } = lens.info(lens.weight.column.value!);
  return (
    <span class="ut-weight">
      {share.approximate && "≈ "}
      <strong>{(100 * share.share).toFixed(1)} %</strong> by {label || name}
    </span>
  );
}
