import type { ScaleName } from "./column";

/** Display bins of an axis; with `SPECIAL_BINS` more they fit a byte. */
export const FINE_BINS = 240;
/** Bins of the grids that answer while a brush moves: a quarter as fine. */
export const COARSE_BINS = 60;
/** Bins beyond the scale, in this order after those on it: +∞, no place on the scale (≤ 0 on log), −∞, NaN, missing. */
export const SPECIAL_BINS = 5;
/** What stands in the five, as places on an axis (`Slot`): bin `bins + i` holds place `i + 2`. */
export const FIRST_SLOT = 2;

/** What cuts an axis into bins: docs/protocol.md, "Binning". */
export interface Cut {
  readonly scale: ScaleName;
  /** Ordered; [0, categories − 1] for categories. */
  readonly domain: readonly [number, number];
  /** `FINE_BINS + 1` values, s at ⌊n · k / FINE_BINS⌋ of the n finite ones sorted; for percentile only. */
  readonly percentiles?: Float64Array;
}

/** The linear threshold of a symlog scale: three decades below its larger end. */
export function symlogConstant([low, high]: readonly [number, number]): number {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  if (largest === 0) return 1;
  // Read off the decimal form, for logarithms and powers differ in the last bit from one library to the next.
  const exponent = Number(largest.toExponential().split("e")[1]);
  return Math.max(Number.MIN_VALUE, Number(`1e${exponent - 3}`));
}

/** T(x) = sign(x) · ln(1 + |x| / c). */
export function symlog(x: number, c: number): number {
  return Math.sign(x) * Math.log1p(Math.abs(x) / c);
}

/** T⁻¹. */
export function symexp(t: number, c: number): number {
  return Math.sign(t) * Math.expm1(Math.abs(t)) * c;
}

/** Decimal digits of an edge: enough that 10 is 10, few enough that two mathematics libraries round it alike. */
const DIGITS = { linear: 12, time: 12, log: 10, symlog: 10 } as const;
/** Below this share of its larger end a linear domain is too narrow for so few digits. */
const NARROW = 1e-8;
/** An edge so near to 0, compared with the larger end, is 0. */
const NOTHING = 1e-12;

/**
 * The `bins + 1` edges that cut a domain, ascending.
 *
 * A value v lies in the last bin whose lower edge it reaches. Empty for categories, whose codes are their bins.
 */
export function edges({ scale, domain, percentiles }: Cut, bins: number): Float64Array {
  const [low, high] = domain;
  if (scale === "category") return new Float64Array(0);
  const out = new Float64Array(bins + 1);
  if (scale === "percentile") {
    const known = percentiles!.length - 1;
    for (let k = 0; k <= bins; k++) out[k] = percentiles![Math.floor((k * known) / bins)]!;
    return out;
  }
  out[0] = low;
  const round = rounding(scale, low, high);
  const at = unrounded(scale, low, high);
  // Neighbours may change places by a last bit; a search needs them in order.
  for (let k = 1; k < bins; k++) out[k] = Math.min(high, Math.max(out[k - 1]!, round(at(k / bins)))) + 0; // −0 is 0
  out[bins] = high;
  return out;
}

function unrounded(scale: keyof typeof DIGITS, low: number, high: number): (t: number) => number {
  if (scale === "log") {
    const [a, b] = [Math.log10(low), Math.log10(high)];
    return (t) => 10 ** (a + (b - a) * t);
  }
  if (scale === "symlog") {
    const c = symlogConstant([low, high]);
    const [a, b] = [symlog(low, c), symlog(high, c)];
    return (t) => symexp(a + (b - a) * t, c);
  }
  const span = high - low;
  return Number.isFinite(span) ? (t) => low + span * t : (t) => 2 * (low / 2 + (high / 2 - low / 2) * t);
}

function rounding(scale: keyof typeof DIGITS, low: number, high: number): (edge: number) => number {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  if (DIGITS[scale] === DIGITS.linear && high - low < NARROW * largest) return (edge) => edge;
  const nothing = scale === "log" ? 0 : NOTHING * largest;
  return (edge) => (Math.abs(edge) < nothing ? 0 : Number(edge.toExponential(DIGITS[scale] - 1)));
}

/** The bin of a finite value among edges: in [0, bins − 1]; the middle one where the domain is one point. */
export function binOf(value: number, cut: Float64Array): number {
  const bins = cut.length - 1;
  if (cut[0] === cut[bins]) return bins >> 1;
  return Math.min(bins - 1, Math.max(0, upperBound(cut, value, 0, bins + 1) - 1));
}

/** The first place in [from, to) of an ascending array that is beyond `value`, else `to`. */
export function upperBound(sorted: Float64Array, value: number, from: number, to: number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The bin of a category's code. */
export function categoryBin(code: number, categories: number, bins: number): number {
  return categories <= bins ? code : Math.floor((code * bins) / categories);
}

/** The special bin that a value lies in, as an offset behind the bins; −1 for one that has a place on the scale. */
export function specialOf(value: number, scale: ScaleName): number {
  if (Number.isNaN(value)) return 3;
  if (value === Infinity) return 0;
  if (value === -Infinity) return 2;
  return scale === "log" && value <= 0 ? 1 : -1;
}
