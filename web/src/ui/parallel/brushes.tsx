import type { JSX } from "preact";
import type { Brush } from "../../core/brush";
import { extent } from "../../core/brush";
import { formatNumber, formatTime, formatWhole } from "../../core/format";
import { own } from "../../core/own";
import type { Lens } from "../lens";
import { yOf } from "./geometry";
import type { End } from "./gestures";
import { nudge } from "./gestures";
import type { PlotModel } from "./model";

/** How many steps a key moves the end of a brush; a step is a hundredth of the axis, a whole number or a category. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowUp: 1,
  ArrowRight: 1,
  ArrowDown: -1,
  ArrowLeft: -1,
  PageUp: 10,
  PageDown: -10,
  End: Infinity,
  Home: -Infinity,
};

interface BrushesProps {
  readonly lens: Lens;
  readonly model: PlotModel;
  readonly name: string;
}

/** The brushes of an axis; each end of one is a slider for the keyboard. */
export function Brushes({ lens, model, name }: BrushesProps): JSX.Element {
  const g = model.geometry.value;
  const inverted = Number(lens.inverted.value.has(name));
  const categories = lens.categories(name);
  const brushes = own(lens.brushes.value, name) ?? [];
  const press = (index: number, end: End) => (event: KeyboardEvent) => {
    const steps = own(STEPS, event.key);
    if (event.key === "Delete" || event.key === "Backspace") {
      lens.setBrushes(
        name,
        brushes.filter((_, i) => i !== index),
      );
      axisOf(event).querySelector<SVGElement>(".ut-axis-reach")!.focus();
    } else if (steps === undefined) return;
    else lens.setBrushes(name, nudge(index, end, steps, model.context(name), lens.summary(name).integer));
    event.preventDefault();
  };
  return (
    <>
      {brushes.map((brush, i) => {
        if (brush.kind === "slot") return <circle key={i} class="ut-brush" cy={g.slots[brush.slot - 2]!} r={8} />;
        const span = extent(brush, lens.scale(name), categories);
        if (!span) return null;
        const [foot, head] = span.map((p) => yOf(Math.min(1, Math.max(0, p)), inverted, g)) as [number, number];
        const height = Math.max(3, Math.abs(head - foot));
        const ends = { foot: foot < head ? head - height : head + height, head };
        return (
          <g key={i} class="ut-brush">
            <rect x={-9} width={18} y={Math.min(ends.foot, ends.head)} height={height} rx={4} />
            {(["foot", "head"] as const).map((end) => (
              <line
                key={end}
                x1={-5}
                x2={5}
                y1={ends[end]}
                y2={ends[end]}
                role="slider"
                tabindex={0}
                aria-orientation="vertical"
                aria-label={`${lens.info(name).label || name}, brush ${i + 1}, ${end === "foot" ? "lower" : "upper"} end`}
                {...ariaOf(lens, name, brush, span, end)}
                onFocus={() => void lens.crowd?.activate(name)}
                onKeyDown={press(i, end)}
              />
            ))}
          </g>
        );
      })}
    </>
  );
}

/** Keys of an axis itself: Enter lays a brush over all of it, or goes to the one there is; Delete clears them. */
export function pressAxis(event: KeyboardEvent, model: PlotModel, name: string): void {
  const { lens } = model;
  const axis = axisOf(event);
  if (event.key === "Delete" || event.key === "Backspace") lens.setBrushes(name, []);
  else if (event.key !== "Enter" && event.key !== " ") return;
  else {
    if (!own(lens.brushes.value, name)?.some((brush) => brush.kind !== "slot")) {
      const whole: Brush = lens.categories(name)
        ? { kind: "values", values: lens.categories(name)! }
        : { kind: "range", range: lens.scale(name).extent };
      lens.setBrushes(name, [...(own(lens.brushes.value, name) ?? []), whole]);
    }
    requestAnimationFrame(() => axis.querySelector<SVGElement>("[role=slider]")?.focus());
  }
  event.preventDefault();
}

function axisOf(event: Event): SVGGElement {
  return (event.currentTarget as Element).closest<SVGGElement>(".ut-axis")!;
}

interface SliderAria {
  readonly "aria-valuemin": number;
  readonly "aria-valuemax": number;
  readonly "aria-valuenow": number;
  readonly "aria-valuetext": string;
}

/** What a slider says: values of the column; categories by their rank from the foot of the axis. */
function ariaOf(lens: Lens, name: string, brush: Brush, span: readonly [number, number], end: End): SliderAria {
  const scale = lens.scale(name);
  const { kind } = lens.info(name);
  let [least, most] = scale.extent;
  let [low, high] = brush.kind === "range" ? brush.range : [least, most];
  let text = (value: number) => (kind === "time" ? formatTime(value) : formatNumber(value));
  if (lens.summary(name).integer) text = formatWhole;
  const categories = lens.categories(name);
  if (categories) {
    const count = categories.length;
    const rank = (position: number) => Math.round(position * count - 0.5);
    [low, high] = [rank(span[0] + 0.5 / count), rank(span[1] - 0.5 / count)];
    [least, most] = [0, count - 1];
    text = (value) => categories[scale.invert((value + 0.5) / count)]!;
  }
  const [now, min, max] = end === "foot" ? [low, least, high] : [high, low, most];
  const within = (value: number) => Math.min(most, Math.max(least, value));
  return {
    "aria-valuemin": within(min),
    "aria-valuemax": within(max),
    "aria-valuenow": within(now),
    "aria-valuetext": text(within(now)),
  };
}
