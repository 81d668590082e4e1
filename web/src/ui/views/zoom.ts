import { FINE_BINS } from "../../core/edges";
import { fullLabel } from "../../core/format";
import type { Scale, Tick } from "../../core/scale";
import type { Binning } from "../../engine/engine";
import type { Lens } from "../lens";
import type { Side } from "./chart-layout";
import { numberScale } from "./number-scale";

/** A side of a chart that may show a part of its column, and how an engine is to cut it. */
export interface ZoomedSide extends Side {
  readonly column: string;
  readonly whole: Scale;
  /** Where the foot and the head of what is shown stand on the whole scale. */
  readonly span: readonly [number, number];
  /** The place of a value: NaN where it is out of sight. */
  readonly place: (place: number) => number;
  /** The place on the whole scale. */
  readonly back: (position: number) => number;
  readonly binning: Binning;
  /** The bins that lie on the side, foot to head: how many, and what share of them is out of sight below and above. */
  readonly cells: { readonly first: number; readonly count: number; readonly from: number; readonly to: number };
  readonly categories: number;
}

/** One side of a chart over a column, the whole of it or a stretch of values. */
export function zoomedSide(lens: Lens, column: string, zoom: readonly [number, number] | null): ZoomedSide {
  const whole = lens.scale(column);
  const binning = lens.binning(column);
  const categories = lens.categories(column)?.length ?? 0;
  const count = categories ? Math.min(FINE_BINS, Math.max(1, categories)) : FINE_BINS;
  const label = fullLabel(lens.info(column));
  const base = { column, whole, label, categories };
  const bounds = zoom && ([...zoom].map((value) => whole.position(value)).sort((a, b) => a - b) as [number, number]);
  if (!bounds || !(bounds[1] - bounds[0] > 1e-9)) {
    const cells = { first: 0, count, from: 0, to: 1 };
    const same = (place: number) => place;
    return { ...base, scale: whole, slots: lens.slots(column), span: [0, 1], place: same, back: same, binning, cells };
  }
  // Of categories the whole of each.
  const half = categories ? 0.5 / categories : 0;
  const span = [Math.max(0, bounds[0] - half), Math.min(1, bounds[1] + half)] as const;
  const width = span[1] - span[0];
  const place = (at: number) =>
    at > 1.5 || at < span[0] - 1e-12 || at > span[1] + 1e-12 ? NaN : (at - span[0]) / width;
  const back = (position: number) => span[0] + position * width;
  const { name } = whole;
  if (name === "linear" || name === "log" || name === "time") {
    const [low, high] = [whole.invert(span[0]), whole.invert(span[1])];
    // The outermost bins hold whatever lies beyond them: they are left out of sight.
    const inner = FINE_BINS - 2;
    const step = name === "log" ? (high / low) ** (1 / inner) : high / inner - low / inner;
    const domain = name === "log" ? ([low / step, high * step] as const) : ([low - step, high + step] as const);
    const cells = { first: 1, count: inner, from: 0, to: 1 };
    const scale = numberScale(name, [low, high]);
    return { ...base, scale, slots: [], span, place, back, binning: { column, scale: name, domain }, cells };
  }
  const ticks = (length: number): Tick[] =>
    whole
      .ticks(length / width)
      .map((tick) => ({ ...tick, position: (tick.position - span[0]) / width }))
      .filter(({ position }) => position >= 0 && position <= 1);
  const cells = { first: 0, count, from: span[0], to: span[1] };
  return { ...base, scale: { ticks }, slots: [], span, place, back, binning, cells };
}

/** The values between two positions of a side, as a zoom keeps them. */
export function valuesBetween(side: ZoomedSide, a: number, b: number): [number, number] {
  const at = (position: number) => side.whole.invert(side.back(Math.min(1, Math.max(0, position))));
  const [from, to] = [at(Math.min(a, b)), at(Math.max(a, b))];
  return [Math.min(from, to), Math.max(from, to)];
}
