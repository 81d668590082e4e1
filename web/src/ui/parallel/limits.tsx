import type { JSX } from "preact";
import type { Brush } from "../../core/brush";
import { own } from "../../core/own";
import type { Lens } from "../lens";
import { NumberField } from "../number-field";

interface LimitsProps {
  readonly lens: Lens;
  readonly name: string;
}

/** The ends of an axis, to be typed; percentiles have theirs from the values alone. */
export function DomainFields({ lens, name }: LimitsProps): JSX.Element | null {
  const scale = lens.scale(name);
  const { kind } = lens.info(name);
  if (scale.name === "percentile") return null;
  const [low, high] = scale.domain;
  const set = (from: number, to: number): string => {
    if (!(from < to)) return "from must lie below to";
    if (scale.name === "log" && from <= 0) return "a log axis starts above 0";
    lens.scales.setDomain(name, [from, to]);
    return "";
  };
  return (
    <fieldset class="ut-limits">
      <legend>Axis</legend>
      <NumberField kind={kind} label="from" value={low} onValue={(value) => set(value, high)} />
      <NumberField kind={kind} label="to" value={high} onValue={(value) => set(low, value)} />
      {lens.scales.domain(name) && (
        <button type="button" class="ut-small" onClick={() => lens.scales.setDomain(name, null)}>
          All values
        </button>
      )}
    </fieldset>
  );
}

/** The ranges that are brushed on an axis, to be typed. */
export function RangeFields({ lens, name, focused }: LimitsProps & { readonly focused: boolean }): JSX.Element {
  const { kind } = lens.info(name);
  const brushes = own(lens.brushes.value, name) ?? [];
  const put = (index: number, range: readonly [number, number]): string => {
    if (range[0] > range[1]) return "from must not lie above to";
    lens.setBrushes(
      name,
      brushes.map((brush, i): Brush => (i === index ? { kind: "range", range } : brush)),
    );
    return "";
  };
  return (
    <fieldset class="ut-limits">
      <legend>Brushed</legend>
      {brushes.map((brush, i) => {
        if (brush.kind !== "range") return null;
        const [low, high] = brush.range;
        return (
          <div key={i} class="ut-range">
            <NumberField
              kind={kind}
              label="from"
              value={low}
              onValue={(value) => put(i, [value, high])}
              focused={focused && i === 0}
            />
            <NumberField kind={kind} label="to" value={high} onValue={(value) => put(i, [low, value])} />
            <button
              type="button"
              class="ut-small"
              aria-label={`Clear brush ${i + 1}`}
              title="Clear this brush"
              onClick={() =>
                lens.setBrushes(
                  name,
                  brushes.filter((_, k) => k !== i),
                )
              }
            >
              ×
            </button>
          </div>
        );
      })}
      <button
        type="button"
        class="ut-small"
        onClick={() => lens.setBrushes(name, [...brushes, { kind: "range", range: lens.scale(name).extent }])}
      >
        Add a range
      </button>
    </fieldset>
  );
}
