import type { Summary } from "../../core/column";
import type { Rgb } from "../../core/colour";
import { smoothed } from "../../core/smooth";
import type { Scale } from "../../core/scale";
import type { Series } from "../../engine/engine";
import type { ChartFrame } from "./chart-layout";

/** One line of the series view. */
export interface SeriesLine {
  readonly name: string;
  readonly column: string;
  readonly colour: Rgb;
  /** Dashes tell the columns apart where colours tell the groups. */
  readonly dash: readonly number[];
  readonly x: Float64Array;
  readonly mean: ArrayLike<number>;
  readonly min: ArrayLike<number>;
  readonly max: ArrayLike<number>;
  readonly count: Uint32Array;
  /** The mean, smoothed. */
  readonly smooth: ArrayLike<number>;
}

/**
 * Into how many buckets x is cut: one a pixel, but no more than there are whole numbers, so that each has its own and stands
 * where it belongs.
 */
export function bucketsFor({ integer, min, max }: Summary, pixels: number): number {
  const whole = max - min + 1;
  return integer && whole <= 4 * pixels ? Math.max(1, whole) : Math.max(1, Math.ceil(pixels / 64) * 64);
}

/** Buckets' places as values: where every bucket is one whole number, that number rather than the bucket's middle. */
export function valuesOf(series: Series, { integer, min, max }: Summary, width: number): Float64Array {
  if (!integer || max - min + 1 !== width) return series.x;
  // The middle of bucket k is low + (k + ½) / width · (high − low).
  return series.x.map((x) => (max > min ? min + Math.round(((x - min) / (max - min)) * width - 0.5) : min));
}

/** A line made of an answer. */
export function lineOf(
  series: Series,
  x: Float64Array,
  look: Pick<SeriesLine, "name" | "column" | "colour" | "dash">,
  smoothing: number,
): SeriesLine {
  const { mean, min, max, count } = series;
  return { ...look, x, mean, min, max, count, smooth: smoothing > 0 ? smoothed(mean, smoothing) : mean };
}

/** The least and the greatest of what is drawn; on a log scale of what is above 0. Null where there is nothing. */
export function extentOf(lines: readonly SeriesLine[], log: boolean): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const { min, max } of lines)
    for (let i = 0; i < min.length; i++) {
      if (max[i]! > high) high = max[i]!;
      if (min[i]! < low && (!log || min[i]! > 0)) low = min[i]!;
      else if (log && max[i]! > 0 && max[i]! < low) low = max[i]!;
    }
  return low <= high ? [low, high] : null;
}

/** Draws bands from the least to the greatest of every bucket, then what the lines were before smoothing, then the lines. */
export function paintLines(
  context: CanvasRenderingContext2D,
  frame: ChartFrame,
  lines: readonly SeriesLine[],
  x: Scale,
  y: Scale,
  context_: { readonly colour: string; readonly alpha: number } | null,
  smooth: boolean,
): void {
  const alpha = context_?.alpha ?? 1;
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top - 2, frame.right - frame.left + 6, frame.bottom - frame.top + 4);
  context.clip();
  context.lineJoin = "round";
  const thin = lines.length > 24;
  for (const line of lines) {
    const colour = context_?.colour ?? `rgb(${line.colour.join(" ")})`;
    const px = Float64Array.from(line.x, (value) => frame.x(x.position(value)));
    const at = (value: number) => {
      const place = y.position(value);
      return place > 1.5 ? NaN : frame.y(place);
    };
    paintBand(context, line, px, at, colour, alpha * (thin ? 0.08 : 0.2));
    if (smooth) paintLine(context, px, line.mean, at, colour, 1, alpha * 0.3, []);
    const width = context_ ? 1 : thin ? 1.2 : 1.9;
    paintLine(context, px, line.smooth, at, colour, width, alpha * (thin ? 0.7 : 1), line.dash);
  }
  context.restore();
}

function paintBand(
  context: CanvasRenderingContext2D,
  { min, max }: SeriesLine,
  px: Float64Array,
  at: (value: number) => number,
  colour: string,
  alpha: number,
): void {
  const path = new Path2D();
  let any = false;
  for (let i = 0; i < px.length; i++) {
    if (!(min[i]! < max[i]!)) continue;
    any = true;
    // As wide as its bucket, but so that one alone is seen.
    const [left, right] = [
      i > 0 ? Math.max((px[i - 1]! + px[i]!) / 2, px[i]! - 3) : px[i]! - 1,
      i < px.length - 1 ? Math.min((px[i]! + px[i + 1]!) / 2, px[i]! + 3) : px[i]! + 1,
    ];
    const top = at(max[i]!);
    // What is not above 0 has no place on a log scale: the band reaches its foot.
    const foot = at(min[i]!);
    if (Number.isNaN(top)) continue;
    const bottom = Number.isNaN(foot) ? 1e5 : foot;
    path.rect(left, top, Math.max(1, right - left), Math.max(1, bottom - top));
  }
  if (!any) return;
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  context.fill(path);
}

function paintLine(
  context: CanvasRenderingContext2D,
  px: Float64Array,
  values: ArrayLike<number>,
  at: (value: number) => number,
  colour: string,
  width: number,
  alpha: number,
  dash: readonly number[],
): void {
  context.globalAlpha = alpha;
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = width;
  context.setLineDash([...dash]);
  context.beginPath();
  let open = false;
  for (let i = 0; i < px.length; i++) {
    const py = at(values[i]!);
    if (Number.isNaN(py)) open = false;
    else if (open) context.lineTo(px[i]!, py);
    else {
      context.moveTo(px[i]!, py);
      open = true;
    }
  }
  context.stroke();
  context.setLineDash([]);
  // Where points are few, each is seen.
  if (px.length > 30) return;
  context.beginPath();
  px.forEach((x, i) => {
    const py = at(values[i]!);
    if (Number.isNaN(py)) return;
    context.moveTo(x + 2.5, py);
    context.arc(x, py, 2.5, 0, 2 * Math.PI);
  });
  context.fill();
}

/** The place in a line's x that is nearest to a value. */
export function nearestIndex(x: Float64Array, value: number): number {
  let [low, high] = [0, x.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value - x[low - 1]! <= x[low]! - value ? low - 1 : low;
}
