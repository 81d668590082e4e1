import type { ColumnInfo, Summary, Values, Vector } from "../core/column";
import type { Cut } from "../core/edges";
import type { ColumnFilters, Filters } from "../core/filter";

/** One lens's table as the page knows it before asking for any value. */
export interface FrameInfo {
  readonly lens: string;
  readonly label: string;
  readonly note: string;
  readonly rows: number;
  readonly axes: readonly string[];
  readonly color: string | null;
  /** The axes that start upside down. */
  readonly inverted?: readonly string[];
  /** The column that says how much each row weighs. */
  readonly weight?: string | null;
  readonly beside?: Beside;
  readonly presets: readonly Preset[];
  readonly columns: readonly ColumnInfo[];
}

/** How the views beside the plot start; what is not there is left to them. */
export interface Beside {
  readonly open?: readonly string[];
  readonly scatter?: { readonly x: string | null; readonly y: string | null };
  readonly distribution?: string;
  readonly sort?: readonly { readonly column: string; readonly descending: boolean }[];
  readonly order?: readonly string[];
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

/** How an axis cuts its values into bins. */
export interface Binning extends Cut {
  readonly column: string;
}

export interface CubeQuery {
  readonly pairs: readonly (readonly [Binning, Binning])[];
  /** Bins along each axis, at most `FINE_BINS`; `SPECIAL_BINS` more follow them. */
  readonly bins: number;
  readonly filters?: Filters;
  /** Count cumulatively over this axis' positions, so that any brush on it is a difference of two slices. */
  readonly active?: { readonly axis: Binning; readonly positions: number };
  /** Also sum in every cell where its rows stand on this axis, or for a category how many rows hold each of the first few. */
  readonly color?: Binning;
  /** Count a fair sample of so many rows only. */
  readonly sample?: number;
}

export interface Cube {
  /** bins + SPECIAL_BINS. */
  readonly side: number;
  /** positions + SPECIAL_BINS + 1 with `active`, else 1. Slice k counts the rows whose active position is below k. */
  readonly slices: number;
  /** One per pair: slices × side × side, the left axis' bin varying slowest within a slice. */
  readonly counts: readonly Uint32Array[];
  /** One per pair with `color`, else none: side × side × `colourChannels`, over all slices. */
  readonly colours: readonly Float32Array[];
  /** The share of the rows that was counted: 1 without `sample`. */
  readonly share: number;
}

/** Categories up to so many have a hue each; more are coloured by their place on the axis, as numbers are. */
export const HUES = 8;

/**
 * How many numbers a cell says of its rows' colours. For places two: how many rows have one on the colour's scale, and the
 * sum of their places in [0, 1]. For hues eight: how many rows hold each of the first seven categories, and how many another.
 */
export function colourChannels({ scale, domain }: Cut): number {
  return scale === "category" && domain[1] < HUES ? HUES : 2;
}

export interface NearestQuery {
  readonly left: Binning;
  readonly right: Binning;
  readonly filters?: Filters;
  /** How far between the two axes: 0 at the left, 1 at the right. */
  readonly t: number;
  /** The height there, as all heights in [0, 1]. */
  readonly y: number;
  /** The height of every bin's middle on either axis, the special ones included: turned axes and gutters are the caller's. */
  readonly heights: readonly [Float32Array, Float32Array];
  /** How far off a line may pass. */
  readonly reach: number;
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
  /** `FINE_BINS + 1` percentile edges of a number column, for a percentile scale. */
  percentiles(column: string): Promise<Float64Array>;
  /** The row whose line passes nearest to a point between two axes, by its bins; null where none comes within reach. */
  nearest(query: NearestQuery): Promise<number | null>;
  /** The values of single rows. */
  values(ids: Uint32Array, columns: readonly string[]): Promise<Readonly<Record<string, Vector>>>;
  /** Lets go of the rows; nothing may be asked afterwards. */
  close(): void;
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
  /** What the rule measured; null stands for what is not finite. */
  readonly numbers: readonly {
    readonly name: string;
    readonly value: number | null;
    readonly threshold: number | null;
    readonly unit: string;
  }[];
  readonly lens: string;
  readonly filters: ColumnFilters;
}

/** Everything a host hands to the workbench. */
export interface Document {
  readonly title: string;
  readonly subtitle: string;
  readonly theme: "auto" | "light" | "dark";
  readonly engines: readonly Engine[];
  readonly findings: readonly Finding[];
}
