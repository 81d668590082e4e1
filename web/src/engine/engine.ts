import type { ColumnInfo, ScaleName, Summary, Values, Vector } from "../core/column";
import type { Filters } from "../core/filter";

/** One lens's table as the page knows it before asking for any value. */
export interface FrameInfo {
  readonly lens: string;
  readonly label: string;
  readonly note: string;
  readonly rows: number;
  readonly axes: readonly string[];
  readonly color: string | null;
  readonly presets: readonly Preset[];
  readonly columns: readonly ColumnInfo[];
}

export interface Preset {
  readonly label: string;
  readonly axes: readonly string[];
  readonly description: string;
}

export interface RowsQuery {
  readonly columns: readonly string[];
  readonly filters?: Filters;
  /** Sorted by these, ties in row order. NaN, ±∞ and missing values stand last whichever the direction. */
  readonly order?: readonly { readonly column: string; readonly descending: boolean }[];
  readonly offset?: number;
  readonly limit?: number;
}

export interface Rows {
  /** Row numbers within the frame. */
  readonly ids: Uint32Array;
  readonly columns: Readonly<Record<string, Vector>>;
  /** How many rows pass the filters, whatever the limit. */
  readonly total: number;
}

/** How an axis cuts its values into bins; `domain` as its scale has it. */
export interface Binning {
  readonly column: string;
  readonly scale: ScaleName;
  readonly domain: readonly [number, number];
}

export interface CubeQuery {
  readonly pairs: readonly (readonly [Binning, Binning])[];
  /** Bins along each axis; the special slots add `SPECIAL_BINS` more. */
  readonly bins: number;
  readonly filters?: Filters;
  /** Count cumulatively over this axis' positions, so that any brush on it is a difference of two slices. */
  readonly active?: { readonly axis: Binning; readonly positions: number };
  /** Also sum this column's finite values in every cell. */
  readonly color?: string;
}

/** Bins of an axis beyond its scale, in this order after the `bins` on it: +∞, ≤ 0 (log), −∞, NaN, missing. */
export const SPECIAL_BINS = 5;

export interface Cube {
  /** bins + SPECIAL_BINS. */
  readonly side: number;
  /** positions + SPECIAL_BINS + 1 with `active`, else 1. Slice k counts the rows whose active position is below k. */
  readonly slices: number;
  /** One per pair: slices × side × side, the left axis' bin varying slowest within a slice. */
  readonly counts: readonly Uint32Array[];
  readonly sums: readonly Float64Array[];
}

export interface SeriesQuery {
  readonly x: string;
  readonly y: string;
  readonly by?: string;
  readonly filters?: Filters;
  /** Buckets along x, evenly spaced over its finite extent. */
  readonly width: number;
}

export interface Series {
  readonly name: string;
  readonly x: Float64Array;
  readonly min: Values;
  readonly mean: Values;
  readonly max: Values;
  readonly count: Uint32Array;
}

export interface Selection {
  readonly count: number;
  /** One bit a row, least significant first. */
  readonly bits: Uint8Array;
}

/**
 * Answers questions about one frame. Everything on the page is drawn from these answers, so that it does not matter
 * where the rows are: in this page, in a worker, in a notebook's kernel or on a cluster.
 */
export interface Engine {
  readonly frame: FrameInfo;
  describe(columns: readonly string[]): Promise<readonly Summary[]>;
  cube(query: CubeQuery): Promise<Cube>;
  rows(query: RowsQuery): Promise<Rows>;
  series(query: SeriesQuery): Promise<readonly Series[]>;
  select(filters: Filters): Promise<Selection>;
}

/** A statement about the training, with the filters that show its evidence. */
export interface Finding {
  readonly kind: string;
  readonly severity: "info" | "warning" | "error";
  readonly run: string;
  readonly first_step: number | null;
  readonly last_step: number | null;
  readonly layers: readonly string[];
  readonly sentence: string;
  readonly advice: string;
  readonly source: string;
  readonly lens: string;
  readonly filters: Filters;
}

/** Everything a host hands to the workbench. */
export interface Document {
  readonly title: string;
  readonly subtitle: string;
  readonly theme: "auto" | "light" | "dark";
  readonly engines: readonly Engine[];
  readonly findings: readonly Finding[];
}
