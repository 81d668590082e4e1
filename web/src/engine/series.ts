import type { Vector } from "../core/column";
import { isPresent } from "../core/column";
import type { Series } from "./engine";

/** How x is cut: evenly over its finite extent. */
export interface Buckets {
  readonly low: number;
  readonly high: number;
  readonly width: number;
}

/** One series as a place has counted it, to be added to what other places say of it. */
export interface PartialSeries {
  /** The category's code, or the number; NaN for rows without one, 0 where nothing parts the rows. */
  readonly group: number;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
  readonly count: Uint32Array;
}

/**
 * Extremes, sum and count of y in every bucket of x, one series a group, in the order in which groups first appear; rows
 * without finite x and y are left out.
 *
 * @param ids The rows to count.
 */
export function bucketRows(
  { low, high, width }: Buckets,
  ids: Uint32Array,
  xs: Vector,
  ys: Vector,
  by: Vector | null,
): PartialSeries[] {
  const groups = new Map<number, PartialSeries>();
  for (const row of ids) {
    const [x, y] = [xs.values[row]!, ys.values[row]!];
    if (!Number.isFinite(x) || !Number.isFinite(y) || !isPresent(xs, row) || !isPresent(ys, row)) continue;
    const group = by ? (isPresent(by, row) ? by.values[row]! : NaN) : 0;
    let part = groups.get(group);
    if (!part) groups.set(group, (part = emptyPart(group, width)));
    const bucket = high === low ? 0 : Math.min(width - 1, Math.floor(((x - low) / (high - low)) * width));
    if (y < part.min[bucket]!) part.min[bucket] = y;
    if (y > part.max[bucket]!) part.max[bucket] = y;
    part.sum[bucket]! += y;
    part.count[bucket]!++;
  }
  return [...groups.values()];
}

/**
 * What several places say, made one.
 *
 * @param nameOf What a group is called.
 */
export function joinSeries(
  parts: readonly (readonly PartialSeries[])[],
  { low, high, width }: Buckets,
  nameOf: (group: number) => string,
): Series[] {
  const groups = new Map<number, PartialSeries>();
  for (const part of parts.flat()) {
    let whole = groups.get(part.group);
    if (!whole) groups.set(part.group, (whole = emptyPart(part.group, width)));
    for (let i = 0; i < width; i++) {
      whole.min[i] = Math.min(whole.min[i]!, part.min[i]!);
      whole.max[i] = Math.max(whole.max[i]!, part.max[i]!);
      whole.sum[i]! += part.sum[i]!;
      whole.count[i]! += part.count[i]!;
    }
  }
  return [...groups.values()].map(({ group, min, max, sum, count }) => {
    const filled = [...count.keys()].filter((i) => count[i]! > 0);
    return {
      name: nameOf(group),
      x: Float64Array.from(filled, (i) => low + ((i + 0.5) / width) * (high - low)),
      min: Float64Array.from(filled, (i) => min[i]!),
      mean: Float64Array.from(filled, (i) => sum[i]! / count[i]!),
      max: Float64Array.from(filled, (i) => max[i]!),
      count: Uint32Array.from(filled, (i) => count[i]!),
    };
  });
}

function emptyPart(group: number, width: number): PartialSeries {
  return {
    group,
    min: new Float64Array(width).fill(Infinity),
    max: new Float64Array(width).fill(-Infinity),
    sum: new Float64Array(width),
    count: new Uint32Array(width),
  };
}
