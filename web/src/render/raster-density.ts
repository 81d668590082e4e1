import type { Grid, Panel, Scene } from "./scene";
import { tone } from "./scene";

/** Where lines meet in one point, they are spread over this share of the way at least, or they would burn a hole. */
export const LEAST_SPREAD = 0.02;
const SPECIAL = 5;

/** Measures of one panel, in device pixels. */
interface Frame {
  readonly top: number;
  readonly bottom: number;
  /** The foot of the axes, and their length. */
  readonly foot: number;
  readonly length: number;
  /** Device pixels per CSS pixel, in which densities are told. */
  readonly ratio: number;
}

/** One axis of a grid. */
interface Side {
  /** The height of every bin's middle: 0 at the foot and 1 at the head, gutters beyond. */
  readonly heights: Float64Array;
  /** The bins that hold anything, those on the scale before those beyond. */
  readonly used: readonly number[];
  /** For each the first and the last bin of the other axis' scale that it meets; the last below the first where none. */
  readonly reach: readonly [Int16Array, Int16Array];
  readonly turned: boolean;
  /** The way from one bin of this axis to the next in the grid. */
  readonly stride: number;
}

/**
 * Draws the lines of a grid without drawing one: every pixel gathers from the cells whose lines pass through it, which
 * lie on a line of the grid (the discrete Radon transform that parallel coordinates are). The formula of `webgl-density.ts`.
 *
 * @param buffer Premultiplied RGBA floats, `width` pixels wide and `tall` high.
 */
export function drawGrid(
  buffer: Float32Array,
  width: number,
  tall: number,
  scene: Scene,
  panel: Panel,
  grid: Grid,
): void {
  const { ratio, head, foot } = scene;
  const frame: Frame = {
    top: Math.max(0, Math.floor(Math.min(head, ...scene.slots) * ratio)),
    bottom: Math.min(tall - 1, Math.ceil(Math.max(foot, ...scene.slots) * ratio)),
    foot: foot * ratio,
    length: (foot - head) * ratio,
    ratio,
  };
  const [x0, x1] = [panel.x0 * ratio, panel.x1 * ratio];
  const from = Math.max(0, Math.ceil(x0 - 0.5));
  const columns = Math.max(0, Math.min(width, Math.ceil(x1 - 0.5)) - from);
  const key = [
    x0,
    x1,
    width,
    tall,
    head,
    foot,
    ...scene.slots,
    panel.flipLeft,
    panel.flipRight,
    grid.peak,
    grid.strength,
  ].join();
  let layer = layers.get(grid.data);
  if (layer?.key !== key)
    layers.set(grid.data, (layer = { key, pixels: gathered(scene, panel, grid, frame, x0, x1, from, columns) }));
  const { pixels } = layer;
  const rows = frame.bottom - frame.top + 1;
  for (let row = 0; row < rows; row++) {
    for (let column = 0, i = 4 * row * columns; column < columns; column++, i += 4) {
      const alpha = pixels[i + 3]!;
      if (alpha === 0) continue;
      const to = 4 * ((frame.top + row) * width + from + column);
      for (let c = 0; c < 4; c++) buffer[to + c] = buffer[to + c]! * (1 - alpha) + pixels[i + c]!;
    }
  }
}

/**
 * What was gathered of a grid the last time it was drawn: of two densities on one another only one changes as a rule, and
 * the one below need not be gathered again.
 */
const layers = new WeakMap<Float32Array, { readonly key: string; readonly pixels: Float32Array }>();

/** The pixels of a grid between two axes: premultiplied RGBA, `columns` wide, from the top of the frame to its bottom. */
function gathered(
  scene: Scene,
  panel: Panel,
  grid: Grid,
  frame: Frame,
  x0: number,
  x1: number,
  from: number,
  columns: number,
): Float32Array {
  const [left, right] = [sideOf(scene, grid, 0, panel.flipLeft), sideOf(scene, grid, 1, panel.flipRight)];
  const rows = frame.bottom - frame.top + 1;
  const pixels = new Float32Array(4 * rows * columns);
  const sums = new Float32Array(4 * rows);
  for (let column = 0; column < columns; column++) {
    const t = (from + column + 0.5 - x0) / (x1 - x0);
    const [fromLeft, fromRight] = [Math.max(1 - t, LEAST_SPREAD), Math.max(t, LEAST_SPREAD)];
    sums.fill(0);
    // Bins are followed from the farther axis, so that the nearer one is met at a shallow angle and no gap shows; from the
    // one with categories, where there is one, for between its points there is nothing to interpolate.
    const byLeft = grid.points[0] > 0 || (grid.points[1] === 0 && t >= 0.5);
    gather(sums, frame, grid, left, right, 1 - t, fromRight, byLeft ? 0 : grid.bins);
    gather(sums, frame, grid, right, left, t, fromLeft, byLeft ? grid.bins : 0);
    for (let row = 0; row < rows; row++) {
      const count = sums[4 * row + 3]!;
      if (count <= 0) continue;
      const alpha = tone(count, grid);
      const i = 4 * (row * columns + column);
      for (let c = 0; c < 3; c++) pixels[i + c] = (sums[4 * row + c]! / count) * alpha;
      pixels[i + 3] = alpha;
    }
  }
  return pixels;
}

/** Adds, for every pixel of a column, what the bins of one axis from `first` on send through it. */
function gather(
  sums: Float32Array,
  frame: Frame,
  grid: Grid,
  from: Side,
  to: Side,
  weight: number,
  spread: number,
  first: number,
): void {
  const { data, bins } = grid;
  const scale = (bins / (spread * frame.length)) * frame.ratio;
  // A pixel further down meets the other axis further down: from row to row by this many bins.
  const step = (to.turned ? 1 : -1) * (bins / (spread * frame.length));
  const rows = frame.bottom - frame.top + 1;
  const highest = (frame.foot - (frame.top + 0.5)) / frame.length;
  for (const k of from.used) {
    if (k < first) continue;
    const meets = (highest - weight * from.heights[k]!) / spread;
    const start = (to.turned ? 1 - meets : meets) * bins - 0.5;
    // The rows for which it meets a bin on the other axis' scale that holds anything, or a neighbour of one.
    const [nearest, farthest] = [from.reach[0][k]!, from.reach[1][k]!];
    if (farthest < nearest) continue;
    const a = (Math.max(-0.5, nearest - 1) - start) / step;
    const b = (Math.min(bins - 0.5, farthest + 1) - start) / step;
    const begin = Math.max(0, Math.ceil(Math.min(a, b)));
    const end = Math.min(rows - 1, Math.floor(Math.max(a, b)));
    const base = k * from.stride;
    for (let row = begin; row <= end; row++) {
      const at = start + row * step;
      const low = at <= 0 ? 0 : at | 0;
      const high = low + 1 < bins ? low + 1 : bins - 1;
      const f = at <= 0 ? 0 : at - low;
      const p = 4 * (base + low * to.stride);
      const q = 4 * (base + high * to.stride);
      const near = data[p + 3]!;
      const far = data[q + 3]!;
      if (near === 0 && far === 0) continue;
      const u = (1 - f) * scale;
      const v = f * scale;
      const i = 4 * row;
      sums[i]! += u * data[p]! + v * data[q]!;
      sums[i + 1]! += u * data[p + 1]! + v * data[q + 1]!;
      sums[i + 2]! += u * data[p + 2]! + v * data[q + 2]!;
      sums[i + 3]! += u * near + v * far;
    }
  }
}

function sideOf({ head, foot, slots }: Scene, { bins, data, points }: Grid, axis: 0 | 1, flip: number): Side {
  const side = bins + SPECIAL;
  const turned = Math.round(flip) === 1;
  const heights = Float64Array.from({ length: side }, (_, k) => {
    if (k >= bins) return (foot - slots[k - bins]!) / (foot - head);
    const middle = points[axis] > 0 ? 1 - (k + 0.5) / points[axis] : (k + 0.5) / bins;
    return turned ? 1 - middle : middle;
  });
  const found = new Uint8Array(side);
  const reach = [new Int16Array(side).fill(bins), new Int16Array(side).fill(-1)] as const;
  for (let left = 0; left < side; left++)
    for (let right = 0; right < side; right++) {
      if (data[4 * (left * side + right) + 3]! === 0) continue;
      const [own, other] = axis === 0 ? [left, right] : [right, left];
      found[own] = 1;
      if (other >= bins) continue;
      if (other < reach[0][own]!) reach[0][own] = other;
      if (other > reach[1][own]!) reach[1][own] = other;
    }
  return { heights, used: [...found.keys()].filter((k) => found[k]), reach, turned, stride: axis === 0 ? side : 1 };
}
