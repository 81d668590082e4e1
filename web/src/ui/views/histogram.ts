import type { Brush } from "../../core/brush";
import type { ColumnInfo, Summary } from "../../core/column";
import { binOf, edges } from "../../core/edges";
import { formatNumber, formatTime } from "../../core/format";
import type { Scale, SlotCode } from "../../core/scale";
import { Slot, SLOT_LABELS } from "../../core/scale";
import type { Binning, Cube } from "../../engine/engine";

/** Bars of a column of numbers, and the most that a page draws. */
const [BARS, MOST] = [60, 240];

/** One bar of a histogram. */
export interface Bar {
  readonly label: string;
  /** From where to where it stands on the axis, or its slot. */
  readonly place: readonly [number, number] | SlotCode;
  /** What a value within it may be: for its colour. */
  readonly value: number;
  /** Selects its rows, and no others. */
  readonly brush: Brush;
  readonly all: number;
  readonly chosen: number;
}

/** How a column is cut: whole numbers have a bar each where they are few. */
export interface Cutting {
  readonly binning: Binning;
  readonly bins: number;
  /** Whether a bar is one whole number, or one category. */
  readonly single: boolean;
}

/** Into how many bars a column is cut. */
export function cutting(binning: Binning, summary: Summary, categories: readonly string[] | null): Cutting {
  const [low, high] = binning.domain;
  if (categories) {
    const bins = Math.min(MOST, Math.max(1, categories.length));
    return { binning, bins, single: bins >= categories.length };
  }
  if (!(low < high)) return { binning, bins: 1, single: false };
  const whole = high - low + 1;
  const few = summary.integer && binning.scale === "linear" && whole <= BARS && Number.isInteger(low);
  return few ? { binning, bins: whole, single: true } : { binning, bins: BARS, single: false };
}

/** Where a whole number's bar has its middle. */
export function middleOf(value: number, { binning, bins }: Cutting): number {
  return (value - binning.domain[0] + 0.5) / bins;
}

/** The bars of a column, those of the values beyond its scale at the end, where there are any. */
export function barsOf(
  cut: Cutting,
  info: ColumnInfo,
  summary: Summary,
  categories: readonly string[] | null,
  all: Cube,
  chosen: Cube,
): Bar[] {
  const { bins } = cut;
  const counts = (bin: number) => {
    const at = bin * all.side + bin;
    return { all: all.counts[0]![at]!, chosen: chosen.counts[0]![at]! };
  };
  const bars: Bar[] = categories
    ? categoryBars(categories, bins).map((bar, bin) => ({ ...bar, ...counts(bin) }))
    : Number.isNaN(summary.min)
      ? []
      : numberBars(cut, info, summary).flatMap((bar, bin) => (bar ? [{ ...bar, ...counts(bin) }] : []));
  const slots = [Slot.PositiveInfinity, Slot.NonPositive, Slot.NegativeInfinity, Slot.NaN, Slot.Missing];
  slots.forEach((slot, i) => {
    const counted = counts(bins + i);
    if (counted.all > 0)
      bars.push({ label: SLOT_LABELS[slot], place: slot, value: NaN, brush: { kind: "slot", slot }, ...counted });
  });
  return bars;
}

/** A bar before anything was counted. */
export type Uncounted = Omit<Bar, "all" | "chosen">;

/** The bars of categories: code after code, or as many to a bar as the engines cut them. */
export function categoryBars(categories: readonly string[], bins: number): Uncounted[] {
  const count = Math.max(1, categories.length);
  // As the engines cut them: code c lies in bin ⌊c · bins / categories⌋.
  const starts = Array.from({ length: bins + 1 }, (_, bin) => (count <= bins ? bin : Math.ceil((bin * count) / bins)));
  return starts.slice(0, -1).map((from, bin) => {
    const values = categories.slice(from, starts[bin + 1]);
    const label = values.length > 1 ? `${values[0]} … ${values.at(-1)}` : (values[0] ?? "");
    const place = [1 - starts[bin + 1]! / count, 1 - from / count] as const;
    return { label, place, value: from, brush: { kind: "values", values } };
  });
}

/** The bars of numbers; null for one that no whole number lies in. */
export function numberBars(
  { binning, bins, single }: Cutting,
  info: ColumnInfo,
  summary: Summary,
): (Uncounted | null)[] {
  const cut = edges(binning, bins);
  const text = (value: number) => (info.kind === "time" ? formatTime(value) : formatNumber(value));
  return Array.from({ length: bins }, (_, bin) => {
    let [low, high] = [cut[bin]!, bin === bins - 1 ? cut[bins]! : below(cut[bin + 1]!)];
    const label = `${text(low)} – ${text(cut[bin + 1]!)}`;
    if (summary.integer) [low, high] = [Math.ceil(low), Math.floor(high)];
    // Equal edges, or none of the whole numbers between two: nothing can lie there.
    if (low > high) return null;
    const whole = summary.integer && info.kind !== "time";
    return {
      label: low === high ? text(low) : whole ? `${text(low)} – ${text(high)}` : label,
      place: [bin / bins, (bin + 1) / bins],
      value: single ? low : low / 2 + high / 2,
      brush: { kind: "range", range: [low, high] },
    };
  });
}

/** The bar that a value stands in, as the engines count it; −1 for none. */
export function barOf(bars: readonly Bar[], cut: Cutting, scale: Scale, value: number, missing: boolean): number {
  const place = missing ? Slot.Missing : scale.position(value);
  if (place > 1) return bars.findIndex((bar) => bar.place === place);
  if (cut.binning.scale === "category")
    return bars.findIndex(({ place: at }) => typeof at !== "number" && place >= at[0] && place <= at[1]);
  const from = binOf(value, edges(cut.binning, cut.bins)) / cut.bins;
  return bars.findIndex(({ place: at }) => typeof at !== "number" && Math.abs(at[0] - from) < 1e-9);
}

/** The brushes that select some bars: neighbours among numbers become one range. */
export function brushesOf(bars: readonly Bar[]): Brush[] {
  const out: Brush[] = [];
  const values: string[] = [];
  for (const { brush } of bars) {
    const last = out.at(-1);
    if (brush.kind === "values") values.push(...brush.values);
    else if (brush.kind === "range" && last?.kind === "range")
      out[out.length - 1] = { kind: "range", range: [last.range[0], brush.range[1]] };
    else out.push(brush);
  }
  return values.length ? [{ kind: "values", values }, ...out] : out;
}

/** Whether a brush selects rows of a bar. */
export function touches(brush: Brush, bar: Bar): boolean {
  const own = bar.brush;
  if (brush.kind === "slot" || own.kind === "slot")
    return brush.kind === "slot" && own.kind === "slot" && brush.slot === own.slot;
  if (brush.kind === "range" && own.kind === "range")
    return brush.range[0] <= own.range[1] && brush.range[1] >= own.range[0];
  if (brush.kind !== "values" || own.kind !== "values") return false;
  return own.values.some((value) => brush.values.includes(value));
}

const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);

/** The next lower double of a finite number. */
export function below(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  double[0] = value;
  bits[0]! += value > 0 ? -1n : 1n;
  return double[0];
}
