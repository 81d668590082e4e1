import type { ColumnInfo, Summary, Vector } from "../../core/column";
import { isPresent } from "../../core/column";
import { binOf, edges as cutEdges, FINE_BINS } from "../../core/edges";
import { formatNumber, formatTime } from "../../core/format";
import type { Binning, Cube } from "../../engine/engine";
import type { Uncounted } from "./histogram";
import { categoryBars, numberBars } from "./histogram";

/** A row or a column of a heatmap. */
export interface Band extends Uncounted {
  /** Where the engine counts it. */
  readonly bin: number;
  /** From where to where it reaches, in [0, 1]. */
  readonly place: readonly [number, number];
}

/** The bands of one side, and the stretch of the column's own scale that they lie on. */
export interface Bands {
  readonly bands: readonly Band[];
  readonly span: readonly [number, number];
}

/**
 * The bands of a column: its categories, or what its numbers' bins hold. Numbers that stand apart, as every fiftieth step,
 * share what lies between them, so that the picture has no gaps but where rows are lacking.
 *
 * @param filled For every bin how many rows lie there.
 */
export function bandsOf(
  binning: Binning,
  info: ColumnInfo,
  summary: Summary,
  categories: readonly string[] | null,
  filled: ArrayLike<number>,
): Bands {
  if (categories) {
    const bars = categoryBars(categories, Math.min(FINE_BINS, Math.max(1, categories.length)));
    return { bands: bars.map((bar, bin) => ({ ...bar, bin, place: bar.place as [number, number] })), span: [0, 1] };
  }
  if (Number.isNaN(summary.min)) return { bands: [], span: [0, 1] };
  const bars = numberBars({ binning, bins: FINE_BINS, single: false }, info, summary);
  const bins = bars.flatMap((bar, bin) => (bar && filled[bin]! > 0 ? [bin] : []));
  const steps = bins.slice(1).map((bin, i) => bin - bins[i]!);
  const usual = [...steps].sort((a, b) => a - b)[steps.length >> 1] ?? 1;
  const reach = (gap: number | undefined) => (gap !== undefined && gap <= 1.6 * usual ? gap : usual) / 2;
  const edges = bins.map((bin, i) => [bin + 0.5 - reach(steps[i - 1]), bin + 0.5 + reach(steps[i])] as const);
  const span = [(edges[0]?.[0] ?? 0) / FINE_BINS, (edges.at(-1)?.[1] ?? FINE_BINS) / FINE_BINS] as const;
  const place = (edge: number) => (edge / FINE_BINS - span[0]) / (span[1] - span[0]);
  const names = regular(binning, summary, bins);
  const bands = bins.map((bin, i): Band => {
    const label = names ? (info.kind === "time" ? formatTime : formatNumber)(names[i]!) : bars[bin]!.label;
    return { ...bars[bin]!, label, bin, place: [place(edges[i]![0]), place(edges[i]![1])] };
  });
  return { bands, span };
}

/** The whole numbers that bins hold, where they follow one another evenly: what a bin of several numbers would not say. */
function regular(binning: Binning, { min, max, integer }: Summary, bins: readonly number[]): number[] | null {
  const stride = (max - min) / (bins.length - 1);
  if (!integer || !Number.isInteger(stride)) return null;
  const cut = cutEdges(binning, FINE_BINS);
  const values = bins.map((_, i) => min + i * stride);
  return values.every((value, i) => binOf(value, cut) === bins[i]) ? values : null;
}

/** How many rows lie in every bin of one of a cube's two sides. */
export function marginOf({ counts, side }: Cube, which: 0 | 1): Float64Array {
  const out = new Float64Array(side);
  const grid = counts[0]!;
  for (let at = 0; at < grid.length; at++)
    if (grid[at]! > 0) out[which === 0 ? Math.floor(at / side) : at % side]! += grid[at]!;
  return out;
}

/** What a cell holds: how many rows, and the mean place of those that have one on the colour's scale. */
export function cellAt({ counts, colours, side }: Cube, row: Band, column: Band): { count: number; mean: number } {
  const at = row.bin * side + column.bin;
  const known = colours[0]?.[2 * at] ?? 0;
  return { count: counts[0]![at]!, mean: known > 0 ? colours[0]![2 * at + 1]! / known : NaN };
}

/** The band at a place; −1 between bands. */
export function bandAt(bands: readonly Band[], place: number): number {
  return bands.findIndex(({ place: [from, to] }) => place >= from && place <= to);
}

/** Whether the first value of a vector lies in a band. */
export function holds({ brush }: Band, vector: Vector, row = 0): boolean {
  if (!isPresent(vector, row)) return false;
  const value = vector.values[row]!;
  if (brush.kind === "range") return value >= brush.range[0] && value <= brush.range[1];
  return brush.kind === "values" && brush.values.includes(vector.categories?.[value] ?? "");
}
