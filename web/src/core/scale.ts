import { scaleLinear, scaleLog } from "d3-scale";
import type { ColumnInfo, ScaleName, Summary, Vector } from "./column";
import { symexp, symlog, symlogConstant, upperBound } from "./edges";
import { formatNumber, formatTime } from "./format";
export type { Tick } from "./ticks";
import type { Tick } from "./ticks";
import { logLabel, tickLabel, timeTicks, withEnds } from "./ticks";

/**
 * Where a value stands that has no place on its scale. A position in [0, 1] lies on the scale, foot to head; these
 * codes lie beyond it, each in a gutter of its own.
 */
export const Slot = { PositiveInfinity: 2, NonPositive: 3, NegativeInfinity: 4, NaN: 5, Missing: 6 } as const;
export type SlotCode = (typeof Slot)[keyof typeof Slot];

/** The gutters from the foot of an axis downwards; +∞ alone stands above its head. */
export const LOWER_SLOTS: readonly SlotCode[] = [Slot.NonPositive, Slot.NegativeInfinity, Slot.NaN, Slot.Missing];

export const SLOT_LABELS: Readonly<Record<SlotCode, string>> = {
  [Slot.PositiveInfinity]: "+∞",
  [Slot.NonPositive]: "≤ 0",
  [Slot.NegativeInfinity]: "−∞",
  [Slot.NaN]: "NaN",
  [Slot.Missing]: "missing",
};

/** A mapping between the values of a column and positions in [0, 1]. */
export interface Scale {
  readonly name: ScaleName;
  /** Finite, ordered; for categories [0, count − 1]. */
  readonly domain: readonly [number, number];
  /** The domain, and further where the column has values beyond it: they stand at its ends, and a brush over one takes them in. */
  readonly extent: readonly [number, number];
  /** Where a present value stands: in [0, 1] (clamped), or a slot. */
  position(value: number): number;
  /** The value at a position; for categories the nearest index. */
  invert(position: number): number;
  /** Ticks for an axis `length` CSS pixels long. */
  ticks(length: number): Tick[];
}

/**
 * The scale a column starts with when nobody chose one. Positive values go on a log axis when they span three decades
 * with at least a quarter of the rows in the lower half of those, or when nearly all of them crowd at the foot of a linear
 * one, as a loss that falls fast and then creeps. Values spread evenly from near 0 span decades, too, but live in the last.
 */
export function defaultScale(info: ColumnInfo, summary: Summary): ScaleName {
  if (info.kind === "category" || info.kind === "time") return info.kind;
  if (info.scale) return info.scale;
  const { min, max, quantiles } = summary;
  if (!(min > 0) || summary.nonPositive > 0) return "linear";
  const [quarter, median] = [quantiles[1] ?? min, quantiles[2] ?? min];
  const decades = Math.log10(max) - Math.log10(min);
  const lower = (value: number) => Math.log10(value) - Math.log10(min) <= decades / 2;
  const crowded = max / min >= 5 && max - median >= 6 * (median - min) && lower(median);
  // Of a handful of values the quartiles lie between them, and say nothing.
  const few = summary.rows - summary.missing - summary.nan < 5;
  return crowded || (decades >= 3 - 1e-9 && (few || lower(quarter))) ? "log" : "linear";
}

/** The scales that a column can be drawn on. */
export function possibleScales(info: ColumnInfo, summary: Summary): ScaleName[] {
  if (info.kind !== "number") return [info.kind];
  if (Number.isNaN(summary.min) || summary.min === summary.max) return ["linear"];
  return ["linear", ...(summary.minPositive < summary.max ? (["log"] as const) : []), "symlog", "percentile"];
}

/**
 * Builds the scale of a column of numbers or times.
 *
 * @param summaries The column's own summary first; those after it share its domain.
 * @param percentiles The column's percentile edges, where the scale is made of them.
 * @param domain What the axis is to show, whatever the values; percentiles do without.
 */
export function makeScale(
  name: ScaleName,
  summaries: readonly Summary[],
  percentiles: Float64Array | null = null,
  domain: readonly [number, number] | null = null,
): Scale {
  const least = (s: Summary) => (name === "log" ? s.minPositive : s.min);
  const finite = summaries.filter((s) => !Number.isNaN(least(s)));
  const [from, to] = [Math.min(...finite.map(least)), Math.max(...finite.map((s) => s.max))];
  // A logarithm has no place for what is not above 0: its axis starts with the least value that has one.
  const wanted = domain && name === "log" && domain[0] <= 0 ? ([from, domain[1]] as const) : domain;
  const usable = wanted && wanted[0] < wanted[1] && Number.isFinite(wanted[0]) ? wanted : null;
  // A column without a number of its own has no percentiles; it takes the domain of those that share it.
  if (name === "percentile" && percentiles && !Number.isNaN(summaries[0]!.min)) return percentileScale(percentiles);
  if (finite.length === 0 && !usable) return constantScale(name, 0, "");
  const [low, high] = usable ?? [from, to];
  if (low === high) return constantScale(name, low, name === "time" ? formatTime(low) : formatNumber(low));
  const whole = finite.length > 0 && finite.every((s) => s.integer);
  const scale =
    name === "log"
      ? logScale(low, high)
      : name === "symlog"
        ? symlogScale(low, high)
        : linearScale(name === "time" ? "time" : "linear", low, high, whole);
  return { ...scale, extent: [Math.min(low, from), Math.max(high, to)], ticks: remembered(scale.ticks) };
}

/** Ticks are asked for in every frame of a glide, and are the same in each. */
function remembered(ticks: Scale["ticks"]): Scale["ticks"] {
  let last: { readonly length: number; readonly ticks: Tick[] } | null = null;
  return (length) => (last?.length === length ? last : (last = { length, ticks: ticks(length) })).ticks;
}

/** A scale that has yet to learn what lies beyond its domain. */
type Bare = Omit<Scale, "extent">;

function symlogScale(low: number, high: number): Bare {
  const c = symlogConstant([low, high]);
  const [a, b] = [symlog(low, c), symlog(high, c)];
  const position = (value: number) => (symlog(value, c) - a) / (b - a);
  return {
    name: "symlog",
    domain: [low, high],
    position: (value) => finitePosition(value, position(value)),
    invert: (at) => (at <= 0 ? low : at >= 1 ? high : symexp(a + at * (b - a), c)),
    ticks(length) {
      const powers = Array.from({ length: 5 }, (_, i) => c * 10 ** i);
      const values = [0, ...powers, ...powers.map((power) => -power)].filter((value) => value >= low && value <= high);
      const ticks = values.map((value) => ({
        value,
        position: position(value),
        label: formatNumber(Number(value.toPrecision(12))),
        rank: value === 0 ? 0 : 1,
      }));
      return withEnds(ticks, [low, high], length, formatNumber);
    },
  };
}

/** Every value as high as the share of the rows below it. */
function percentileScale(cut: Float64Array): Scale {
  const bins = cut.length - 1;
  const [low, high] = [cut[0]!, cut[bins]!];
  const position = (value: number) => {
    if (value >= high) return 1;
    if (value <= low) return 0;
    const k = upperBound(cut, value, 0, bins + 1) - 1;
    const width = cut[k + 1]! - cut[k]!;
    return (k + (width > 0 ? (value - cut[k]!) / width : 0)) / bins;
  };
  return {
    name: "percentile",
    domain: [low, high],
    extent: [low, high],
    position: (value) => finitePosition(value, position(value)),
    invert(at) {
      const place = Math.min(1, Math.max(0, at)) * bins;
      const k = Math.min(bins - 1, Math.floor(place));
      return cut[k]! + (place - k) * (cut[k + 1]! - cut[k]!);
    },
    ticks(length) {
      const shares = [0.1, 0.25, 0.5, 0.75, 0.9];
      const ticks = shares.map((share) => ({
        value: cut[Math.round(share * bins)]!,
        position: share,
        label: formatNumber(cut[Math.round(share * bins)]!),
        rank: share === 0.5 ? 0 : 1,
      }));
      return withEnds(ticks, [low, high], length, formatNumber);
    },
  };
}

function linearScale(name: "linear" | "time", low: number, high: number, integer: boolean): Bare {
  // Halved before subtracting: the distance between ±1.7e308 is no number.
  const span = high / 2 - low / 2;
  return {
    name,
    domain: [low, high],
    position: (value) => finitePosition(value, (value / 2 - low / 2) / span),
    invert: (position) => low + 2 * position * span,
    ticks(length) {
      if (name === "time") return timeTicks([low, high], length);
      const scale = scaleLinear([low, high], [0, 1]);
      const count = Math.max(2, Math.round(length / 48));
      const values = scale.ticks(count).filter((value) => !integer || Number.isInteger(value));
      // The step in digits, so that a narrow axis (1.00001 … 1.00002) does not print one label five times.
      const spread = Math.abs((values[1] ?? high) - (values[0] ?? low));
      const inner = values.map((value) => ({
        value,
        position: scale(value),
        label: tickLabel(value, spread),
        rank: 0,
      }));
      return withEnds(inner, [low, high], length, (value) => tickLabel(value, spread / 10));
    },
  };
}

function logScale(low: number, high: number): Bare {
  const [a, b] = [Math.log10(low), Math.log10(high)];
  return {
    name: "log",
    domain: [low, high],
    position: (value) =>
      value <= 0 && value !== -Infinity ? Slot.NonPositive : finitePosition(value, (Math.log10(value) - a) / (b - a)),
    invert: (position) => (position <= 0 ? low : position >= 1 ? high : 10 ** (a + position * (b - a))),
    ticks(length) {
      const decades = b - a;
      const scale = scaleLog([low, high], [0, 1]);
      const every = Math.max(1, Math.ceil((decades * 26) / length));
      const ticks = scale.ticks().map((value) => {
        const exponent = Math.floor(Math.log10(value) + 1e-9);
        const leading = Math.round(value / 10 ** exponent);
        const position = scale(value);
        if (leading === 1)
          return { value, position, label: logLabel(value, exponent), rank: exponent % every === 0 ? 0 : 9 };
        // Between the powers only as much as leaves the axis airy.
        const rank = decades <= 2.5 && (leading === 2 || leading === 5) ? 1 : decades <= 1.2 ? 2 : 9;
        return { value, position, label: formatNumber(value), rank };
      });
      return withEnds(ticks, [low, high], length, formatNumber);
    },
  };
}

function constantScale(name: ScaleName, value: number, label: string): Scale {
  return {
    name,
    domain: [value, value],
    extent: [value, value],
    position: (v) => (name === "log" && v <= 0 && v !== -Infinity ? Slot.NonPositive : finitePosition(v, 0.5)),
    invert: () => value,
    ticks: () => (label ? [{ value, position: 0.5, label }] : []),
  };
}

function finitePosition(value: number, position: number): number {
  if (Number.isNaN(value)) return Slot.NaN;
  if (value === Infinity) return Slot.PositiveInfinity;
  if (value === -Infinity) return Slot.NegativeInfinity;
  return position < 0 ? 0 : position > 1 ? 1 : position;
}

/**
 * Every row's place on an axis: [0, 1] on the scale, or a slot.
 *
 * @returns One float a row, in row order.
 */
export function positions(vector: Vector, scale: Scale): Float32Array {
  const { values, valid } = vector;
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const present = valid === null || ((valid[i >> 3]! >> (i & 7)) & 1) === 1;
    out[i] = present ? scale.position(values[i]!) : Slot.Missing;
  }
  return out;
}
