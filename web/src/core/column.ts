import type { Colouring } from "./colour";

/** What a column is, as the header of the page says it (docs/protocol.md). */
export interface ColumnInfo {
  readonly name: string;
  readonly label: string;
  readonly unit: string;
  readonly description: string;
  readonly kind: Kind;
  /** The scale its axis starts with; null lets the values choose. */
  readonly scale: ScaleName | null;
  /** Columns with the same non-empty word share one domain. */
  readonly share: string;
  /** Module path, for folding. */
  readonly group: string;
  /** How its values are coloured; null leaves it to the page. */
  readonly colouring?: Colouring | null;
  /** The ends that its axis starts with; null for those of its values. */
  readonly domain?: readonly [number, number] | null;
  /** What it stands for where it is the median of a group of columns; null for any other. */
  readonly fold?: Fold | null;
}

/** A group of columns in one: each row's median over them, and in two columns of their own the least and the greatest. */
export interface Fold {
  /** The module path that all of the group lie within. */
  readonly path: string;
  readonly low: string;
  readonly high: string;
}

export type Kind = "number" | "category" | "time";
export type ScaleName = "linear" | "log" | "symlog" | "percentile" | "category" | "time";

/** What an engine knows of a column's values: enough to choose a scale and lay out an axis. */
export interface Summary {
  readonly name: string;
  /** Finite extent; [NaN, NaN] where no finite value exists. */
  readonly min: number;
  readonly max: number;
  /** The smallest value above zero, NaN where there is none: the foot of a log axis. */
  readonly minPositive: number;
  /** Whether every finite value is a whole number. */
  readonly integer: boolean;
  /** 0, ¼, ½, ¾, 1 quantiles of the finite values (linear interpolation, as NumPy's default). */
  readonly quantiles: readonly number[];
  /** The categories' names by code; null for numbers and times. */
  readonly names: readonly string[] | null;
  /** Categories, most frequent first, as [code, count]; empty for numbers and times. */
  readonly categories: readonly (readonly [number, number])[];
  readonly rows: number;
  readonly missing: number;
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  /** Finite values ≤ 0: they have no place on a log axis. */
  readonly nonPositive: number;
}

export type Values =
  Float64Array | Float32Array | Int32Array | Int16Array | Int8Array | Uint32Array | Uint16Array | Uint8Array;

/** A column's values as an engine hands them out. Category columns hold indices into `categories`. */
export interface Vector {
  readonly values: Values;
  /** One bit a row, least significant first, 1 = present; null when nothing is missing. */
  readonly valid: Uint8Array | null;
  readonly categories: readonly string[] | null;
  /** The exact integers of a column beyond ±2⁵³, whose `values` are rounded. */
  readonly exact?: BigInt64Array;
}

/** Whether row `i` of a vector holds a value (NaN is a value). */
export function isPresent(vector: Vector, i: number): boolean {
  return vector.valid === null || ((vector.valid[i >> 3]! >> (i & 7)) & 1) === 1;
}
