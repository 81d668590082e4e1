import type { Vector } from "../core/column";
import { isPresent } from "../core/column";
import type { Binning } from "./engine";
import { SPECIAL_BINS } from "./engine";

/** Bins of an axis, those beyond its scale included. */
export function binCount(bins: number): number {
  return bins + SPECIAL_BINS;
}

/**
 * Which bin a row falls in: ⌊bins · t⌋ where t is its place in the domain, the head of the domain in the last bin; values
 * outside the domain in the nearest bin; +∞, ≤ 0 on a log axis, −∞, NaN and missing in the bins after those.
 */
export function binner(axis: Binning, vector: Vector, bins: number): (row: number) => number {
  const [low, high] = axis.domain;
  const log = axis.scale === "log";
  const [foot, head] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
  const category = axis.scale === "category";
  const count = vector.categories?.length ?? 1;
  const { values } = vector;
  return (row) => {
    if (!isPresent(vector, row)) return bins + 4;
    const value = values[row]!;
    if (category) return Math.min(bins - 1, Math.floor((value * bins) / Math.max(bins, count)));
    if (Number.isNaN(value)) return bins + 3;
    if (value === Infinity) return bins;
    if (value === -Infinity) return bins + 2;
    if (log && value <= 0) return bins + 1;
    // Halved, since the distance between two doubles may be none.
    const t = head === foot ? 0.5 : ((log ? Math.log10(value) : value) / 2 - foot / 2) / (head / 2 - foot / 2);
    return Math.min(bins - 1, Math.max(0, Math.floor(t * bins)));
  };
}
