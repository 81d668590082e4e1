import type { Palette, Rgb } from "../core/colour";
import { rampColour } from "../core/colour";
import { COARSE_BINS, SPECIAL_BINS } from "../core/edges";
import type { Density, Grid, LineSet } from "../render/scene";

/** So many occupied cells are drawn as lines, each for itself; more run together and are gathered. */
const FEW_CELLS = 600;
/** Isolated cells of a grid that are drawn as lines on top, so that no line is lost in the crowd's tone. */
const MOST_OUTLIERS = 200;
/** A cell is isolated in whose neighbourhood no more rows than this lie, or than this share of all. */
const LONELY_ROWS = 6;
const LONELY_SHARE = 1e-5;
/** How far a neighbourhood reaches, as a share of the axes; and the wider one that tells a remote cell from a crowd's fringe. */
const NEAR = 0.05;
const FAR = 0.15;
/** How strong a remote line is at least, since nothing else shows these few rows; less where there are more than so many. */
const REMOTE_STRENGTH = 0.65;
const FEW_REMOTE = 40;

/** Joint counts of two axes with what is needed to draw them. */
export interface Counted {
  readonly bins: number;
  readonly counts: Uint32Array;
  /** What every cell says of its rows' colours, as the engine has it; null draws all in one colour. */
  readonly colours: Float32Array | null;
  /** The places of the bins on the left and the right axis: [0, 1] or a slot. */
  readonly places: readonly [Float32Array, Float32Array];
  /** How many categories the axes have, whose lines all meet in points; 0 for numbers. */
  readonly points: readonly [number, number];
}

/** How to draw it. */
export interface Style {
  readonly palette: Palette;
  /** One colour for all; null for the cells' own. */
  readonly colour: Rgb | null;
  readonly strength: number;
  /** CSS pixels from foot to head. */
  readonly height: number;
}

/** The places of an axis' bins: their middles, and the slots. */
export function binPlaces(bins: number, position: ((code: number) => number) | null, categories: number): Float32Array {
  return Float32Array.from({ length: bins + SPECIAL_BINS }, (_, k) => {
    if (k >= bins) return k - bins + 2;
    if (!position) return (k + 0.5) / bins;
    return k < categories || categories > bins
      ? position(categories > bins ? Math.ceil((k * categories) / bins) : k)
      : 0;
  });
}

/** For either axis the place in which each of its first bins is to stand; null leaves them as they are. */
export type Ranks = readonly [Uint32Array | null, Uint32Array | null];

/** The cells of a grid with the bins of its axes in another order, as when a person orders categories. */
export function reordered<T extends Uint32Array | Float32Array>(cells: T, side: number, [left, right]: Ranks): T {
  if (!left && !right) return cells;
  const channels = cells.length / (side * side);
  const moved = cells.slice() as T;
  for (let a = 0; a < side; a++)
    for (let b = 0; b < side; b++) {
      const to = channels * ((left?.[a] ?? a) * side + (right?.[b] ?? b));
      const from = channels * (a * side + b);
      for (let c = 0; c < channels; c++) moved[to + c] = cells[from + c]!;
    }
  return moved;
}

/** Turns counts into what is drawn. */
export function densityOf(counted: Counted, style: Style): Density {
  const { counts, bins } = counted;
  let cells = 0;
  let most = 0;
  for (const count of counts) {
    if (count === 0) continue;
    cells++;
    if (count > most) most = count;
  }
  if (cells === 0) return { grid: null, cells: null };
  const side = bins + SPECIAL_BINS;
  const [a, b] = counted.points;
  const outliers = bins > COARSE_BINS && !(a > 0 && b > 0) ? isolated(counts, side) : new Map<number, boolean>();
  if (cells <= FEW_CELLS || (a > 0 && b > 0))
    return { grid: null, cells: linesOf(counted, style, () => true, most, outliers) };
  const beyond = (cell: number) => Math.floor(cell / side) >= bins && cell % side >= bins;
  return {
    grid: gridOf(counted, style),
    cells: linesOf(counted, style, (cell) => beyond(cell) || outliers.has(cell), most, outliers),
  };
}

function gridOf(counted: Counted, style: Style): Grid {
  const { counts, bins } = counted;
  const side = bins + SPECIAL_BINS;
  const data = new Float32Array(4 * counts.length);
  const colour = new Float64Array(3);
  const margins = [new Float64Array(side), new Float64Array(side)] as const;
  for (let cell = 0; cell < counts.length; cell++) {
    const count = counts[cell]!;
    if (count === 0) continue;
    margins[0][Math.floor(cell / side)]! += count;
    margins[1][cell % side]! += count;
    cellColour(colour, counted, style, cell);
    data[4 * cell] = (colour[0]! / 255) * count;
    data[4 * cell + 1] = (colour[1]! / 255) * count;
    data[4 * cell + 2] = (colour[2]! / 255) * count;
    data[4 * cell + 3] = count;
  }
  // Where lines meet in a category's point there is no density to compare with.
  const most = Math.max(
    ...margins.flatMap((margin, axis) => (counted.points[axis]! > 0 ? [] : [...margin.subarray(0, bins)])),
  );
  return {
    bins,
    points: counted.points,
    data,
    peak: Math.max(1, (most * bins) / style.height),
    strength: style.strength,
  };
}

function linesOf(
  counted: Counted,
  style: Style,
  wanted: (cell: number) => boolean,
  most: number,
  remote: ReadonlyMap<number, boolean> = new Map(),
): LineSet | null {
  const { counts, bins, places } = counted;
  const side = bins + SPECIAL_BINS;
  const chosen: number[] = [];
  for (let cell = 0; cell < counts.length; cell++) if (counts[cell]! > 0 && wanted(cell)) chosen.push(cell);
  if (chosen.length === 0) return null;
  // The strong ones last, on top.
  const far = (cell: number) => Number(remote.get(cell) ?? false);
  chosen.sort((a, b) => far(a) - far(b) || counts[a]! - counts[b]!);
  const many = chosen.reduce((sum, cell) => sum + far(cell), 0);
  const least = REMOTE_STRENGTH * Math.min(1, Math.sqrt(FEW_REMOTE / many));
  const colours = new Uint8Array(4 * chosen.length);
  const colour = new Float64Array(3);
  chosen.forEach((cell, i) => {
    cellColour(colour, counted, style, cell);
    colours.set(colour, 4 * i);
    const share = Math.log1p(counts[cell]!) / Math.log1p(Math.max(2, most));
    colours[4 * i + 3] = 255 * style.strength * Math.max(least * far(cell), 0.14 + 0.8 * share);
  });
  return {
    left: Float32Array.from(chosen, (cell) => places[0][Math.floor(cell / side)]!),
    right: Float32Array.from(chosen, (cell) => places[1][cell % side]!),
    colours,
  };
}

/** The mean colour of a cell's rows: of their places on the ramp, or of their categories' hues. */
export function cellColour(
  out: Float64Array,
  { counts, colours }: Pick<Counted, "counts" | "colours">,
  { palette, colour }: Pick<Style, "palette" | "colour">,
  cell: number,
): void {
  if (colour || !colours) {
    const [r, g, b] = colour ?? palette.plain;
    out[0] = r;
    out[1] = g;
    out[2] = b;
    return;
  }
  const channels = colours.length / counts.length;
  const at = cell * channels;
  if (channels === 2) {
    const known = colours[at]!;
    const [r, g, b] = known > 0 ? rampColour(palette.ramp, colours[at + 1]! / known) : palette.unknown;
    out[0] = r;
    out[1] = g;
    out[2] = b;
    return;
  }
  let sum = 0;
  out.fill(0);
  for (let k = 0; k < channels; k++) {
    const count = colours[at + k]!;
    if (count === 0) continue;
    const hue = k < palette.categories.length - 1 ? palette.categories[k]! : palette.categories.at(-1)!;
    for (let c = 0; c < 3; c++) out[c]! += hue[c]! * count;
    sum += count;
  }
  for (let c = 0; c < 3; c++) out[c]! /= sum || 1;
}

/**
 * The cells that stand alone: so few rows around that the tone of a density, which spreads over all rows, would not show
 * them. For each whether it is remote: far from any crowd rather than on its fringe.
 *
 * Where they are many, every neighbourhood is first drawn by its fullest cell, so that none is lost to the others'
 * number; then come the remote ones, then the loneliest.
 */
function isolated(counts: Uint32Array, side: number): Map<number, boolean> {
  // Sums over every rectangle from the corner: a window is then four look-ups.
  const wide = side + 1;
  const sums = new Float64Array(wide * wide);
  for (let row = 0; row < side; row++)
    for (let column = 0, line = 0; column < side; column++) {
      line += counts[row * side + column]!;
      sums[(row + 1) * wide + column + 1] = sums[row * wide + column + 1]! + line;
    }
  const around = (cell: number, reach: number) => {
    const [row, column] = [Math.floor(cell / side), cell % side];
    const [r0, r1] = [Math.max(0, row - reach), Math.min(side, row + reach + 1)];
    const [c0, c1] = [Math.max(0, column - reach), Math.min(side, column + reach + 1)];
    return sums[r1 * wide + c1]! - sums[r0 * wide + c1]! - sums[r1 * wide + c0]! + sums[r0 * wide + c0]!;
  };
  const most = Math.max(LONELY_ROWS, LONELY_SHARE * sums.at(-1)!);
  const [near, far] = [Math.round(side * NEAR), Math.round(side * FAR)];
  const found: { readonly cell: number; readonly rows: number; readonly remote: boolean; leads: boolean }[] = [];
  const leaders = new Map<number, (typeof found)[number]>();
  for (let cell = 0; cell < counts.length; cell++) {
    const count = counts[cell]!;
    if (count === 0 || count > most) continue;
    const rows = around(cell, near);
    if (rows > most) continue;
    const each = { cell, rows, remote: around(cell, far) <= most, leads: false };
    found.push(each);
    const tile = Math.floor(cell / side / (2 * near)) * side + Math.floor((cell % side) / (2 * near));
    const leader = leaders.get(tile);
    if (!leader || count > counts[leader.cell]!) leaders.set(tile, each);
  }
  for (const leader of leaders.values()) leader.leads = true;
  found.sort((a, b) => Number(b.leads) - Number(a.leads) || Number(b.remote) - Number(a.remote) || a.rows - b.rows);
  return new Map(found.slice(0, MOST_OUTLIERS).map(({ cell, remote }) => [cell, remote]));
}
